// Keeps workers running: starts them on numbered slots, restarts the ones that died, replaces and stops them in order.
// Each worker has a slot for its life: its audit file is named after it, and no two write one file.
import cluster, { type Worker } from 'node:cluster';
import { type Channel, type Handlers, openChannel } from './channel.ts';
import { createCrashBudget } from './crash-budget.ts';
import { closeUntaken } from './untaken-connection.ts';
import { relayErrors, WORKER_STDIO } from './worker-output.ts';

export interface Member {
  readonly slot: number;
  readonly pid: number;
  readonly channel: Channel;
  /** It serves. */
  readonly isReady: boolean;
}

interface SupervisorSettings {
  readonly count: number;
  /** What a worker may ask. */
  readonly handlersFor: (member: Member) => Handlers;
  /** Told when a worker serves. */
  readonly onReady: (member: Member) => void;
  /** Told when a worker is gone, whether it was meant to or not. */
  readonly onGone: (member: Member, end: WorkerEnd) => void;
  /** Told when too many have died: nothing is restarted any more. */
  readonly onGivenUp: () => void;
}

interface WorkerEnd {
  readonly isCrash: boolean;
  readonly code: number | null;
  readonly signal: string | null;
  /** Why it could not even be started. */
  readonly cause?: unknown;
}

interface Seat extends Member {
  readonly worker: Worker;
  readonly ready: PromiseWithResolvers<void>;
  readonly gone: PromiseWithResolvers<void>;
  /** A crash before it served is its starter's affair. */
  readonly isTrial: boolean;
  isReady: boolean;
  isLeaving: boolean;
  heardAt: number;
}

const LOOK_EVERY_MILLISECONDS = 5000;
/** How long a worker that is replaced goes on, telling its clients to come back on another connection. */
const LINGER_MILLISECONDS = 1000;
/** A worker that has said nothing for so long does nothing for others either. */
const HUNG_MILLISECONDS = 30_000;
/** A successor that neither serves nor ends for so long would hold the reload, and each one behind it. */
const TRIAL_MILLISECONDS = 60_000;

function openSeat(slot: number, isTrial: boolean, handlersOf: (member: Seat) => Handlers): Seat {
  const worker = cluster.fork();
  // Where descriptors ran out there is nothing to send by.
  if (worker.process.pid !== undefined) closeUntaken(worker);
  relayErrors(worker);
  const handlers: Record<string, Handlers[string]> = {};
  const channel = openChannel(
    {
      send: (message) => void worker.send(message),
      onMessage: (listener) => void worker.on('message', listener),
    },
    handlers,
  );
  const seat: Seat = {
    slot,
    pid: worker.process.pid ?? 0,
    worker,
    channel,
    isTrial,
    ready: Promise.withResolvers(),
    gone: Promise.withResolvers(),
    isReady: false,
    isLeaving: false,
    heardAt: performance.now(),
  };
  // Nobody waits for it but `roll`.
  seat.ready.promise.catch(() => undefined);
  Object.assign(handlers, handlersOf(seat));
  worker.on('message', () => (seat.heardAt = performance.now()));
  // A message to a worker that has just died: its exit is told as well.
  worker.on('error', () => undefined);
  return seat;
}

/** For how many milliseconds it may say nothing: of one that is started, not in place of another, nobody waits for an answer. */
function silenceBound({ isReady, isTrial }: Seat): number {
  if (isReady) return HUNG_MILLISECONDS;
  return isTrial ? TRIAL_MILLISECONDS : Number.POSITIVE_INFINITY;
}

/** The supervision of all workers; nothing is started before `start`. */
export class Supervisor {
  readonly #settings: SupervisorSettings;
  readonly #seats = new Map<number, Seat>();
  /** Slots whose worker died and is started again in a moment. */
  readonly #awaited = new Set<number>();
  readonly #budget = createCrashBudget();
  readonly #started = Promise.withResolvers<void>();
  readonly #watch: NodeJS.Timeout;
  #hasStarted = false;
  #isStopping = false;
  #lookedAt = performance.now();

  constructor(settings: SupervisorSettings) {
    this.#settings = settings;
    this.#watch = setInterval(() => this.#endHung(), LOOK_EVERY_MILLISECONDS).unref();
  }

