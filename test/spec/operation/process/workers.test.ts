// Several processes serve one configuration: rows 25, 26 and 29 of the failure table, with real processes.
import assert from 'node:assert/strict';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  type JSONWebKeySet,
  jwtVerify,
} from 'jose';
import { generateKeyPem } from '#src/keys/generate.ts';
import { eventually } from '#test/support/eventually.ts';
import { holdUp, isAlive } from '#test/support/server/held-up.ts';
import { startViaduct, viaduct } from '#test/support/server/process.ts';
import { type Served, serve, underLoad, workerPids } from '#test/support/server/served.ts';

const withWorkers = (workers: number) => (document: Record<string, unknown>) => {
  document['workers'] = workers;
};

const counted = (metrics: string, name: string): number =>
  Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1] ?? Number.NaN);

const answered = (metrics: string): number =>
  counted(
    metrics,
    'sts_requests_total\\{endpoint="/token",grant="token-exchange",outcome="answered",reason=""\\}',
  );

async function auditFiles({ directory }: Served): Promise<readonly string[]> {
  const names = await readdir(join(directory, 'data'));
  return names.filter((name) => /^audit.*\.jsonl$/.test(name)).toSorted();
}

async function verified(served: Served): Promise<string> {
  const { code, out, error } = await viaduct(['audit', 'verify'], served.directory);
  assert.equal(code, 0, out + error);
  return out;
}

/** How often is reloaded under load; `npm run test:reloads` does it a hundred times. */
const RELOADS = Number(process.env['RELOADS'] ?? 10);

test('Workers: share address, store and metrics; a one-time token is taken by one of them; their audit chains verify together', async (t) => {
  const served = await serve(t, (document) => {
    document['workers'] = 2;
    for (const { jwt } of document.trustedIssuers)
      Object.assign(jwt as object, { singleUse: true });
  });
  const { directory, partner, server } = served;

  const load = await underLoad(8, served.exchange, async () => {
    await eventually('100 answers', async () => answered(await served.metrics()) > 100);
  });
  const token = await partner.sign();
  const race = await Promise.all(Array.from({ length: 50 }, () => served.exchange(token)));
  const metrics = await served.metrics();
  server.child.kill('SIGTERM');

  assert.equal(await server.exit(), 0, server.text());
  assert.deepEqual(load.failures, []);
  assert.equal(race.filter(({ status }) => status === 200).length, 1);
  assert.equal(race.filter(({ status }) => status === 400).length, 49);
  assert.equal(answered(metrics), load.answered + 1);
  assert.equal(counted(metrics, 'sts_workers'), 2);
  const files = await auditFiles(served);
  assert.deepEqual(files, ['audit.w1.jsonl', 'audit.w2.jsonl']);
  const report = await verified(served);
  assert.equal(report.match(/^chain /gm)?.length, 2);
  for (const file of files) {
    const text = await readFile(join(directory, 'data', file), 'utf8');
    assert.ok(text.includes('"outcome":"minted"'), `${file}: each worker served`);
  }
  // Each worker's checkpoints swear to the chain of the other: neither can be taken away unnoticed.
  for (const file of files) {
    const [place, elsewhere] = [join(directory, 'data', file), join(directory, file)];
    await rename(place, elsewhere);
    const { code, error, out } = await viaduct(['audit', 'verify'], directory);
    assert.equal(code, 1, out);
    assert.match(error, /^no file holds chain/m);
    await rename(elsewhere, place);
  }
});

