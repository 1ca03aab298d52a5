import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide } from '#core/decision/decide.ts';
import { exchange } from '#core/exchange.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { createLedger } from '#core/ledger/ledger.ts';
import type { ExchangeRequest } from '#core/request/exchange-request.ts';
import type { SecurityToken, ValidatedToken } from '#core/token/security-token.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import { createTokenService, type TokenServiceParts } from '#core/token-service.ts';
import {
  anActorToken,
  anEvidence,
  anExchangeRequest,
  anOwnToken,
  aPolicyRow,
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
import { fakeStore } from '#test/support/store/fake-store.ts';

const ACTOR = aSecurityToken({ use: 'actor' });

interface SetUp {
  readonly subject?: ValidatedToken;
  readonly actor?: ValidatedToken;
  readonly parts?: Partial<TokenServiceParts>;
}

/** The whole service over ports in memory. The validator finds the given tokens, the issuer writes the token id. */
function setUp({ subject = aValidatedToken(), actor = anActorToken(), parts }: SetUp = {}) {
  const clock = fakeClock(NOW);
  const store = fakeStore(clock);
  const audit = fakeAuditLog();
  const ledger = asIfRecorded(createLedger(store, clock, ledgerSettings({ marginSeconds: 300 })));
  const issued: TokenSpec[] = [];
  let count = 0;
  const sts = createTokenService({
    ...LENIENT,
    validators: [
      {
        canHandle: ({ type }: SecurityToken) => type === 'access_token',
        validate: async ({ use }: SecurityToken) => (use === 'actor' ? actor : subject),
      },
    ],
    issuers: [
      {
        canIssue: ({ type }) => type === 'access_token',
        async issue(spec) {
          issued.push(spec);
          return { spec, text: `text of ${spec.tokenId}` };
        },
      },
    ],
    rules: rules(),
    ledger,
    store,
    audit,
    clock,
    newId: () => `id-${++count}`,
    marginSeconds: 300,
    ...parts,
  });
  const run = (request: Partial<ExchangeRequest> = {}) => exchange(anExchangeRequest(request), sts);
  const outcomes = () => audit.records.map(({ outcome }) => outcome);
  return { clock, store, audit, ledger, issued, run, outcomes };
}

const singleUse = rules({ rows: [aPolicyRow({ grant: { singleUse: true } })] });
const failing = (cause: Error) => async (): Promise<never> => {
  throw cause;
};

describe('exchange', () => {
  test('RFC 8693 §2.2: gives the token that was decided and issued', async () => {
    const { run, issued } = setUp();

    const token = await run();

    assert.equal(token.text, `text of ${issued[0]?.tokenId}`);
    assert.deepEqual(token.spec.audiences, ['orders']);
  });

  test('Audit: two records of one exchange, the decision before anything is signed', async () => {
    const { run, audit, outcomes } = setUp();

    const { spec } = await run({ scopes: ['orders.read'], sourceAddress: '192.0.2.1' });

    assert.deepEqual(outcomes(), ['allowed', 'minted']);
    const [decision, mint] = audit.records;
    assert.deepEqual({ ...mint, outcome: 'allowed' }, decision);
    assert.deepEqual(decision, {
      event: 'token.exchange',
      operation: 'token-exchange',
      correlationId: 'correlation-1',
      requestor: { id: 'gateway', kind: 'client', method: 'client_secret_basic' },
      targets: ['orders'],
      requestedScopes: ['orders.read'],
      sourceAddress: '192.0.2.1',
      subject: {
        issuer: PARTNER_ISSUER,
        id: 'alice',
        tokenType: 'access_token',
        token: { issuer: PARTNER_ISSUER, id: 'subject-token-1' },
      },
      actors: [],
      grantedType: 'access_token',
      grantedScopes: ['orders.read'],
      policyRows: ['partner-to-orders'],
      confirmation: 'bearer',
      token: { issuer: OWN_ISSUER, id: spec.tokenId },
      parents: [{ issuer: PARTNER_ISSUER, id: 'subject-token-1' }],
      notOnOrAfter: NOW + 600,
      outcome: 'allowed',
    });
  });

  test('Audit: no record holds the text of a token', async () => {
    const { run, audit } = setUp();

    const token = await run({ actor: ACTOR });

    const text = JSON.stringify(audit.records);
    assert.equal(text.includes(token.text), false);
    assert.equal(text.includes('the text as received'), false);
  });

  test('RFC 7009 §2.1: revoking the subject token kills the issued token', async () => {
    const { run, ledger } = setUp({ subject: anOwnToken() });
    const { spec } = await run();

    await ledger.revoke({ issuer: OWN_ISSUER, id: 'own-token-1' }, NOW + 3600);

    assert.equal((await ledger.standing({ issuer: OWN_ISSUER, id: spec.tokenId })).isRevoked, true);
  });
});

describe('exchange: validation', () => {
  test('RFC 8693 §2.1: no validator for a type is a refusal', async () => {
    const { run } = setUp();

    await assert.rejects(
      run({ subject: aSecurityToken({ type: 'saml2' }) }),
      refusedAs('token-type-unsupported'),
    );
  });

  test('RFC 8693 §2.1: refuses a revoked subject token, of ours or foreign, and names it in the audit', async () => {
    for (const subject of [anOwnToken(), aValidatedToken()]) {
      const { run, ledger, audit } = setUp({ subject });
      await ledger.revoke({ issuer: subject.issuer, id: subject.id ?? '' }, NOW + 3600);

      await assert.rejects(run(), refusedAs('token-revoked'));

      assert.equal(audit.records[0]?.subject?.id, 'alice');
    }
  });

  test('RFC 8693 §2.1: refuses a revoked actor token', async () => {
    const { run, ledger, audit } = setUp();
    await ledger.revoke({ issuer: OWN_ISSUER, id: 'actor-token-1' }, NOW + 3600);

    await assert.rejects(run({ actor: ACTOR }), refusedAs('token-revoked'));

    assert.deepEqual(
      audit.records[0]?.actors?.map(({ id }) => id),
      ['broker'],
    );
  });

  test('RFC 7519 §4.1.1: refuses a foreign token that names us as its issuer', async () => {
    const { run } = setUp({ subject: aValidatedToken({ issuer: OWN_ISSUER }) });

    await assert.rejects(run(), refusedAs('issuer-untrusted'));
  });

  test('RFC 9068 §2.2: refuses a token of ours without an id: it could not be revoked', async () => {
    const { id: _, ...facts } = anOwnToken();
    const { run } = setUp({ subject: aValidatedToken({ ...facts, id: undefined as never }) });

    await assert.rejects(run(), refusedAs('token-malformed'));
  });

  test('Policy: a foreign token without an id can be exchanged', async () => {
    const subject = aValidatedToken({ id: undefined as never });
    const { run } = setUp({ subject });

    assert.deepEqual((await run()).spec.parents, []);
  });
});

describe('exchange: one-time evidence', () => {
  test('RFC 7523 §3: a one-time token is good once, the second use is its own event', async () => {
    const { run, audit, issued, outcomes } = setUp({ parts: { rules: singleUse } });
    await run();

    await assert.rejects(run(), refusedAs('token-replayed'));

    assert.equal(issued.length, 1);
    assert.deepEqual(outcomes(), ['allowed', 'minted', 'refused']);
    assert.equal(audit.records.at(-1)?.event, 'replay.detected');
  });

  test('RFC 7523 §3: of many uses at once exactly one is good', async () => {
    const { run, issued } = setUp({ parts: { rules: singleUse } });

    const results = await Promise.allSettled(Array.from({ length: 20 }, () => run()));

    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal(issued.length, 1);
  });

  test('RFC 7523 §3: the same id at another issuer is another token', async () => {
    const { run, store } = setUp({ parts: { rules: singleUse } });
    const foreign = { class: 'once', parts: ['https://evil.example', 'subject-token-1'] } as const;
    await store.putOnce(foreign, 'attempt', 600);

    const token = await run();

    assert.deepEqual(token.spec.parents, [{ issuer: PARTNER_ISSUER, id: 'subject-token-1' }]);
  });

  test('RFC 7523 §3: a one-time token is used up for every type it is presented as', async () => {
    const presented = [aValidatedToken({ type: 'access_token' }), aValidatedToken({ type: 'jwt' })];
    const validate = async () => presented.shift() ?? aValidatedToken();
    const validators = [{ canHandle: () => true, validate }];
    const { run } = setUp({ parts: { rules: singleUse, validators } });
    await run();

    await assert.rejects(
      run({ subject: aSecurityToken({ type: 'jwt' }) }),
      refusedAs('token-replayed'),
    );
  });

  test('RFC 7523 §3: a mark lives as long as the token and the margin', async () => {
    const { run, store } = setUp({ parts: { rules: singleUse } });

    await run();

    assert.equal(store.lifetimeOf('putOnce:once'), 3600 + 300);
  });

  test('RFC 7521 §4.1: the mark of an actor token is taken as well', async () => {
    const { run } = setUp({ actor: anActorToken({ onceUntil: NOW + 60 }) });
    await run({ actor: ACTOR });

    await assert.rejects(run({ actor: ACTOR }), refusedAs('token-replayed'));
  });

  test('RFC 7521 §4.1: one one-time token as subject and actor is used twice', async () => {
    const token = anOwnToken({ onceUntil: NOW + 60 });
    const { run, issued } = setUp({
      subject: token,
      actor: token,
      parts: { rules: rules({ selfDelegation: true }) },
    });

    await assert.rejects(run({ actor: ACTOR }), refusedAs('token-replayed'));

    assert.equal(issued.length, 0);
  });

  test('Limits: what is refused for a limit uses nothing up: no mark, no place in a status list, no line in the audit', async () => {
    const { relyingParties, statusLists, taken } = countedPlaces();
    const policy = { ...singleUse, relyingParties };
    const { run, audit, store } = setUp({
      parts: { rules: policy, statusLists, admitToken: reachedLimit },
    });

    await assert.rejects(run(), refusedAs('rate-limited'));

    assert.equal(taken(), 0);
    assert.equal(store.calls.includes('putOnce:once'), false);
    assert.deepEqual(audit.records, []);
  });

  test('Token Status List: the place names the token, in the audit as well', async () => {
    const { relyingParties, statusLists } = countedPlaces();
    const { run, audit, issued } = setUp({
      parts: { rules: rules({ relyingParties }), statusLists },
    });

    await run();

    const ref = { issuer: OWN_ISSUER, id: 'list-0' };
    assert.deepEqual(issued[0]?.status, { list: 'list', index: 0 });
    assert.equal(issued[0].tokenId, 'list-0');
    assert.deepEqual(audit.records[0]?.token, ref);
    assert.deepEqual(audit.records[1]?.token, ref);
  });

  test('Policy: a refused request uses nothing up', async () => {
    const { run, store } = setUp({ parts: { rules: singleUse } });

    await assert.rejects(run({ scopes: ['admin'] }), refusedAs('scope-not-allowed'));

    assert.equal(store.calls.includes('putOnce:once'), false);
  });
});

describe('exchange: a step that fails', () => {
  const bug = new Error('secret detail of a bug');

  test('Audit: a refusal is on record with its reason, before it leaves', async () => {
    const { run, audit } = setUp();

    await assert.rejects(run({ scopes: ['admin'] }), refusedAs('scope-not-allowed'));

    assert.deepEqual(audit.records, [
      {
        event: 'token.exchange',
        operation: 'token-exchange',
        correlationId: 'correlation-1',
        requestor: { id: 'gateway', kind: 'client', method: 'client_secret_basic' },
        targets: ['orders'],
        requestedScopes: ['admin'],
        subject: {
          issuer: PARTNER_ISSUER,
          id: 'alice',
          tokenType: 'access_token',
          token: { issuer: PARTNER_ISSUER, id: 'subject-token-1' },
        },
        outcome: 'refused',
        reason: 'scope-not-allowed',
        detail: 'scope admin cannot be granted',
      },
    ]);
  });

  test('Audit: a bug is on record without its text', async () => {
    const validators = [{ canHandle: () => true, validate: failing(bug) }];
    const { run, audit } = setUp({ parts: { validators } });

    await assert.rejects(run(), bug);

    assert.equal(audit.records[0]?.reason, 'server-error');
    assert.equal(JSON.stringify(audit.records).includes('secret detail'), false);
  });

  test('Audit: nothing is signed and nothing used up when the decision cannot be recorded', async () => {
    const { run, audit, store, issued, outcomes } = setUp({ parts: { rules: singleUse } });
    audit.breakOn('allowed');

    await assert.rejects(run(), refusedAs('dependency-unavailable'));

    assert.equal(issued.length, 0);
    assert.equal(store.calls.includes('putOnce:once'), false);
    assert.deepEqual(outcomes(), ['refused']);
  });

  test('Audit: no token leaves when the mint cannot be recorded', async () => {
    const { run, audit, outcomes } = setUp();
    audit.breakOn('minted');

    await assert.rejects(run(), refusedAs('dependency-unavailable'));

    assert.deepEqual(outcomes(), ['allowed', 'refused']);
  });

  for (const call of ['putOnce:once', 'setUnlessRevoked:ledger', 'isRevoked:revoked'])
    test(`Store: no token leaves when ${call} does not answer`, async () => {
      const { run, store, outcomes } = setUp({ parts: { rules: singleUse } });
      store.breakOn(call);

      await assert.rejects(run(), refusedAs('dependency-unavailable'));

      assert.equal(outcomes().at(-1), 'refused');
      assert.equal(outcomes().includes('minted'), false);
    });

  test('Store: a mark that may or may not be taken is taken for taken', async () => {
    const { run, store, issued } = setUp({ parts: { rules: singleUse } });
    store.breakOn('putOnce:once', new Error('connection reset'));

    await assert.rejects(run(), /connection reset/);

    assert.equal(issued.length, 0);
  });

  test('Audit: an issuer that fails leaves an intent without a completion, and no token', async () => {
    const issuers = [
      {
        canIssue: () => true,
        issue: failing(new ExchangeFailure('dependency-unavailable', 'no key')),
      },
    ];
    const { run, outcomes } = setUp({ parts: { issuers } });

    await assert.rejects(run(), refusedAs('dependency-unavailable'));

    assert.deepEqual(outcomes(), ['allowed', 'refused']);
  });

  test('RFC 8693 §2.1: no issuer for the decided type is a refusal', async () => {
    const { run, outcomes } = setUp({ parts: { issuers: [] } });

    await assert.rejects(run(), refusedAs('token-type-unsupported'));

    assert.deepEqual(outcomes(), ['refused']);
  });

  test('Issue: what a token of this form cannot say is refused before it is counted and before anything is used up', async () => {
    const counted: unknown[] = [];
    const issuer = {
      canIssue: () => true,
      requireExpressible() {
        throw new ExchangeFailure('delegation-not-allowed', 'no form for actors');
      },
      issue: failing(bug),
    };
    const { run, store, outcomes } = setUp({
      parts: {
        rules: singleUse,
        issuers: [issuer],
        admitToken: (token) => void counted.push(token),
      },
    });

    await assert.rejects(run(), refusedAs('delegation-not-allowed'));

    assert.deepEqual(outcomes(), ['refused']);
    assert.deepEqual(counted, []);
    assert.equal(store.calls.includes('putOnce:once'), false);
  });

  for (const unrecorded of [new ExchangeFailure('dependency-unavailable', 'no sink'), bug])
    test(`Audit: a refusal that cannot be recorded (${unrecorded.name}) is "unavailable", and keeps both causes`, async () => {
      const { run, audit } = setUp();
      audit.breakOn('refused', unrecorded);

      const answer = run({ scopes: ['admin'] });

      await assert.rejects(answer, (cause: unknown) => {
        assert.ok(refusedAs('dependency-unavailable')(cause));
        assert.ok(cause instanceof ExchangeFailure && cause.cause instanceof AggregateError);
        const [refusal, second] = cause.cause.errors as readonly unknown[];
        assert.ok(refusedAs('scope-not-allowed')(refusal));
        assert.equal(second, unrecorded);
        return true;
      });
    });
});

describe('exchange: revoked while in flight', () => {
  test('RFC 7009 §2: no token leaves that was made from a token revoked before it was on record', async () => {
    const { run, store, ledger, outcomes } = setUp({ subject: anOwnToken() });
    store.before('setUnlessRevoked:ledger', () =>
      ledger.revoke({ issuer: OWN_ISSUER, id: 'own-token-1' }, NOW + 3600),
    );

    await assert.rejects(run(), refusedAs('token-revoked'));

    assert.deepEqual(outcomes(), ['allowed', 'refused']);
  });

  test('RFC 7009 §2: nothing is signed that was made from what was revoked meanwhile', async () => {
    const { run, store, ledger, issued } = setUp({ subject: anOwnToken() });
    store.before('setUnlessRevoked:ledger', () =>
      ledger.revoke({ issuer: OWN_ISSUER, id: 'own-token-1' }, NOW + 3600),
    );

    await assert.rejects(run(), refusedAs('token-revoked'));

    assert.equal(issued.length, 0);
  });

  test('RFC 7009 §2.1: an exchange of what descends from a revoked token is refused', async () => {
    const { run, ledger, issued } = setUp({ subject: anOwnToken() });
    const root = { issuer: OWN_ISSUER, id: 'root' };
    await ledger.record({
      ...decide(anEvidence(), rules(), { now: NOW, tokenId: 'own-token-1' }),
      ancestors: [root],
    });
    await ledger.revoke(root, NOW + 3600);

    await assert.rejects(run(), refusedAs('token-revoked'));

    assert.equal(issued.length, 0);
  });
});
