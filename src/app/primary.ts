// The process that starts the workers. It serves no token itself: it has the management port, tells the workers what to do, and
// starts the ones again that died. It opens neither store nor audit.
import type { ChainHead } from '#src/audit/audit-key.ts';
import type { LoadedConfig } from '#src/config/load.ts';
import { createLogger, type Logger } from '#src/telemetry/logger.ts';
import { type Member, Supervisor } from '#src/workers/supervisor.ts';
import { needsRestart } from './generation/generations.ts';
import { createManagement } from './management.ts';
import type { WorkerNews, WorkerStart, WorkerStatus } from './worker.ts';
import { createWorkerMetrics } from './worker-metrics.ts';

/** What runs: one process, or many, which are handled alike. */
export interface Served {
  readonly publicUrl: string;
  readonly managementUrl: string;
  /** Takes a new configuration, in all processes or in none.
   * @throws {Error} and keeps the old one everywhere */
  reload(next: LoadedConfig): Promise<void>;
  /** Not ready, drain, close. */
  stop(): Promise<void>;
  /** Rejects when the workers keep dying. */
  readonly failed: Promise<never>;
}

/** What only new workers can take, and may differ between them for the time of a replacement. */
const TAKEN_BY_NEW_WORKERS: ReadonlySet<string> = new Set([
  'audit',
  'log',
  'drain',
  'limits.nodes',
  'limits.maxConnections',
  'clockSkewSeconds',
]);
const ANSWER_MILLISECONDS = 1000;

interface Known {
  /** The configuration that it runs. */
  loaded?: LoadedConfig;
  status?: WorkerStatus;
}

interface Prepared {
  readonly member: Member;
  readonly id: unknown;
}

class Primary {
  readonly #logger: Logger;
  readonly #metrics = createWorkerMetrics();
  readonly #known = new WeakMap<Member, Known>();
  readonly supervisor: Supervisor;
  readonly failed = Promise.withResolvers<never>();
  #loaded: LoadedConfig;
  #isReloading = false;
  publicUrl = '';
  #isStopping = false;

