// Sources of what others publish, kept while the terms they were made for are the same: a reload, or a new key of ours, must forget
// neither their keys nor their word that a certificate is revoked.
import { hash } from 'node:crypto';

export class KeptSources {
  readonly #before: ReadonlyMap<string, unknown>;
  readonly #own = new Map<string, unknown>();
  readonly #renewed: { count: number };

  /** `before`: those in force until these are. */
  constructor(before?: KeptSources) {
    this.#before = before ? before.#own : new Map<string, unknown>();
    this.#renewed = before ? before.#renewed : { count: 0 };
  }

  /** How often all was to be fetched anew. */
  readonly renewals = (): number => this.#renewed.count;

  /** Whoever reloads wants what is published now, as far as it can be had. */
  renew(): void {
    this.#renewed.count += 1;
  }

  /** The source for these terms, which are JSON and begin with its kind: the one in force, or a new one. */
  take<Source>(terms: readonly [kind: string, ...others: unknown[]], create: () => Source): Source {
    // Terms may hold lists of megabytes.
    const key = hash('sha256', JSON.stringify(terms));
    const known = this.#own.get(key) ?? this.#before.get(key);
    const source = (known as Source | undefined) ?? create();
    this.#own.set(key, source);
    return source;
  }
}
