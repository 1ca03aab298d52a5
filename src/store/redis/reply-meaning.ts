// What an error reply of Redis means to us, by its first word. Whatever it means, the operation is closed.

export interface ReplyMeaning {
  /** A read may be asked once more: the state passes by itself. Writes of one-time marks never are. */
  readonly mayReadAgain: boolean;
  /** What else is to be done. `rediscover`: we may talk to the wrong server. `alarm`: nothing but an operator mends it.
   * `follow`: the slot is on the move: where it has gone to is asked for again, and until it is there it is closed. */
  readonly followUp: 'nothing' | 'rediscover' | 'alarm' | 'follow' | 'log';
}

const PASSES: ReplyMeaning = { mayReadAgain: true, followUp: 'nothing' };
const REDISCOVER: ReplyMeaning = { mayReadAgain: false, followUp: 'rediscover' };
const FOLLOW: ReplyMeaning = { mayReadAgain: false, followUp: 'follow' };
const ALARM: ReplyMeaning = { mayReadAgain: false, followUp: 'alarm' };
const UNKNOWN: ReplyMeaning = { mayReadAgain: false, followUp: 'log' };

export const REPLY_MEANINGS: Readonly<Record<string, ReplyMeaning>> = {
  LOADING: PASSES,
  BUSY: PASSES,
  CLUSTERDOWN: PASSES,
  TRYAGAIN: PASSES,
  OOM: PASSES,
  READONLY: REDISCOVER,
  MASTERDOWN: REDISCOVER,
  // A master without replicas may be the one that was left behind, and what it does not know says nothing.
  NOREPLICAS: REDISCOVER,
  MOVED: FOLLOW,
  ASK: FOLLOW,
  NOAUTH: ALARM,
  WRONGPASS: ALARM,
  NOPERM: ALARM,
  WRONGTYPE: ALARM,
};

/** An error within a script carries the code of the inner one behind a dash (before Redis 7). */
const INNER = /-([A-Z]+) /;

/** The first word of an error reply; undefined for what is none, such as a broken connection. */
export function replyCode(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  const code = /^([A-Z]+)(?: |$)/.exec(cause.message)?.[1];
  if (code !== 'ERR') return code;
  const inner = INNER.exec(cause.message)?.[1];
  return inner !== undefined && inner in REPLY_MEANINGS ? inner : code;
}

/** What an error means. A connection that broke and an error we have no row for are closed and logged. */
export function meaningOf(cause: unknown): ReplyMeaning {
  const code = replyCode(cause);
  return (code === undefined ? undefined : REPLY_MEANINGS[code]) ?? UNKNOWN;
}
