// When the keys that a client publishes (`jwks_uri`, RFC 7591 §2) are fetched. The library keeps them, and fetches them again only when a
// signature fails after their time: by a key that was removed upstream a client would still be taken, and a new one would wait.
import { errors } from 'oidc-provider';
import { ExchangeFailure } from '#core/failure.ts';
import type { Clock, Instant } from '#core/instant.ts';

/** What the library has of a client's keys. */
interface ClientKeyStore extends Iterable<unknown> {
  freshUntil?: number | undefined;
  fresh(): boolean;
  refresh(): Promise<void>;
  selectForVerify(wanted: WantedKey): readonly unknown[];
}

interface WantedKey {
  readonly alg: string;
  readonly kid: string;
}

export interface ClientKeysParts {
  readonly clock: Clock;
  /** How often at most an unknown key id has the keys of one client fetched. */
  readonly unknownKeyIntervalSeconds: number;
  /** Told of every attempt that failed; the cause is for the log. */
  readonly onKeysFailure: (clientId: string, cause: unknown) => void;
}

/** The last search for an unknown key. */
interface Search {
  readonly at: Instant;
  /** Fails where the keys could not be fetched. */
  readonly done: Promise<void>;
}

/** As long as a client is told to wait where its keys cannot be fetched. */
const RETRY_SECONDS = 1;

function keyStoreOf(client: object): ClientKeyStore {
  const { asymmetricKeyStore } = client as { asymmetricKeyStore?: Partial<ClientKeyStore> };
  if (!asymmetricKeyStore?.refresh || !asymmetricKeyStore.selectForVerify)
    throw new Error('the library keeps client keys elsewhere now');
  return asymmetricKeyStore as ClientKeyStore;
}

/** Whether a key is at hand of the name in an assertion. Where there is no name nothing could be looked for. */
function isKeyKnown(keys: ClientKeyStore, assertion: unknown): boolean {
  try {
    const [header = ''] = String(assertion).split('.');
    const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as WantedKey;
    return typeof kid !== 'string' || keys.selectForVerify({ alg, kid }).length > 0;
  } catch {
    // No assertion, or an algorithm that nobody knows: it is refused for that.
    return true;
  }
}

const unavailable = (clientId: string, cause?: unknown): ExchangeFailure => {
  const detail = `the keys of client ${clientId} cannot be fetched`;
  return new ExchangeFailure('dependency-unavailable', detail, { cause });
};

/** Keys fetched when they are stale, and for an unknown key id once for each interval. Strangers may name any client and any key: what they
 * send must not be as many requests to the client's server. What others publish waits so in core/foreign/fetched.ts;
 * these keys are the library's. */
export class ClientKeys {
  readonly #parts: ClientKeysParts;
  /** When they could not be fetched; gone once they could. */
  readonly #failed = new Map<string, Instant>();
  readonly #searches = new Map<string, Search>();
  readonly #asking = new Set<string>();

  constructor(parts: ClientKeysParts) {
    this.#parts = parts;
  }

  /** Sees to it that the keys of a client are those that are published, before a signature of this assertion is looked at. Without one
   * nothing is fetched: names of clients could be tried out with any secret.
   * @throws {ExchangeFailure} `dependency-unavailable` where they cannot be fetched: nobody knows, and the client is not refused for good */
  async refresh(client: object, clientId: string, assertion: unknown): Promise<void> {
    const { clock } = this.#parts;
    const keys = keyStoreOf(client);
    if (assertion === undefined) return;
    const isNew = !keys.fresh();
    if (isNew) await this.#renew(keys, clientId);
    if (isKeyKnown(keys, assertion)) return;
    // Just fetched for this very assertion: that was its search.
    if (isNew) this.#searches.set(clientId, { at: clock.now(), done: Promise.resolve() });
    else if (this.#failed.has(clientId) && this.#asking.has(clientId)) throw unavailable(clientId);
    else if (this.#isDue(this.#searches.get(clientId)?.at, this.#intervalSeconds(clientId)))
      this.#searches.set(clientId, { at: clock.now(), done: this.#search(keys, clientId) });
    // While its server fails, an unknown key may be a new one: we cannot tell.
    await this.#searches.get(clientId)?.done;
  }

  // Whoever was told to come back is served then, where the keys can be fetched by then.
  #intervalSeconds(clientId: string): number {
    return this.#failed.has(clientId) ? RETRY_SECONDS : this.#parts.unknownKeyIntervalSeconds;
  }

  // A clock that was set back must not stop it until it has caught up.
  #isDue(last: Instant | undefined, intervalSeconds: number): boolean {
    const now = this.#parts.clock.now();
    return last === undefined || now < last || now - last >= intervalSeconds;
  }

  async #fetch(keys: ClientKeyStore, clientId: string): Promise<void> {
    this.#asking.add(clientId);
    try {
      await keys.refresh();
      this.#failed.delete(clientId);
    } catch (cause) {
      if (!(cause instanceof errors.OIDCProviderError)) throw cause;
      this.#failed.set(clientId, this.#parts.clock.now());
      // The library says only that it failed.
      this.#parts.onKeysFailure(clientId, cause.cause ?? cause);
      throw unavailable(clientId, cause);
    } finally {
      this.#asking.delete(clientId);
    }
  }

  async #renew(keys: ClientKeyStore, clientId: string): Promise<void> {
    const failed = this.#failed.get(clientId);
    // Where it failed the last time one asks again, and nobody waits with them: all who name the client would take every place there is
    // while its server does not answer.
    if (failed !== undefined && (this.#asking.has(clientId) || !this.#isDue(failed, RETRY_SECONDS)))
      throw unavailable(clientId);
    try {
      await this.#fetch(keys, clientId);
    } catch (cause) {
      // The library has them for fresh already when it finds that an answer is no key set.
      delete keys.freshUntil;
      throw cause;
    }
  }

  async #search(keys: ClientKeyStore, clientId: string): Promise<void> {
    const { freshUntil } = keys;
    delete keys.freshUntil;
    const fetching = this.#fetch(keys, clientId);
    // It has begun. Whoever comes with a key that is known goes on meanwhile.
    keys.freshUntil = freshUntil;
    try {
      await fetching;
    } catch (cause) {
      // The library forgets those it has before it finds that one of the new ones is none.
      keys.freshUntil = [...keys].length > 0 ? freshUntil : undefined;
      throw cause;
    }
  }
}
