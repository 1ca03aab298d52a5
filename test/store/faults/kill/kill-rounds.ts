// kill -9 at any moment: a server dies under load, and the one after it must know all that the first one promised.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { decodeJwt } from 'jose';
import { createAuditKey, lookupHash } from '#src/audit/audit-key.ts';
import { verifyAudit } from '#src/audit/verify.ts';
import { eventually } from '#test/support/eventually.ts';
import { viaduct } from '#test/support/server/process.ts';
import {
  type ServerProcess,
  startServerProcess,
  stopServerProcess,
} from '#test/support/server/server-process.ts';
import { createWorld, ORDERS_CREDENTIALS, type World } from '#test/support/server/world.ts';
import { ARMING_FILE, ARMING_SIGNAL, type Arming, type StopPoint } from './stop-points.ts';
import {
  exchangeOwn,
  type Presentation,
  post,
  presentAssertion,
  type Reply,
  sendTraffic,
  type Told,
} from './traffic.ts';

const HOOKS = fileURLToPath(new URL('hooks.ts', import.meta.url));
const SERVER = 'victim';
/** How long traffic may take to reach a stop point. */
const PATIENCE_MILLISECONDS = 120_000;

/** Dead tokens there must be before a server is killed: what it forgets must be missed. */
const DEAD_BEFORE = 6;

type Line = Readonly<Record<string, unknown>>;

/** Where in time a server is killed: at a stop point, or so many milliseconds after its load has begun. */
export type Moment = StopPoint | { readonly afterMilliseconds: number };

export interface KillRig {
  /** Kills the server at the moment, starts the next one, and holds it to what the killed one had told.
   * @throws {AssertionError} */
  round(moment: Moment): Promise<void>;
  /** Whether all that died in any round is dead still; and how much of everything there was. */
  afterwards(): Promise<Readonly<Record<'accepted' | 'unanswered' | 'dead', number>>>;
  dispose(): Promise<void>;
}

/** Ended rows for the sweep to find. */
function addEndedRows(path: string): void {
  const database = new DatabaseSync(path);
  const insert = database.prepare(
    'INSERT OR REPLACE INTO once (key, attempt, version, expires_at) VALUES (?, ?, 1, 1)',
  );
  database.exec('PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE');
  for (let index = 0; index < 2000; index += 1) insert.run(`ended-${index}`, 'attempt');
  database.exec('COMMIT');
  database.close();
}

async function arm(server: ServerProcess, { directory }: World, point: StopPoint): Promise<void> {
  const arming: Arming = { point, count: point.startsWith('sweep') ? 1 : randomInt(1, 12) };
  await writeFile(join(directory, 'arming.json'), JSON.stringify(arming));
  server.running.child.kill(ARMING_SIGNAL);
}

/** Sends traffic until the server is dead.
 * @throws {AssertionError} when it did not die where it should */
async function killUnderLoad(server: ServerProcess, world: World, moment: Moment): Promise<Told> {
  const { child } = server.running;
  const told: Told = { presentations: [], dead: [] };
  const traffic = sendTraffic(server.url, world, told);
  await eventually('tokens are revoked', async () => told.dead.length >= DEAD_BEFORE);
  const kill = (): boolean => child.kill('SIGKILL');
  let isLate = false;
  const timer =
    typeof moment === 'string'
      ? setTimeout(() => (isLate = kill()), PATIENCE_MILLISECONDS)
      : setTimeout(kill, moment.afterMilliseconds);
  if (typeof moment === 'string') {
    if (moment.startsWith('sweep')) addEndedRows(join(world.directory, 'data/viaduct.db'));
    await arm(server, world, moment);
  }
  await traffic;
  clearTimeout(timer);
  await server.running.exit();
  assert.equal(isLate, false, `the server never came to ${JSON.stringify(moment)}`);
  assert.equal(child.signalCode, 'SIGKILL', server.running.text());
  return told;
}

/** What an operator reads after a crash.
 * @throws {AssertionError} when the audit has a problem */
async function verifyAsOperator({ configFile }: ServerProcess, world: World): Promise<string> {
  const words = ['audit', 'verify', '--config', configFile];
  const { code, error, out } = await viaduct(words, world.directory);
  assert.equal(code, 0, error + out);
  assert.match(out, /, 0 problems$/m);
  return out;
}

