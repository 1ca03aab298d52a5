// The short form: a few faults of the embedded store and of one Redis server, under a light load. The times are in the
// scoreboard, where the machine is not busy with other tests; here what must never happen is what counts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { redisMissing } from '#test/support/redis/redis-server.ts';
import { type Arena, singleArena, sqliteArena } from './arenas.ts';
import { type Fault, runFault } from './fault.ts';
import { SINGLE_FAULTS } from './single-faults.ts';
import { SQLITE_FAULTS } from './sqlite-faults.ts';

const LIGHT = { processes: 2, lanesEach: 4, pauseMilliseconds: 10, successes: 30 };
const SHORT = ['single/freeze', 'single/cut'];

async function holds<A extends Arena>(fault: Fault<A>, arena: A): Promise<void> {
  const { verdict } = await runFault(fault, arena, LIGHT);

  for (const [name, count] of Object.entries(verdict.violations)) assert.equal(count, 0, name);
  assert.ok(verdict.accepted > 0 && verdict.revoked > 0);
}

describe('The embedded store keeps its promises', () => {
  for (const fault of SQLITE_FAULTS)
    it(`${fault.id}: ${fault.title}`, async (t) => {
      const arena = await sqliteArena();
      t.after(() => arena.dispose());
      await holds(fault, arena);
    });
});

describe('One Redis server keeps its promises', { skip: redisMissing() }, () => {
  for (const fault of SINGLE_FAULTS.filter(({ id }) => SHORT.includes(id)))
    it(`${fault.id}: ${fault.title}`, async (t) => {
      const arena = await singleArena('node-redis');
      t.after(() => arena.dispose());
      await holds(fault, arena);
    });
});
