// Which keys and algorithms an assertion may be signed with (xml-security §5, V7, B5, B7, B13, B15; ws-trust R12, R18), at
// both entrances and in both versions.

import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import type { SamlTrust } from '#bridge/saml/validator/saml-trust.ts';
import { canonicalize } from '#bridge/xml/canonical/canonical.ts';
import { trustPublicKey } from '#bridge/xml/keys/trusted-key.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import {
  aCertifiedKey,
  anOwnIssuer,
  anOwnValidator,
  aSamlIssuer,
  aSamlSpec,
  assertRefused,
  type asText,
  aValidator,
  ENTRANCES,
  NOW,
  signingKeysOf,
  testKeyOf,
  unsignedAssertion,
  VERSIONS,
} from '#test/support/saml/saml.ts';
import { cut, edited, resigned } from '#test/support/xml/tamper.ts';

type Version = (typeof VERSIONS)[number];

const issuer = await aSamlIssuer();
const stranger = await aCertifiedKey();
const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
const key = testKeyOf(issuer);
const DS = 'http://www.w3.org/2000/09/xmldsig#';

const validate = (
  as: typeof asText,
  version: Version,
  xml: string,
  trust: Partial<SamlTrust> = {},
) => aValidator([issuer.trust(trust)]).validate(as(version, xml));

/** Edits SignedInfo and signs it again, so that only the rule under test can refuse. */
const signedAgain =
  (search: string | RegExp, replacement: string) =>
  (xml: string): string =>
    resigned(edited(xml, search, replacement), key);

