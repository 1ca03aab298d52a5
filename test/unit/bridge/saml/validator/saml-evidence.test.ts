// The wire encodings of an assertion, and delegation as it is read.

import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { decodeAssertion } from '#bridge/saml/validator/saml-evidence.ts';
import {
  aSamlIssuer,
  assertRefused,
  asText,
  aValidator,
  ENTRANCES,
  iso,
  NOW,
  PARTNER,
  STS,
  VERSIONS,
} from '#test/support/saml/saml.ts';

const issuer = await aSamlIssuer();

const send = (type: 'saml1' | 'saml2', content: string) =>
  aValidator([issuer.trust()]).validate({ type, use: 'subject', content });

// Padding of one and of two, and characters in which the alphabets differ.
for (const length of [0, 1, 2])
  test(`RFC 7522 §2.1: base64url with and without padding, and base64 as clients send it (${length} more bytes)`, async () => {
    for (const type of VERSIONS) {
      const xml = issuer.assertion(type, { advice: ' '.repeat(length) });
      // A different signature each time: some have characters of either alphabet.
      const bytes = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${xml}\n`);
      const unpadded = bytes.toString('base64url');

      for (const text of [
        unpadded,
        unpadded.padEnd(Math.ceil(unpadded.length / 4) * 4, '='),
        bytes.toString('base64'),
      ])
        assert.equal((await send(type, text)).id, '_a1');
    }
  });

test('RFC 7522 §2.1: the three spellings of the same bytes', () => {
  const bytes = Buffer.from([0xfb, 0xff, 0xfe, 0x01]);

  for (const text of ['-__-AQ', '-__-AQ==', '+//+AQ=='])
    assert.deepEqual(Buffer.from(decodeAssertion(text)), bytes);
  // Either of the two characters tells which alphabet it is.
  for (const text of ['////', '++++'])
    assert.deepEqual(Buffer.from(decodeAssertion(text)), Buffer.from(text, 'base64'));
});

for (const [what, text] of [
  ['mixed alphabets', '-//-AQ=='],
  ['base64 without padding', '+//+AQ'],
  ['wrong padding', '-__-AQ='],
  ['padding of three', '-__-A==='],
  ['padding where none goes', 'AAAA===='],
  ['loose bits', '-__-AR'],
  ['a lone digit', 'AAAAA'],
  ['line breaks', 'AAAA\nAAAA'],
  ['space', ' AAAA'],
  ['percent encoding', 'AAAA%3D'],
  ['nothing', ''],
  ['padding only', '='],
  ['plain XML', '<Assertion/>'],
  ['NUL', 'AAAA\u0000'],
] as const)
  test(`RFC 7522 §2.1: refuses ${what}`, async () => {
    await assertRefused(() => decodeAssertion(text), 'token-malformed');
    await assertRefused(() => send('saml2', text), 'token-malformed');
  });

test('SAML limits: an assertion that is too large is refused before it is decoded', async () => {
  const largest = Buffer.alloc(262_144, 60);
  assert.deepEqual(Buffer.from(decodeAssertion(largest.toString('base64'))), largest);
  await assertRefused(() => decodeAssertion('A'.repeat(400_000)), 'token-malformed');
  await assertRefused(() => send('saml2', 'A'.repeat(400_000)), 'token-malformed');
  await assertRefused(
    () => send('saml2', Buffer.alloc(262_145, 60).toString('base64url')),
    'token-malformed',
  );
});

for (const [what, xml] of [
  ['another root', '<x/>'],
  [
    'a Response around the assertion',
    '<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol"/>',
  ],
  ['no namespace', '<Assertion Version="2.0"/>'],
  [
    'another element of SAML',
    `<a:Advice xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" Version="2.0"><a:Issuer>${PARTNER}</a:Issuer></a:Advice>`,
  ],
  ['no issuer', '<a:Assertion xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" Version="2.0"/>'],
  [
    'two issuers',
    '<a:Assertion xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" Version="2.0"><a:Issuer>x</a:Issuer><a:Issuer>x</a:Issuer></a:Assertion>',
  ],
  [
    'elements in the issuer',
    '<a:Assertion xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" Version="2.0"><a:Issuer>x<b/></a:Issuer></a:Assertion>',
  ],
  ['XML that ends early', '<a:Assertion'],
] as const)
  test(`SAML evidence: refuses ${what}`, async () => {
    await assertRefused(
      () => aValidator([issuer.trust()]).validate(asText('saml2', xml)),
      'token-malformed',
    );
  });

test('SAML R24, CVE-2022-39353, CVE-2025-25293: two roots, or compressed, is no assertion', async () => {
  for (const type of VERSIONS) {
    const xml = issuer.assertion(type);

    await assertRefused(
      () => aValidator([issuer.trust()]).validate(asText(type, xml + xml)),
      'token-malformed',
    );
    await assertRefused(
      () => send(type, deflateRawSync(xml).toString('base64url')),
      'token-malformed',
    );
  }
});

