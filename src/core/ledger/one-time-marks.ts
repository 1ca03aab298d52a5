// What is good once, and what was used up: an assertion that was redeemed as a grant must not live on as a subject token.

import { onceMark } from '../decision/once-marks.ts';
import { ExchangeFailure } from '../failure.ts';
import type { Clock } from '../instant.ts';
import type { Store, StoreKey } from '../ports.ts';
import type { Requestor } from '../request/requestor.ts';
import { type TokenRef, tokenName, type ValidatedToken } from '../token/security-token.ts';
import type { OnceMark } from '../token/token-spec.ts';

export interface OneTimeMarks {
  /** Refuses a token that was used up, unless it was as the credential of this very message. Of several at one time `take` lets one
   * through. Those that come later are refused here, before they are counted: a used token must not use up the rate of its subject.
   * @throws {ExchangeFailure} `token-replayed`, `dependency-unavailable` */
  validateUnused(token: ValidatedToken, requestor?: Requestor): Promise<void>;
  /** Uses up the credentials of one message that are good once.
   * @throws {ExchangeFailure} `token-replayed`, `dependency-unavailable`, `token-malformed`: without an id it could be used again */
  takeCredentials(identities: readonly ValidatedToken[]): Promise<void>;
  /** Uses up evidence. Of a credential of the message the mark is taken already, which counts for one token: a collection must not
   * multiply it.
   * @throws {ExchangeFailure} `token-replayed`, `dependency-unavailable` */
  take(marks: readonly OnceMark[], requestor: Requestor): Promise<void>;
}

interface MarkParts {
  readonly store: Pick<Store, 'isMarked' | 'putOnce'>;
  readonly clock: Clock;
  /** A new unguessable id. */
  readonly newId: () => string;
  /** Kept on top of each mark, for clocks that differ. */
  readonly marginSeconds: number;
}

const markKey = ({ issuer, id }: TokenRef): StoreKey => ({ class: 'once', parts: [issuer, id] });

async function takeMark(
  { token, until }: OnceMark,
  { clock, marginSeconds, newId, store }: MarkParts,
): Promise<void> {
  const lifetimeSeconds = Math.max(until - clock.now(), 0) + marginSeconds;
  const result = await store.putOnce(markKey(token), newId(), lifetimeSeconds);
  if (!result.stored)
    throw new ExchangeFailure('token-replayed', 'a one-time token was presented again');
}

function credentialMarks(identity: ValidatedToken): readonly OnceMark[] {
  const { lifetime, onceUntil } = identity;
  if (onceUntil === undefined) return [];
  return [onceMark(identity, Math.max(onceUntil, lifetime.notOnOrAfter))];
}

/** One-time marks over a store. */
export function createOneTimeMarks(parts: MarkParts): OneTimeMarks {
  /** The marks that a message took for its own credentials, by each of these. */
  const own = new WeakMap<ValidatedToken, Set<string>>();
  const ownOf = (requestor: Requestor | undefined): Set<string> | undefined =>
    requestor?.identity && own.get(requestor.identity);
  return {
    async validateUnused({ id, issuer }, requestor) {
      if (id === undefined || ownOf(requestor)?.has(tokenName({ issuer, id }))) return;
      if (await parts.store.isMarked(markKey({ issuer, id })))
        throw new ExchangeFailure('token-replayed', 'a token that was used up was presented again');
    },
    async takeCredentials(identities) {
      const marks = new Map(
        identities.flatMap(credentialMarks).map((mark) => [tokenName(mark.token), mark]),
      );
      await Promise.all([...marks.values()].map((mark) => takeMark(mark, parts)));
      const names = new Set(marks.keys());
      for (const identity of identities) own.set(identity, names);
    },
    async take(marks, requestor) {
      const names = ownOf(requestor);
      const untaken = marks.filter(({ token }) => !names?.delete(tokenName(token)));
      await Promise.all(untaken.map((mark) => takeMark(mark, parts)));
    },
  };
}
