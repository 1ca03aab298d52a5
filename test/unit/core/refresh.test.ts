// Renewal by refresh token over the whole service in memory: what the first exchange left holds for all that comes of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchange } from '#core/exchange.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { createLedger } from '#core/ledger/ledger.ts';
import type { UserStanding } from '#core/ledger/user-standing.ts';
import { createRefreshFamilies } from '#core/refresh/refresh-family.ts';
import { inspectRefreshToken } from '#core/refresh/refresh-lifecycle.ts';
import { refresh } from '#core/refresh.ts';
import type { TargetName } from '#core/request/relying-party.ts';
import type { TokenFacts } from '#core/token/security-token.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import { createTokenService, type TokenServiceParts } from '#core/token-service.ts';
import { MemoryStore } from '#src/store/memory/memory-store.ts';
import {
  anExchangeRequest,
  aPolicyRow,
  aRelyingParty,
  aRequestor,
  aSecurityToken,
  asIfRecorded,
  aValidatedToken,
  countedPlaces,
  fakeAuditLog,
  LENIENT,
  ledgerSettings,
  NOW,
  OWN_ISSUER,
  PARTNER_ISSUER,
  reachedLimit,
  refusedAs,
  rules,
} from '#test/support/core.ts';
import { fakeClock } from '#test/support/fake-clock.ts';

const grant = {
  types: ['refresh_token' as const],
  renewal: { lifetimeSeconds: 3600, maxCount: 3 },
};

/** A family begun with this evidence. */
async function begun(evidence: Partial<TokenFacts> = {}, parts: Partial<TokenServiceParts> = {}) {
  const standings = new Map<string, UserStanding>([['alice', 'enabled']]);
  const clock = fakeClock(NOW);
  const store = new MemoryStore(clock);
  const ledger = asIfRecorded(
    createLedger(store, clock, ledgerSettings({ longestDescentSeconds: 3600 })),
  );
  const codec = {
    write: (name: object) => JSON.stringify(name),
    parse: (text: string) => JSON.parse(text) as { family: string; number: number },
  };
  const families = createRefreshFamilies({
    issuer: OWN_ISSUER,
    store,
    ledger,
    clock,
    codec,
    marginSeconds: 60,
  });
  let ids = 0;
  const sts = createTokenService({
    ...LENIENT,
    validators: [{ canHandle: () => true, validate: async () => aValidatedToken(evidence) }],
    issuers: [
      {
        canIssue: () => true,
        issue: async (spec: TokenSpec) => ({
          spec,
          text: spec.type === 'refresh_token' ? families.firstText(spec) : 'an access token',
        }),
      },
    ],
    rules: rules({
      relyingParties: [
        ...countedPlaces().relyingParties,
        aRelyingParty({ id: 'billing', audiences: ['billing'] }),
      ],
      rows: [aPolicyRow({ targets: ['orders', 'billing'], grant })],
    }),
    ledger,
    store,
    families,
    audit: fakeAuditLog(),
    userStanding: (id) => standings.get(id) ?? 'unknown',
    clock,
    newId: () => `id-${(ids += 1)}`,
    marginSeconds: 60,
    ...parts,
  });
  const first = await exchange(anExchangeRequest({ requestedType: 'refresh_token' }), sts);
  const renewWith = (content: string, targets: readonly TargetName[] = []) =>
    refresh(
      anExchangeRequest({
        operation: 'refresh',
        targets,
        subject: aSecurityToken({ type: 'refresh_token', content }),
      }),
      sts,
    );
  const inspectWith = (
    text: string,
    over: Partial<Parameters<typeof inspectRefreshToken>[1]> = {},
  ) =>
    inspectRefreshToken(
      { correlationId: 'correlation-1', requestor: aRequestor(), text },
      { families, sts, ...over },
    );
  return { families, first, inspectWith, renewWith, standings, sts };
}

test('RFC 6749 §6: a target that the refresh token was not granted for is refused, though a row would grant it', async () => {
  const { first, renewWith } = await begun();

  await assert.rejects(
    renewWith(first.text, [{ kind: 'audience', value: 'billing' }]),
    refusedAs('target-not-allowed'),
  );
  const { spec } = (await renewWith(first.text, [{ kind: 'audience', value: 'orders' }])).token;
  assert.deepEqual(spec.relyingParties, ['orders']);
});

