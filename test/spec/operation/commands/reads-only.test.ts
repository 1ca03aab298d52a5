// `viaduct explain` and `viaduct check --live` change nothing of the store they ask: no dataset is begun, no file made or migrated, and
// whatever was there is there after it, byte by byte. They say what a start would do.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, type TestContext, test } from 'node:test';
import { checkCommand } from '#src/cli/check.ts';
import type { Command } from '#src/cli/command/command.ts';
import { explainCommand } from '#src/cli/explain.ts';
import {
  createRedisServer,
  type RedisServer,
  redisMissing,
} from '#test/support/redis/redis-server.ts';
import { type Finished, MAIN, type Running, startProgram } from '#test/support/server/process.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';

interface Asked {
  readonly check: Finished;
  readonly explained: readonly Finished[];
}

/** Runs a command in this process: a process of its own takes long to start, and there are many. */
async function run(command: Command, words: readonly string[]): Promise<Finished> {
  const [out, error]: [string[], string[]] = [[], []];
  const terminal = {
    out: (line: string) => void out.push(line),
    error: (line: string) => void error.push(line),
  };
  const code = await command(words, terminal).catch((cause: unknown) => {
    error.push(String(cause));
    return 1;
  });
  return { code, out: out.join('\n'), error: error.join('\n') };
}

/** In a process of its own, which has no right to write what its mode forbids: root has that right, and gives it up. */
function startWithoutRights(words: readonly string[], directory: string): Running {
  const command = [process.execPath, MAIN, ...words];
  return process.getuid?.() === 0
    ? startProgram('setpriv', ['--inh-caps=-all', '--bounding-set=-all', ...command], directory)
    : startProgram(process.execPath, command.slice(1), directory);
}

/** Asks about the store, and about tokens of ours. */
async function ask(directory: string, ...tokens: readonly string[]): Promise<Asked> {
  const config = ['--config', join(directory, 'viaduct.yaml')];
  const words = [...config, '--client', 'gateway', '--resource', 'https://orders.example/'];
  const check = await run(checkCommand, [...config, '--live']);
  const explained: Finished[] = [];
  for (const token of tokens)
    explained.push(
      await run(
        explainCommand,
        words.concat('--subject-token-type', 'access_token', '--subject-token', token),
      ),
    );
  return { check, explained };
}

const startNow = (t: TestContext, store?: object): Promise<TestServer> =>
  startServer(t, (document, _, clock) => {
    clock.set(Math.floor(Date.now() / 1000));
    if (store) document['store'] = store;
  });

/** A token that is alive, and one that is revoked. */
async function issueTwo(server: TestServer): Promise<readonly [alive: string, revoked: string]> {
  const [alive, revoked] = [await server.exchange(), await server.exchange()].map(({ body }) =>
    String(body['access_token']),
  );
  assert.ok(alive !== undefined && revoked !== undefined);
  await server.post('/revoke', { token: revoked });
  return [alive, revoked];
}

function assertHeard([alive, revoked]: readonly (Finished | undefined)[]): void {
  assert.doesNotMatch(alive?.out ?? '', /token-revoked/);
  assert.match(revoked?.out ?? '', /token-revoked/);
}

describe('explain and check --live on Redis', { skip: redisMissing() }, () => {
  async function aRedis(t: TestContext): Promise<RedisServer> {
    const redis = await createRedisServer({ settings: { appendonly: 'yes' } });
    t.after(() => redis.dispose());
    await redis.start();
    return redis;
  }
  const storeOn = ({ port }: RedisServer) => ({
    // A busy machine must not refuse.
    redis: { mode: 'single', nodes: [`127.0.0.1:${port}`], deadlineMilliseconds: 10_000 },
  });

  /** All keys with their values. */
  async function content(redis: RedisServer): Promise<readonly (readonly unknown[])[]> {
    const keys = (await redis.command('KEYS', '*')) as readonly string[];
    return Promise.all(
      keys.toSorted().map(async (key) => [key, await redis.command('GET', key)] as const),
    );
  }

  test('an empty Redis stays empty: no command that writes was sent', async (t) => {
    const redis = await aRedis(t);
    const server = await startNow(t, storeOn(redis));
    const [alive] = await issueTwo(server);
    await server.stop();
    await redis.command('FLUSHALL');
    await redis.command('CONFIG', 'RESETSTAT');

    const { check, explained } = await ask(server.directory, alive);

    assert.equal(check.code, 0, check.error);
    assert.match(check.out, /good +store: Redis is empty; the first start begins a dataset there/);
    assert.match(explained[0]?.out ?? '', /token-revoked: a token of ours that is not on record/);
    assert.deepEqual(await redis.command('KEYS', '*'), []);
    const stats = String(await redis.command('INFO', 'commandstats'));
    assert.doesNotMatch(stats, /cmdstat_(?:set|eval|evalsha|del|incrby|pexpire):/);
  });

  test('a dataset is as it was, and what it says is heard', async (t) => {
    const redis = await aRedis(t);
    const server = await startNow(t, storeOn(redis));
    const [alive, revoked] = await issueTwo(server);
    await server.stop();
    const before = await content(redis);

    const { check, explained } = await ask(server.directory, alive, revoked);

    assert.ok(before.length > 256);
    assert.equal(check.code, 0, check.error);
    assert.match(check.out, /good +store: redis answered in \d+ ms/);
    assertHeard(explained);
    assert.deepEqual(await content(redis), before);
  });

  test('of a dataset that is not whole nothing is made anew: a start would, and that is told', async (t) => {
    const redis = await aRedis(t);
    const server = await startNow(t, storeOn(redis));
    const [alive] = await issueTwo(server);
    await server.stop();
    const [canary] =
      (await content(redis)).find(([, text]) => /^1 \S{36} \d+$/.test(String(text))) ?? [];
    await redis.command('DEL', String(canary));
    const before = await content(redis);

    const { check, explained } = await ask(server.directory, alive);

    assert.equal(check.code, 1);
    assert.match(
      check.error,
      /failed store: parts of the dataset are gone: the next start begins them anew/,
    );
    assert.notEqual(explained[0]?.code, 0);
    assert.deepEqual(await content(redis), before);
  });
});