for (const version of VERSIONS)
  for (const [entrance, as] of ENTRANCES) {
    test(`SAML A10: without any key everything is refused (R18, CVE-2026-28323): ${version}, as ${entrance}`, async () => {
      const keys = { signingKeys: async () => [] };

      await assertRefused(
        () => validate(as, version, issuer.assertion(version), { keys }),
        'signature-invalid',
      );
    });

    test(`SAML B5: an HMAC keyed by the public key (R12, CVE-2025-48994): ${version}, as ${entrance}`, async () => {
      const xml = edited(
        issuer.assertion(version),
        RSA_SHA256,
        'http://www.w3.org/2001/04/xmldsig-more#hmac-sha256',
      );
      for (const secret of [
        issuer.certificatePem,
        issuer.publicKey.export({ type: 'spki', format: 'der' }),
        issuer.certificateDer,
      ])
        await assertRefused(
          () => validate(as, version, resigned(xml, Buffer.from(secret))),
          'signature-invalid',
        );
    });

    test(`SAML B7: a certificate in KeyInfo vouches for nothing: ${version}, as ${entrance}`, async () => {
      const xml = (await aSamlIssuer()).assertion(version);
      const renamed = xml.replace(
        /<X509Certificate>.*<\/X509Certificate>/s,
        `<X509Certificate>${issuer.certificateDer.toString('base64')}</X509Certificate>`,
      );

      for (const candidate of [xml, renamed])
        await assertRefused(() => validate(as, version, candidate), 'signature-invalid');
    });

    test(`SAML V7: KeyInfo in any form is only a hint: ${version}, as ${entrance}`, async () => {
      const text = unsignedAssertion(version);
      const foreign = `<X509Data><X509Certificate>${stranger.certificateDer.toString('base64')}</X509Certificate></X509Data>`;
      for (const keyInfo of [
        null,
        '<KeyName>x</KeyName>',
        foreign,
        '<X509Data><X509IssuerSerial><X509IssuerName>CN=x</X509IssuerName><X509SerialNumber>1</X509SerialNumber></X509IssuerSerial></X509Data>',
      ])
        assert.ok(await validate(as, version, issuer.sign(version, text, { keyInfo })));
      assert.ok(await validate(as, version, issuer.sign(version, text, { prefix: 'dsig' })));
    });

    test(`SAML B13: SHA-1 is verified until its date, and told: ${version}, as ${entrance}`, async () => {
      const told: string[] = [];
      const sha1 = issuer.sign(version, unsignedAssertion(version), {
        signatureAlgorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1',
        digestAlgorithm: 'http://www.w3.org/2000/09/xmldsig#sha1',
      });
      const withUntil = (legacySha1Until: number, xml = sha1) =>
        aValidator([issuer.trust({ legacySha1Until })], {
          onLegacySha1: (event) => told.push(event.trustedIssuer),
        }).validate(as(version, xml));

      await assertRefused(() => validate(as, version, sha1), 'signature-invalid');
      await assertRefused(() => withUntil(NOW), 'signature-invalid');
      assert.ok(await withUntil(NOW + 1, issuer.assertion(version)));
      assert.deepEqual(told, []);
      assert.ok(await withUntil(NOW + 1));
      assert.deepEqual(told, ['partner']);
    });

    test(`SAML B13: other weak algorithms are never verified: ${version}, as ${entrance}`, async () => {
      for (const algorithm of [
        'http://www.w3.org/2001/04/xmldsig-more#rsa-md5',
        'http://www.w3.org/2000/09/xmldsig#dsa-sha1',
        'none',
        '',
      ])
        await assertRefused(
          () =>
            validate(as, version, signedAgain(RSA_SHA256, algorithm)(issuer.assertion(version)), {
              legacySha1Until: NOW + 9,
            }),
          'signature-invalid',
        );
    });

    test(`SAML §5: inclusive canonical form only where the record allows it: ${version}, as ${entrance}`, async () => {
      const c14n = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
      const xml = issuer.sign(version, unsignedAssertion(version), {
        transforms: [`${DS}enveloped-signature`, c14n],
        canonicalization: c14n,
      });

      await assertRefused(
        () => validate(as, version, xml, { allowInclusiveC14n: false }),
        'signature-invalid',
      );
      // In a message the namespaces around it are digested too: that is why the exclusive form exists.
      if (entrance === 'text')
        assert.ok(await validate(as, version, xml, { allowInclusiveC14n: true }));
      else
        await assertRefused(
          () => validate(as, version, xml, { allowInclusiveC14n: true }),
          'signature-invalid',
        );
    });

    test(`SAML V7: during a rollover each of the keys is good, in any order: ${version}, as ${entrance}`, async () => {
      const xml = issuer.assertion(version);
      const ec = trustPublicKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
      for (const list of [
        [ec, stranger.trusted, issuer.trusted],
        [issuer.trusted, stranger.trusted],
      ])
        assert.ok(await validate(as, version, xml, { keys: { signingKeys: async () => list } }));
      await assertRefused(
        () =>
          validate(as, version, xml, { keys: { signingKeys: async () => [ec, stranger.trusted] } }),
        'signature-invalid',
      );
    });

    test(`SAML V7: eight keys are tried, no more: ${version}, as ${entrance}`, async () => {
      const xml = issuer.assertion(version);
      const after = (others: number) => ({
        keys: {
          signingKeys: async () => [
            ...Array.from({ length: others }, () => stranger.trusted),
            issuer.trusted,
          ],
        },
      });

      assert.ok(await validate(as, version, xml, after(7)));
      await assertRefused(() => validate(as, version, xml, after(8)), 'signature-invalid');
    });

    test(`SAML V7: a signature that no key could make good has no key looked for: ${version}, as ${entrance}`, async () => {
      const keys = {
        signingKeys: async () => [issuer.trusted],
        searchKeys: () => assert.fail('whoever changes an assertion makes us fetch nothing'),
      };
      const changed = edited(issuer.assertion(version), 'buyer', 'admin');

      await assertRefused(() => validate(as, version, changed, { keys }), 'signature-invalid');
    });

    test(`SAML V7: a new key is looked for once: ${version}, as ${entrance}`, async () => {
      const xml = issuer.assertion(version);
      const known = [stranger.trusted];
      const keysThatFind = (found: readonly (typeof issuer.trusted)[]) => ({
        signingKeys: async () => known,
        searchKeys: async () => found,
      });

      assert.ok(await validate(as, version, xml, { keys: keysThatFind([issuer.trusted]) }));
      await assertRefused(
        () => validate(as, version, xml, { keys: keysThatFind(known) }),
        'signature-invalid',
      );
      await assertRefused(
        () => validate(as, version, xml, { keys: keysThatFind([]) }),
        'signature-invalid',
      );
    });

    test(`SAML B15: an ECDSA signature is r and s, not DER: ${version}, as ${entrance}`, async () => {
      const ec = await aCertifiedKey('ec');
      const keys = { signingKeys: async () => [ec.trusted] };
      const xml = edited(
        issuer.assertion(version),
        RSA_SHA256,
        'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256',
      );
      const info = parseXml(
        Buffer.from(edited(cut(xml, 'SignedInfo'), '<SignedInfo', `<SignedInfo xmlns="${DS}"`)),
      );
      const signWith = (dsaEncoding: 'der' | 'ieee-p1363'): string => {
        const value = sign('sha256', Buffer.from(canonicalize(info.root)), {
          key: ec.privatePem,
          dsaEncoding,
        });
        return edited(xml, /(?<=<SignatureValue>)[^<]+/, value.toString('base64'));
      };

      assert.ok(await validate(as, version, signWith('ieee-p1363'), { keys }));
      await assertRefused(
        () => validate(as, version, signWith('der'), { keys }),
        'signature-invalid',
      );
    });
  }

test('SAML E8: a key that was ours and is retired speaks for us no more, at both entrances and in both versions', async () => {
  const retired = await aCertifiedKey();
  const current = await aCertifiedKey();
  const issuer = anOwnIssuer(signingKeysOf(retired));

  for (const type of VERSIONS) {
    const { text } = await issuer.issue(aSamlSpec({ type }));
    for (const [, as] of ENTRANCES) {
      assert.ok(await anOwnValidator(retired).validate(as(type, text)));
      await assertRefused(
        () => anOwnValidator(current).validate(as(type, text)),
        'signature-invalid',
      );
    }
  }
});