test('Row 26: a worker that is killed under load is started again on the configuration in force, the other one has no error', async (t) => {
  const served = await serve(t, withWorkers(2));
  const [victim = 0, survivor = 0] = await workerPids(served);
  // Not loaded: the worker that comes back must not look at the file.
  await served.edit((document) => {
    document['misspelt'] = true;
  });

  const { answered: count, failures } = await underLoad(8, served.exchange, async () => {
    await eventually('load', async () => answered(await served.metrics()) > 50);
    process.kill(victim, 'SIGKILL');
    await eventually('two workers again', async () => {
      const pids = await workerPids(served);
      const metrics = await served.metrics();
      return pids.length === 2 && counted(metrics, 'sts_workers') === 2 && !pids.includes(victim);
    });
  });
  const metrics = await served.metrics();
  const pids = await workerPids(served);
  await served.edit((document) => {
    document['misspelt'] = undefined;
  });
  served.server.child.kill('SIGTERM');
  await served.server.exit();

  assert.ok(count > 50);
  assert.ok(pids.includes(survivor));
  assert.equal(counted(metrics, 'sts_worker_restarts_total'), 1);
  // What the killed worker had in hand, and no more: at most one request a lane, as a connection that broke.
  assert.ok(failures.length <= 8, failures.join('\n'));
  for (const failure of failures) assert.doesNotMatch(failure, /^\d{3} /);
  await verified(served);
});

