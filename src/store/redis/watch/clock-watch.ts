// How the clock of a server goes, held against two of ours: lifetimes end by it.
import { type Clock, millisecondsOf } from '#core/instant.ts';

/** What a look at the clock shows, in seconds. */
interface ClockReading {
  /** How far it is ahead of ours; negative when it is behind. */
  readonly aheadSeconds: number;
  /** How far it went ahead at once since the last look; nothing where it is as it was. */
  readonly wentAheadSeconds: number;
}

interface Offsets {
  readonly ofClock: number;
  readonly ofUptime: number;
}

/** The clock of one server. */
export class ClockWatch {
  readonly #clock: Clock;
  #last: Offsets | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Reads it, by the reply to TIME. Ours may be set too, or stand still while the machine sleeps, but not both alike: what both say is
   * a step of the server's. */
  async read(askTime: () => Promise<unknown>): Promise<ClockReading> {
    const before = [millisecondsOf(this.#clock), performance.now()] as const;
    const reply = await askTime();
    const [seconds, microseconds] = reply as readonly [string, string];
    const told = Number(seconds) + Number(microseconds) / 1_000_000;
    const ofClock = told - (before[0] + millisecondsOf(this.#clock)) / 2000;
    const ofUptime = told - (before[1] + performance.now()) / 2000;
    const last = this.#last ?? { ofClock, ofUptime };
    this.#last = { ofClock, ofUptime };
    const wentAheadSeconds = Math.min(ofClock - last.ofClock, ofUptime - last.ofUptime);
    return { aheadSeconds: ofClock, wentAheadSeconds };
  }
}
