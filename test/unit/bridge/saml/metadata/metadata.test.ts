// Keys from metadata: what is believed and what is read.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseDuration } from '#bridge/saml/metadata/duration.ts';
import { type MetadataTerms, readSamlMetadata } from '#bridge/saml/metadata/metadata.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import {
  aCertifiedKey,
  aSamlIssuer,
  type CertifiedKey,
  iso,
  NOW,
  PARTNER,
} from '#test/support/saml/saml.ts';
import {
  descriptor,
  entities,
  entity,
  idp,
  signedMetadata,
} from '#test/support/saml/saml-metadata.ts';
import { edited } from '#test/support/xml/tamper.ts';

const signer = await aCertifiedKey();
const stranger = await aCertifiedKey();
const issuer = await aSamlIssuer();
const next = await aSamlIssuer();
const weak = await aCertifiedKey('ec');

const signed = (xml: string, key = signer) => signedMetadata(xml, key);

const terms = { entityId: PARTNER, signers: [stranger.trusted, signer.trusted], skewSeconds: 60 };
const read = (xml: string, over: Partial<MetadataTerms> = {}) =>
  readSamlMetadata(xml, { ...terms, ...over }, NOW);
const keysOf = async (xml: string) =>
  (await read(xml)).keys.map(({ key }) =>
    key.export({ type: 'spki', format: 'der' }).toString('hex'),
  );
const spki = ({ publicKey }: CertifiedKey): string =>
  publicKey.export({ type: 'spki', format: 'der' }).toString('hex');

const good = signed(entity(idp(descriptor(issuer))));

test('SAML Metadata §2.4.1: signing keys and keys of no stated use are read, others are not', async () => {
  const xml = signed(
    entity(
      idp(descriptor(issuer) + descriptor(next, '') + descriptor(stranger, 'use="encryption"')),
    ),
  );

  assert.deepEqual(await keysOf(xml), [issuer, next].map(spki));
});

test('SAML Metadata §2.4.1: eight keys are the most that are tried, so a ninth is a refusal: none is left out', async () => {
  const keys = await Promise.all(Array.from({ length: 9 }, () => aCertifiedKey()));
  const xmlOf = (some: readonly CertifiedKey[]) => {
    const content = some.map((key) => descriptor(key)).join('');
    return signed(entity(idp(content) + idp(content)));
  };
  const eight = keys.slice(0, 8);

  // Some write each key once for each of their roles.
  assert.deepEqual(await keysOf(xmlOf(eight)), eight.map(spki));
  await assert.rejects(read(xmlOf(keys)), /9 signing keys, and 8 at most are tried/);
});

test('SAML Metadata §2.4.1.1: of several certificates the first is the key, the others are its chain', async () => {
  const [, chain = ''] = /<ds:X509Data>(.*)<\/ds:X509Data>/.exec(descriptor(stranger)) ?? [];
  const xml = descriptor(issuer).replace('</ds:X509Data>', `${chain}</ds:X509Data>`);

  assert.deepEqual(await keysOf(signed(entity(idp(xml)))), [spki(issuer)]);
});

test('SAML Metadata §2.4: only roles that issue assertions count', async () => {
  const role = (type: string, key: CertifiedKey): string =>
    `<RoleDescriptor xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:fed="http://docs.oasis-open.org/wsfed/federation/200706" ${type}>${descriptor(key)}</RoleDescriptor>`;
  const xml = signed(
    entity(
      role('xsi:type="fed:SecurityTokenServiceType"', issuer) +
        role('xsi:type="fed:ApplicationServiceType"', stranger) +
        role('xsi:type="SecurityTokenServiceType"', stranger) +
        role('', stranger) +
        `<SPSSODescriptor>${descriptor(stranger)}</SPSSODescriptor>`,
    ),
  );

  assert.deepEqual(await keysOf(xml), [spki(issuer)]);
});

test('SAML Metadata §2.3.1: an entity is found by its name among others, however deep', async () => {
  const other = entity(idp(descriptor(stranger)), '', 'urn:other');
  const xml = signed(
    entities(other + entities(entity(idp(descriptor(issuer)))).replace('ID="_all"', '')),
  );

  assert.deepEqual(await keysOf(xml), [spki(issuer)]);
});

test('SAML Metadata §2.3: validUntil and cacheDuration of all levels count, the earliest and the shortest', async () => {
  const inner = entity(
    idp(descriptor(issuer), `validUntil="${iso(NOW + 50)}" cacheDuration="PT2H"`),
    'cacheDuration="P1D"',
  );
  const xml = signed(entities(inner, `validUntil="${iso(NOW + 900)}" cacheDuration="PT90S"`));

  const { validUntil, cacheSeconds } = await read(xml);

  assert.equal(validUntil, NOW + 50);
  assert.equal(cacheSeconds, 90);
});