/** Code that the test adds to each process: an error on a signal, as an oversight in a handler would throw it. */
const OVERSIGHT = `process.on('SIGUSR2', () => { throw new Error('an oversight'); });`;
const WITH_OVERSIGHT = {
  NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(OVERSIGHT)}`,
};

test('Row 26: a worker that ends on an error tells what requests it had in hand, and nothing of their content', async (t) => {
  const served = await serve(t, withWorkers(2), (words, directory) =>
    startViaduct(words, directory, WITH_OVERSIGHT),
  );
  const { server } = served;
  const [victim = 0] = await workerPids(served);
  const subjectToken = await served.partner.sign();

  await underLoad(
    8,
    () => served.exchange(subjectToken),
    async () => {
      await eventually('load', async () => answered(await served.metrics()) > 20);
      process.kill(victim, 'SIGUSR2');
      await eventually('the crash', async () => /requests in hand.*\n/.test(server.text()));
    },
  );

  const [line = ''] = /\{"level":"error","msg":"requests in hand".*\}/.exec(server.text()) ?? [];
  const { requests } = JSON.parse(line) as { requests: Record<string, string>[] };
  for (const request of requests) {
    assert.equal(request['path'], '/token');
    assert.match(request['correlationId'] ?? '', /^[\w-]{22}$/);
  }
  assert.ok(!server.text().includes(subjectToken.slice(0, 40)));
  assert.match(server.text(), /an oversight/);
});

test('Row 26: workers that keep dying end the server with an exit code', async (t) => {
  const served = await serve(t, withWorkers(2));
  const { server } = served;
  const killed = new Set<number>();

  await eventually('the end', async () => {
    for (const pid of await workerPids(served).catch(() => [])) {
      if (!killed.has(pid)) process.kill(pid, 'SIGKILL');
      killed.add(pid);
    }
    return server.child.exitCode !== null;
  });

  assert.equal(server.child.exitCode, 1);
  assert.match(server.text(), /too many workers died within a minute/);
  assert.ok(killed.size > 5, String(killed.size));
});

test('Row 25: SIGTERM under load drains all workers: no request is refused or broken while readiness is honoured', async (t) => {
  const served = await serve(t, (document) => {
    document['workers'] = 2;
    document['drain'] = { delaySeconds: 5, graceSeconds: 20 };
  });
  const { server, managementUrl } = served;
  const readiness = async (): Promise<number> => (await fetch(`${managementUrl}/readyz`)).status;

  // As behind a proxy that honours readiness: it sends on until it is told not to, and nothing after that.
  const { answered: count, failures } = await underLoad(8, served.exchange, async () => {
    await eventually('load', async () => answered(await served.metrics()) > 50);
    server.child.kill('SIGTERM');
    await eventually('not ready', async () => (await readiness()) === 503);
  });

  assert.equal(await server.exit(), 0, server.text());
  assert.ok(count > 50);
  assert.deepEqual(failures, []);
  await verified(served);
});

/** Begins to replace the workers; resolves when the first successor serves beside them all. */
async function beginToReplace(served: Served, workers: number): Promise<void> {
  await served.edit((document) => {
    document['log'] = { level: 'warn' };
  });
  served.server.child.kill('SIGHUP');
  const serving = async () => counted(await served.metrics(), 'sts_workers');
  await eventually('a successor', async () => (await serving()) > workers);
}

test('Row 25: SIGTERM while workers are replaced ends them all, the new ones too', async (t) => {
  const served = await serve(t, withWorkers(2));
  const { server } = served;
  await beginToReplace(served, 2);

  server.child.kill('SIGTERM');

  await eventually('the end', async () => server.child.exitCode === 0);
  assert.match(server.text(), /draining/);
});

test('Row 26: a worker that hangs while all are drained is ended, and the server with it', {
  timeout: 120_000,
}, async (t) => {
  const served = await serve(t, withWorkers(2));
  const [hung = 0] = await workerPids(served);
  holdUp(t, hung);

  served.server.child.kill('SIGTERM');

  assert.equal(await served.server.exit(), 0);
  assert.equal(isAlive(hung), false);
});

test('Row 26: a worker that dies while workers are replaced comes back once', async (t) => {
  const served = await serve(t, withWorkers(2));
  const [, second = 0] = await workerPids(served);
  await beginToReplace(served, 2);
  const reloaded = served.server.says(/configuration reloaded/);

  process.kill(second, 'SIGKILL');

  await reloaded;
  await eventually('two workers', async () => {
    const metrics = await served.metrics();
    return (
      counted(metrics, 'sts_workers') === 2 && counted(metrics, 'sts_worker_restarts_total') === 1
    );
  });
  assert.equal((await workerPids(served)).length, 2);
});

test('Row 29: reloads under load fail no request, swap in all workers or in none, and replace workers only where they must', async (t) => {
  const served = await serve(t, withWorkers(2));
  const before = await workerPids(served);
  const said: string[] = [];
  const reloadWith = async (change: Parameters<Served['edit']>[0]): Promise<void> => {
    await served.edit(change);
    said.push(await served.reload());
  };

  const { failures } = await underLoad(4, served.exchange, async () => {
    for (let reload = 0; reload < RELOADS; reload += 1)
      await reloadWith((document) => (document['clockSkewSeconds'] = 60 + (reload % 2)));
    await reloadWith((document) => (document['misspelt'] = true));
    await reloadWith((document) => {
      document['misspelt'] = undefined;
      document['store'] = { sqlite: { path: 'data/other.db' } };
    });
  });
  const swapped = { metrics: await served.metrics(), pids: await workerPids(served) };
  const changes = await Promise.all(
    (await auditFiles(served)).map(async (file) => {
      const text = await readFile(join(served.directory, 'data', file), 'utf8');
      return text.split('"event":"config.changed"').length - 1;
    }),
  );
  const replacing = await underLoad(4, served.exchange, () =>
    reloadWith((document) => {
      document['store'] = { sqlite: { path: 'data/viaduct.db' } };
      document['log'] = { level: 'warn' };
    }),
  );
  const replaced = await workerPids(served);
  const generation = counted(await served.metrics(), 'sts_config_generation');
  served.server.child.kill('SIGKILL');
  await served.server.exit();

  assert.deepEqual(failures, []);
  assert.ok(said.slice(0, RELOADS).every((line) => line === 'configuration reloaded\n'));
  assert.match(said.at(-3) ?? '', /not reloaded: .*viaduct.yaml/);
  assert.match(said.at(-2) ?? '', /running workers cannot take this change: restart for store/);
  assert.equal(counted(swapped.metrics, 'sts_config_generation'), RELOADS + 1);
  assert.deepEqual(changes, [RELOADS, RELOADS]);
  assert.deepEqual(swapped.pids, before);
  assert.equal(said.at(-1), 'configuration reloaded\n');
  assert.deepEqual(replacing.failures, []);
  assert.equal(generation, RELOADS + 2);
  assert.equal(replaced.length, 2);
  assert.ok(!replaced.some((pid) => before.includes(pid)));
  // Row 26: a first process that is killed leaves no worker behind.
  await eventually('no worker is left', async () => !replaced.some(isAlive));
});

/** Kills a worker; resolves with the one that is started in its place, as soon as there is one. */
async function replaceBy(served: Served, victim: number, others: readonly number[]) {
  const newcomer = async () => (await workerPids(served)).find((pid) => !others.includes(pid));
  process.kill(victim, 'SIGKILL');
  await eventually('a newcomer', async () => (await newcomer()) !== undefined);
  return (await newcomer()) ?? 0;
}

test('Row 29: a worker that began to serve while the others took a reload takes it too', async (t) => {
  const served = await serve(t, withWorkers(2));
  const before = await workerPids(served);
  const [victim = 0, slow = 0] = before;
  await served.edit((document) => {
    Object.assign(document.policy[0]?.['allow'] as object, { lifetimeSeconds: 120 });
  });
  await replaceBy(served, victim, before);

  holdUp(t, slow);
  const reloaded = served.reload();
  await eventually('it serves', async () => counted(await served.metrics(), 'sts_workers') === 2);
  process.kill(slow, 'SIGCONT');
  const said = await reloaded;
  const answers = await Promise.all(Array.from({ length: 20 }, () => served.exchange()));

  assert.equal(said, 'configuration reloaded\n');
  const bodies = await Promise.all(answers.map(async (answer) => answer.json()));
  const lifetimes = (bodies as { expires_in: number }[]).map((body) => body.expires_in);
  assert.deepEqual(new Set(lifetimes), new Set([120]));
});

test('Row 29: a worker that did not serve yet when the others were replaced is replaced as well', async (t) => {
  const served = await serve(t, withWorkers(2));
  const before = await workerPids(served);
  await served.edit((document) => {
    document['log'] = { level: 'warn' };
  });
  // What it was told of the configuration by now is the old one.
  const slow = await replaceBy(served, before[0] ?? 0, before);
  holdUp(t, slow);

  const said = await served.reload();

  assert.equal(said, 'configuration reloaded\n');
  const after = await workerPids(served);
  assert.equal(after.length, 2);
  assert.ok(![...before, slow].some((pid) => after.includes(pid)));
});

test('Row 27: a key that starts to sign under load was in the key set before, in every worker; all change at its instant', async (t) => {
  const served = await serve(t, withWorkers(2));
  const { directory, url } = served;
  await writeFile(join(directory, 'keys/next.pem'), await generateKeyPem('ES256'), { mode: 0o600 });
  // The reload is over by then, on a busy machine too.
  const startsAt = Math.floor(Date.now() / 1000) + 10;
  await served.edit((document) => {
    const next = { use: 'jwt', algorithm: 'ES256', key: { file: 'keys/next.pem' } };
    const activeFrom = new Date(startsAt * 1000).toISOString();
    (document['keys'] as object[]).push({ ...next, activeFrom });
  });
  assert.equal(await served.reload(), 'configuration reloaded\n');
  const seen = new Map<string, number[]>();
  const unknown: string[] = [];
  const keySet = async (): Promise<JSONWebKeySet> =>
    (await (await fetch(`${url}/jwks`)).json()) as JSONWebKeySet;
  // A resource server that fetched the keys once, before the new one was in use.
  const verify = createLocalJWKSet(await keySet());

  const { failures } = await underLoad(
    4,
    async () => {
      const response = await served.exchange();
      const { access_token: token } = (await response.clone().json()) as Record<string, string>;
      await jwtVerify(token ?? '', verify).catch((cause: unknown) => unknown.push(String(cause)));
      const { iat = 0 } = decodeJwt(token ?? '');
      const { kid = '' } = decodeProtectedHeader(token ?? '');
      seen.set(kid, [...(seen.get(kid) ?? []), iat]);
      return response;
    },
    async () => {
      await eventually('the new key signs', async () => seen.size === 2);
      await eventually('and goes on', async () => ([...seen.values()][1]?.length ?? 0) > 40);
    },
  );

  assert.deepEqual(failures, []);
  assert.deepEqual(unknown, []);
  const [before = [], after = []] = [...seen.values()];
  assert.ok(Math.max(...before) < startsAt, 'the old key signs nothing from the instant on');
  assert.ok(Math.min(...after) >= startsAt, 'the new key signs nothing before it');
});
