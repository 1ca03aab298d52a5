// Which assertions are written without their audience (docs/decisions/0029): those that a decision lets, with a public key in them, in the
// shape of vCenter.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Confirmation, PublicJwk } from '#core/token/confirmation.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import { aClaim } from '#test/support/core.ts';
import { aCertifiedKey, anOwnIssuer, aSamlSpec, signingKeysOf } from '#test/support/saml/saml.ts';

const key = await aCertifiedKey();
const KEY = {
  method: 'public-key',
  jwk: key.publicKey.export({ format: 'jwk' }) as PublicJwk,
} as const satisfies Confirmation;
const SECRET: Partial<TokenSpec> = {
  confirmation: {
    method: 'symmetric-key',
    secret: { base64: 'c2VjcmV0', sizeBits: 48 },
  },
  keyEncryption: {
    certificate: key.certificatePem,
    content: 'aes256-gcm',
    keyTransport: 'rsa-oaep-sha256',
  },
};
const issuer = anOwnIssuer(signingKeysOf(key));
const ACTORS = [{ issuer: 'https://sts.example.org', id: 'solution' }];

async function conditionsOf(tokenShape: string, over: Partial<TokenSpec>): Promise<string> {
  const spec = aSamlSpec({ omitsAudience: true, tokenShape, confirmation: KEY, ...over });
  const { text } = await issuer.issue(spec);
  return /<(?:saml2?:)?Conditions [^>]*>(.*)<\/(?:saml2?:)?Conditions>/.exec(text)?.[1] ?? text;
}

// All that govmomi 0.55 reads of an assertion before it writes it again (its sts/internal/types.go), in its order. What is not here would be
// lost, or written where it was not.
const name = '[^"<>]*';
const WRITTEN_AGAIN = new RegExp(
  [
    `^<saml2:Assertion (xmlns:\\w+="${name}" )+ID="${name}" IssueInstant="${name}" Version="2.0">`,
    `<saml2:Issuer Format="${name}">[^<]+</saml2:Issuer>`,
    '<ds:Signature xmlns:ds="[^"]+"><ds:SignedInfo>.*</ds:SignedInfo><ds:SignatureValue>[^<]+</ds:SignatureValue>',
    '<ds:KeyInfo><ds:X509Data><ds:X509Certificate>[^<]+</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>',
    `<saml2:Subject><saml2:NameID Format="${name}">[^<]+</saml2:NameID><saml2:SubjectConfirmation Method="${name}">`,
    `<saml2:SubjectConfirmationData xmlns:xsi="${name}" xsi:type="saml2:KeyInfoConfirmationDataType">`,
    `<ds:KeyInfo xmlns:ds="${name}"><ds:X509Data><ds:X509Certificate>[^<]+</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`,
    '</saml2:SubjectConfirmationData></saml2:SubjectConfirmation></saml2:Subject>',
    `<saml2:Conditions NotBefore="${name}" NotOnOrAfter="${name}">`,
    `<saml2:ProxyRestriction Count="\\d+"></saml2:ProxyRestriction>`,
    `<saml2:Condition xmlns:xsi="${name}" xsi:type="del:DelegationRestrictionType"><del:Delegate DelegationInstant="${name}">`,
    `<saml2:NameID Format="${name}">[^<]+</saml2:NameID></del:Delegate></saml2:Condition></saml2:Conditions>`,
    `<saml2:AuthnStatement AuthnInstant="${name}"><saml2:AuthnContext><saml2:AuthnContextClassRef>[^<]+</saml2:AuthnContextClassRef>`,
    '</saml2:AuthnContext></saml2:AuthnStatement><saml2:AttributeStatement>',
    `(<saml2:Attribute FriendlyName="${name}" Name="${name}" NameFormat="${name}">`,
    `(<saml2:AttributeValue xmlns:xsi="${name}" xsi:type="xs:string">[^<]*</saml2:AttributeValue>)+</saml2:Attribute>)+`,
    '</saml2:AttributeStatement></saml2:Assertion>$',
  ].join(''),
);

test('vCenter: it says what govmomi writes again, and no more', async () => {
  const certificate = key.certificateDer.toString('base64');
  const spec = aSamlSpec({
    omitsAudience: true,
    tokenShape: 'vcenter',
    confirmation: { ...KEY, certificate },
    delegations: 3,
    actors: ACTORS,
    claims: [aClaim({ name: 'urn:groups', values: ['a', 'b'] }), aClaim({ name: 'email' })],
  });

  const { text } = await issuer.issue(spec);

  assert.match(text, WRITTEN_AGAIN);
  assert.doesNotMatch((await issuer.issue({ ...spec, omitsAudience: false })).text, WRITTEN_AGAIN);
});

test('vCenter: what else there is to say stands where it stood', async () => {
  assert.equal(await conditionsOf('vcenter', {}), '');
  assert.match(
    await conditionsOf('vcenter', { delegations: 3, actors: ACTORS }),
    /^<saml2:ProxyRestriction Count="3"><\/saml2:ProxyRestriction><saml2:Condition [^>]*>.*<\/saml2:Condition>$/,
  );
});

for (const [what, shape, over] of [
  ['another shape', 'default', {}],
  ['the shape of SOAP', 'soap', {}],
  ['the shape of AD FS', 'adfs', {}],
  ['a decision that does not let it', 'vcenter', { omitsAudience: false }],
  ['a bearer', 'vcenter', { confirmation: { method: 'bearer' } }],
  ['a secret', 'vcenter', SECRET],
  ['SAML 1.1', 'vcenter', { type: 'saml1' }],
] as const)
  test(`SAML Core 2.0 §2.5.1.4: ${what} has its audience`, async () => {
    assert.match(await conditionsOf(shape, over), /<(saml2?:)?Audience>[^<]+</);
  });
