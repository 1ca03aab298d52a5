// Keys from metadata: what is believed, what is read, and the life of what was fetched.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SignedXml } from 'xml-crypto';
import { parseDuration } from '#bridge/saml/duration.ts';
import { readSamlMetadata } from '#bridge/saml/metadata.ts';
import { createSamlMetadataSource, type FetchedMetadata } from '#bridge/saml/metadata-source.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import {
  aCertifiedKey,
  aSamlIssuer,
  assertRefused,
  asText,
  aValidator,
  type CertifiedKey,
  iso,
  NOW,
  PARTNER,
} from '#test/support/saml.ts';
import { edited } from '#test/support/xml/tamper.ts';

const signer = await aCertifiedKey();
const stranger = await aCertifiedKey();
const issuer = await aSamlIssuer();
const next = await aSamlIssuer();
const weak = await aCertifiedKey('ec');

const MD = 'urn:oasis:names:tc:SAML:2.0:metadata';
const EXC = 'http://www.w3.org/2001/10/xml-exc-c14n#';

const descriptor = ({ certificateDer }: CertifiedKey, use = 'use="signing"'): string =>
  `<KeyDescriptor ${use}><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${certificateDer.toString('base64')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>`;
const idp = (content: string, attributes = ''): string =>
  `<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol" ${attributes}>${content}</IDPSSODescriptor>`;
const entity = (content: string, attributes = '', entityId = PARTNER): string =>
  `<EntityDescriptor xmlns="${MD}" ID="_m" entityID="${entityId}" ${attributes}>\n<!-- by hand -->\n${content}</EntityDescriptor>`;
const entities = (content: string, attributes = ''): string =>
  `<EntitiesDescriptor xmlns="${MD}" ID="_all" ${attributes}>${content.replaceAll('ID="_m"', '')}</EntitiesDescriptor>`;

function signed(xml: string, key: CertifiedKey = signer): string {
  const signing = new SignedXml({
    privateKey: key.privatePem,
    publicCert: key.certificatePem,
    signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    canonicalizationAlgorithm: EXC,
  });
  signing.addReference({
    xpath: '/*',
    digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
    transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', EXC],
  });
  signing.computeSignature(xml, { location: { reference: '/*', action: 'prepend' } });
  return signing.getSignedXml();
}

const terms = { entityId: PARTNER, signers: [stranger.trusted, signer.trusted], skewSeconds: 60 };
const read = (xml: string, over: Partial<typeof terms> = {}) =>
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

test('SAML Metadata §2.4.1: eight keys are the most that are read', async () => {
  const keys = (count: number) => keysOf(signed(entity(idp(descriptor(issuer).repeat(count)))));

  assert.equal((await keys(8)).length, 8);
  assert.equal((await keys(9)).length, 8);
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
  ['a duration that is none', signed(entity(idp(descriptor(issuer)), 'cacheDuration="P1Y"'))],
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
] as const)
  test(`SAML Metadata §2.3: the duration ${text}`, () => {
    assert.equal(parseDuration(text), seconds);
  });
for (const text of [
  '',
  'P',
  'PT',
  'P1DT',
  'P1Y',
  'P1M',
  '-PT1S',
  'PT1.S',
  '1',
  'PT1H ',
  'P99999999D',
])
  test(`SAML Metadata §2.3: refuses the duration "${text}"`, () => {
    assert.throws(() => parseDuration(text), XmlFailure);
  });

function aSource(first: FetchedMetadata = { text: good }) {
  const clock = fakeClock(NOW);
  const state = { document: first, fetches: 0, isDown: false, gate: Promise.resolve() };
  const outcomes: string[] = [];
  const keys = createSamlMetadataSource({
    ...terms,
    url: 'https://idp.example/metadata',
    async fetchText() {
      state.fetches += 1;
      await state.gate;
      if (state.isDown) throw new Error('down');
      return state.document;
    },
    clock,
    settings: { refetchSeconds: 30, staleSeconds: 600, defaultFreshSeconds: 300 },
    onRefresh: (outcome) => outcomes.push(outcome),
  });
  return { clock, state, keys, outcomes };
}

test('SAML metadata source: nothing is fetched before it is needed, then once while it is fresh', async () => {
  const { clock, state, keys, outcomes } = aSource();
  assert.equal(state.fetches, 0);

  await Promise.all([keys.signingKeys(), keys.signingKeys()]);
  clock.advance(299);
  await keys.signingKeys();

  assert.equal(state.fetches, 1);
  clock.advance(1);
  await keys.signingKeys();
  assert.equal(state.fetches, 2);
  assert.deepEqual(outcomes, ['renewed', 'renewed']);
});