test('Token Status List: a refresh takes a place when it is granted, not when a limit, the family or policy refuses it', async () => {
  const { statusLists, taken } = countedPlaces();
  const limit = { isReached: false };
  const { first, renewWith } = await begun(
    {},
    {
      statusLists,
      admitToken: (token) => {
        if (limit.isReached) reachedLimit(token);
      },
    },
  );
  const second = await renewWith(first.text);
  assert.equal(second.token.spec.tokenId, 'list-0');

  const billing = [{ kind: 'audience', value: 'billing' }] as const;
  await assert.rejects(renewWith(second.successor, billing), refusedAs('target-not-allowed'));
  limit.isReached = true;
  await assert.rejects(renewWith(second.successor), refusedAs('rate-limited'));
  assert.equal(taken(), 1);
  limit.isReached = false;

  assert.equal((await renewWith(second.successor)).token.spec.tokenId, 'list-1');
});

test('SAML Core 2.0 §2.5.1.6: a family keeps how often others may be made, and takes nothing of it', async () => {
  const { first, renewWith } = await begun({ delegations: 1 });

  const second = await renewWith(first.text);
  const third = await renewWith(second.successor);

  assert.deepEqual(
    [first, second.token, third.token].map(({ spec }) => spec.delegations),
    [0, 0, 0],
  );
});

test('SAML Core 2.0 §2.5.1.6: a family of evidence without an end has none', async () => {
  const { first, renewWith } = await begun();

  assert.equal('delegations' in (await renewWith(first.text)).token.spec, false);
});

test('ws-trust §3.4: a family of a token of ours goes on counting where that one was', async () => {
  const { first, inspectWith, renewWith } = await begun({
    trustedIssuer: 'self',
    issuer: OWN_ISSUER,
    originClient: 'gateway',
    renewals: 2,
  });
  assert.notEqual(await inspectWith(first.text), undefined);

  const { successor } = await renewWith(first.text);

  assert.equal(await inspectWith(successor), undefined);
  await assert.rejects(renewWith(successor), refusedAs('renewal-not-possible'));
});

const ALICE = { trustedIssuer: 'self', issuer: OWN_ISSUER, originClient: 'gateway' };
for (const type of ['username', 'x509', 'jwt'] as const)
  for (const standing of ['disabled', undefined] as const)
    test(`RFC 9700 §4.14: refuses a refresh token of a user of ours (${type}) who is ${standing ?? 'removed'}`, async () => {
      const { first, inspectWith, renewWith, standings } = await begun({ ...ALICE, type });
      assert.notEqual(await inspectWith(first.text), undefined);
      if (standing) standings.set('alice', standing);
      else standings.delete('alice');

      await assert.rejects(renewWith(first.text), refusedAs('renewal-not-possible'));
      assert.equal(await inspectWith(first.text), undefined);
    });

test('RFC 9700 §4.14: users bound neither a client of ours nor the alice of another issuer', async () => {
  const client = await begun({ ...ALICE, subject: { issuer: OWN_ISSUER, id: 'gateway' } });
  const partner = await begun();
  const reissued = await begun({ ...ALICE, subject: { issuer: PARTNER_ISSUER, id: 'alice' } });
  for (const { first, renewWith, standings } of [client, partner, reissued]) {
    standings.set('alice', 'disabled');

    assert.equal((await renewWith(first.text)).token.text, 'an access token');
  }
});

test('RFC 7662 §2.2: a refresh token that was used is inactive, and one of which nobody knows is not told as such', async () => {
  const { families, first, inspectWith, renewWith, sts } = await begun();
  const bug = new TypeError('a bug');
  const unknown = new ExchangeFailure('dependency-unavailable', 'the store is away');
  const thrown = (cause: Error) => (): never => {
    throw cause;
  };

  assert.ok(await inspectWith(first.text));
  for (const cause of [unknown, bug])
    await assert.rejects(
      inspectWith(first.text, { families: { ...families, isActive: async () => thrown(cause)() } }),
      cause,
    );
  await assert.rejects(inspectWith(first.text, { sts: { ...sts, decide: thrown(bug) } }), bug);
  await renewWith(first.text);
  assert.equal(await inspectWith(first.text), undefined);
});
