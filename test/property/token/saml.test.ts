// Laws of assertions: what is issued is read back as it was decided, and whatever comes in, only refusals come out.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { idOf } from '#bridge/saml/validator/subject-name.ts';
import { RESERVED_CLAIMS } from '#core/claims/claim.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import { legalText } from '#test/support/legal-text.ts';
import {
  aCertifiedKey,
  anOwnIssuer,
  anOwnValidator,
  aSamlIssuer,
  aSamlSpec,
  asText,
  aValidator,
  ENTRANCES,
  NOW,
  PARTNER,
  STS,
  signingKeysOf,
  VERSIONS,
} from '#test/support/saml/saml.ts';

// An EC key: what is tested is the form, and RSA is ten times slower.
const key = await aCertifiedKey('ec');
const keys = signingKeysOf(key, 'ES256');
const partner = await aSamlIssuer();

const legal = legalText('!', ':');
const nameText = legal.filter((text) => text !== '' && text.trim() === text);
const claimName = fc
  .oneof(
    fc.constantFrom(
      'mail',
      'http://x.example/claims/upn',
      'urn:oid:1.2',
      'a/b',
      'x:/',
      'x:a//b',
      'x:a/b c',
    ),
    nameText,
  )
  .filter((name) => !RESERVED_CLAIMS.has(name));
const audience = fc.oneof(fc.webUrl(), fc.constantFrom('orders', 'urn:x'));

const spec = fc.record({
  tokenId: fc.base64String().map((text) => text.replaceAll(/[^A-Za-z0-9]/g, '-')),
  subjectName: nameText,
  audiences: fc.uniqueArray(audience, { minLength: 1, maxLength: 3 }),
  issuedAt: fc.integer({ min: NOW - 60, max: NOW }),
  lifetimeSeconds: fc.integer({ min: 61, max: 100_000 }),
  claims: fc.uniqueArray(
    fc.record({ name: claimName, values: fc.array(legal, { minLength: 1, maxLength: 3 }) }),
    { selector: ({ name }) => name, maxLength: 4 },
  ),
  actors: fc.array(
    fc.record({ issuer: fc.constantFrom(STS, PARTNER, 'urn:other'), id: nameText }),
    { maxLength: 8 },
  ),
  instant: fc.option(fc.integer({ min: 0, max: NOW }), { nil: undefined }),
  tokenShape: fc.constantFrom('default', 'adfs', 'vcenter'),
});

for (const type of VERSIONS)
  for (const [entrance, as] of ENTRANCES)
    test(`SAML law: issue, then validate, gives the decision back: ${type}, as ${entrance}`, async () => {
      await fc.assert(
        fc.asyncProperty(
          spec,
          async ({ actors, claims, instant, issuedAt, lifetimeSeconds, ...over }) => {
            const decision: TokenSpec = aSamlSpec({
              ...over,
              type,
              issuedAt,
              algorithm: 'ES256',
              lifetime: { notBefore: issuedAt, notOnOrAfter: issuedAt + lifetimeSeconds },
              claims: claims.map((claim) => ({ ...claim, issuer: STS, originalIssuer: STS })),
              actors: type === 'saml2' ? actors.map((actor) => ({ ...actor })) : [],
              ...(instant !== undefined && { authentication: { instant, methods: ['pwd'] } }),
            });
            const { text } = await anOwnIssuer(keys).issue(decision);

            const facts = await anOwnValidator(key).validate(as(type, text));

            assert.equal(facts.id, decision.tokenId);
            assert.equal(facts.subject.id, decision.subjectName);
            assert.equal(facts.subject.issuer, STS);
            assert.deepEqual(facts.actors, decision.actors);
            assert.deepEqual(facts.claims, decision.claims);
            assert.deepEqual(facts.audiences, decision.audiences);
            assert.deepEqual(facts.lifetime, decision.lifetime);
            assert.equal(facts.issuedAt, issuedAt);
            assert.equal(facts.authentication?.instant, instant);
          },
        ),
        { numRuns: 60 },
      );
    });

const refusesOnly = async (work: Promise<unknown>): Promise<boolean> => {
  try {
    await work;
    return true;
  } catch (cause) {
    assert.ok(
      cause instanceof ExchangeFailure,
      String(cause instanceof Error ? cause.stack : cause),
    );
    return false;
  }
};

test('SAML law: random text and bytes are refused, never a bug', async () => {
  const validator = aValidator([partner.trust()]);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...VERSIONS),
      fc.oneof(
        fc.string(),
        fc.base64String(),
        fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64url')),
        fc
          .string()
          .map((text) =>
            Buffer.from(`<a xmlns="urn:oasis:names:tc:SAML:2.0:assertion">${text}</a>`).toString(
              'base64url',
            ),
          ),
      ),
      async (type, content) => {
        assert.equal(
          await refusesOnly(validator.validate({ type, use: 'subject', content })),
          false,
        );
      },
    ),
  );
});