test('SAML metadata source: freshness is that of the document, then of the answer, within bounds', async () => {
  const cached = (duration: string): string =>
    signed(entity(idp(descriptor(issuer)), `cacheDuration="${duration}"`));
  for (const [document, seconds] of [
    [{ text: cached('PT100S'), maxAgeSeconds: 500 }, 100],
    [{ text: good, maxAgeSeconds: 500 }, 500],
    [{ text: good, maxAgeSeconds: 0 }, 60],
    [{ text: cached('P30D') }, 86_400],
  ] as const) {
    const { clock, state, keys } = aSource(document);
    await keys.signingKeys();
    clock.advance(seconds - 1);
    await keys.signingKeys();
    assert.equal(state.fetches, 1);

    clock.advance(1);
    await keys.signingKeys();

    assert.equal(state.fetches, 2);
  }
});

test('SAML metadata source: keys outlive a failing source for a while, and it is asked at intervals', async () => {
  const { clock, state, keys, outcomes } = aSource();
  await keys.signingKeys();
  state.isDown = true;
  clock.advance(300);

  await keys.signingKeys();
  clock.advance(29);
  await keys.signingKeys();
  assert.equal(state.fetches, 2);
  clock.advance(1);
  await keys.signingKeys();
  assert.equal(state.fetches, 3);
  clock.advance(570);

  await assertRefused(() => keys.signingKeys(), 'dependency-unavailable');
  assert.ok(outcomes.includes('failed'));
  state.isDown = false;
  clock.advance(30);
  assert.equal((await keys.signingKeys()).length, 1);
});

test('SAML metadata source: no failing source keeps keys alive past validUntil', async () => {
  const { clock, state, keys } = aSource({
    text: signed(entity(idp(descriptor(issuer)), `validUntil="${iso(NOW + 100)}"`)),
  });
  await keys.signingKeys();
  state.isDown = true;
  clock.advance(99);
  assert.ok(await keys.signingKeys());
  clock.advance(1);

  await assertRefused(() => keys.signingKeys(), 'dependency-unavailable');
});

test('SAML metadata source: at validUntil the document is asked for anew', async () => {
  const until = (seconds: number) => ({
    text: signed(entity(idp(descriptor(issuer)), `validUntil="${iso(NOW + seconds)}"`)),
  });
  const { clock, state, keys } = aSource(until(100));
  await keys.signingKeys();
  state.document = until(900);
  clock.advance(100);

  assert.equal((await keys.signingKeys()).length, 1);
  assert.equal(state.fetches, 2);
});

test('SAML metadata source: a source that is back answers for unknown keys again', async () => {
  const { clock, state, keys } = aSource();
  await keys.signingKeys();
  state.isDown = true;
  clock.advance(300);
  await keys.signingKeys();
  await assertRefused(async () => keys.searchKeys?.(), 'dependency-unavailable');
  state.isDown = false;
  clock.advance(30);

  await keys.signingKeys();

  assert.equal((await keys.searchKeys?.())?.length, 1);
});

test('SAML metadata source: metadata that is not acceptable does not replace the keys that are held', async () => {
  const { clock, state, keys, outcomes } = aSource();
  const [before] = await keys.signingKeys();
  state.document = {
    text: signed(entity(idp(descriptor(stranger))), next),
  };
  clock.advance(300);

  const [after] = await keys.signingKeys();

  assert.equal(after, before);
  assert.deepEqual(outcomes, ['renewed', 'failed']);
});

test('SAML metadata source: a new key is found at once, a forged signature fetches once for each interval', async () => {
  const { clock, state, keys } = aSource();
  const validator = aValidator([issuer.trust({ keys })], { clock });
  const rolled = asText('saml1', next.assertion('saml1'));
  assert.ok(await validator.validate(asText('saml1', issuer.assertion('saml1'))));
  clock.advance(30);

  await assertRefused(() => validator.validate(rolled), 'signature-invalid');
  await assertRefused(() => validator.validate(rolled), 'signature-invalid');
  assert.equal(state.fetches, 2);

  state.document = { text: signed(entity(idp(descriptor(issuer) + descriptor(next)))) };
  clock.advance(30);
  assert.ok(await validator.validate(rolled));
  assert.equal(state.fetches, 3);
});

test('SAML metadata source: while the source fails an unknown key may be a new one', async () => {
  const { clock, state, keys } = aSource();
  const validator = aValidator([issuer.trust({ keys })], { clock });
  const forged = asText('saml1', next.assertion('saml1'));
  await assertRefused(() => validator.validate(forged), 'signature-invalid');
  state.isDown = true;
  clock.advance(30);

  await assertRefused(() => validator.validate(forged), 'dependency-unavailable');
  assert.ok(await validator.validate(asText('saml1', issuer.assertion('saml1'))));
});

test('SAML metadata source: a clock that is set back does not stop it', async () => {
  const { clock, state, keys } = aSource();
  state.isDown = true;
  await assert.rejects(keys.signingKeys(), ExchangeFailure);
  clock.set(NOW - 1000);
  state.isDown = false;

  assert.equal((await keys.signingKeys()).length, 1);
});
