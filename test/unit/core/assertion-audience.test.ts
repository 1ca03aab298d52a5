import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '#core/decision/decide.ts';
import type { TargetName } from '#core/request/relying-party.ts';
import { anEvidence, aPolicyRow, aRelyingParty, NOW, rules } from '#test/support/core.ts';

const ADDRESSES = ['https://orders.example/soap', 'https://orders.example/soap12'];
const policy = rules({
  relyingParties: [aRelyingParty({ appliesTo: ADDRESSES })],
  rows: [aPolicyRow({ grant: { types: ['saml2'] } })],
});
const audiencesFor = (requestedType: 'saml2' | 'access_token', targets: readonly TargetName[]) =>
  decide(anEvidence({ request: { requestedType, targets } }), policy, { now: NOW, tokenId: 'id' })
    .audiences;

test('WS-Trust 1.3 §4.1: an assertion is for the address that was asked for', () => {
  const second = ADDRESSES[1] ?? '';

  assert.deepEqual(audiencesFor('saml2', [{ kind: 'applies-to', value: second }]), [second]);
});

test('SAML Core 2.0 §2.5.1.4: without an address in the request the first of the relying party is the audience', () => {
  assert.deepEqual(audiencesFor('saml2', [{ kind: 'audience', value: 'orders' }]), [ADDRESSES[0]]);
});

test('RFC 9068 §2.2: an access token is for the logical name, whatever the request called it', () => {
  const asked: TargetName = { kind: 'applies-to', value: ADDRESSES[1] ?? '' };

  assert.deepEqual(audiencesFor('access_token', [asked]), ['orders']);
});
