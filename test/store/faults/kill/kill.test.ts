// The short form: some of the stop points, once. `npm run test:faults` runs a hundred rounds over all of them.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type KillRig, startKillRig } from './kill-rounds.ts';
import { STOP_POINTS, type StopPoint } from './stop-points.ts';

const SOME: readonly StopPoint[] = [
  'mark-committed',
  'answer',
  'sweep-before-commit',
  'checkpoint-torn',
];

describe('kill -9 of a server on the embedded store', () => {
  let rig: KillRig;
  before(async () => {
    rig = await startKillRig((directory) => ({
      sqlite: { path: join(directory, 'data/viaduct.db') },
    }));
  });
  after(() => rig.dispose());

  for (const point of SOME)
    it(`loses nothing that was promised: ${STOP_POINTS[point]}`, () => rig.round(point));

  it('keeps dead what died in any round, and did not test nothing', async () => {
    const { accepted, dead, unanswered } = await rig.afterwards();

    assert.ok(accepted > 0 && unanswered > 0 && dead > 0);
  });
});
