// What was asked for may be as long as a request: the audit has the beginning of it, once, and all that tells an auditor why not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startServer } from '#test/support/server/server.ts';

test('Audit: of a scope that is as long as a request the record has the beginning, and the reason', async (t) => {
  const server = await startServer(t);
  const scope = `orders.read ${'x'.repeat(50_000)}`;

  const { body } = await server.exchange({ scope });

  const record = (await server.auditRecords()).at(-1) ?? {};
  assert.equal(body['error'], 'invalid_scope');
  assert.equal(record['reason'], 'scope-not-allowed');
  assert.deepEqual(record['requestedScopes'], ['orders.read', 'x'.repeat(200)]);
  assert.equal(record['detail'], `scope ${'x'.repeat(200)} cannot be granted`);
  assert.ok(JSON.stringify(record).length < 2000);
});

test('Audit: of many scopes the record has the first hundred and how many more, and the one that was refused', async (t) => {
  const server = await startServer(t);
  const scopes = Array.from({ length: 8000 }, (_, index) => `s${index}`);

  const { body } = await server.exchange({ scope: ['orders.read', ...scopes].join(' ') });

  const record = (await server.auditRecords()).at(-1) ?? {};
  assert.equal(body['error'], 'invalid_scope');
  assert.deepEqual(record['requestedScopes'], ['orders.read', ...scopes.slice(0, 99), '7901 more']);
  assert.equal(record['detail'], 'scope s0 cannot be granted');
});
