// What the lanes tell: one happening for each call of the store.

/** `ok`: a token could have been issued on it. `refused`: used before, or revoked. `failed`: closed, or unknown. */
export type Result = 'ok' | 'refused' | 'failed';

export interface Happening {
  readonly kind: 'once' | 'revoke' | 'rotate' | 'look';
  readonly id: string;
  readonly result: Result;
  /** When it began, epoch milliseconds, and how long it took. */
  readonly at: number;
  readonly milliseconds: number;
  /** What must never be: said by whoever saw it. */
  readonly violation?: string;
}

/** A line of a load process. */
export type Line =
  | { readonly ready: true }
  | { readonly told: string; readonly at: number }
  | { readonly happenings: readonly Happening[] }
  | { readonly worstLoopDelayMilliseconds: number; readonly residentMegabytes: number };
