// The handlers in force, replaced when a key or the configuration changes: built anew beside the old ones, then swapped at once.
import type { Instant } from '#core/instant.ts';
import type { Config } from '#src/config/config.ts';
import { createIdSource } from '#src/http/id-source.ts';
import type { Listener } from '#src/http/listener.ts';
import type { PublicApp } from '#src/http/public-app.ts';
import type { KeyRing } from '#src/keys/key-ring.ts';
import type { Foundation } from '../foundation/foundation.ts';
import { reportExpiry } from '../trust/expiry.ts';
import { createGeneration, type Generation } from './generation.ts';

const LOOK_AGAIN_MILLISECONDS = 3_600_000;
const REPORT_EXPIRY_MILLISECONDS = 86_400_000;

/** A generation that is built and serves nobody yet. */
export interface PreparedReload {
  /** Swaps it in, at once and without fail. */
  commit(): void;
}

/** What a running process has taken from its configuration for good. Our names are among it: what was issued under another one could be
 * neither revoked nor introspected any more, from one moment to the next and with every key as it was. */
function fixedParts(config: Config) {
  const { issuer, saml, listeners, store, audit, log, drain, limits, workers } = config;
  const { tls, ...address } = listeners.public;
  return {
    issuer,
    'saml.entityId': saml.entityId,
    'listeners.public': { ...address, tls: tls && { clientCertificates: tls.clientCertificates } },
    'listeners.management': listeners.management,
    store,
    // The clocks of the servers are held against it.
    ...(store.kind === 'redis' && { clockSkewSeconds: config.clockSkewSeconds }),
    audit,
    log,
    drain,
    'limits.nodes': limits.nodes,
    'limits.maxConnections': limits.maxConnections,
    workers,
  };
}

/** The sections that differ and that only a new process can take. */
export function needsRestart(before: Config, next: Config): readonly string[] {
  const parts = Object.entries(fixedParts(next));
  const known = new Map<string, unknown>(Object.entries(fixedParts(before)));
  return parts
    .filter(([name, part]) => JSON.stringify(part) !== JSON.stringify(known.get(name)))
    .map(([name]) => name);
}

/** Refuses a successor that was to take over so long ago that the key that signs until now would be published no longer: nobody could
 * verify what it has just signed. A key that is taken out was meant to be gone.
 * @throws {Error} for such a key */
function requireSignersPublished(before: KeyRing, next: KeyRing, now: Instant): void {
  for (const { algorithm, kid, phase, use } of before.list(now)) {
    if (phase !== 'active' || next.isPublished(kid, now) !== false) continue;
    const what = `the ${use} key ${kid} (${algorithm}) signs until now and would be published no longer`;
    throw new Error(`${what}: the activeFrom of its successor is too long ago, set one to come`);
  }
}

interface ServingParts {
  readonly publicApp: PublicApp;
  readonly listener: Listener;
}

export class Generations {
  readonly #foundation: Foundation;
  readonly #newId = createIdSource();
  #config: Config;
  #current: Generation;
  #timer: NodeJS.Timeout | undefined;
  readonly #expiry: NodeJS.Timeout;
  #serving: ServingParts | undefined;

  constructor(foundation: Foundation, config: Config, first: Generation) {
    this.#foundation = foundation;
    this.#config = config;
    this.#current = first;
    foundation.metrics.configGeneration.increment({});
    reportExpiry(config, foundation);
    const report = (): void => reportExpiry(this.#config, foundation);
    this.#expiry = setInterval(report, REPORT_EXPIRY_MILLISECONDS).unref();
  }

  get handlers(): Generation['handlers'] {
    return this.#current.handlers;
  }

  /** From now on this application gets each new generation. */
  serve(serving: ServingParts): void {
    this.#serving = serving;
    this.#schedule();
  }

  /** Builds the generation of a configuration.
   * @throws {Error} when it cannot be built, when it changes what only a new process can take, or publishes too little */
  async prepare(config: Config): Promise<PreparedReload> {
    const sections = needsRestart(this.#config, config);
    if (sections.length > 0)
      throw new Error(
        `a running server cannot take this change: restart for ${sections.join(', ')}`,
      );
    const next = await createGeneration(config, this.#foundation, this.#current);
    requireSignersPublished(this.#current.ring, next.ring, this.#foundation.clock.now());
    return { commit: () => this.#commit(config, next, 'config.changed') };
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#expiry);
  }

  #commit(config: Config, next: Generation, event: 'config.changed' | 'key.rotated'): void {
    const { tls } = config.listeners.public;
    // First: what it does not take must not leave the rest half done.
    if (tls) this.#serving?.listener.replaceCertificate(tls);
    this.#current = next;
    this.#config = config;
    if (event === 'config.changed') next.sources.renew();
    this.#serving?.publicApp.swap(next.handlers);
    const { audit, logger, metrics } = this.#foundation;
    if (event === 'config.changed') metrics.configGeneration.increment({});
    reportExpiry(config, this.#foundation);
    this.#schedule();
    // The swap is done whether or not it can be recorded: half of the processes on the old keys would be worse.
    audit
      .append({ event, outcome: 'done', correlationId: this.#newId() })
      .catch((cause: unknown) => logger.error('a change is not on record', { event, cause }));
  }

  /** Builds anew when a key begins to sign, or is no longer published or verified with. The configuration says when, so all
   * processes and hosts change at once. */
  #schedule(): void {
    clearTimeout(this.#timer);
    const { clock } = this.#foundation;
    const { builtAt, ring } = this.#current;
    // From when it was built: a change while it was prepared is still to be made.
    const change = ring.nextChange(builtAt);
    if (change === undefined) return;
    const milliseconds = Math.max(change - clock.now(), 1) * 1000;
    const isDue = milliseconds <= LOOK_AGAIN_MILLISECONDS;
    this.#timer = setTimeout(
      () => (isDue ? void this.#rollOver() : this.#schedule()),
      Math.min(milliseconds, LOOK_AGAIN_MILLISECONDS),
    ).unref();
  }

  async #rollOver(): Promise<void> {
    const config = this.#config;
    try {
      const next = await createGeneration(config, this.#foundation, this.#current);
      // A reload that came first has built it already.
      if (config === this.#config) this.#commit(config, next, 'key.rotated');
    } catch (cause) {
      this.#foundation.logger.error('keys could not be rolled over', { cause });
      this.#schedule();
    }
  }
}
