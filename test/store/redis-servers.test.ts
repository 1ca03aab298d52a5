// The servers that other tests break: that they are what they claim to be.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventually } from '#test/support/eventually.ts';
import { startCluster } from '#test/support/redis/cluster.ts';
import { createNetwork } from '#test/support/redis/network.ts';
import {
  createRedisServer,
  faketimeMissing,
  type RedisServer,
  redisMissing,
  startRedis,
} from '#test/support/redis/redis-server.ts';
import { listOf, sendCommand } from '#test/support/redis/resp-client.ts';
import { startSentinels } from '#test/support/redis/sentinel.ts';
import { startTcpProxy, type TcpProxy } from '#test/support/redis/tcp-proxy.ts';

const skip = redisMissing();

describe('a Redis server of our own', { skip }, () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedis({ maxmemory: '20mb', appendonly: 'yes', appendfsync: 'always' });
  });
  after(() => server.dispose());

  it('has the settings it was given', async () => {
    assert.deepEqual(await server.command('CONFIG', 'GET', 'maxmemory'), ['maxmemory', '20971520']);
  });

  it('keeps what is on disk when it is killed and started again', async () => {
    await server.command('SET', 'kept', 'value');

    await server.kill();
    await assert.rejects(server.command('PING'));
    await server.start();

    assert.equal(await server.command('GET', 'kept'), 'value');
  });

  it('answers nothing while it is frozen, and goes on afterwards', async () => {
    server.freeze();
    await assert.rejects(sendCommand(server.port, ['PING'], 200), /does not answer/);
    server.resume();

    assert.equal(await server.command('PING'), 'PONG');
  });
});

describe('a Redis server whose clock is moved', { skip: skip || faketimeMissing() }, () => {
  it('goes by that clock, also where the program that moves it fails at first', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'viaduct-faketime-'));
    const path = process.env['PATH'] ?? '';
    t.after(() => {
      process.env['PATH'] = path;
      rmSync(directory, { recursive: true });
    });
    const isOnce = `mkdir ${directory}/failed 2>/dev/null && exit 1`;
    const program = `#!/bin/sh\n${isOnce}\nPATH=${path} exec faketime "$@"\n`;
    writeFileSync(join(directory, 'faketime'), program, { mode: 0o700 });
    process.env['PATH'] = `${directory}:${path}`;

    const server = await createRedisServer({ clockAheadSeconds: 1000 });
    t.after(() => server.dispose());
    await server.start();

    const [seconds] = listOf(await server.command('TIME'));
    assert.ok(Number(seconds) - Date.now() / 1000 > 900);
  });
});

describe('the proxy in front of it', { skip }, () => {
  let server: RedisServer;
  let proxy: TcpProxy;
  before(async () => {
    server = await startRedis();
    proxy = await startTcpProxy(server.port);
  });
  after(async () => {
    await proxy.close();
    await server.dispose();
  });
  const send = (...words: string[]): Promise<unknown> => sendCommand(proxy.port, words, 20_000);
  /** Where no answer comes, that is known soon. */
  const sendInVain = (...words: string[]): Promise<unknown> => sendCommand(proxy.port, words, 500);

  it('hands bytes on, in pieces and late too', async () => {
    proxy.shape({ latencyMilliseconds: 5, jitterMilliseconds: 5, sliceBytes: 1 });
    const value = 'v'.repeat(500);

    await send('SET', 'key', value);

    assert.equal(await send('GET', 'key'), value);
    proxy.shape({});
  });

  it('resets connections when it is cut, and only those that are meant', async () => {
    proxy.break('cut');
    await assert.rejects(send('PING'), /ECONNRESET|closed/);
    proxy.break('cut', (address) => address !== '127.0.0.1');

    assert.equal(await send('PING'), 'PONG');
    proxy.heal();
  });

  it('swallows bytes when it hangs, so that the command never arrives', async () => {
    proxy.break('hang');
    await assert.rejects(sendInVain('SET', 'swallowed', 'value'), /does not answer/);
    proxy.heal();

    assert.equal(await send('GET', 'swallowed'), null);
  });

  it('lets a held command arrive late when it stalls', async () => {
    proxy.break('stall');
    await assert.rejects(sendInVain('PING'), /does not answer/);
    const held = send('SET', 'held', 'value');
    assert.equal(await server.command('GET', 'held'), null);
    proxy.heal();

    assert.equal(await held, 'OK');
    assert.equal(await server.command('GET', 'held'), 'value');
  });
});

describe('a Sentinel group of our own', { skip }, () => {
  it('elects another master when the clients and the master are parted from the rest', async (t) => {
    const network = createNetwork();
    t.after(() => network.close());
    const group = await startSentinels({ network });
    t.after(() => group.dispose());
    const old = await group.master();
    assert.ok(old.place);

    network.part('cut', [old.place], { clients: 'side' });
    await eventually('another master', async () => (await group.master()) !== old);
    assert.equal(await sendCommand(old.announcedPort, ['SET', 'zombie', '1']), 'OK');
    network.heal();
    await group.settled();

    const master = await group.master();
    assert.notEqual(master, old);
    assert.equal(await master.server.command('GET', 'zombie'), null);
    assert.equal(listOf(await old.server.command('ROLE'))[0], 'slave');
  });
});

describe('a cluster of our own', { skip }, () => {
  it('serves a slot by the replica when its master is killed', async (t) => {
    const cluster = await startCluster();
    t.after(() => cluster.dispose());
    let master = cluster.nodes[0];
    let written = Number.NaN;
    // On a busy machine a master may be silent for so long that another one takes over before anything is killed. WAIT would count for
    // a connection that has written, and each command here has a connection of its own.
    await eventually('a master and its replica have the value', async () => {
      const serving = await cluster.masterOf('key');
      if (serving !== master || Number.isNaN(written)) {
        await serving.command('SET', 'key', 'value');
        written = Number(listOf(await serving.command('ROLE'))[1]);
        master = serving;
      }
      const [, , replicas] = listOf(await serving.command('ROLE'));
      return listOf(replicas).some((replica) => Number(listOf(replica)[2]) >= written);
    });

    await master?.kill();

    await eventually('another node serves the value', async () => {
      const successor = await cluster.masterOf('key');
      return successor !== master && (await successor.command('GET', 'key')) === 'value';
    });
  });
});
