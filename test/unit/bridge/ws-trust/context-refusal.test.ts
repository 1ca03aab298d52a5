// Refusals of security contexts (WS-SecureConversation 1.3 §9): one and the same BadContextToken, whatever core says of a context.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bodyOverTls } from '#bridge/ws-security/encryption/protected-body.ts';
import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import { refusedAsBadContext, refusedAsContext } from '#bridge/ws-trust/context-refusal.ts';
import { readRst } from '#bridge/ws-trust/rst/read-rst.ts';
import type { RstRequest } from '#bridge/ws-trust/rst/rst-request.ts';
import { ExchangeFailure, FAILURE_REASONS, type FailureReason } from '#core/failure.ts';
import type { TokenType } from '#core/token/token-type.ts';
import { aRequestor, aValidatedToken } from '#test/support/core.ts';
import { anEnvelope, envelopeOf } from '#test/support/soap/soap.ts';
import { anRst } from '#test/support/ws-trust/rst.ts';

const envelope = envelopeOf(anEnvelope({ body: anRst() }));
const { rst: plain } = readRst(bodyOverTls(envelope, true), []);
const tokenOf = (type: TokenType) => ({ type, use: 'subject', content: {} }) as const;
const context = tokenOf('sct');

/** What becomes of a cause. */
async function outcomeOf(work: () => Promise<never>): Promise<unknown> {
  try {
    return await work();
  } catch (cause) {
    return cause;
  }
}

const user = aRequestor({ kind: 'principal', identity: aValidatedToken({ type: 'username' }) });
const session = aRequestor({ kind: 'principal', identity: aValidatedToken({ type: 'sct' }) });

const said = (rst: RstRequest, cause: unknown, requestor = user): Promise<unknown> =>
  outcomeOf(() =>
    refusedAsContext({ requestor, rst }, async () => {
      throw cause;
    }),
  );

const BAD: readonly FailureReason[] = [
  'token-malformed',
  'token-audience-mismatch',
  'token-replayed',
  'token-revoked',
  'token-expired',
  'token-not-yet-valid',
  'renewal-needed',
  'confirmation-missing',
];

async function codesOf(rst: RstRequest, requestor = user): Promise<Record<string, string>> {
  const codes: Record<string, string> = {};
  for (const reason of FAILURE_REASONS) {
    const cause = new ExchangeFailure(reason, 'detail');
    const outcome = await said(rst, cause, requestor);
    if (outcome === cause) continue;
    assert.ok(outcome instanceof SecurityFailure);
    // For the audit it stays what it was.
    assert.deepEqual([outcome.reason, outcome.message, outcome.cause], [reason, 'detail', cause]);
    codes[reason] = outcome.code;
  }
  return codes;
}

const badContexts = Object.fromEntries(BAD.map((reason) => [reason, 'bad-context-token']));

describe('WS-SecureConversation 1.3 §9: what is said of a context', () => {
  for (const place of ['onBehalfOf', 'actAs', 'validateTarget'] as const)
    test(`as evidence: it is bad, whatever is wrong with it (${place})`, async () => {
      assert.deepEqual(await codesOf({ ...plain, [place]: context }), badContexts);
    });

  for (const place of ['renewTarget', 'cancelTarget'] as const)
    test(`that is to be renewed or cancelled: another’s is as bad as none (${place})`, async () => {
      assert.deepEqual(await codesOf({ ...plain, [place]: context }), {
        ...badContexts,
        'requestor-not-allowed': 'bad-context-token',
        'renewal-not-possible': 'context-renewal-not-possible',
      });
    });

  test('nothing of requests that are about other tokens, or none', async () => {
    const jwt = tokenOf('jwt');

    for (const rst of [plain, { ...plain, renewTarget: jwt }, { ...plain, onBehalfOf: jwt }])
      assert.deepEqual(await codesOf(rst), {});
  });

  test('as all that the requestor comes with: that it was cancelled since is told, and nothing else', async () => {
    const jwt = tokenOf('jwt');

    assert.deepEqual(await codesOf(plain, session), { 'token-revoked': 'bad-context-token' });
    for (const rst of [
      { ...plain, onBehalfOf: jwt },
      { ...plain, actAs: jwt },
      { ...plain, operation: 'Renew' as const, renewTarget: jwt },
    ])
      assert.deepEqual(await codesOf(rst, session), {});
  });

  test('nothing of what core did not refuse: the header, or a bug', async () => {
    for (const cause of [new SecurityFailure('message-expired', 'old'), new Error('a bug')])
      assert.equal(await said({ ...plain, onBehalfOf: context }, cause), cause);
  });
});

describe('WS-SecureConversation 1.3 §9: what is said of a context that signs', () => {
  const signed = (cause: unknown): Promise<unknown> =>
    outcomeOf(() =>
      refusedAsBadContext(async () => {
        throw cause;
      }),
    );

  test('that nobody has authenticated by it is told as a bad context', async () => {
    const cause = new SecurityFailure('failed-authentication', 'detail');

    const outcome = await signed(cause);

    assert.ok(outcome instanceof SecurityFailure);
    assert.deepEqual(
      [outcome.code, outcome.reason, outcome.cause],
      ['bad-context-token', cause.reason, cause],
    );
  });

  test('every other failure stays what it is', async () => {
    const causes = [
      new SecurityFailure('unsupported-algorithm', 'SHA-1'),
      new ExchangeFailure('dependency-unavailable', 'no store'),
      new Error('a bug'),
    ];

    for (const cause of causes) assert.equal(await signed(cause), cause);
  });
});
