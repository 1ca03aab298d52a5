import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import type { AuditRecord } from '#core/ports.ts';
import { createAuditKey } from '#src/audit/audit-key.ts';
import { extendChain } from '#src/audit/chain/chain.ts';
import { NO_LINE } from '#src/audit/chain/line.ts';
import { recordContent } from '#src/audit/chain/record-line.ts';
import { verifyAudit } from '#src/audit/verify.ts';

const KEY = createAuditKey(new Uint8Array(32).fill(1));
const RULES = { chain: 'c', key: KEY, checkpointEveryRecords: 3, otherHeads: () => [] };
const TIME = '2027-01-15T08:00:00.000Z';

const text = fc.string({ unit: 'binary', maxLength: 12 });
const records: fc.Arbitrary<AuditRecord[]> = fc.array(
  fc.record(
    {
      event: fc.constantFrom('token.exchange', 'token.revoke'),
      outcome: fc.constantFrom('allowed', 'refused'),
      correlationId: text,
      detail: text,
      targets: fc.array(text, { maxLength: 3 }),
      token: fc.record({ issuer: text, id: text }),
    },
    { requiredKeys: ['event', 'outcome', 'correlationId'] },
  ),
  { minLength: 1, maxLength: 8 },
);

/** The bytes of a chain with these records, sealed before them and at its end. */
function aChain(given: readonly AuditRecord[]): Buffer {
  const started = { event: 'audit.started', chain: 'c' };
  const written = extendChain(
    { head: NO_LINE, recordsSinceCheckpoint: 0 },
    [
      { kind: 'notice', time: TIME, content: started },
      { kind: 'checkpoint', time: TIME },
      ...given.map((record) => ({
        kind: 'record' as const,
        time: TIME,
        content: recordContent(record, KEY),
      })),
      { kind: 'checkpoint', time: TIME },
    ],
    RULES,
  );
  return Buffer.from(written.text);
}

async function problemsOf(path: string, bytes: Uint8Array): Promise<number> {
  await writeFile(path, bytes);
  return (await verifyAudit([[path]], KEY, { checkpointEveryRecords: 3 })).problems.length;
}

test('audit: whatever records are written, the chain verifies, and no single changed byte stays unseen', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'viaduct-audit-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'audit.jsonl');

  await fc.assert(
    fc.asyncProperty(
      records,
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (given, at, flip) => {
        const bytes = aChain(given);
        assert.equal(await problemsOf(path, bytes), 0);

        // Without its newline the last line is torn, which is a note: that byte is left alone.
        const changed = at % (bytes.length - 1);
        bytes[changed] = (bytes[changed] ?? 0) ^ flip;

        assert.notEqual(await problemsOf(path, bytes), 0);
      },
    ),
    { numRuns: 300 },
  );
});