async function auditKey({ directory }: World): Promise<ReturnType<typeof createAuditKey>> {
  const secret = await readFile(join(directory, 'keys/audit.key'), 'utf8');
  return createAuditKey(Buffer.from(secret, 'base64'));
}

async function auditLines({ auditFile }: ServerProcess): Promise<readonly Line[]> {
  const lines = (await readFile(auditFile, 'utf8')).split('\n');
  return lines.filter(Boolean).map((line) => JSON.parse(line) as Line);
}

/** Asks again while the answer is that nothing can be said now: on a machine that is busy the store may be too slow to say. */
async function settled(ask: () => Promise<Reply | undefined>): Promise<Reply | undefined> {
  let reply: Reply | undefined;
  await eventually('there is an answer', async () => (reply = await ask())?.status !== 503);
  return reply;
}

/** What was used once is refused, also where nobody was told that it was used; at most one token came of each. */
async function assertUsedOnce(url: string, { assertion, replies }: Presentation): Promise<void> {
  const present = () => settled(() => presentAssertion(url, assertion));
  replies.push(await present());
  replies.push(await present());
  const [first, second, third] = replies;
  const statuses = `${first?.status}, ${second?.status}, ${third?.status}`;
  assert.equal(third?.status, 400, statuses);
  assert.equal(third.body['error'], 'invalid_grant');
  if (first?.status === 200) assert.equal(second?.status, 400, statuses);
}

async function assertDead(url: string, token: string): Promise<void> {
  const form = { token, ...ORDERS_CREDENTIALS };
  const inspection = await settled(() => post(`${url}/introspect`, form));
  assert.deepEqual(inspection, { status: 200, body: { active: false } });
  assert.equal((await settled(() => exchangeOwn(url, token)))?.status, 400);
}

/** From the audit: no assertion gave two tokens, and no token left without its line. */
async function assertRecorded(server: ServerProcess, world: World, told: Told): Promise<void> {
  const key = await auditKey(world);
  const minted = (await auditLines(server)).filter(({ outcome }) => outcome === 'minted');
  const tokenHashes = new Set(minted.map(({ token }) => (token as Line)['idHash']));
  const subjects = minted
    .filter(({ operation }) => operation === 'jwt-bearer')
    .map(({ subject }) => ((subject as Line)['token'] as Line)['idHash']);
  assert.equal(new Set(subjects).size, subjects.length, 'an assertion gave two tokens');
  for (const { replies } of told.presentations)
    for (const reply of replies) {
      if (reply?.status !== 200) continue;
      const { iss = '', jti = '' } = decodeJwt(String(reply.body['access_token']));
      assert.ok(tokenHashes.has(lookupHash(key, { issuer: iss, id: jti })), `no line for ${jti}`);
    }
}

function startVictim(world: World): Promise<ServerProcess> {
  return startServerProcess(world.directory, SERVER, world.document, {
    NODE_OPTIONS: `--import=${HOOKS}`,
    [ARMING_FILE]: join(world.directory, 'arming.json'),
  });
}

const count = (presentations: readonly Presentation[], status: number | undefined): number =>
  presentations.filter(({ replies: [first] }) => first?.status === status).length;

/** A rig over the store that the section names. */
export async function startKillRig(store: (directory: string) => object): Promise<KillRig> {
  const world = await createWorld(store);
  const all: Told = { presentations: [], dead: [] };
  let server = await startVictim(world);
  return {
    async round(moment) {
      const told = await killUnderLoad(server, world, moment);
      all.presentations.push(...told.presentations);
      all.dead.push(...told.dead);
      const report = await verifyAudit([[server.auditFile]], await auditKey(world));
      assert.deepEqual(report.problems, []);
      server = await startVictim(world);
      const { url } = server;
      await Promise.all(told.presentations.map((one) => assertUsedOnce(url, one)));
      await Promise.all(told.dead.map((token) => assertDead(url, token)));
      await assertRecorded(server, world, told);
      const notes = await verifyAsOperator(server, world);
      if (typeof moment === 'string' && moment.endsWith('torn'))
        assert.match(notes, /^note: .*was cut/m);
    },
    async afterwards() {
      for (const token of all.dead) await assertDead(server.url, token);
      return {
        accepted: count(all.presentations, 200),
        unanswered: count(all.presentations, undefined),
        dead: all.dead.length,
      };
    },
    async dispose() {
      await stopServerProcess(server);
      await world.dispose();
    },
  };
}
