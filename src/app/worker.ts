// One of several processes that serve one configuration. It gets the configuration from the process that started it, tells that
// one how it is, and does what that one says.
import { writeSync } from 'node:fs';
import { type App, createApp } from '#src/app.ts';
import type { ChainHead } from '#src/audit/audit-key.ts';
import { type ConfigFiles, parseConfigFiles } from '#src/config/load.ts';
import { type Channel, type Handlers, openChannel } from '#src/workers/channel.ts';
import { WORKER_LOG_FD } from '#src/workers/worker-output.ts';
import type { PreparedReload } from './generation/generations.ts';

/** What a worker is told when it starts. */
export interface WorkerStart {
  readonly slot: number;
  readonly path: string;
  readonly files: ConfigFiles;
}

/** What it tells regularly. */
export interface WorkerStatus {
  readonly head: ChainHead;
  readonly metrics: string;
}

/** What it is told in answer. */
export interface WorkerNews {
  readonly otherHeads: readonly ChainHead[];
}

const STATUS_EVERY_MILLISECONDS = 1000;

const TO_PARENT = {
  send: (message: object) => void process.send?.(message),
  onMessage: (listener: (message: unknown) => void) => void process.on('message', listener),
};

const statusOf = (app: App): WorkerStatus => ({
  head: app.auditHead(),
  metrics: app.metrics(),
});

/** Tells where this one stands and hears of the others. One that is not answered goes on with what is known. */
async function exchangeHeads(
  channel: Channel,
  app: App,
  known: readonly ChainHead[],
): Promise<readonly ChainHead[]> {
  try {
    const news = await channel.ask('status', statusOf(app), STATUS_EVERY_MILLISECONDS);
    return (news as WorkerNews).otherHeads;
  } catch {
    return known;
  }
}

/** Prepares a configuration and takes it, each when it is told to. */
function reloadHandlers(serving: Promise<App>): Handlers {
  let asked = 0;
  let prepared: { readonly id: unknown; readonly reload: PreparedReload } | undefined;
  return {
    prepare: async (content) => {
      asked += 1;
      const id = asked;
      const { path, files } = content as WorkerStart;
      const app = await serving;
      const reload = await app.prepare(await parseConfigFiles(path, files));
      if (id === asked) prepared = { id, reload };
      return id;
    },
    commit: async (id) => {
      // Not all workers may have been able to prepare what was asked for since.
      if (prepared?.id !== id) throw new Error('another one was prepared since');
      prepared?.reload.commit();
      prepared = undefined;
    },
  };
}

/** Serves until the process that started this one says to stop, or a signal does; resolves when everything is closed. */
export async function serveAsWorker(): Promise<void> {
  const stopped = Promise.withResolvers<void>();
  const serving = Promise.withResolvers<App>();
  let otherHeads: readonly ChainHead[] = [];
  const tellStatus = async (app: App): Promise<void> => {
    otherHeads = await exchangeHeads(channel, app, otherHeads);
  };
  async function stop(atLeastMilliseconds?: unknown): Promise<void> {
    const app = await serving.promise;
    // For the last checkpoint: else what the others wrote in a short life could be taken away unnoticed.
    await tellStatus(app);
    await app.stop(Number(atLeastMilliseconds ?? 0)).then(stopped.resolve, stopped.reject);
  }
  const channel = openChannel(TO_PARENT, {
    status: async () => statusOf(await serving.promise),
    readiness: async () => (await serving.promise).notReadyFor(),
    ...reloadHandlers(serving.promise),
    stop,
  });
  // A terminal signals all processes at once: who started this one decides what becomes of it.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => void stop());

  const { slot, path, files } = (await channel.ask('configuration')) as WorkerStart;
  const seat = { slot, logFd: WORKER_LOG_FD, otherHeads: () => otherHeads };
  const app = await createApp(await parseConfigFiles(path, files), { seat });
  const { publicUrl } = await app.listen();
  // What made the process end is likely to be among them. Written at once: nothing that waits gets its turn any more.
  process.on('uncaughtExceptionMonitor', () => {
    const requests = app.requestsInHand();
    writeSync(2, `${JSON.stringify({ level: 'error', msg: 'requests in hand', requests })}\n`);
  });
  await channel.ask('address', publicUrl);
  await channel.ask('ready');
  serving.resolve(app);
  await tellStatus(app);
  const timer = setInterval(() => void tellStatus(app), STATUS_EVERY_MILLISECONDS);
  await stopped.promise;
  clearInterval(timer);
  await tellStatus(app);
}
