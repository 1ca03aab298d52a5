// Attacks on assertions beyond their signature (xml-security D5, D6, E1, E4, E6, E9; ws-trust R20, R21): encryption that is
// wrapped, replay, names of ours in the mouth of others.

import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { test } from 'node:test';
import { seal } from '#bridge/xml/canonical/markup.ts';
import { toWireBytes } from '#bridge/xml/canonical/writer.ts';
import { createKeyUnwrapper, decryptXml } from '#bridge/xml/encryption/decrypt.ts';
import { createRecipient, encryptXml } from '#bridge/xml/encryption/encrypt.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { createLedger } from '#core/ledger/ledger.ts';
import type { TokenUse } from '#core/token/security-token.ts';
import { createTokenService } from '#core/token-service.ts';
import { anEvidence, fakeAuditLog, LENIENT, ledgerSettings, rules } from '#test/support/core.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import {
  aCertifiedKey,
  anOwnIssuer,
  anOwnValidator,
  aSamlIssuer,
  aSamlSpec,
  asElement,
  assertRefused,
  asText,
  aValidator,
  ENTRANCES,
  NOW,
  PARTNER,
  STS,
  signingKeysOf,
  unsignedAssertion,
  VERSIONS,
} from '#test/support/saml/saml.ts';
import { fakeStore } from '#test/support/store/fake-store.ts';
import { cut, edited } from '#test/support/xml/tamper.ts';

const partner = await aSamlIssuer();
const ours = await aCertifiedKey();
const unwrapper = createKeyUnwrapper(createPrivateKey(ours.privatePem));
const decrypt = (data: XmlElement) => decryptXml(data, [unwrapper]);
const recipient = createRecipient({ publicKey: ours.publicKey });
const validator = aValidator([partner.trust()], { decrypt });

/** Encrypts any text to us, as anybody can who has our certificate. */
const encrypted = (xml: string): string =>
  toWireBytes(encryptXml(seal(xml, new Set()), recipient)).toString('latin1');
const wrapped = (xml: string): string =>
  `<saml2:EncryptedAssertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion">${encrypted(xml)}</saml2:EncryptedAssertion>`;

