// How the clock of a server goes, held against two of ours: lifetimes end by it.
import { type Clock, millisecondsOf } from '#core/instant.ts';

/** What a look at the clock shows, in seconds. */
interface ClockReading {
  /** How far it is ahead of ours at least; negative when it is behind. */
  readonly aheadSeconds: number;
  /** How far it went ahead at once since the last look, at least; not above zero where it is as it was. */
  readonly wentAheadSeconds: number;
}

/** How far a clock is ahead of one of ours: a reply was made at some moment between the question and its coming. */
interface Offset {
  readonly least: number;
  readonly most: number;
}

const offsetOf = (told: number, asked: number, came: number): Offset => ({
  // Ours may count whole milliseconds only.
  least: told - (came + 1) / 1000,
  most: told - asked / 1000,
});

interface Offsets {
  readonly ofClock: Offset;
  readonly ofUptime: Offset;
}

/** The clock of one server. */
export class ClockWatch {
  readonly #clock: Clock;
  #last: Offsets | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Reads it, by the reply to TIME. Ours may be set too, or stand still while the machine sleeps, but not both alike: what both say is
   * a step of the server's. What the time that a reply took may explain is none. */
  async read(askTime: () => Promise<unknown>): Promise<ClockReading> {
    const asked = [millisecondsOf(this.#clock), performance.now()] as const;
    const reply = await askTime();
    const [seconds, microseconds] = reply as readonly [string, string];
    const told = Number(seconds) + Number(microseconds) / 1_000_000;
    const ofClock = offsetOf(told, asked[0], millisecondsOf(this.#clock));
    const ofUptime = offsetOf(told, asked[1], performance.now());
    const last = this.#last ?? { ofClock, ofUptime };
    this.#last = { ofClock, ofUptime };
    return {
      aheadSeconds: Math.max(ofClock.least, Math.min(ofClock.most, 0)),
      wentAheadSeconds: Math.min(
        ofClock.least - last.ofClock.most,
        ofUptime.least - last.ofUptime.most,
      ),
    };
  }
}
