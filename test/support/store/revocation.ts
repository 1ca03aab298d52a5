// What stands on record of a revocation.
import assert from 'node:assert/strict';
import type { TestServer } from '#test/support/server/server.ts';

/** Holds the last two records to the answer of the request that revoked: who, from where, and under which correlation id. */
export async function assertRevocationOnRecord(
  server: TestServer,
  headers: Headers,
  requestor: object,
): Promise<void> {
  const records = (await server.auditRecords()).slice(-2);
  assert.deepEqual(
    records.map(({ outcome }) => outcome),
    ['allowed', 'done'],
  );
  for (const record of records) {
    assert.equal(record['event'], 'token.revoke');
    assert.equal(record['correlationId'], headers.get('x-correlation-id'));
    assert.equal(record['sourceAddress'], '127.0.0.1');
    assert.deepEqual(record['requestor'], requestor);
  }
}
