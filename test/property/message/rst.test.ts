// Laws of the WS-Trust front: it never throws, every refusal is a fault, what it takes it takes as meant.
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { escapeText } from '#bridge/xml/canonical/escape.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { anEnvelope, SOAP_VERSIONS } from '#test/support/soap/soap.ts';
import { anAppliesTo, anRst, BILLING, TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import {
  anIssueRequest,
  aPost,
  aSecurityHeader,
  aWsTrustSetting,
  faultCodeOf,
  TIMESTAMP,
} from '#test/support/ws-trust/ws-trust.ts';

const RUNS = 300;
const child = (name: string, content = '') => `<t:${name}>${content}</t:${name}>`;
const FULL = Buffer.from(
  anEnvelope({
    header: `${aSecurityHeader(TIMESTAMP)}<a:Action s:mustUnderstand="1">${TRUST_13}/RST/Issue</a:Action><a:MessageID>urn:uuid:1</a:MessageID>`,
    body: anRst({
      attributes: ' Context="c"',
      children: `${child('TokenType', 'urn:oasis:names:tc:SAML:2.0:assertion')}${anAppliesTo()}${child('KeyType', `${TRUST_13}/Bearer`)}<t:Renewing/>`,
    }),
  }),
);

async function answers(bytes: Uint8Array, headers: Readonly<Record<string, string>>) {
  const setting = aWsTrustSetting();
  const answer = await setting.front.handle(aPost(bytes, { headers }));
  assert.deepEqual(setting.errors, []);
  assert.equal(parseXml(Buffer.from(answer.body)).root.local, 'Envelope');
  if (answer.status !== 200) assert.ok(faultCodeOf(answer));
  return { answer, setting };
}

const contentTypes = fc.constantFrom(
  'text/xml; charset=utf-8',
  'application/soap+xml; charset=utf-8',
  'application/soap+xml',
);

test('RST: any bytes under any content type are a fault', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.oneof(contentTypes, fc.string()),
      async (bytes, contentType) => {
        const { answer } = await answers(bytes, { 'content-type': contentType });

        assert.equal(answer.status, 500);
      },
    ),
    { numRuns: RUNS },
  );
});

test('RST: a request with bytes changed is answered or refused, never more than asked', async () => {
  const change = fc.record({
    at: fc.nat(FULL.length - 1),
    length: fc.nat(8),
    bytes: fc.oneof(
      fc.uint8Array({ maxLength: 6 }),
      fc.constantFrom('<', '>', '"', '&', '/', ' ', ']]>', '<!--').map((text) => Buffer.from(text)),
    ),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      let bytes = FULL;
      for (const { at, length, bytes: inserted } of changes)
        bytes = Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + length)]);

      const { answer, setting } = await answers(bytes, { 'content-type': 'application/soap+xml' });

      if (answer.status === 200)
        assert.deepEqual(setting.asked[0]?.targets, [{ kind: 'applies-to', value: BILLING }]);
    }),
    { numRuns: RUNS },
  );
});

test('RST: elements moved, doubled or taken away are answered or refused', async () => {
  const parts = FULL.toString().split(/(?=<)/);
  const step = fc.record({
    from: fc.nat(parts.length - 1),
    to: fc.nat(parts.length - 1),
    how: fc.constantFrom('move', 'double', 'drop'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 3 }), async (steps) => {
      const edited = [...parts];
      for (const { from, to, how } of steps) {
        const [taken = ''] = how === 'double' ? [edited[from]] : edited.splice(from, 1);
        if (how !== 'drop') edited.splice(to, 0, taken);
      }

      await answers(Buffer.from(edited.join('')), { 'content-type': 'application/soap+xml' });
    }),
    { numRuns: RUNS },
  );
});

const optional = fc.subarray([
  child('KeyType', `${TRUST_13}/Bearer`),
  child('KeySize', '0'),
  child('TokenType', 'urn:oasis:names:tc:SAML:2.0:assertion'),
  '<t:Renewing/>',
  '<t:AllowPostdating/>',
  child('Delegatable', 'false'),
  child('Forwardable', 'true'),
]);
test('RST: known parameters in any order, with any spacing, mean the same', async () => {
  await fc.assert(
    fc.asyncProperty(
      optional.chain((children) =>
        fc.shuffledSubarray([...children, anAppliesTo()], { minLength: children.length + 1 }),
      ),
      fc.constantFrom('', ' ', '\n\t'),
      fc.constantFrom(TRUST_13, TRUST_2005),
      fc.constantFrom(...SOAP_VERSIONS),
      async (children, space, trust, soap) => {
        const setting = aWsTrustSetting();
        const body = anRst({ trust, children: space + children.join(space) + space });

        const answer = await setting.front.handle(anIssueRequest({ soap, body }));

        assert.equal(answer.status, 200, answer.body);
        assert.deepEqual(setting.asked[0]?.targets, [{ kind: 'applies-to', value: BILLING }]);
      },
    ),
    { numRuns: 100 },
  );
});

test('RST: one parameter twice is refused, whichever it is', async () => {
  const doubled = fc.constantFrom(
    'KeyType',
    'TokenType',
    'Renewing',
    'Lifetime',
    'Claims',
    'OnBehalfOf',
    'UseKey',
    'Participants',
  );
  await fc.assert(
    fc.asyncProperty(doubled, async (name) => {
      const body = anRst({ children: anAppliesTo() + child(name) + child(name) });

      const answer = await aWsTrustSetting().front.handle(anIssueRequest({ body }));

      assert.equal(faultCodeOf(answer), 'trust:InvalidRequest');
    }),
    { numRuns: 30 },
  );
});

test('RST: Context and MessageID come back as they were, whatever they hold', async () => {
  const legal = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
    .filter((text) => /\S/u.test(text) && !/[\p{Cc}\p{Cs}\ufffe\uffff]/u.test(text));
  await fc.assert(
    fc.asyncProperty(legal, async (text) => {
      const attribute = escapeText(text).replaceAll('"', '&quot;');
      const header = `${aSecurityHeader()}<a:MessageID>${escapeText(text)}</a:MessageID>`;
      const body = anRst({ attributes: ` Context="${attribute}"` });

      const { body: answer } = await aWsTrustSetting().front.handle(
        anIssueRequest({ header, body }),
      );

      const { root } = parseXml(Buffer.from(answer));
      const found = JSON.stringify(root, (key, value: unknown) =>
        key === 'parent' ? undefined : value,
      );
      assert.ok(found.includes(JSON.stringify(text)), answer);
      assert.ok(
        found.includes(JSON.stringify(text.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, ''))),
        answer,
      );
    }),
    { numRuns: 100 },
  );
});
