// What of a message is good once (xml-security E1), marked in the store by its name: a signature, a nonce, a challenge.

import type { MemoryEnd } from '#core/decision/fence.ts';
import type { Store } from '#core/ports.ts';

/** What marks need of the world. */
export interface MarkParts {
  readonly store: Pick<Store, 'putOnce'>;
  /** A new unguessable id. */
  readonly newId: () => string;
  readonly fence: MemoryEnd;
  /** Kept on top of each mark, for clocks of hosts that differ, whatever those of requestors may. */
  readonly marginSeconds: number;
}

/** Takes a mark that must outlive `seconds`; false where it was taken before.
 * @throws {ExchangeFailure} `dependency-unavailable`: not knowing is no reason to accept */
export async function takeMark(
  name: readonly string[],
  seconds: number,
  { store, newId, marginSeconds }: Omit<MarkParts, 'fence'>,
): Promise<boolean> {
  const key = { class: 'once', parts: name } as const;
  return (await store.putOnce(key, newId(), seconds + marginSeconds)).stored;
}
