// The management port: health that never asks the store whether we live, readiness that does, and metrics.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadContract, validateResponse } from '#test/support/openapi.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';

const contract = loadContract();

async function manage(server: TestServer, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${server.managementUrl}${path}`);
  const text = await response.text();
  validateResponse(
    { path, method: 'GET', status: response.status, headers: response.headers, body: text },
    contract,
  );
  return { status: response.status, text };
}

test('Health: a running server is live, started and ready', async (t) => {
  const server = await startServer(t);

  const answers = [
    await manage(server, '/livez'),
    await manage(server, '/startupz'),
    await manage(server, '/readyz'),
  ];

  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  );
});

test('Metrics: count requests by endpoint, grant and outcome, and name no token', async (t) => {
  const server = await startServer(t);
  const { body } = await server.exchange();
  await server.exchange({ resource: 'https://nowhere.example/' });

  const { text } = await manage(server, '/metrics');

  assert.match(
    text,
    /sts_requests_total\{endpoint="\/token",grant="token-exchange",outcome="answered",reason=""\} 1/,
  );
  assert.match(
    text,
    /sts_requests_total\{endpoint="\/token",grant="[^"]*",outcome="refused",reason="target-unknown"\} 1/,
  );
  assert.match(text, /sts_audit_write_seconds_count/);
  assert.match(text, /sts_store_op_seconds_count/);
  assert.equal(text.includes(String(body['access_token']).slice(0, 30)), false);
});

test('Management: the public port serves neither health nor metrics', async (t) => {
  const server = await startServer(t);

  for (const path of ['/livez', '/readyz', '/metrics'])
    assert.equal((await fetch(`${server.url}${path}`)).status, 404);
});

test('Management: is reachable from other machines where the configuration says that it may be', async (t) => {
  const server = await startServer(t, (document) => {
    const listeners = document['listeners'] as Record<string, object>;
    listeners['management'] = { address: '0.0.0.0:0', exposed: true };
  });

  const { port } = new URL(server.managementUrl);
  const response = await fetch(`http://127.0.0.1:${port}/livez`);

  assert.equal(response.status, 200);
});
