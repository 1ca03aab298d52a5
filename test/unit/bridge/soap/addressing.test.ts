import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ADDRESSING_HEADERS, readAddressing } from '#bridge/soap/addressing.ts';
import { requireUnderstood } from '#bridge/soap/header-block.ts';
import { WSA_2004_NS, WSA_NS } from '#bridge/soap/namespaces.ts';
import { anEnvelope, envelopeOf } from '#test/support/soap/soap.ts';
import { assertRefused } from '#test/support/xml/refusal.ts';

const read = (header: string) => readAddressing(envelopeOf(anEnvelope({ header })));

test('WS-Addressing §3: reads Action, To and MessageID', () => {
  const addressing = read(
    '<a:Action>urn:action</a:Action><a:MessageID> urn:uuid:1\n</a:MessageID><a:To>https://sts.example.org/</a:To>',
  );

  assert.deepEqual(addressing, {
    namespace: WSA_NS,
    action: 'urn:action',
    messageId: 'urn:uuid:1',
    to: 'https://sts.example.org/',
  });
});

test('ws-trust W11: no addressing at all, and addressing without a MessageID', () => {
  assert.equal(read('<h xmlns="urn:h"/>'), undefined);
  assert.deepEqual(read('<a:Action>urn:action</a:Action>'), {
    namespace: WSA_NS,
    action: 'urn:action',
  });
});

test('ws-trust W11: a messageID in lower case is a MessageID', () => {
  assert.equal(read('<a:messageID>urn:uuid:1</a:messageID>')?.messageId, 'urn:uuid:1');
});

const ANONYMOUS = [
  [WSA_NS, `${WSA_NS}/anonymous`],
  [WSA_2004_NS, `${WSA_2004_NS}/role/anonymous`],
] as const;

for (const [namespace, anonymous] of ANONYMOUS) {
  const replyTo = (name: string, address: string, more = '') =>
    `<b:${name} xmlns:b="${namespace}"><b:Address>${address}</b:Address>${more}</b:${name}>`;

  for (const name of ['ReplyTo', 'FaultTo']) {
    test(`WS-Addressing §3: ${name} in ${namespace} may be anonymous`, () => {
      assert.deepEqual(read(replyTo(name, anonymous)), { namespace });
    });

    test(`WS-Addressing §3: refuses a ${name} in ${namespace} that would send the token elsewhere`, () => {
      assertRefused(() => read(replyTo(name, 'https://attacker.example/')), 'text-malformed');
      assertRefused(
        () =>
          read(
            replyTo(
              name,
              anonymous,
              '<b:ReferenceParameters><x xmlns="urn:x"/></b:ReferenceParameters>',
            ),
          ),
        'element-unexpected',
      );
    });
  }
}

test('WS-Addressing §3: whatever is in its namespaces and must be understood is, and nothing else', () => {
  const names = 'Action To MessageID messageID ReplyTo FaultTo From RelatesTo'.split(' ');
  const blocks = (namespace: string, local: string) =>
    envelopeOf(anEnvelope({ header: `<b:${local} xmlns:b="${namespace}" s:mustUnderstand="1"/>` }))
      .headers;

  for (const namespace of [WSA_NS, WSA_2004_NS]) {
    for (const local of names) requireUnderstood(blocks(namespace, local), ADDRESSING_HEADERS);
    assert.throws(() => requireUnderstood(blocks(namespace, 'Other'), ADDRESSING_HEADERS));
  }
});

test('WS-Addressing §3: a message may relate to several, of which nothing is read', () => {
  const header = '<a:RelatesTo>urn:a</a:RelatesTo><a:RelatesTo>urn:b</a:RelatesTo>';

  assert.deepEqual(read(header), { namespace: WSA_NS });
});

test('xml-security C3: a MessageID of 2048 characters is not too long to echo', () => {
  const id = 'x'.repeat(2048);

  assert.equal(read(`<a:MessageID>${id}</a:MessageID>`)?.messageId, id);
});

const refused = [
  ['two Actions', '<a:Action>urn:a</a:Action><a:Action>urn:b</a:Action>', 'element-repeated'],
  ['two To', '<a:To>urn:a</a:To><a:To>urn:a</a:To>', 'element-repeated'],
  [
    'a MessageID in both spellings',
    '<a:MessageID>urn:a</a:MessageID><a:messageID>urn:b</a:messageID>',
    'element-repeated',
  ],
  [
    'both versions',
    `<a:To>urn:a</a:To><b:Action xmlns:b="${WSA_2004_NS}">urn:b</b:Action>`,
    'element-unexpected',
  ],
  ['an element in the Action', '<a:Action>urn:a<x xmlns="urn:x"/></a:Action>', 'text-malformed'],
  ['an empty MessageID', '<a:MessageID/>', 'text-malformed'],
  [
    'a MessageID that is too long to echo',
    `<a:MessageID>${'x'.repeat(2049)}</a:MessageID>`,
    'text-malformed',
  ],
  ['a ReplyTo without an address', '<a:ReplyTo/>', 'element-missing'],
  [
    'two addresses',
    '<a:ReplyTo><a:Address>urn:a</a:Address><a:Address>urn:a</a:Address></a:ReplyTo>',
    'element-repeated',
  ],
] as const;
for (const [what, header, reason] of refused)
  test(`WS-Addressing §3: refuses ${what}`, () => {
    assertRefused(() => read(header), reason);
  });

test('WS-Addressing §3: a header for another node is not read', () => {
  const header = '<a:To>urn:a</a:To><a:To s:role="urn:somebody">urn:b</a:To>';

  assert.equal(read(header)?.to, 'urn:a');
});