for (const [entrance, as] of ENTRANCES) {
  test(`SAML §7: an encrypted assertion is opened and verified by its own signature, as ${entrance}`, async () => {
    for (const version of VERSIONS) {
      const xml = partner.assertion(version);

      assert.equal((await validator.validate(as(version, encrypted(xml)))).id, '_a1');
    }
    assert.equal(
      (await validator.validate(as('saml2', wrapped(partner.assertion('saml2'))))).id,
      '_a1',
    );
  });

  test(`SAML §7: without a key of ours encrypted assertions are not supported, as ${entrance}`, async () => {
    const xml = wrapped(partner.assertion('saml2'));

    await assertRefused(
      () => aValidator([partner.trust()]).validate(as('saml2', xml)),
      'token-type-unsupported',
    );
  });

  test(`SAML D5: encryption vouches for nothing: what is inside must be signed, as ${entrance}`, async () => {
    for (const version of VERSIONS)
      await assertRefused(
        () => validator.validate(as(version, encrypted(unsignedAssertion(version)))),
        'signature-invalid',
      );
    await assertRefused(
      () =>
        validator.validate(
          as('saml2', wrapped(partner.assertion('saml2').replaceAll('alice', 'admin'))),
        ),
      'signature-invalid',
    );
  });

  test(`SAML D5: wrapped encryption is refused, as ${entrance}`, async () => {
    const good = wrapped(partner.assertion('saml2'));
    const data = cut(good, 'xenc:EncryptedData');
    const key = cut(good, 'xenc:EncryptedKey');
    const attacks: readonly string[] = [
      edited(good, data, data + data),
      edited(good, data, ''),
      edited(good, key, key + key),
      edited(good, key, ''),
      edited(good, 'xmlenc#Element', 'xmlenc#Content'),
      edited(good, /xmlenc11#aes256-gcm/, 'xmlenc#aes256-cbc'),
      edited(good, /xmlenc11#rsa-oaep/, 'xmlenc#rsa-1_5'),
      wrapped(wrapped(partner.assertion('saml2'))),
      wrapped('<x/>'),
      wrapped('not XML'),
      wrapped(`<a>${partner.assertion('saml2')}</a>`),
      wrapped(partner.assertion('saml1')),
    ];
    for (const xml of attacks)
      await assertRefused(() => validator.validate(as('saml2', xml)), 'token-malformed');
  });

  test(`SAML D6: what is decrypted is held to its version as what comes in clear, as ${entrance}`, async () => {
    const other = partner.assertion('saml2', { version: 'Version="2.1"' });

    await assertRefused(
      () => validator.validate(as('saml2', wrapped(other))),
      'token-type-unsupported',
    );
  });

  test(`SAML D3, R20, CVE-2026-32313: a GCM tag that is cut or changed is refused, as ${entrance}`, async () => {
    const good = wrapped(partner.assertion('saml2'));
    const values = good.match(/(?<=<xenc:CipherValue>)[^<]+/g) ?? [];
    const body = Buffer.from(values[1] ?? '', 'base64');
    const flipped = Buffer.from(body);
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;

    for (const bytes of [body.subarray(0, -12), body.subarray(0, 20), flipped])
      await assertRefused(
        () =>
          validator.validate(as('saml2', edited(good, values[1] ?? '', bytes.toString('base64')))),
        'token-malformed',
      );
  });

  test(`SAML E9: a wrong key and a wrong tag look the same, as ${entrance}`, async () => {
    const good = wrapped(partner.assertion('saml2'));
    const values = good.match(/(?<=<xenc:CipherValue>)[^<]+/g) ?? [];
    const textOf = async (index: number): Promise<string> => {
      const bytes = Buffer.from(values[index] ?? '', 'base64');
      bytes[40] = (bytes[40] ?? 0) ^ 1;
      const xml = edited(good, values[index] ?? '', bytes.toString('base64'));
      const failure: unknown = await validator
        .validate(as('saml2', xml))
        .catch((cause: unknown) => cause);
      assert.ok(failure instanceof Error);
      return failure.message;
    };

    assert.equal(await textOf(0), await textOf(1));
  });

  test(`SAML E6: nobody speaks for us or under our name, as ${entrance}`, async () => {
    const trusts = [
      partner.trust(),
      partner.trust({
        id: 'other',
        issuer: 'urn:other',
        keys: { signingKeys: async () => [ours.trusted] },
      }),
    ];
    for (const version of VERSIONS) {
      // The key of one issuer does not sign for another, nor for us.
      for (const issuer of ['urn:other', STS])
        await assertRefused(
          () => aValidator(trusts).validate(as(version, partner.assertion(version, { issuer }))),
          'signature-invalid',
        );
      await assertRefused(
        () =>
          aValidator(trusts).validate(
            as(version, partner.assertion(version, { issuer: 'urn:third' })),
          ),
        'issuer-untrusted',
      );
    }
  });
}

test('SAML §7: of which version an encrypted token is shows inside, but for what was declared over OAuth', async () => {
  const data = encrypted(partner.assertion('saml1'));

  const opened = await validator.validate(asElement('saml2', data));

  assert.equal(opened.type, 'saml1');
  await assertRefused(() => validator.validate(asText('saml2', data)), 'token-malformed');
  // SAML 1.1 has no wrapper, and the wrapper of SAML 2.0 says what is in it.
  for (const [, as] of ENTRANCES)
    for (const type of VERSIONS)
      await assertRefused(
        () => validator.validate(as(type, wrapped(partner.assertion('saml1')))),
        'token-malformed',
      );
});

test('SAML V5: a token of ours in another form is no token of ours', async () => {
  const key = await aCertifiedKey();
  const own = anOwnValidator(key);
  const { text } = await anOwnIssuer(signingKeysOf(key)).issue(aSamlSpec());
  assert.ok(await own.validate(asText('saml2', text)));
  // Signed by our key all the same, as by a tool that has it: the form is what the issuer writes.
  const asOurs = await aSamlIssuer(STS);
  const withOurs = anOwnValidator(asOurs);

  for (const [changes, reason] of [
    [{ id: 'a1' }, 'token-malformed'],
    [{ name: '<saml2:NameID NameQualifier="x">a</saml2:NameID>' }, 'token-malformed'],
    [{ name: '<saml2:NameID SPNameQualifier="x">a</saml2:NameID>' }, 'token-malformed'],
    [{ audiences: [['a'], ['b']] }, 'token-audience-mismatch'],
    [{ audiences: [] }, 'token-audience-mismatch'],
    [{ confirmation: '' }, 'confirmation-missing'],
  ] as const)
    await assertRefused(
      () => withOurs.validate(asText('saml2', asOurs.assertion('saml2', changes))),
      reason,
    );
  assert.ok(
    await withOurs.validate(
      asText('saml2', asOurs.assertion('saml2', { audiences: [['anybody']] })),
    ),
  );
});

test('SAML E1, R21, CVE-2026-41000: an assertion as a grant is good once, by its issuer and id, whatever its spelling', async () => {
  const clock = fakeClock(NOW);
  const store = fakeStore(clock);
  const service = createTokenService({
    ...LENIENT,
    validators: [aValidator([partner.trust()], { clock })],
    issuers: [],
    rules: rules(),
    ledger: createLedger(
      store,
      clock,
      ledgerSettings({ marginSeconds: 0, ownIssuers: new Set([STS]) }),
    ),
    store,
    audit: fakeAuditLog(),
    clock,
    newId: () => crypto.randomUUID(),
    marginSeconds: 0,
  });
  const present = async (xml: string, use: TokenUse = 'assertion'): Promise<void> => {
    const { id = '', issuer, onceUntil = 0 } = await service.validate(asText('saml2', xml, use));
    const marks = [{ token: { issuer, id }, until: onceUntil }];
    await service.admit(anEvidence(), aSamlSpec({ once: marks }));
  };
  const xml = partner.assertion('saml2');

  await present(xml);

  await assertRefused(() => present(xml), 'token-replayed');
  // Signed anew with another text: the same assertion by its name.
  await assertRefused(
    () => present(partner.assertion('saml2', { audiences: [['x', STS]] })),
    'token-replayed',
  );
  clock.set(NOW + 240 + 59);
  await assertRefused(() => present(xml), ['token-replayed', 'token-expired']);
  clock.set(NOW + 240 + 60);
  await assertRefused(() => present(xml), 'token-expired');
});

test('SAML E4: the audience of another party, and its recipient, are not ours', async () => {
  for (const version of VERSIONS)
    await assertRefused(
      () =>
        validator.validate(asText(version, partner.assertion(version, { audiences: [[PARTNER]] }))),
      'token-audience-mismatch',
    );
});
