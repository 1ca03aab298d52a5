// The time, the log and the metrics.
import type { Clock } from '#core/instant.ts';
import { createLogger, type Logger } from '#src/telemetry/logger.ts';
import { createMetrics, type Metrics } from '#src/telemetry/metrics.ts';
import { createRegistry } from '#src/telemetry/registry.ts';

export interface Observers {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export const systemClock: Clock = {
  now: () => Math.floor(Date.now() / 1000),
  nowMilliseconds: () => Date.now(),
};

const standardError = { write: (line: string): void => void process.stderr.write(line) };

/** For commands: errors alone are logged, beside the answer and not in it, and nobody asks for the metrics. */
export const quietObservers = (): Observers => ({
  clock: systemClock,
  logger: createLogger({ level: 'error', destination: standardError }),
  metrics: createMetrics(createRegistry()),
});