describe('explain and check --live on the embedded store', () => {
  /** Every file by its bytes, but for the index of the log, which every reader has a hand in. */
  async function bytes(directory: string): Promise<Readonly<Record<string, string>>> {
    const names = (await readdir(directory)).filter((name) => !name.endsWith('-shm')).toSorted();
    const sums = names.map(
      async (name) => [name, hash('sha256', await readFile(join(directory, name)))] as const,
    );
    return Object.fromEntries(await Promise.all(sums));
  }
  const data = ({ directory }: Pick<TestServer, 'directory'>) => join(directory, 'data');

  async function aCopy(t: TestContext, { directory }: TestServer): Promise<string> {
    const copy = await mkdtemp(join(tmpdir(), 'viaduct-'));
    t.after(() => rm(copy, { recursive: true, force: true }));
    await cp(directory, copy, { recursive: true });
    return copy;
  }

  for (const [what, leave] of [
    [
      'that is closed',
      async (_: TestContext, server: TestServer) => {
        await server.stop();
        return server.directory;
      },
    ],
    ['that a server has open', async (_: TestContext, server: TestServer) => server.directory],
    // With its log, as a crash leaves it.
    ['that nobody closed', aCopy],
  ] as const)
    test(`a file ${what} keeps its bytes, and what it says is heard`, async (t) => {
      const server = await startNow(t);
      const [alive, revoked] = await issueTwo(server);
      const directory = await leave(t, server);
      const before = await bytes(join(directory, 'data'));

      const { check, explained } = await ask(directory, alive, revoked);

      assert.equal(check.code, 0, check.error);
      assert.match(check.out, /good +store: sqlite answered in \d+ ms/);
      assertHeard(explained);
      assert.deepEqual(await bytes(join(directory, 'data')), before);
    });

  for (const [what, make] of [
    ['of no length', (path: string) => writeFile(path, '')],
    [
      'without tables',
      async (path: string) => {
        const database = new DatabaseSync(path);
        database.exec('CREATE TABLE t (x); DROP TABLE t');
        database.close();
      },
    ],
  ] as const)
    test(`a file ${what} is not migrated: the first start does that`, async (t) => {
      const server = await startNow(t);
      const [alive] = await issueTwo(server);
      await server.stop();
      await rm(data(server), { recursive: true });
      await mkdir(data(server));
      await make(join(data(server), 'viaduct.db'));
      const before = await bytes(data(server));

      const { check } = await ask(server.directory, alive);

      assert.equal(check.code, 0, check.error);
      assert.match(check.out, /good +store: its file is empty; the first start makes the tables/);
      assert.deepEqual(await bytes(data(server)), before);
    });

  test('a file of a later release, or of another program, is told and left alone', async (t) => {
    const server = await startNow(t);
    const [alive] = await issueTwo(server);
    await server.stop();
    const path = join(data(server), 'viaduct.db');
    const alter = (sql: string) => {
      const database = new DatabaseSync(path);
      database.exec(sql);
      database.close();
    };

    for (const [sql, told] of [
      ['PRAGMA user_version = 99', /failed store: the embedded store has schema version 99/],
      ['PRAGMA user_version = 0', /failed store: .*the database of another program/],
    ] as const) {
      alter(sql);
      const before = await bytes(data(server));

      const { check, explained } = await ask(server.directory, alive);

      assert.equal(check.code, 1);
      assert.match(check.error, told);
      assert.notEqual(explained[0]?.code, 0);
      assert.deepEqual(await bytes(data(server)), before);
    }
  });

  test('a file that could not be written is told', async (t) => {
    const server = await startNow(t);
    await server.exchange();
    await server.stop();
    await chmod(join(data(server), 'viaduct.db'), 0o400);

    const check = startWithoutRights(['check', '--live'], server.directory);

    assert.equal(await check.exit(), 1);
    assert.match(check.text(), /failed store: EACCES/);
  });

  test('where there is nothing, nothing is made', async (t) => {
    const server = await startNow(t);
    const [alive] = await issueTwo(server);
    await server.stop();
    await rm(data(server), { recursive: true });
    const before = await readdir(server.directory);

    const { check } = await ask(server.directory, alive);

    assert.equal(check.code, 0, check.error);
    assert.match(check.out, /good +store: there is none yet; the first start makes it/);
    assert.match(check.out, /good +audit: .*is not there yet; the first start makes it/);
    assert.deepEqual(await readdir(server.directory), before);
  });
});
