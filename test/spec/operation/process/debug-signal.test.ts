// SIGUSR1 has Node open its debugger on loopback, where every user of the host can reach it and run code in the server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve, workerPids } from '#test/support/server/served.ts';

for (const workers of [1, 2])
  test(`no signal opens a debugger: ${workers === 1 ? 'alone' : 'with workers'}`, async (t) => {
    const { server, ...served } = await serve(t, (document) => {
      document['workers'] = workers;
    });
    const pids = [server.child.pid ?? 0, ...(await workerPids({ server, ...served }))];

    for (const pid of pids) process.kill(pid, 'SIGUSR1');
    const { status } = await served.exchange();
    server.child.kill('SIGTERM');

    assert.equal(status, 200);
    assert.equal(await server.exit(), 0);
    assert.doesNotMatch(server.text(), /Debugger/);
  });
