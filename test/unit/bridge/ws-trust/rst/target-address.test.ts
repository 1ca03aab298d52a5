// Addresses in a request, form by form: what is almost one of them names no target.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WSA_2004_NS, WSA_NS } from '#bridge/soap/namespaces.ts';
import { POLICY_NAMESPACES, type TrustNames, trustOf } from '#bridge/ws-trust/names.ts';
import {
  readAppliesTo,
  readIssuer,
  readParticipants,
} from '#bridge/ws-trust/rst/target-address.ts';
import { TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { assertRefused, parse } from '#test/support/xml/refusal.ts';

const trust: TrustNames = trustOf(TRUST_13) ?? assert.fail();
const [policy = ''] = POLICY_NAMESPACES;
const within = (children: string, addressing = WSA_NS) =>
  parse(
    `<x xmlns="urn:x" xmlns:a="${addressing}" xmlns:p="${policy}" xmlns:t="${TRUST_13}">${children}</x>`,
  ).root;
const epr = (address: string) =>
  `<a:EndpointReference><a:Address>${address}</a:Address></a:EndpointReference>`;
const participant = (local: string, address: string) => `<t:${local}>${epr(address)}</t:${local}>`;

const appliesTo = (children: string, addressing?: string) =>
  readAppliesTo(within(children, addressing));
const participants = (children: string) => readParticipants(within(children), trust);

test('WS-PolicyAttachment §3.4: AppliesTo is an endpoint reference of either addressing, or a URI', () => {
  for (const addressing of [WSA_NS, WSA_2004_NS])
    assert.equal(appliesTo(epr('urn:a'), addressing), 'urn:a');
  assert.equal(appliesTo('<p:URI> urn:a\n</p:URI>'), 'urn:a');
});

for (const [what, children, reason] of [
  ['nothing', '', 'element-missing'],
  ['two addresses', epr('urn:a') + epr('urn:a'), 'element-repeated'],
  ['two forms of an address', `<p:URI>urn:a</p:URI>${epr('urn:a')}`, 'element-repeated'],
  ['an empty URI', '<p:URI> </p:URI>', 'text-malformed'],
  ['an element in the URI', '<p:URI>urn:a<x/></p:URI>', 'text-malformed'],
  ['a URI of another vocabulary', '<URI>urn:a</URI>', 'element-unexpected'],
  ['a URI of WS-Addressing', '<a:URI>urn:a</a:URI>', 'element-unexpected'],
  [
    'an address by another name of the policy vocabulary',
    '<p:All>urn:a</p:All>',
    'element-unexpected',
  ],
  [
    'an endpoint reference of the policy vocabulary',
    epr('urn:a').replaceAll('a:EndpointReference', 'p:EndpointReference'),
    'element-unexpected',
  ],
  [
    'an endpoint reference of another vocabulary, with an address of its own',
    '<EndpointReference><Address>urn:a</Address></EndpointReference>',
    'element-unexpected',
  ],
  [
    'another element of WS-Addressing that holds an address',
    '<a:ReplyTo><a:Address>urn:a</a:Address></a:ReplyTo>',
    'element-unexpected',
  ],
] as const)
  test(`WS-PolicyAttachment §3.4: refuses ${what} in AppliesTo`, () => {
    assertRefused(() => appliesTo(children), reason);
  });

test('WS-Trust 1.3 §9.5: the primary participant comes first, the others in their order', () => {
  const [b, a, c] = [
    participant('Participant', 'urn:b'),
    participant('Primary', 'urn:a'),
    participant('Participant', 'urn:c'),
  ];

  assert.deepEqual(participants(b + a + c), ['urn:a', 'urn:b', 'urn:c']);
  assert.deepEqual(participants(a), ['urn:a']);
  assert.deepEqual(participants(b), ['urn:b']);
});

const known = participant('Participant', 'urn:b');
for (const [what, children, reason] of [
  ['no participant', '', 'element-unexpected'],
  [
    'two that are primary',
    participant('Primary', 'urn:a') + participant('Primary', 'urn:a'),
    'element-repeated',
  ],
  [
    'an element of another name beside a participant',
    known + participant('Other', 'urn:c'),
    'element-unexpected',
  ],
  [
    'a participant of another vocabulary beside one',
    `${known}<Participant>${epr('urn:c')}</Participant>`,
    'element-unexpected',
  ],
  [
    'a primary one of another vocabulary beside one',
    `${known}<Primary>${epr('urn:c')}</Primary>`,
    'element-unexpected',
  ],
  ['a bare address', epr('urn:a'), 'element-unexpected'],
  ['an empty participant', '<t:Participant/>', 'element-missing'],
  [
    'two addresses of one participant',
    `<t:Participant>${epr('urn:a')}${epr('urn:b')}</t:Participant>`,
    'element-repeated',
  ],
  [
    'a participant by a policy',
    '<t:Participant><p:URI>urn:a</p:URI></t:Participant>',
    'element-unexpected',
  ],
] as const)
  test(`WS-Trust 1.3 §9.5: refuses Participants with ${what}`, () => {
    assertRefused(() => participants(children), reason);
  });

test('WS-Trust 1.3 §9.1: Issuer is an endpoint reference itself, of either addressing', () => {
  for (const addressing of [WSA_NS, WSA_2004_NS])
    assert.equal(readIssuer(within('<a:Address>urn:a</a:Address>', addressing)), 'urn:a');
});

for (const [what, children] of [
  ['nothing', ''],
  ['text', 'urn:a'],
  ['an address of another vocabulary', '<Address>urn:a</Address>'],
  ['an address behind something else', '<Metadata/><a:Address>urn:a</a:Address>'],
] as const)
  test(`WS-Trust 1.3 §9.1: refuses an Issuer with ${what}`, () => {
    assertRefused(() => readIssuer(within(children)), 'element-unexpected');
  });

test('WS-Trust 1.3 §9.1: refuses an Issuer with a whole endpoint reference in it', () => {
  assertRefused(() => readIssuer(within(epr('urn:a'))), 'element-missing');
});
