// docs/reliability.md has every row, and every row is shown by something that is there.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { CLUSTER_FAULTS } from '#test/store/faults/cluster-faults.ts';
import { SENTINEL_FAULTS } from '#test/store/faults/sentinel-faults.ts';
import { SINGLE_FAULTS } from '#test/store/faults/single-faults.ts';
import { SQLITE_FAULTS } from '#test/store/faults/sqlite-faults.ts';
import { ROWS } from './rows.ts';
import { proofsOf, SCOREBOARD_FILE } from './scoreboard.ts';

const FAULTS = [...SINGLE_FAULTS, ...SQLITE_FAULTS, ...SENTINEL_FAULTS, ...CLUSTER_FAULTS];
const KILLS = ['kill/sqlite', 'kill/redis'];

test('Scoreboard: the document has 32 rows, each with its proofs and a result', async () => {
  const document = await readFile(SCOREBOARD_FILE, 'utf8');

  assert.deepEqual(
    ROWS.map(({ number }) => number),
    Array.from({ length: 32 }, (_, index) => index + 1),
  );
  for (const row of ROWS) {
    const line = document.split('\n').find((text) => text.startsWith(`| ${row.number} | `));
    assert.ok(line !== undefined, `row ${row.number} is not in the document`);
    assert.ok(line.includes(row.failure));
    assert.match(line, /\| (pass|not applicable: .+|\*\*open\*\*: .+|\*\*fail\*\*: .+) \|/);
    for (const proof of proofsOf(row)) assert.ok(line.includes(`\`${proof}\``), proof);
  }
});

test('Scoreboard: each row names faults of the rig, tests that exist, or says why it has none', async () => {
  const ids = new Set([...FAULTS.map(({ id }) => id), ...KILLS]);
  for (const row of ROWS) {
    const { faults = [], tests = [] } = row;
    const reason = row.notApplicable ?? row.open;
    assert.ok(faults.length + tests.length > 0 || reason !== undefined, `row ${row.number}`);
    for (const id of faults) assert.ok(ids.has(id.replace(' (ioredis)', '')), id);
    for (const [file, title] of tests)
      assert.ok((await readFile(file, 'utf8')).includes(title), `${file} has no ${title}`);
  }
});

test('Scoreboard: a fault names the rows it is named in', () => {
  for (const { id, rows } of FAULTS)
    for (const number of rows) {
      const row = ROWS.find((each) => each.number === number);
      assert.ok(
        row?.faults?.includes(id) || row?.faults?.some((one) => one.startsWith('kill/')),
        id,
      );
    }
});
