// Renewal of a token of ours over the whole service in memory.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '#core/decision/decide.ts';
import { exchange } from '#core/exchange.ts';
import { createLedger } from '#core/ledger/ledger.ts';
import type { AdmitToken } from '#core/ports.ts';
import { renewToken } from '#core/renew.ts';
import type { TokenFacts } from '#core/token/security-token.ts';
import { createTokenService } from '#core/token-service.ts';
import { MemoryStore } from '#src/store/memory/memory-store.ts';
import {
  anEvidence,
  anExchangeRequest,
  anOwnToken,
  aPolicyRow,
  aSecurityToken,
  countedPlaces,
  fakeAuditLog,
  LENIENT,
  ledgerSettings,
  NOW,
  OWN_ISSUER,
  reachedLimit,
  refusedAs,
  rules,
} from '#test/support/core.ts';
import { fakeClock } from '#test/support/fake-clock.ts';

const renewal = { lifetimeSeconds: 3600, maxCount: 3 };
const aRenewal = anExchangeRequest({
  operation: 'renew',
  subject: aSecurityToken({ use: 'lifecycle' }),
  targets: [],
});

/** A service that issued a renewable token, and what is asked of it with that token. */
async function issued({
  singleUse = false,
  admitToken,
  canIssue = () => true,
  isGroundless = false,
}: {
  readonly singleUse?: boolean;
  readonly isGroundless?: boolean;
  readonly admitToken?: AdmitToken;
  readonly canIssue?: () => boolean;
}) {
  const clock = fakeClock(NOW);
  const store = new MemoryStore(clock);
  const ledger = createLedger(store, clock, ledgerSettings({ isGroundless: () => isGroundless }));
  const { relyingParties, statusLists, taken } = countedPlaces();
  const policy = rules({ relyingParties, rows: [aPolicyRow({ grant: { renewal, singleUse } })] });
  const evidence = anEvidence({ request: { renewal: { afterExpiry: false } } });
  await ledger.record(decide(evidence, policy, { now: NOW, tokenId: 'own-token-1' }));
  let ids = 0;
  const sts = createTokenService({
    ...LENIENT,
    validators: [{ canHandle: () => true, validate: async ({ use }) => anOwnToken({ use }) }],
    issuers: [{ canIssue, issue: async (spec) => ({ spec, text: `text of ${spec.tokenId}` }) }],
    rules: policy,
    ledger,
    store,
    audit: fakeAuditLog(),
    clock,
    newId: () => `id-${(ids += 1)}`,
    marginSeconds: 60,
    statusLists,
    ...(admitToken && { admitToken }),
  });
  return {
    taken,
    begin: () => exchange(anExchangeRequest({ renewal: { afterExpiry: false } }), sts),
    clock,
    use: () => exchange(anExchangeRequest(), sts),
    renew: () => renewToken(aRenewal, sts),
  };
}

test('WS-Trust 1.3 §5: a token that was used up is not renewed: it would be good once more', async () => {
  const { use, renew } = await issued({ singleUse: true });
  await use();

  await assert.rejects(renew(), refusedAs('token-replayed'));
});

test('WS-Trust 1.3 §5: a token that was used is renewed, as is one that can be used once and was not', async () => {
  const often = await issued({ singleUse: false });
  await often.use();
  const once = await issued({ singleUse: true });

  for (const { renew } of [often, once]) assert.equal((await renew()).spec.renewal?.count, 1);
});

test('WS-Trust 1.3 §5: the renewal of a token that is good once uses it up: the new one is its one use', async () => {
  const { renew, use } = await issued({ singleUse: true });
  await renew();

  await assert.rejects(use(), refusedAs('token-replayed'));
  await assert.rejects(renew(), refusedAs('token-replayed'));
});

test('WS-Trust 1.3 §5: renewals and uses of a token that is good once, at the same time: one of them', async () => {
  const { renew, use } = await issued({ singleUse: true });

  const outcomes = await Promise.allSettled([renew(), use(), renew(), use(), renew(), use()]);

  const failed = outcomes.flatMap((one): unknown[] =>
    one.status === 'rejected' ? [one.reason] : [],
  );
  assert.equal(failed.length, 5);
  assert.ok(failed.every(refusedAs('token-replayed')));
});

test('WS-Trust 1.3 §5: a token whose login or trust has ended is not renewed', async () => {
  const { renew } = await issued({ isGroundless: true });

  await assert.rejects(renew(), refusedAs('renewal-not-possible'));
});

test('Token Status List: a renewal takes a place when it is granted, not when a limit is reached or policy grants no more', async () => {
  const refused = await issued({ admitToken: reachedLimit });
  await assert.rejects(refused.renew(), refusedAs('rate-limited'));
  assert.equal(refused.taken(), 0);
  const { renew, taken } = await issued({});

  for (const id of ['list-0', 'list-1', 'list-2']) assert.equal((await renew()).spec.tokenId, id);
  await assert.rejects(renew(), refusedAs('renewal-not-possible'));

  assert.equal(taken(), 3);
});

test('WS-Trust 1.3 §5: a renewal that is refused, for a limit or because no token can say it, takes nothing from its chain', async () => {
  let isLimited = true;
  let canIssue = true;
  const { renew } = await issued({
    admitToken: (token) => isLimited && reachedLimit(token),
    canIssue: () => canIssue,
  });
  await assert.rejects(renew(), refusedAs('rate-limited'));
  [isLimited, canIssue] = [false, false];
  await assert.rejects(renew(), refusedAs('token-type-unsupported'));
  canIssue = true;

  await Promise.all([renew(), renew(), renew()]);
  await assert.rejects(renew(), refusedAs('renewal-not-possible'));
});

test('WS-Trust 1.3 §5: what no row lets be used once only is renewed as often as it may', async () => {
  const { renew, use } = await issued({ singleUse: false });

  await Promise.all([renew(), use(), renew()]);
  await use();
});

test('WS-Trust 1.3 §5: a token of ours begins no chain that outlives its own', async () => {
  const { begin, clock } = await issued({ singleUse: false });
  clock.set(NOW + 500);

  assert.equal((await begin()).spec.renewal?.notOnOrAfter, NOW + 3600);
});

test('WS-Trust 1.3 §5: a token of ours that is not renewable begins no chain that outlives it', () => {
  const policy = rules({ rows: [aPolicyRow({ grant: { renewal } })] });
  const lifetime = { notBefore: NOW - 60, notOnOrAfter: NOW + 300 };
  const endFrom = (subject: Partial<TokenFacts>) => {
    const evidence = anEvidence({
      request: { renewal: { afterExpiry: false } },
      subject: { lifetime, ...subject },
    });
    return decide(evidence, policy, { now: NOW, tokenId: 'a' }).renewal?.notOnOrAfter;
  };
  const own = { trustedIssuer: 'self', issuer: OWN_ISSUER, originClient: 'gateway' };

  assert.equal(endFrom(own), NOW + 300);
  assert.equal(endFrom({ ...own, type: 'username' }), NOW + 3600);
  assert.equal(endFrom({}), NOW + 3600);
});
