// What a race is: something that is good once, and what those who come with it are told.
import assert from 'node:assert/strict';
import type { ServerProcess } from '#test/support/server/server-process.ts';
import type { RaceWorld } from './race-world.ts';

export const CONTENDERS = 50;

/** A request that a contender sends. */
export interface Presentation {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Outcome {
  readonly status: number;
  readonly text: string;
  /** Which of the servers answered. */
  readonly server: number;
}

export interface Race {
  /** Begins with the rule. */
  readonly name: string;
  /** Makes something that is good once, fresh for every round: one request that all contenders send, or one for each. The
   * servers are there for what must happen before. */
  readonly present: (
    world: RaceWorld,
    servers: readonly ServerProcess[],
  ) => Promise<Presentation | readonly Presentation[]>;
  /** Holds the answers to the rule.
   * @throws {AssertionError} */
  readonly judge: (outcomes: readonly Outcome[], servers: number) => void;
}

/** What a loser gets. */
export interface Loss {
  readonly status: number;
  readonly says: RegExp;
}

/** One gets what it asked for, and every other one of these errors, on every server. */
export const oneWins =
  (...losses: readonly Loss[]): Race['judge'] =>
  (outcomes, servers) => {
    const lost = outcomes.filter(({ status }) => status !== 200);
    const isNative = ({ status, text }: Outcome) =>
      losses.some((loss) => loss.status === status && loss.says.test(text));

    assert.equal(outcomes.length - lost.length, 1, lost[0]?.text);
    for (const one of lost) assert.ok(isNative(one), `${one.status} ${one.text}`);
    assert.equal(new Set(lost.map(({ server }) => server)).size, servers);
  };

/** Sends one request to one server, before the race.
 * @throws {AssertionError} unless it succeeds */
export async function prepare(server: ServerProcess, presentation: Presentation): Promise<string> {
  const { path, headers, body } = presentation;
  const response = await fetch(`${server.url}${path}`, { method: 'POST', headers, body });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return text;
}
