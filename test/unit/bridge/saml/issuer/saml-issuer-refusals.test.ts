// What the issuer of assertions refuses to write, and that nothing gets out of its value.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { XmlFailure } from '#bridge/xml/failure.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import { aClaim } from '#test/support/core.ts';
import {
  aCertifiedKey,
  anOwnIssuer,
  anOwnTrust,
  anOwnValidator,
  aSamlSpec,
  assertRefused,
  asText,
  NOW,
  STS,
  signingKeysOf,
  VERSIONS,
} from '#test/support/saml/saml.ts';

const key = await aCertifiedKey();
const issuer = anOwnIssuer(signingKeysOf(key));
const textOf = async (over: Partial<TokenSpec> = {}): Promise<string> =>
  (await issuer.issue(aSamlSpec(over))).text;
const ACTORS = [{ issuer: STS, id: 'broker' }];

for (const type of VERSIONS) {
  test(`SAML issue ${type}: what XML cannot carry is refused, not dropped (E7)`, async () => {
    for (const over of [
      { subjectName: 'a\u0000b' },
      { claims: [aClaim({ values: ['\uFFFE'] })] },
      { claims: [aClaim({ name: 'a\u0001', values: ['x'] })] },
      { audiences: ['\uD800'] },
    ])
      await assertRefused(() => issuer.issue(aSamlSpec({ type, ...over })), 'token-malformed');
  });

  test(`SAML issue ${type}: what XML cannot carry is refused before anything is used up for it (E7)`, async () => {
    for (const over of [{ subjectName: 'a\u0000b' }, { claims: [aClaim({ values: ['\uFFFE'] })] }])
      await assertRefused(
        () => issuer.requireExpressible?.(aSamlSpec({ type, ...over })),
        'token-malformed',
      );
  });

  test(`SAML issue ${type}: markup in values stays text (E7)`, async () => {
    const value = '</saml:AttributeValue><saml:AttributeValue>admin';
    const text = await textOf({
      type,
      claims: [aClaim({ values: [value] })],
      subjectName: '<x a="&">',
    });

    const facts = await anOwnValidator(key).validate(asText(type, text));

    assert.deepEqual(facts.claims[0]?.values, [value]);
    assert.equal(facts.subject.id, '<x a="&">');
  });

  test(`SAML issue ${type}: names that readers trim or that are empty are refused`, async () => {
    for (const subjectName of ['', ' alice', 'alice\n'])
      await assertRefused(() => issuer.issue(aSamlSpec({ type, subjectName })), 'token-malformed');
  });

  test(`SAML issue ${type}: a structured claim value is refused, simple ones become text`, async () => {
    for (const value of [{ a: 1 }, ['x'], null])
      await assertRefused(
        () => issuer.issue(aSamlSpec({ type, claims: [aClaim({ values: [value] })] })),
        'claim-missing',
      );
    const text = await textOf({
      type,
      claims: [aClaim({ values: [1.5, true] }), aClaim({ name: 'none', values: [] })],
    });
    assert.match(text, />1.5<.*>true</);
    assert.doesNotMatch(text, /"none"/);
  });

  test(`SAML issue ${type}: a reserved or repeated claim is a bug, not a refusal`, async () => {
    for (const claims of [[aClaim({ name: 'sub' })], [aClaim(), aClaim()]])
      await assert.rejects(
        issuer.issue(aSamlSpec({ type, claims })),
        /^Error: a (mapped claim|claim is)/,
      );
    await assert.rejects(
      issuer.issue(aSamlSpec({ type, audiences: [] })),
      /^Error: a token without audience/,
    );
  });

  test(`SAML issue ${type}: a key that fails or signs wrong leaves no token`, async () => {
    const keys = signingKeysOf(key);
    const broken = { ...keys.samlSigner(NOW, 'RS256') };
    const failing = {
      samlSigner: () => ({
        ...broken,
        sign: async () => {
          throw new Error('HSM away');
        },
      }),
    };
    const faulty = { samlSigner: () => ({ ...broken, sign: async () => new Uint8Array(256) }) };

    for (const bad of [failing, faulty])
      await assertRefused(
        () => anOwnIssuer(bad).issue(aSamlSpec({ type })),
        'dependency-unavailable',
      );
  });

  test(`SAML issue ${type}: the name in assertions may be another than our issuer name`, async () => {
    const named = anOwnIssuer(signingKeysOf(key), { entityId: 'urn:sts' });
    const { text } = await named.issue(aSamlSpec({ type }));
    const own = anOwnTrust([key.trusted], { entityId: 'urn:sts' });

    const facts = await anOwnValidator(key, { own }).validate(asText(type, text));

    assert.equal(facts.issuer, STS);
    await assertRefused(() => anOwnValidator(key).validate(asText(type, text)), 'issuer-untrusted');
  });
}

test('SAML issue: so are such names of actors', async () => {
  for (const id of ['', ' gateway', 'gateway\n'])
    await assertRefused(
      () => issuer.issue(aSamlSpec({ actors: [...ACTORS, { issuer: 'urn:x', id }] })),
      'token-malformed',
    );
  for (const name of ['', ' urn:x', 'urn:x\n'])
    await assertRefused(
      () => issuer.issue(aSamlSpec({ actors: [...ACTORS, { issuer: name, id: 'x' }] })),
      'token-malformed',
    );
});

test('SAML issue: SAML 1.1 cannot tell of actors, so it is refused', async () => {
  await assertRefused(
    () => issuer.issue(aSamlSpec({ type: 'saml1', actors: ACTORS })),
    'delegation-not-allowed',
  );
});

test('SAML issue: other types and other algorithms are not for this issuer', async () => {
  assert.equal(issuer.canIssue(aSamlSpec({ type: 'jwt' })), false);
  assert.ok(VERSIONS.every((type) => issuer.canIssue(aSamlSpec({ type }))));
  await assert.rejects(issuer.issue(aSamlSpec({ type: 'jwt' })), /^Error: asked to issue jwt/);
  const wrong = anOwnIssuer(signingKeysOf(key, 'PS256'));
  await assert.rejects(wrong.issue(aSamlSpec()), /PS256 cannot sign/);
});

const encryptionTo = (certificate: string) =>
  ({ certificate, content: 'aes256-gcm', keyTransport: 'rsa-oaep-sha256' }) as const;

test('SAML issue: a certificate that cannot be encrypted to is a bug of the configuration', async () => {
  const ec = await aCertifiedKey('ec');

  await assert.rejects(textOf({ encryption: encryptionTo(ec.certificatePem) }), XmlFailure);
  await assert.rejects(textOf({ encryption: encryptionTo('no certificate') }), Error);
});