  constructor(loaded: LoadedConfig, logger: Logger) {
    this.#loaded = loaded;
    this.#logger = logger;
    this.supervisor = new Supervisor({
      count: loaded.config.workers,
      handlersFor: (member) => this.#handlersFor(member),
      onReady: (member) => {
        this.#metrics.serving.set({}, this.supervisor.members().length);
        // The end of a reload looks after all who serve then, and some of them are replaced before.
        if (!this.#isReloading) void this.#bringUpToDate(member);
      },
      onGone: (member, end) => {
        this.#metrics.keep(this.#knownOf(member).status?.metrics ?? '');
        this.#metrics.serving.set({}, this.supervisor.members().length);
        if (!end.isCrash) return;
        this.#metrics.restarts.increment({});
        this.#logger.error('a worker died', { slot: member.slot, workerPid: member.pid, ...end });
      },
      onGivenUp: () => this.failed.reject(new Error('too many workers died within a minute')),
    });
    this.failed.promise.catch(() => undefined);
    this.#metrics.generation.increment({});
  }

  /** Every worker that serves must be ready: each gets its share of the connections. One that is being started again gets none,
   * so it does not count. */
  async notReadyFor(): Promise<readonly string[]> {
    if (this.#isStopping) return ['draining'];
    const members = this.supervisor.members();
    if (members.length === 0) return ['workers'];
    const answers = await Promise.all(
      members.map(({ channel }) =>
        channel.ask('readiness', undefined, 2 * ANSWER_MILLISECONDS).catch(() => ['workers']),
      ),
    );
    // While they are replaced they differ, and are ready.
    const mixed = !this.#isReloading && this.#isMixed() ? ['configuration'] : [];
    return [...new Set([...mixed, ...(answers as string[][]).flat()])];
  }

  async metrics(): Promise<string> {
    const members = this.supervisor.members();
    await Promise.all(
      members.map(async (member) => {
        const status = await member.channel
          .ask('status', undefined, ANSWER_MILLISECONDS)
          .catch(() => undefined);
        if (status) this.#knownOf(member).status = status as WorkerStatus;
      }),
    );
    return this.#metrics.write(
      members.map((member) => this.#knownOf(member).status?.metrics ?? ''),
    );
  }

  /** Afterwards all run the new configuration, or all the old one. Where that cannot be had it is told, and the next reload replaces the
   * workers.
   * @throws {Error} when they do not run the new one */
  async reload(next: LoadedConfig): Promise<void> {
    this.#isReloading = true;
    try {
      await this.#reload(next);
      this.#metrics.generation.increment({});
    } finally {
      await this.#catchUp();
      this.#isReloading = false;
      if (!this.#isStopping && this.#isMixed())
        this.#logger.error('workers run different configurations');
    }
  }

  /** In two steps: all build, then all swap. What one of them cannot build none of them gets. */
  async #reload(next: LoadedConfig): Promise<void> {
    const sections = needsRestart(this.#loaded.config, next.config);
    const fixed = sections.filter((section) => !TAKEN_BY_NEW_WORKERS.has(section));
    if (fixed.length > 0)
      throw new Error(`running workers cannot take this change: restart for ${fixed.join(', ')}`);
    const members = this.supervisor.members();
    // All would begin with what nobody has built yet, and end on it if it cannot be.
    if (members.length === 0)
      throw new Error('no worker serves that could try it; send SIGHUP again when one does');
    if (sections.length > 0 || this.#isMixed()) return this.#replaceWorkers(next);
    const prepared = await Promise.all(
      members.map(async (member) => ({ member, id: await this.#prepare(member, next) })),
    );
    this.#loaded = next;
    // Whoever dies now comes back with the new one.
    await Promise.all(prepared.map((each) => this.#commit(each, next).catch(() => undefined)));
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.supervisor.stop();
  }

  async #replaceWorkers(next: LoadedConfig): Promise<void> {
    const before = this.#loaded;
    this.#loaded = next;
    try {
      await this.#replaceOutdated();
    } catch (cause) {
      this.#loaded = before;
      if (this.#isStopping) throw cause;
      await this.#goBack();
      throw new Error('a worker did not start with it: the old configuration goes on', { cause });
    }
  }

  async #goBack(): Promise<void> {
    try {
      await this.#replaceOutdated();
    } catch (cause) {
      const what =
        'workers run different configurations: one did not start with the new one, nor another with the old one again';
      throw new Error(`${what}; mend what their last lines say, and send SIGHUP`, { cause });
    }
  }

  #replaceOutdated(): Promise<void> {
    return this.supervisor.roll((member) => !this.#isCurrent(member));
  }

  #isCurrent(member: Member): boolean {
    return this.#knownOf(member).loaded === this.#loaded;
  }

  #isMixed(): boolean {
    return !this.supervisor.members().every((member) => this.#isCurrent(member));
  }

  #startOf({ slot }: Member, { config, files }: LoadedConfig): WorkerStart {
    return { slot, path: config.file, files };
  }

  /** Resolves with what it is called by when it is to be taken. */
  #prepare(member: Member, next: LoadedConfig): Promise<unknown> {
    return member.channel.ask('prepare', this.#startOf(member, next));
  }

  async #commit({ id, member }: Prepared, taken: LoadedConfig): Promise<void> {
    await member.channel.ask('commit', id);
    this.#knownOf(member).loaded = taken;
  }

  /** Whoever began to serve while a reload was under way began with the configuration before, and was none of those that it asked. */
  async #catchUp(): Promise<void> {
    const asked = new Set<Member>();
    const late = (member: Member): boolean => !this.#isCurrent(member) && !asked.has(member);
    for (;;) {
      const member = this.supervisor.members().find(late);
      if (!member) return;
      asked.add(member);
      await this.#bringUpToDate(member);
    }
  }

  async #bringUpToDate(member: Member): Promise<void> {
    if (this.#isCurrent(member)) return;
    const current = this.#loaded;
    try {
      await this.#commit({ member, id: await this.#prepare(member, current) }, current);
    } catch (cause) {
      // One that is gone has none.
      if (!this.supervisor.members().includes(member)) return;
      this.#logger.error('a worker has an old configuration', { slot: member.slot, cause });
    }
  }

  #knownOf(member: Member): Known {
    const known = this.#known.get(member) ?? {};
    this.#known.set(member, known);
    return known;
  }

  #headsWithout(member: Member): readonly ChainHead[] {
    return this.supervisor
      .members()
      .filter((other) => other !== member)
      .flatMap((other) => this.#knownOf(other).status?.head ?? []);
  }

  #handlersFor(member: Member) {
    return {
      configuration: async (): Promise<WorkerStart> => {
        this.#knownOf(member).loaded = this.#loaded;
        return this.#startOf(member, this.#loaded);
      },
      status: async (content: unknown): Promise<WorkerNews> => {
        this.#knownOf(member).status = content as WorkerStatus;
        return { otherHeads: this.#headsWithout(member) };
      },
      address: async (content: unknown): Promise<void> => {
        this.publicUrl = content as string;
      },
    };
  }
}

/** Starts the workers of a configuration; resolves when all of them serve.
 * @throws {Error} when they do not start */
export async function serveWithWorkers(loaded: LoadedConfig): Promise<Served> {
  const { config } = loaded;
  const logger = createLogger({ level: config.log.level });
  const primary = new Primary(loaded, logger);
  let isStarted = false;
  const management = createManagement(config, {
    isStarted: () => isStarted,
    notReadyFor: () => primary.notReadyFor(),
    writeMetrics: () => primary.metrics(),
  });
  const managementUrl = await management.listen();
  try {
    await primary.supervisor.start();
  } catch (cause) {
    await primary.stop();
    management.close();
    throw cause;
  }
  isStarted = true;
  return {
    publicUrl: primary.publicUrl,
    managementUrl,
    failed: primary.failed.promise,
    reload: (next) => primary.reload(next),
    async stop() {
      await primary.stop();
      management.close();
    },
  };
}