test('SAML law: a mutant of a signed assertion is refused or says the same', async () => {
  const validator = aValidator([partner.trust()]);
  for (const type of VERSIONS) {
    const xml = partner.assertion(type);
    const piece = fc.oneof(
      fc.string({ maxLength: 3 }),
      fc.constantFrom(
        '<',
        '>',
        '&',
        '"',
        '<!---->',
        '<?x?>',
        '<x/>',
        '</x>',
        ' ',
        '\n',
        'saml2:',
        'xmlns="urn:x"',
        '<![CDATA[x]]>',
        '&#x41;',
      ),
    );
    const original = await validator.validate(asText(type, xml));
    await fc.assert(
      fc.asyncProperty(fc.nat(xml.length), fc.nat(12), piece, async (at, length, replacement) => {
        const mutant = xml.slice(0, at) + replacement + xml.slice(at + length);
        const work = validator.validate(asText(type, mutant));
        // KeyInfo and the space inside the signature are not signed; all that is told is.
        if (await refusesOnly(work)) assert.deepEqual(await work, original);
      }),
      { numRuns: 400 },
    );
  }
});

// Signed by the true key, so that the readers behind the signature see what no good issuer writes.
test('SAML law: whatever a trusted issuer signs is read or refused, never a bug', async () => {
  const validator = aValidator([
    partner.trust({ subjectConfirmation: ['bearer', 'holder-of-key', 'sender-vouches'] }),
  ]);
  const part = fc.constantFrom(
    '',
    'text',
    '<x/>',
    '<P:NameID/>',
    '<P:Audience/>',
    '<P:SubjectConfirmation/>',
    '<P:Condition/>',
    '<P:Attribute/>',
    '<P:AuthnStatement/>',
    '<P:SubjectConfirmation Method=""><P:SubjectConfirmationData NotOnOrAfter="x"/></P:SubjectConfirmation>',
    '<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:KeyValue/></ds:KeyInfo>',
    '<P:AttributeValue><P:x/></P:AttributeValue>',
    '<P:OneTimeUse/>',
    '<P:ProxyRestriction Count="x"/>',
    '<P:NameIdentifier>x</P:NameIdentifier>',
  );
  const instant = fc.constantFrom(
    '',
    'x',
    '0000-00-00T00:00:00Z',
    '9999-12-31T23:59:59Z',
    '2027-01-15T08:00:00Z',
  );
  const changes = fc.record(
    {
      issueInstant: instant,
      window: instant.map((text) => `NotOnOrAfter="${text}"`),
      name: part,
      confirmation: part,
      authentication: part,
      attributes: part,
      conditions: part,
      advice: part,
      version: fc.constantFrom('', 'Version="2.0"'),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...VERSIONS), changes, async (type, change) => {
      const prefixed = Object.fromEntries(
        Object.entries(change).map(([name, text]) => [name, text.replaceAll('P:', `${type}:`)]),
      );
      await refusesOnly(validator.validate(asText(type, partner.assertion(type, prefixed))));
    }),
    { numRuns: 150 },
  );
});

test('SAML law: no two names have one id', () => {
  const qualifier = fc.option(
    fc.oneof(fc.constantFrom('', '!', '%21', 'a', 'b', 'a!b', 'b!', PARTNER), legal),
    {
      nil: undefined,
    },
  );
  const name = fc.record({
    value: fc.oneof(fc.constantFrom('a', '!a', '!!!a', 'b!a', 'b!!a'), nameText),
    nameQualifier: qualifier,
    spNameQualifier: qualifier,
  });
  const meaning = ({
    value,
    nameQualifier,
    spNameQualifier,
  }: {
    value: string;
    nameQualifier: string | undefined;
    spNameQualifier: string | undefined;
  }): string =>
    JSON.stringify([
      value,
      (nameQualifier === PARTNER ? undefined : nameQualifier) ?? '',
      spNameQualifier ?? '',
    ]);
  fc.assert(
    fc.property(name, name, (left, right) => {
      const ids = [left, right].map(({ value, nameQualifier, spNameQualifier }) =>
        idOf(
          {
            value,
            ...(nameQualifier !== undefined && { nameQualifier }),
            ...(spNameQualifier !== undefined && { spNameQualifier }),
          },
          PARTNER,
        ),
      );
      assert.equal(ids[0] === ids[1], meaning(left) === meaning(right));
    }),
    { numRuns: 4000 },
  );
});
