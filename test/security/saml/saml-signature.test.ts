// Attacks on the signature of an assertion (xml-security A2-A10, B; ws-trust R7, R10-R19), at both entrances and in both
// versions. Where a rule must refuse by itself, SignedInfo is signed again by the true key.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SamlTrust } from '#bridge/saml/validator/saml-trust.ts';
import {
  aSamlIssuer,
  assertForgeryRefused,
  asText,
  aValidator,
  ENTRANCES,
  testKeyOf,
  VERSIONS,
} from '#test/support/saml/saml.ts';
import { signatureAttacks } from '#test/support/saml/saml-attacks.ts';
import { resigned } from '#test/support/xml/tamper.ts';

type Version = (typeof VERSIONS)[number];

const issuer = await aSamlIssuer();
const key = testKeyOf(issuer);

const validate = (
  as: typeof asText,
  version: Version,
  xml: string,
  trust: Partial<SamlTrust> = {},
) => aValidator([issuer.trust(trust)]).validate(as(version, xml));

for (const version of VERSIONS)
  for (const [entrance, as] of ENTRANCES) {
    test(`SAML V11: the ${version} assertion that is attacked is good by itself, as ${entrance}`, async () => {
      const xml = issuer.assertion(version);

      assert.ok(await validate(as, version, xml));
      assert.ok(await validate(as, version, resigned(xml, key)));
    });

    for (const [name, attack, reason] of signatureAttacks(key))
      test(`SAML ${name}: ${version}, as ${entrance}`, async () => {
        const xml = attack(issuer.assertion(version), version);

        await assertForgeryRefused(
          aValidator([issuer.trust()]),
          as,
          { type: version, xml },
          reason ?? ['signature-invalid', 'token-malformed'],
        );
      });

    test(`SAML R10: nothing is read of an assertion that failed: ${version}, as ${entrance}`, async () => {
      const xml = issuer.assertion(version).replaceAll('alice', 'admin');

      const failure = await validate(as, version, xml).catch((cause: unknown) => cause);

      assert.ok(failure instanceof Error);
      assert.doesNotMatch(
        JSON.stringify([failure.message, failure]),
        /admin|alice|partner\.example/,
      );
    });
  }

test('SAML §8: texts of refusals tell nothing of the assertion', async () => {
  const secret = 'hunter2';
  for (const version of VERSIONS)
    for (const attributes of [
      `<x>${secret}</x>`,
      `<saml2:Attribute Name="a"><saml2:AttributeValue>${secret}<b/></saml2:AttributeValue></saml2:Attribute>`,
    ]) {
      const changed =
        version === 'saml1'
          ? attributes
              .replaceAll('saml2:', 'saml1:')
              .replace('Name=', 'AttributeNamespace="urn:a" AttributeName=')
          : attributes;
      const xml = issuer.assertion(version, { attributes: changed });

      const failure = await validate(asText, version, xml).catch((cause: unknown) => cause);

      assert.ok(failure instanceof Error);
      assert.doesNotMatch(`${failure.message} ${String(failure.cause)}`, new RegExp(secret));
    }
});
