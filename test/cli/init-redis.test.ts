// `viaduct init --redis`: what it writes makes a Redis server that serves this installation, and nobody else.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { parse } from 'yaml';
import { redisSetup, writeAccessList } from '#src/cli/init/redis-files.ts';
import { eventually } from '#test/support/eventually.ts';
import {
  createRedisServer,
  type RedisServer,
  redisMissing,
} from '#test/support/redis/redis-server.ts';
import { startViaduct, viaduct } from '#test/support/server/process.ts';
import { reservedPort } from '#test/support/server/reserved-port.ts';

const aDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'viaduct-init-'));

interface Written {
  readonly store: { readonly redis: Readonly<Record<string, unknown>> };
}

const written = async (directory: string): Promise<Written> =>
  parse(await readFile(join(directory, 'viaduct.yaml'), 'utf8')) as Written;

/** What docker-compose.yml starts Redis with. */
async function composedSettings(): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(new URL('../../docker-compose.yml', import.meta.url), 'utf8');
  const { services } = parse(text) as { services: { redis: { command: string } } };
  const [program, ...words] = services.redis.command.split(' ');
  assert.equal(program, 'redis-server');
  const pairs = words.flatMap((word, index) =>
    word.startsWith('--') ? [[word.slice(2), words[index + 1] ?? ''] as const] : [],
  );
  assert.equal(pairs.length * 2, words.length);
  return Object.fromEntries(pairs);
}

describe('init --redis', { skip: redisMissing() }, () => {
  let directory: string;
  let redis: RedisServer;
  let tenant: string;
  before(async () => {
    directory = await aDirectory();
    const port = await reservedPort();
    const { code, error } = await viaduct(['init', '--redis', `127.0.0.1:${port}`], directory);
    assert.equal(code, 0, error);
    tenant = String((await written(directory)).store.redis['tenant']);
    const path = join(directory, 'viaduct.yaml');
    const text = await readFile(path, 'utf8');
    const [open, management] = [await reservedPort(), await reservedPort()];
    await writeFile(
      path,
      text.replaceAll('8443', String(open)).replace('9090', String(management)),
    );
    const settings = { ...(await composedSettings()), aclfile: join(directory, 'redis.acl') };
    redis = await createRedisServer({ port, settings });
    await redis.start();
  });
  after(async () => {
    await redis.dispose();
    await rm(directory, { recursive: true, force: true });
  });

  test('a server that is started with the list, as docker-compose.yml does, carries the first token', async (t) => {
    const check = await viaduct(['check', '--live'], directory);
    const server = startViaduct(['serve', '--config', 'viaduct.yaml'], directory);
    t.after(() => server.child.kill('SIGKILL'));
    const [, curl = ''] = await server.says(/(curl [\s\S]*?subject_token=\S+)\n/);
    const [, management = ''] = await server.says(/health and metrics on (\S+)/);
    await eventually('it is ready', async () => (await fetch(`${management}/readyz`)).ok);

    const { stdout } = await promisify(execFile)('bash', ['-c', `${curl} --silent`], {
      cwd: directory,
    });

    assert.equal(check.code, 0, check.error + check.out);
    assert.equal((JSON.parse(stdout) as Record<string, unknown>)['token_type'], 'Bearer', stdout);
  });

  test('the password opens our keys to our commands, and nothing else', async (t) => {
    const password = (await readFile(join(directory, 'redis.password'), 'utf8')).trim();
    const client = new Redis({ port: redis.port, username: 'viaduct', password });
    t.after(() => client.disconnect());
    const ours = `sts:${tenant}:probe:{00}:x`;

    assert.equal(await client.call('SET', ours, '1', 'PX', '1000'), 'OK');
    for (const words of [
      ['FLUSHALL'],
      ['FLUSHDB'],
      ['KEYS', '*'],
      ['SCAN', '0'],
      ['CONFIG', 'GET', '*'],
      ['ACL', 'LIST'],
      ['SHUTDOWN'],
      ['REPLICAOF', 'NO', 'ONE'],
      ['RENAME', ours, `${ours}y`],
      ['GET', 'sts:another:once:{00}:x'],
      ['EVAL', "return redis.call('DEL', KEYS[1])", '1', 'sts:another:once:{00}:x'],
      ['EVAL', "return redis.call('KEYS', '*')", '0'],
    ] as const) {
      const [name, ...rest] = words;
      await assert.rejects(
        client.call(name, ...rest),
        /NOPERM|can't run this command/,
        words.join(' '),
      );
    }
  });

  test('with another password check --live says so, on the error output alone', async (t) => {
    const path = join(directory, 'redis.password');
    const password = await readFile(path, 'utf8');
    t.after(() => writeFile(path, password));
    await writeFile(path, 'another-password-of-more-than-32-characters');

    const { code, error, out } = await viaduct(['check', '--live'], directory);

    assert.equal(code, 1);
    assert.match(error, /^failed store: .*WRONGPASS/m);
    assert.doesNotMatch(out, /WRONGPASS|^\{/m);
  });

  test('without the password there is nothing', async () => {
    await assert.rejects(redis.command('GET', `sts:${tenant}:probe:{00}:x`), /NOAUTH/);
    await assert.rejects(redis.command('AUTH', 'viaduct', 'viaduct'), /WRONGPASS/);
    await assert.rejects(redis.command('AUTH', 'default', ''), /WRONGPASS/);
  });
});

describe('init --redis, its files', () => {
  test('the list holds a digest of a password that only its owner reads; another machine needs TLS', async (t) => {
    const directory = await aDirectory();
    t.after(() => rm(directory, { recursive: true }));

    await viaduct(['init', '--redis', 'redis.internal:6379'], directory);

    const password = (await readFile(join(directory, 'redis.password'), 'utf8')).trim();
    const list = await readFile(join(directory, 'redis.acl'), 'utf8');
    assert.equal((await stat(join(directory, 'redis.password'))).mode & 0o077, 0);
    assert.equal(list.includes(password), false);
    assert.ok(list.includes(`#${hash('sha256', password)} `));
    assert.deepEqual((await written(directory)).store.redis['tls'], {});
    assert.equal((await viaduct(['check'], directory)).code, 0);
  });

  test('each installation has a tenant and a password of its own', () => {
    const setups = [redisSetup('127.0.0.1:6379'), redisSetup('127.0.0.1:6379')];

    assert.equal(new Set(setups.map(({ section }) => section)).size, 2);
    assert.equal(new Set(setups.flatMap(({ files }) => files.map(({ text }) => text))).size, 4);
  });

  test('what is no address of a server is refused before anything is written', async (t) => {
    const directory = await aDirectory();
    t.after(() => rm(directory, { recursive: true }));
    const addresses = [
      'redis.internal',
      'redis.internal:65536',
      'redis.internal:0',
      '[10.0.0.1]:6379',
      "redis'internal:6379",
    ];

    const ends = await Promise.all(
      addresses.map((address) => viaduct(['init', '--redis', address], directory)),
    );

    for (const [index, { code, error }] of ends.entries()) {
      assert.equal(code, 2, addresses[index]);
      assert.match(error, /needs a host and a port/);
    }
    assert.deepEqual(await readdir(directory), []);
  });

  test('config/redis.acl.example is the list that init writes', async () => {
    const example = await readFile(
      new URL('../../config/redis.acl.example', import.meta.url),
      'utf8',
    );

    const list = writeAccessList({
      tenant: 'sts.example.org',
      passwordDigest: 'REPLACE_BY_THE_SHA256_OF_THE_PASSWORD',
    });
    assert.equal(list, example);
  });
});
