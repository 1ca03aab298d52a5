import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import test, { type TestContext } from 'node:test';
import {
  createManagementApp,
  failedChecks,
  type ManagementSettings,
  type ReadinessCheck,
} from '#src/http/health.ts';
import { eventually } from '#test/support/eventually.ts';
import { send, sendRaw, serve } from './http-fixture.ts';

const PASSES = { reason: 'keys', check: async () => undefined };
const FAILS = { reason: 'store', check: () => Promise.reject(new Error('secret')) };
const HANGS = { reason: 'audit', check: () => new Promise<void>(() => undefined) };

interface AManagement extends Partial<ManagementSettings> {
  readonly checks?: readonly ReadinessCheck[];
  readonly deadlineMilliseconds?: number;
}

async function aManagement(
  t: TestContext,
  { checks = [], deadlineMilliseconds, ...settings }: AManagement = {},
) {
  const management = createManagementApp({
    notReadyFor: () => failedChecks(checks, deadlineMilliseconds),
    isStarted: () => true,
    isLocal: true,
    metrics: {
      contentType: 'text/plain; version=0.0.4; charset=utf-8',
      write: async () => 'a 1\n',
    },
    ...settings,
  });
  t.after(() => management.close());
  const handle = management.app.callback();
  return serve(t, (request, response) => void handle(request, response));
}

for (const host of ['127.0.0.1:9090', '[::1]:9090', '10.1.2.3', 'localhost', 'LOCALHOST:9090'])
  test(`Management: on loopback an address is a host, and so is localhost: ${host}`, async (t) => {
    const { port } = await aManagement(t);

    assert.equal((await send({ port, path: '/livez', headers: { host } })).status, 200);
  });

for (const host of ['attacker.example', 'localhost.attacker.example:9090', '127.0.0.1.nip.example'])
  test(`RFC 9110 §15.5.20: on loopback no other name is one: '${host}'`, async (t) => {
    const { port } = await aManagement(t);

    for (const path of ['/metrics', '/readyz', '/nothing']) {
      const { status, body } = await send({ port, path, headers: { host } });
      assert.equal(status, 421);
      assert.equal(body, '{"error":"misdirected_request"}');
    }
  });

test('Management: whoever names no host is no browser (HTTP/1.0)', async (t) => {
  const { port } = await aManagement(t);

  assert.match(await sendRaw(port, 'GET /livez HTTP/1.0\r\n\r\n'), /^HTTP\/1.1 200 /);
});

test('Management: where it is exposed it may have any name', async (t) => {
  const { port } = await aManagement(t, { isLocal: false });

  const headers = { host: 'viaduct.monitoring.example' };
  assert.equal((await send({ port, path: '/metrics', headers })).status, 200);
});

test('readyz: ready when all checks pass', async (t) => {
  const { port } = await aManagement(t, { checks: [PASSES] });

  const { status, body, headers } = await send({ port, path: '/readyz' });

  assert.equal(status, 200);
  assert.equal(body, '{"status":"ready","reasons":[]}');
  assert.equal(headers['cache-control'], 'no-store');
  assert.equal(headers['x-content-type-options'], 'nosniff');
});

test('readyz: names every check that fails or is too slow, and no more', async (t) => {
  const checks = [
    FAILS,
    PASSES,
    HANGS,
    {
      reason: 'clock',
      check: () => {
        throw new Error('secret');
      },
    },
  ];
  const { port } = await aManagement(t, { checks, deadlineMilliseconds: 10 });

  const { status, body } = await send({ port, path: '/readyz' });

  assert.equal(status, 503);
  assert.equal(body, '{"status":"not-ready","reasons":["store","audit","clock"]}');
});

test('readyz: checks run at the same time', async (t) => {
  const both = Promise.withResolvers<void>();
  let running = 0;
  const check = async () => {
    running += 1;
    if (running === 2) both.resolve();
    await both.promise;
  };
  const checks = ['a', 'b'].map((reason) => ({ reason, check }));
  const { port } = await aManagement(t, { checks });

  assert.equal((await send({ port, path: '/readyz' })).status, 200);
});

test('livez: does not ask the store, nor for a body', async (t) => {
  const { port } = await aManagement(t, { checks: [FAILS, HANGS] });

  assert.equal((await send({ port, path: '/livez' })).status, 200);
  assert.equal((await send({ port, path: '/livez', method: 'HEAD' })).status, 200);
});

test('livez: fails when the event loop is late', async (t) => {
  const { port } = await aManagement(t, { maxLoopDelayMilliseconds: 0 });

  const { status, body } = await send({ port, path: '/livez' });

  assert.equal(status, 503);
  assert.match(body, /"status":"event-loop-blocked"/);
});

test('livez: that the event loop stood still is told once', async (t) => {
  const { port } = await aManagement(t);
  const watching = monitorEventLoopDelay({ resolution: 20 });
  watching.enable();
  t.after(() => watching.disable());
  await eventually('it is watched', async () => watching.count > 0);

  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
  const blocked = await send({ port, path: '/livez' });
  const after = await send({ port, path: '/livez' });

  assert.deepEqual([blocked.status, after.status], [503, 200]);
});

test('startupz: 503 until started', async (t) => {
  let isStarted = false;
  const { port } = await aManagement(t, { isStarted: () => isStarted });

  const before = await send({ port, path: '/startupz' });
  isStarted = true;
  const after = await send({ port, path: '/startupz' });

  assert.deepEqual([before.status, after.status], [503, 200]);
});

test('metrics: are text', async (t) => {
  const { port } = await aManagement(t);

  const { body, headers } = await send({ port, path: '/metrics' });

  assert.equal(body, 'a 1\n');
  assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
});

test('management: everything else is 404', async (t) => {
  const { port } = await aManagement(t);

  const other = await send({ port, path: '/readyz/' });
  const post = await send({ port, path: '/readyz/', body: '' });

  for (const { body, status } of [other, post])
    assert.deepEqual([status, body], [404, '{"error":"not_found"}']);
});

for (const path of ['/livez', '/readyz', '/startupz', '/metrics'])
  test(`RFC 9110 §15.5.6: ${path} with another method is 405, and Allow says which there are`, async (t) => {
    const { port } = await aManagement(t);

    const { body, headers, status } = await send({ port, path, body: '' });

    assert.deepEqual([status, body], [405, '{"error":"method_not_allowed"}']);
    assert.equal(headers['allow'], 'GET, HEAD');
  });
