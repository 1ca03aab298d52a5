// Builders for the tests of the audit: a folder for the run, records, and a file whose failures the test decides.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { AuditRecord } from '#core/ports.ts';
import { createAuditKey } from '#src/audit/audit-key.ts';
import { type AuditLogSettings, openAuditLog } from '#src/audit/audit-log.ts';
import type { AuditSink } from '#src/audit/audit-sink.ts';
import { type AuditFile, openAuditFile } from '#src/audit/file/audit-file.ts';

export const SECRET = new Uint8Array(32).fill(7);
export const KEY = createAuditKey(SECRET);

/** Longer than a disk takes that all other tests are at as well: few tests are about how long a record may wait. */
export const PATIENT = { key: SECRET, waitMilliseconds: 10_000 };

/** A path in a folder of its own, removed after the test. */
export async function aPath(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'viaduct-audit-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'audit.jsonl');
}

/** An open audit; closed after the test. */
export async function anAudit(
  t: TestContext,
  settings: Partial<AuditLogSettings> = {},
): Promise<AuditSink> {
  const path = settings.path ?? (await aPath(t));
  const audit = await openAuditLog({ ...PATIENT, ...settings, path });
  t.after(() => audit.close());
  return audit;
}

export function aRecord(members: Partial<AuditRecord> = {}): AuditRecord {
  return { event: 'token.exchange', outcome: 'minted', correlationId: 'c-1', ...members };
}

/** The path of a closed audit with `count` records; line 1 and 2 start it, the last line is a checkpoint. */
export async function aWrittenAudit(
  t: TestContext,
  count: number,
  settings: Partial<AuditLogSettings> = {},
): Promise<string> {
  const path = settings.path ?? (await aPath(t));
  const audit = await openAuditLog({ ...PATIENT, ...settings, path });
  for (let index = 1; index <= count; index += 1) {
    await audit.append(aRecord({ correlationId: `c-${index}` }));
  }
  await audit.close();
  return path;
}

export interface Line {
  readonly seq: number;
  readonly event: string;
  readonly [member: string]: unknown;
}

/** The lines of an audit file, parsed. */
export async function linesOf(path: string): Promise<readonly Line[]> {
  const text = await readFile(path, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

export interface Disk {
  /** What the next writes do. `torn`: half of the bytes arrive, then the write fails. `last block`: the same of what is longer than one
   * line of ours. */
  fault: 'none' | 'full' | 'torn' | 'hangs' | 'last block';
  /** How many writes were synced. */
  writes: number;
  /** Lets the hanging writes go on. */
  resume(): void;
  readonly openFile: (path: string) => Promise<AuditFile>;
}

const BLOCK_BYTES = 1024;

/** A real file on a disk whose faults the test decides. */
export function aDisk(): Disk {
  let { promise, resolve } = Promise.withResolvers<void>();
  const disk: Disk = {
    fault: 'none',
    writes: 0,
    resume() {
      disk.fault = 'none';
      resolve();
      ({ promise, resolve } = Promise.withResolvers<void>());
    },
    async openFile(path) {
      const file = await openAuditFile(path);
      return {
        ...file,
        freeBytes: async () => (disk.fault === 'last block' ? BLOCK_BYTES : file.freeBytes()),
        async append(text) {
          const isTorn =
            disk.fault === 'torn' || (disk.fault === 'last block' && text.length > BLOCK_BYTES);
          if (isTorn) await file.append(text.slice(0, text.length / 2));
          if (isTorn || disk.fault === 'full') throw new Error('ENOSPC');
          if (disk.fault === 'hangs') await promise;
          disk.writes += 1;
          await file.append(text);
        },
      };
    },
  };
  return disk;
}
