// Runs sequences of commands against two servers on one store.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Ending } from '#test/support/server/server.ts';
import { CONTEXTS, holdContexts } from './commands/context-commands.ts';
import { ISSUING } from './commands/issue-commands.ts';
import { LIVING, WAITING } from './commands/life-commands.ts';
import { Fronts } from './fronts.ts';
import { holdAll, type Real } from './hold.ts';
import type { Model } from './model.ts';
import type { TimedServers } from './servers.ts';

const { LIFE_RUNS, LIFE_SEED: SEED, LIFE_PATH: PATH, LIFE_REPLAY: replayPath } = process.env;
/** Below, chance may have it that something was never drawn. */
const ENOUGH_RUNS = 30;
const MAX_COMMANDS = 80;

interface Setting {
  /** What the store is. */
  readonly name: string;
  readonly start: (ending: Ending) => Promise<TimedServers>;
  /** Whether time can be made to pass. */
  readonly waits: boolean;
  /** How many sequences, unless LIFE_RUNS says. */
  readonly runs: number;
}

/** Without these a run has shown nothing. */
const WANTED = [
  'issue: done',
  'make: done',
  'delegate: done',
  'renew: done',
  'refresh: done',
  'cancel: done',
  'use context: done',
];

/** The test of one store. A failure tells its seed, path and replayPath: with those in LIFE_SEED, LIFE_PATH and LIFE_REPLAY it comes
 * again. */
export function holdSequences({ name, runs, start, waits }: Setting): void {
  test(`Revocation: on ${name}, whatever is done in whatever order, all fronts tell the same of every token`, async (t) => {
    const servers = await start(t);
    const numRuns = Number(LIFE_RUNS ?? runs);
    const fronts = new Fronts(servers);
    const outcomes = new Map<string, number>();
    const arbitraries = [...ISSUING, ...LIVING, ...CONTEXTS, ...(waits ? [WAITING] : [])];
    const property = fc.asyncProperty(
      fc.commands(arbitraries, {
        maxCommands: MAX_COMMANDS,
        size: 'max',
        ...(replayPath !== undefined && { replayPath }),
      }),
      async (commands) => {
        servers.begin();
        const model: Model = {
          now: () => servers.clock.now(),
          tokens: [],
          families: [],
          contexts: [],
        };
        const real: Real = { fronts, servers, turn: 0, outcomes };
        await fc.asyncModelRun(() => ({ model, real }), commands);
        await holdAll(model, real);
        await holdContexts(model, real);
      },
    );
    await fc.assert(property, {
      numRuns,
      ...(SEED !== undefined && { seed: Number(SEED) }),
      ...(PATH !== undefined && { path: PATH }),
    });
    t.diagnostic(JSON.stringify(Object.fromEntries(outcomes)));
    if (SEED === undefined && numRuns >= ENOUGH_RUNS)
      for (const outcome of WANTED) assert.ok(outcomes.has(outcome), outcome);
  });
}
