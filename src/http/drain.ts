// An orderly end: no request that was taken stays without its answer, and what was answered is on record.
import type { Server, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { takeOut } from './load/in-flight.ts';

const LINGER_MILLISECONDS = 500;

export interface DrainSettings {
  /** The public server. The management server goes on, to say that we are not ready: close it with the closers. */
  readonly server: Server;
  /** How long we still take requests, until everyone has seen that we are not ready. */
  readonly drainDelayMilliseconds: number;
  /** How long requests in flight may take to finish. */
  readonly graceMilliseconds: number;
  /** Run one after the other when no request is left: audit first, store after it. */
  readonly onDrained: readonly (() => Promise<void>)[];
}

export interface Drain {
  /** True from the start on: not ready. */
  isDraining(): boolean;
  /** Drains, taking requests for `atLeastMilliseconds` more in any case; a second call gets the first one's promise.
   * @throws {AggregateError} what the closers failed with, after all of them ran */
  start(atLeastMilliseconds?: number): Promise<void>;
  /** Closes where nothing was ever taken: there is nobody to wait for.
   * @throws {AggregateError} as `start` */
  abandon(): Promise<void>;
}

interface Flight {
  /** Tells clients to come back on another connection, those in flight included. */
  closeConnections(): void;
  count(): number;
  /** Resolves when no request is in flight. */
  landed(): Promise<void>;
}

/** Watches the requests in flight of a server. */
function watch(server: Server): Flight {
  const responses: ServerResponse[] = [];
  const waiting: (() => void)[] = [];
  let isClosing = false;
  const sayClose = (response: ServerResponse): void => {
    if (!response.headersSent) response.setHeader('connection', 'close');
  };
  // Before the application: its answer may be on its way when a later listener runs.
  server.prependListener('request', (_, response: ServerResponse) => {
    responses.push(response);
    if (isClosing) sayClose(response);
    response.once('close', () => {
      takeOut(responses, response);
      if (responses.length === 0) for (const resolve of waiting.splice(0)) resolve();
    });
  });
  return {
    closeConnections() {
      isClosing = true;
      responses.forEach(sayClose);
    },
    count: () => responses.length,
    landed: () =>
      responses.length === 0
        ? Promise.resolve()
        : new Promise((resolve) => void waiting.push(resolve)),
  };
}

/** Stops to listen, waits for what is in flight, then ends what is left. */
async function closeServer(server: Server, flight: Flight, graceMilliseconds: number) {
  const over = new AbortController();
  const pause = (milliseconds: number): Promise<void> =>
    wait(milliseconds, undefined, { signal: over.signal }).catch(() => undefined);
  // Connections that are idle then it closes itself.
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));

  async function finishAll(): Promise<void> {
    do {
      await flight.landed();
      // A request may be half received, an answer half sent: give both a moment.
      await Promise.race([closed, pause(LINGER_MILLISECONDS)]);
    } while (!over.signal.aborted && flight.count() > 0);
  }
  await Promise.race([finishAll(), pause(graceMilliseconds)]);
  server.closeAllConnections();
  over.abort();
  await closed;
}

/** Runs all of them, one after the other.
 * @throws {AggregateError} what they failed with, after the last one */
export async function closeAll(closers: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of closers) {
    try {
      await close();
    } catch (cause) {
      failures.push(cause);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'not everything was closed well');
}

/** Prepares the drain of a server; made before it listens, so that every request is seen. */
export function createDrain(settings: DrainSettings): Drain {
  const { server, drainDelayMilliseconds, graceMilliseconds, onDrained } = settings;
  const flight = watch(server);
  let draining: Promise<void> | undefined;

  async function drain(atLeastMilliseconds: number): Promise<void> {
    // From now on, not only when we close: a client that goes on to use its connection would meet the closing of it.
    flight.closeConnections();
    await wait(Math.max(drainDelayMilliseconds, atLeastMilliseconds));
    await closeServer(server, flight, graceMilliseconds);
    await closeAll(onDrained);
  }
  return {
    isDraining: () => draining !== undefined,
    start(atLeastMilliseconds = 0) {
      draining ??= drain(atLeastMilliseconds);
      return draining;
    },
    abandon() {
      draining ??= closeAll(onDrained);
      return draining;
    },
  };
}
