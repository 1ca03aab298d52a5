// The metrics of all workers as those of one process: what each counts, what those that are gone had counted, and what there is to tell
// of the workers themselves.
import { mergeMetrics } from '#src/telemetry/merge-metrics.ts';
import { createRegistry } from '#src/telemetry/registry.ts';

/** Creates the metrics of workers that are still to be started. */
export function createWorkerMetrics() {
  const registry = createRegistry();
  let departed = '';
  return {
    restarts: registry.counter({
      name: 'sts_worker_restarts_total',
      help: 'Workers that died and were started again.',
      labels: [],
    }),
    serving: registry.gauge({
      name: 'sts_workers',
      help: 'Workers that serve.',
      labels: [],
    }),
    /** Workers count from their start, and are replaced: theirs is never more. */
    generation: registry.gauge({
      name: 'sts_config_generation',
      help: 'Generation of the configuration.',
      labels: [],
    }),
    /** Keeps what a worker that is gone had counted. */
    keep(metrics: string): void {
      departed = mergeMetrics([departed, metrics], { isCountsOnly: true });
    },
    /** All as text, with those of the workers that serve. */
    write: (serving: readonly string[]): string =>
      mergeMetrics([...serving, departed, registry.write()]),
  };
}
