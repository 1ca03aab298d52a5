// The disk of the store or of the audit is full while tokens are exchanged and revoked: what cannot be kept is refused, what was given is on
// record, it is said why, and all goes on once there is room.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '#test/support/eventually.ts';
import { GATEWAY_BASIC } from '#test/support/server/document.ts';
import { viaduct } from '#test/support/server/process.ts';
import {
  type Disk,
  disksMissing,
  type OnDisks,
  serveOnDisks,
} from '#test/support/server/small-disks.ts';

interface Seen {
  readonly status: number;
  readonly correlationId: string;
  readonly retryAfter: string | null;
}

async function post({ url }: OnDisks, path: string, token: string): Promise<Response> {
  const body = new URLSearchParams({ token });
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: GATEWAY_BASIC },
    body,
  });
}

/** Asks in four lanes until it is told to end. */
function underLoad({ exchange }: OnDisks) {
  const seen: Seen[] = [];
  const tokens: string[] = [];
  let isOver = false;
  const lane = async (): Promise<void> => {
    while (!isOver) {
      const answer = await exchange();
      const { headers, status } = answer;
      const body = (await answer.json()) as { readonly access_token?: string };
      if (body.access_token !== undefined) tokens.push(body.access_token);
      const correlationId = headers.get('x-correlation-id') ?? '';
      seen.push({ status, correlationId, retryAfter: headers.get('retry-after') });
    }
  };
  const lanes = Promise.all(Array.from({ length: 4 }, lane));
  return {
    seen,
    tokens,
    /** Resolves once so many more have this answer. */
    more: async (count: number, status: number): Promise<void> => {
      const has = (): number => seen.filter((each) => each.status === status).length;
      const wanted = has() + count;
      await eventually(`${count} times ${status}`, async () => has() >= wanted);
    },
    end: async (): Promise<void> => {
      isOver = true;
      await lanes;
    },
  };
}

/** The correlation ids of the tokens that are on record as made. */
async function mintedIn(directory: string): Promise<ReadonlySet<unknown>> {
  const names = (await readdir(join(directory, 'audit'))).filter((name) => name.endsWith('.jsonl'));
  const texts = await Promise.all(
    names.map((name) => readFile(join(directory, 'audit', name), 'utf8')),
  );
  const lines = texts.flatMap((text) => text.split('\n').filter(Boolean));
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const minted = records.filter(({ outcome }) => outcome === 'minted');
  return new Set(minted.map(({ correlationId }) => correlationId));
}

const readiness = async ({ managementUrl }: OnDisks): Promise<number> =>
  (await fetch(`${managementUrl}/readyz`)).status;

const SAID: Readonly<Record<Disk, RegExp>> = {
  audit: /"level":"error",.*ENOSPC.*"msg":"the audit cannot be written"/,
  store: /"level":"warn",.*SQLite result 13.*"msg":"store command failed"/,
};

for (const disk of ['audit', 'store'] as const)
  for (const workers of [1, 2])
    test(`Row 23: with workers: ${workers}, while the disk of the ${disk} is full nothing is given that is not on record, and all goes on once there is room`, {
      skip: disksMissing(),
      timeout: 240_000,
    }, async (t) => {
      const server = await serveOnDisks(t, (document) => {
        document['workers'] = workers;
        document['log'] = { level: 'warn' };
      });
      const load = underLoad(server);
      await load.more(40, 200);

      await server.fill(disk);
      await load.more(40, 503);
      // Of the audit from the first refusal on: each question has it try the disk again, whose last block may have room for a line of ours.
      if (disk === 'audit')
        for (let time = 0; time < 10; time += 1) assert.equal(await readiness(server), 503);
      await eventually('it is not ready', async () => (await readiness(server)) === 503);
      const asked = load.tokens.slice(0, 20);
      const revoked = await Promise.all(asked.map((token) => post(server, '/revoke', token)));
      await eventually('it is said', async () => SAID[disk].test(server.server.text()));
      await server.empty(disk);
      await eventually('it is ready', async () => (await readiness(server)) === 200);
      await load.more(40, 200);
      await load.end();

      assert.deepEqual(new Set(load.seen.map(({ status }) => status)), new Set([200, 503]));
      for (const { retryAfter, status } of load.seen)
        assert.equal(retryAfter !== null, status === 503);
      for (const [index, { status }] of revoked.entries()) {
        assert.ok(status === 200 || status === 503, `${status}`);
        const found = await post(server, '/introspect', asked[index] ?? '');
        const { active } = (await found.json()) as { readonly active: boolean };
        if (status === 200) assert.equal(active, false);
      }
      await server.copyOut('audit');
      const minted = await mintedIn(server.directory);
      const given = load.seen.filter(({ status }) => status === 200);
      assert.ok(given.every(({ correlationId }) => minted.has(correlationId)));
      const verified = await viaduct(['audit', 'verify'], server.directory);
      assert.equal(verified.code, 0, verified.error);
    });