const del = (content: string, type = 'd:DelegationRestrictionType'): string =>
  `<saml2:Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:d="urn:oasis:names:tc:SAML:2.0:conditions:delegation" xsi:type="${type}">${content}</saml2:Condition>`;
const delegate = (name: string, attributes = '', nameAttributes = ''): string =>
  `<d:Delegate ${attributes}><saml2:NameID ${nameAttributes}>${name}</saml2:NameID></d:Delegate>`;
const instant = (seconds: number): string => `DelegationInstant="${iso(NOW + seconds)}"`;

for (const [entrance, as] of ENTRANCES) {
  const validate = (conditions: string) =>
    aValidator([issuer.trust()]).validate(as('saml2', issuer.assertion('saml2', { conditions })));

  test(`SAML Delegation Restriction, as ${entrance}: the last delegate is the most recent one, so the outermost actor`, async () => {
    const { actors } = await validate(
      del(
        delegate('old', instant(-30)) + delegate('new', instant(-10), 'NameQualifier="urn:other"'),
      ),
    );

    assert.deepEqual(actors, [
      { issuer: 'urn:other', id: 'new' },
      { issuer: PARTNER, id: 'old' },
    ]);
  });

  test(`SAML Delegation Restriction, as ${entrance}: names are kept apart by their qualifiers`, async () => {
    const { actors } = await validate(
      del(
        delegate('a', '', `NameQualifier="${PARTNER}"`) +
          delegate('a', '', 'SPNameQualifier="urn:sp"') +
          delegate('b', '', 'NameQualifier=""'),
      ),
    );

    assert.deepEqual(actors, [
      { issuer: PARTNER, id: 'b' },
      { issuer: PARTNER, id: '!!urn%3Asp!a' },
      { issuer: PARTNER, id: 'a' },
    ]);
  });

  test(`SAML Delegation Restriction, as ${entrance}: a qualifier with space around it is refused`, async () => {
    for (const qualifier of [' ', 'urn:other ', '&#xA0;'])
      for (const name of ['NameQualifier', 'SPNameQualifier'])
        await assertRefused(
          () => validate(del(delegate('a', '', `${name}="${qualifier}"`))),
          'token-malformed',
        );
  });

  test(`SAML Delegation Restriction, as ${entrance}: nobody but us tells of actors of ours`, async () => {
    await assertRefused(
      () => validate(del(delegate('a', '', `NameQualifier="${STS}"`))),
      'issuer-untrusted',
    );
    // Under either of our names.
    const own = {
      issuer: 'https://as.example',
      entityId: STS,
      keys: { signingKeys: async () => [] },
      skewSeconds: 0,
    };
    const validator = aValidator([issuer.trust()], { own });
    for (const name of [own.issuer, own.entityId]) {
      const conditions = del(delegate('a', '', `NameQualifier="${name}"`));
      await assertRefused(
        () => validator.validate(as('saml2', issuer.assertion('saml2', { conditions }))),
        'issuer-untrusted',
      );
    }
  });

  test(`SAML Delegation Restriction, as ${entrance}: eight delegates are the longest chain, instants may be the same or absent`, async () => {
    const chain = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => delegate(name, instant(-9)));

    const { actors } = await validate(del(`${chain.join('')}${delegate('h')}`));

    assert.equal(actors.map(({ id }) => id).join(''), 'hgfedcba');
  });

  test(`SAML Delegation Restriction, as ${entrance}: a chain that is not understood in full is refused`, async () => {
    for (const conditions of [
      del(''),
      del('<d:Delegate/>'),
      del('<d:Delegate><saml2:EncryptedID/></d:Delegate>'),
      del('<d:Delegate><saml2:NameID>a</saml2:NameID><saml2:NameID>b</saml2:NameID></d:Delegate>'),
      del(`${delegate('a')}<x/>`),
      del('<d:Delegate><saml2:NameID>a</saml2:NameID><x:y xmlns:x="urn:x"/></d:Delegate>'),
      del(delegate('a').repeat(9)),
      del(delegate('a', instant(5)) + delegate('b') + delegate('c', instant(4))),
      del(delegate('a')) + del(delegate('b')),
      del(delegate('a'), 'nobody:DelegationRestrictionType'),
      del(delegate('a'), ''),
    ])
      await assertRefused(() => validate(conditions), 'token-malformed');
    for (const type of ['d:Other', 'saml2:DelegationRestrictionType', 'DelegationRestrictionType'])
      await assertRefused(() => validate(del(delegate('a'), type)), 'token-type-unsupported');
    for (const name of ['saml2:Condition ', 'd:Delegate ']) {
      const restricted = del(delegate('a')).replace(`<${name}`, `<${name}only="x" `);
      await assertRefused(() => validate(restricted), 'token-type-unsupported');
    }
  });
}