  /** Workers that serve. */
  members(): readonly Member[] {
    return [...this.#seats.values()].filter(({ isReady }) => isReady);
  }

  /** Resolves when all serve.
   * @throws {Error} when one ends with a failure before, or when they keep dying */
  start(): Promise<void> {
    cluster.setupPrimary({ stdio: WORKER_STDIO });
    for (let slot = 1; slot <= this.#settings.count; slot += 1) this.#spawn(slot, false);
    return this.#started.promise;
  }

  /** Replaces each worker that is meant by a new one, one after the other: a worker is stopped once its successor serves.
   * @throws {Error} when a successor does not start; its predecessor and those behind it go on */
  async roll(isMeant: (member: Member) => boolean): Promise<void> {
    // Those too that do not serve yet: what they were told is what is replaced.
    const seats = [...this.#seats.values()].filter(isMeant);
    for (const old of seats) {
      // Whoever is stopped meanwhile must not start what nobody stops any more.
      if (this.#isStopping) throw new Error('the workers are being stopped');
      // One that died was started again with what is new.
      if (this.#seats.get(old.slot) !== old) continue;
      const next = this.#spawn(this.#freeSlot(), true);
      await next.ready.promise;
      // Whoever died while its successor started has another one in its place by now, or gets none any more.
      this.#awaited.delete(old.slot);
      // Its successor has half of the new connections by then; clients are told to leave the old ones.
      await this.#leave(this.#seats.get(old.slot) ?? old, LINGER_MILLISECONDS);
    }
  }

  /** Stops all workers; resolves when they are gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all([...this.#seats.values()].map((seat) => this.#leave(seat)));
    clearInterval(this.#watch);
  }

  #spawn(slot: number, isTrial: boolean): Seat {
    const seat = openSeat(slot, isTrial, (member) => ({
      ...this.#settings.handlersFor(member),
      ready: async () => this.#serving(member),
    }));
    seat.worker.on('exit', (code: number | null, signal: string | null) =>
      this.#left(seat, { code, signal }),
    );
    // What never was a process has no exit: where the system has no room for one, or its program is gone.
    seat.worker.once('error', (cause) => {
      if (seat.pid === 0) this.#left(seat, { code: null, signal: null, cause });
    });
    this.#seats.set(slot, seat);
    return seat;
  }

  #serving(seat: Seat): void {
    seat.isReady = true;
    seat.ready.resolve();
    this.#settings.onReady(seat);
    if (this.members().length < this.#settings.count) return;
    this.#hasStarted = true;
    this.#started.resolve();
  }

  #left(seat: Seat, how: Omit<WorkerEnd, 'isCrash'>): void {
    this.#seats.delete(seat.slot);
    seat.channel.close();
    seat.ready.reject(new Error('the worker ended before it served'));
    seat.gone.resolve();
    const isCrash = !seat.isLeaving && !this.#isStopping;
    this.#settings.onGone(seat, { isCrash, ...how });
    // By itself, with the reason in its last words: the next one would end as it did.
    if (isCrash && !this.#hasStarted && how.code === 1)
      return this.#giveUp('a worker ended before it served');
    if (isCrash && !(seat.isTrial && !seat.isReady)) this.#restart(seat.slot);
  }

  #restart(slot: number): void {
    const pause = this.#budget.spend(performance.now());
    if (pause === undefined) return this.#giveUp();
    this.#awaited.add(slot);
    setTimeout(() => {
      if (this.#awaited.delete(slot) && !this.#isStopping) this.#spawn(slot, false);
    }, pause);
  }

  #giveUp(why = 'the workers keep dying'): void {
    this.#isStopping = true;
    this.#started.reject(new Error(why));
    this.#settings.onGivenUp();
  }

  #leave(seat: Seat, lingerMilliseconds = 0): Promise<void> {
    seat.isLeaving = true;
    // It answers when it has drained; a worker that serves nobody yet is simply ended.
    if (seat.isReady) seat.channel.ask('stop', lingerMilliseconds).catch(() => undefined);
    else seat.worker.process.kill('SIGKILL');
    return seat.gone.promise;
  }

  #freeSlot(): number {
    let slot = 1;
    while (this.#seats.has(slot) || this.#awaited.has(slot)) slot += 1;
    return slot;
  }

  #endHung(): void {
    const now = performance.now();
    const wasAwake = now - this.#lookedAt < 2 * LOOK_EVERY_MILLISECONDS;
    this.#lookedAt = now;
    // What this process slept through it cannot hold against others.
    for (const seat of this.#seats.values()) {
      if (!wasAwake) seat.heardAt = now;
      if (now - seat.heardAt > silenceBound(seat)) seat.worker.process.kill('SIGKILL');
    }
  }
}