const REFUSED: readonly (readonly [string, string])[] = [
  ['unsigned', entity(idp(descriptor(issuer)))],
  ['signed by a key that is not pinned', signed(entity(idp(descriptor(issuer))), next)],
  ['changed after it was signed', edited(good, 'use="signing"', '')],
  ['of another entity', signed(entity(idp(descriptor(issuer)), '', 'urn:other'))],
  ['of an entity whose name is longer', signed(entity(idp(descriptor(issuer)), '', `${PARTNER}/`))],
  ['two descriptors of the entity', signed(entities(entity(idp(descriptor(issuer))).repeat(2)))],
  [
    'something else of metadata around the entity',
    signed(
      entities(entity(idp(descriptor(issuer)))).replaceAll(
        'EntitiesDescriptor',
        'AffiliationDescriptor',
      ),
    ),
  ],
  ['no role', signed(entity(''))],
  ['no key', signed(entity(idp('')))],
  ['a key of encryption only', signed(entity(idp(descriptor(issuer, 'use="encryption"'))))],
  [
    'a certificate that is none',
    signed(entity(idp(descriptor(issuer).replace(/(?<=Certificate>)[^<]+/, 'AAAA')))),
  ],
  [
    'a key name only',
    signed(
      entity(
        idp(
          '<KeyDescriptor><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:KeyName>x</ds:KeyName></ds:KeyInfo></KeyDescriptor>',
        ),
      ),
    ),
  ],
  ['past its date', signed(entity(idp(descriptor(issuer)), `validUntil="${iso(NOW - 60)}"`))],
  ['a date that is none', signed(entity(idp(descriptor(issuer)), 'validUntil="soon"'))],
  ['a duration that is none', signed(entity(idp(descriptor(issuer)), 'cacheDuration="soon"'))],
  ['an assertion', issuer.assertion('saml2')],
  ['no XML', 'hello'],
  ['a document type', `<!DOCTYPE x>${good}`],
  [
    'A1: the signed entity inside a forged one',
    edited(
      entity(idp(descriptor(stranger)), '', PARTNER).replace('ID="_m"', 'ID="_evil"'),
      '</EntityDescriptor>',
      `<Extensions>${good}</Extensions></EntityDescriptor>`,
    ),
  ],
  [
    'A1: the signature in a forged one',
    edited(
      entity(idp(descriptor(stranger))).replace('ID="_m"', 'ID="_evil"'),
      /(?<=<EntityDescriptor[^>]*>)/,
      /<Signature .*<\/Signature>/s.exec(good)?.[0] ?? '',
    ),
  ],
];
for (const [what, xml] of REFUSED)
  test(`SAML Metadata: refuses what is ${what}`, async () => {
    await assert.rejects(read(xml), XmlFailure);
  });

test('SAML Metadata: without a pinned signer nothing is believed (A10)', async () => {
  await assert.rejects(read(good, { signers: [] }), /nobody is pinned/);
});

test('SAML Metadata: within the skew its date has not passed', async () => {
  assert.ok(await read(signed(entity(idp(descriptor(issuer)), `validUntil="${iso(NOW - 59)}"`))));
});

describe('SAML Metadata §2.3: where the lifetime of metadata is bounded,', () => {
  const DAY = 86_400;
  const bounded = { maxLifetimeSeconds: 14 * DAY };
  const until = (seconds: number): string => `validUntil="${iso(NOW + seconds)}"`;
  const role = idp(descriptor(issuer));

  test('its end is no further ahead, within the skew', async () => {
    const { validUntil } = await read(signed(entity(role, until(14 * DAY + 60))), bounded);

    assert.equal(validUntil, NOW + 14 * DAY + 60);
    assert.ok(await read(signed(entity(idp(descriptor(issuer), until(DAY)))), bounded));
    assert.ok(await read(signed(entities(entity(role), until(DAY))), bounded));
    assert.ok(await read(signed(entities(entity(role, until(90 * DAY)), until(DAY))), bounded));
  });

  for (const [what, xml] of [
    ['one without an end is refused', entity(role)],
    [
      'one that alone says how long it may be kept is refused',
      entity(role, 'cacheDuration="PT1H"'),
    ],
    ['one that ends later is refused', entity(role, until(14 * DAY + 61))],
    [
      'one that ends later on all levels is refused',
      entities(entity(role, until(15 * DAY)), until(16 * DAY)),
    ],
    [
      'the end of another entity is not its end',
      entities(entity(role) + entity(role, until(DAY), 'urn:other')),
    ],
    ['one that has ended is refused', entity(role, until(-60))],
  ] as const)
    test(what, async () => {
      await assert.rejects(read(signed(xml), bounded), XmlFailure);
    });
});

test('SAML Metadata: a weak key is left out, the others stay good', async () => {
  const bad = descriptor(weak).replace(/(?<=Certificate>)[^<]+/, 'AAAA');

  assert.deepEqual(await keysOf(signed(entity(idp(bad + descriptor(issuer))))), [spki(issuer)]);
});

for (const [text, seconds] of [
  ['PT0S', 0],
  ['PT1M', 60],
  ['P1D', 86_400],
  ['P1DT1H1M1.5S', 90_061],
  ['PT36H', 129_600],
  ['P1Y', 365 * 86_400],
  ['P1M', 28 * 86_400],
  ['P0Y0M30DT0H0M0.000S', 30 * 86_400],
  ['PT1485371065S', 1_485_371_065],
] as const)
  test(`SAML Metadata §2.3: the duration ${text}`, () => {
    assert.equal(parseDuration(text), seconds);
  });
for (const text of [
  '',
  'P',
  'PT',
  'P1DT',
  'P1M1Y',
  'P1H',
  'PT1D',
  'P1.5D',
  '-PT1S',
  'PT1.S',
  '1',
  'PT1H ',
  'P99999999999D',
])
  test(`SAML Metadata §2.3: refuses the duration "${text}"`, () => {
    assert.throws(() => parseDuration(text), XmlFailure);
  });
