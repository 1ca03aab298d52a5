// Every stored form that was ever released. A fixture is never changed: it is what lies in the stores of those who upgrade.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide } from '#core/decision/decide.ts';
import { entryOf, parseEntry, writeEntry } from '#core/ledger/ledger-entry.ts';
import { anEvidence, NOW, rules } from '#test/support/core.ts';

const VERSION_1 =
  '{"v":1,"ancestors":[{"issuer":"https://sts.example.org","id":"root"}],"clientId":"gateway","targets":["orders"],"notOnOrAfter":1800000600}';
const VERSION_2 =
  '{"v":2,"type":"saml2","parents":[{"issuer":"https://sts.example.org","id":"child"}],"ancestors":[{"issuer":"https://sts.example.org","id":"child"},{"issuer":"urn:partner","id":"_1"}],"root":{"issuer":"urn:partner","id":"_1"},"clientId":"principal:self:alice","actors":[{"issuer":"https://sts.example.org","id":"broker","clientId":"broker"}],"targets":["billing"],"policyRows":["to-billing"],"issuedAt":1800000000,"notOnOrAfter":1800000600,"renewal":{"family":"first","count":2,"afterExpiry":false,"notOnOrAfter":1800007200,"subject":{"trustedIssuer":"partner","type":"saml2","issuer":"urn:partner","id":"alice"}}}';

describe('Ledger entry', () => {
  test('Upgrade: reads version 1', () => {
    assert.deepEqual(parseEntry(VERSION_1), {
      parents: [],
      ancestors: [{ issuer: 'https://sts.example.org', id: 'root' }],
      clientId: 'gateway',
      actors: [],
      targets: ['orders'],
      policyRows: [],
      notOnOrAfter: 1_800_000_600,
    });
  });

  test('Upgrade: reads version 2', () => {
    assert.deepEqual(parseEntry(VERSION_2), {
      type: 'saml2',
      parents: [{ issuer: 'https://sts.example.org', id: 'child' }],
      ancestors: [
        { issuer: 'https://sts.example.org', id: 'child' },
        { issuer: 'urn:partner', id: '_1' },
      ],
      root: { issuer: 'urn:partner', id: '_1' },
      clientId: 'principal:self:alice',
      actors: [{ issuer: 'https://sts.example.org', id: 'broker', clientId: 'broker' }],
      targets: ['billing'],
      policyRows: ['to-billing'],
      issuedAt: 1_800_000_000,
      notOnOrAfter: 1_800_000_600,
      renewal: {
        family: 'first',
        count: 2,
        afterExpiry: false,
        notOnOrAfter: 1_800_007_200,
        subject: { trustedIssuer: 'partner', type: 'saml2', issuer: 'urn:partner', id: 'alice' },
      },
    });
  });

  test('Ledger: what is written is read as it was, and holds neither subject nor claims', () => {
    const spec = decide(anEvidence(), rules(), { now: NOW, tokenId: 'a' });

    const text = writeEntry(entryOf(spec));

    assert.deepEqual(parseEntry(text), entryOf(spec));
    assert.equal(text.includes('alice'), false);
  });

  test('Ledger: for whom a token is that does not say so is on record', () => {
    const spec = decide(anEvidence(), rules(), { now: NOW, tokenId: 'a' });

    const { audiences } = parseEntry(writeEntry(entryOf({ ...spec, omitsAudience: true })));

    assert.deepEqual(audiences, spec.audiences);
    assert.equal(entryOf(spec).audiences, undefined);
  });

  const hostile = [
    '{',
    'null',
    '[]',
    '1',
    '{"v":3}',
    '{"v":0}',
    '{"v":"2"}',
    '{"v":1}',
    VERSION_1.replace('[{"issuer":"https://sts.example.org","id":"root"}]', '{}'),
    VERSION_1.replace('"id":"root"', '"id":7'),
    VERSION_1.replace('{"issuer":"https://sts.example.org","id":"root"}', 'null'),
    VERSION_1.replace('"gateway"', '7'),
    VERSION_1.replace('1800000600', '"soon"'),
    VERSION_2.replace('"parents":[', '"elders":['),
    VERSION_2.replace('"policyRows":["to-billing"]', '"policyRows":{}'),
    VERSION_2.replace('"targets":["billing"]', '"targets":"billing"'),
    VERSION_2.replace('"type":"saml2"', '"said":7'),
    VERSION_2.replace('"type":"saml2"', '"sealed":7'),
    VERSION_2.replace('"type":"saml2"', '"delegations":-1'),
    VERSION_2.replace('"type":"saml2"', '"delegations":"1"'),
    VERSION_2.replace('"type":"saml2"', '"loginCertificates":"MII"'),
    VERSION_2.replace('"type":"saml2"', '"loginCertificates":[7]'),
    VERSION_2.replace('"type":"saml2"', '"loginMark":7'),
    VERSION_2.replace('"type":"saml2"', '"loginMark":null'),
    VERSION_2.replace('"type":"saml2"', '"vouchers":["partner",7]'),
    VERSION_2.replace('"type":"saml2"', '"vouchers":"partner"'),
    VERSION_2.replace('"targets":', '"audiences":[],"targets":'),
    VERSION_2.replace('"targets":', '"audiences":"billing","targets":'),
    VERSION_2.replace('"targets":', '"audiences":[7],"targets":'),
    VERSION_2.replace('"targets":', '"audiences":null,"targets":'),
  ];
  for (const text of hostile)
    test(`Ledger: ${text.slice(0, 60)}… of ${text.length} characters is no entry`, () => {
      assert.throws(() => parseEntry(text), Error);
    });
});
