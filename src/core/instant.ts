// Time inside the product: epoch seconds, read once for each decision, converted at the edges.

/** Epoch seconds, whole. */
export type Instant = number;

/** The window in which something is good: `notBefore` <= now < `notOnOrAfter`. */
export interface Lifetime {
  readonly notBefore: Instant;
  readonly notOnOrAfter: Instant;
}

export interface Clock {
  now(): Instant;
  /** The same clock in epoch milliseconds, where it is that fine: for rates, never for lifetimes. */
  nowMilliseconds?(): number;
}

/** Epoch milliseconds of a clock, in whole seconds where it has no finer ones. */
export function millisecondsOf(clock: Clock): number {
  return clock.nowMilliseconds?.() ?? clock.now() * 1000;
}

/** The first of some instants; undefined where there are none. */
export function earliest(instants: readonly (Instant | undefined)[]): Instant | undefined {
  const known = instants.filter((instant) => instant !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** The end of what has no end of its own, such as the identity of an authenticated requestor. */
export const FOREVER: Instant = Number.MAX_SAFE_INTEGER;
