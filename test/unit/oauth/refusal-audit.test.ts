// What is on record of a refusal that core never heard of, and when to come back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Context } from 'koa';
import { ExchangeFailure } from '#core/failure.ts';
import type { AuditRecord } from '#core/ports.ts';
import { createRefusalAudit } from '#src/oauth/refusal-audit.ts';

const PATHS = new Set(['/token', '/introspect', '/revoke']);
const REQUEST = { correlationId: 'the-correlation', sourceAddress: '192.0.2.1' };

interface Exchanged {
  readonly path?: string;
  readonly status?: number;
  readonly state?: object;
  /** Thrown by whatever lies within. */
  readonly thrown?: Error;
  /** Thrown by the audit. */
  readonly unwritten?: Error;
}

async function refused({ path = '/token', status = 400, state, thrown, unwritten }: Exchanged) {
  const records: AuditRecord[] = [];
  const headers: Record<string, string> = {};
  const audit = {
    append: async (record: AuditRecord) => {
      if (unwritten) throw unwritten;
      records.push(record);
    },
  };
  const set = (name: string, value: string) => Object.assign(headers, { [name]: value });
  const ctx = { path, status: 404, body: undefined, state: { ...REQUEST, ...state }, set };
  const inner = async () => {
    if (thrown) throw thrown;
    ctx.status = status;
  };
  const cause: unknown = await createRefusalAudit(audit, PATHS)(
    ctx as unknown as Context,
    inner,
  ).then(
    () => undefined,
    (error: unknown) => error,
  );
  return { ...ctx, records, headers, cause };
}

const failure = (reason: ConstructorParameters<typeof ExchangeFailure>[0]) =>
  new ExchangeFailure(reason, 'said to the log');
const REFUSED = { event: 'token.exchange', outcome: 'refused', ...REQUEST };

for (const [path, event] of [
  ['/token', 'token.exchange'],
  ['/introspect', 'token.validate'],
  ['/revoke', 'token.revoke'],
] as const)
  test(`oauth §1.13: a refusal at ${path} is on record as ${event}, with where it came from`, async () => {
    const { records } = await refused({ path });

    assert.deepEqual(records, [{ ...REFUSED, event, reason: 'request-malformed' }]);
  });

for (const [status, reason] of [
  [401, 'requestor-unauthenticated'],
  [402, 'request-malformed'],
  [499, 'request-malformed'],
  [500, 'server-error'],
] as const)
  test(`oauth §1.13: an answer ${status} without more is on record as ${reason}`, async () => {
    const { records, state } = await refused({ status });

    assert.deepEqual(records, [{ ...REFUSED, reason }]);
    // For the metrics.
    assert.deepEqual(state, { ...REQUEST, reason });
  });

test('oauth §1.13: an answer below 400 is no refusal', async () => {
  assert.deepEqual((await refused({ status: 399 })).records, []);
});

for (const [what, refusal, expected] of [
  ['a failure', failure('target-unknown'), { reason: 'target-unknown', detail: 'said to the log' }],
  [
    'an error that a failure caused',
    Object.assign(new Error('x', { cause: failure('token-expired') }), { error_detail: 'kept' }),
    { reason: 'token-expired', detail: 'kept' },
  ],
  [
    'an error of the library with a detail',
    Object.assign(new Error('x'), { error_detail: 'kept', error_description: 'told' }),
    { reason: 'request-malformed', detail: 'kept' },
  ],
  [
    'an error of the library without one',
    Object.assign(new Error('x'), { error_detail: undefined, error_description: 'told' }),
    { reason: 'request-malformed', detail: 'told' },
  ],
  [
    'an error that another one caused',
    new Error('x', { cause: new Error('may hold a secret') }),
    { reason: 'request-malformed' },
  ],
  ['any other error', new Error('may hold a secret'), { reason: 'request-malformed' }],
  ['no object', null, { reason: 'request-malformed' }],
] as const)
  test(`oauth §1.13: of ${what} the record says no more than it may`, async () => {
    const { records } = await refused({ state: { refusal } });

    assert.deepEqual(records, [{ ...REFUSED, ...expected }]);
  });

for (const [what, thrown, expected] of [
  [
    'a failure',
    failure('request-malformed'),
    { reason: 'request-malformed', detail: 'said to the log' },
  ],
  [
    'a refusal of the HTTP layer',
    Object.assign(new Error('x'), { status: 413 }),
    { reason: 'request-malformed', detail: 'x' },
  ],
  ['a bug', new TypeError('may hold a secret'), { reason: 'server-error' }],
] as const)
  test(`oauth §1.13: ${what} that is thrown is on record and goes on`, async () => {
    const { records, cause } = await refused({ thrown });

    assert.equal(cause, thrown);
    assert.deepEqual(records, [{ ...REFUSED, ...expected }]);
  });

test('oauth §1.13: the record names the client that has authenticated', async () => {
  const requestor = { id: 'gateway', kind: 'client', method: 'private_key_jwt' };

  const { records } = await refused({ state: { requestor } });

  assert.deepEqual(records, [{ ...REFUSED, reason: 'request-malformed', requestor }]);
});

test('oauth §1.13: what core has on record is not recorded twice, nor is each request of a flood', async () => {
  const flood = await refused({ status: 429, state: { refusal: failure('rate-limited') } });

  assert.deepEqual((await refused({ state: { audited: true } })).records, []);
  assert.deepEqual(flood.records, []);
});

test('oauth §1.13: other paths are others’ business', async () => {
  const { headers, records, status } = await refused({ path: '/jwks', status: 503 });

  assert.deepEqual([status, headers, records], [503, {}, []]);
});

test('RFC 9110 §10.2.3: 429 and 503 say when to come back, as far as that is known, and nothing else does', async () => {
  const refusal = new ExchangeFailure('rate-limited', 'x', { retryAfterSeconds: 7 });
  const retryAfter = async (exchanged: Exchanged) =>
    (await refused(exchanged)).headers['Retry-After'];

  assert.equal(await retryAfter({ status: 429, state: { refusal } }), '7');
  assert.equal(await retryAfter({ status: 503 }), '1');
  assert.equal(await retryAfter({ status: 400, state: { refusal } }), undefined);
});

test('Audit: a refusal that nobody can record is 503, and a bug of the audit stays one', async () => {
  const bug = new Error('bug');

  const unwritten = await refused({ unwritten: failure('dependency-unavailable') });
  const broken = await refused({ unwritten: bug });

  assert.equal(unwritten.status, 503);
  assert.equal(unwritten.headers['Retry-After'], '1');
  assert.deepEqual(unwritten.body, {
    error: 'temporarily_unavailable',
    error_description: 'the service cannot answer safely at the moment',
  });
  assert.equal(broken.cause, bug);
});
