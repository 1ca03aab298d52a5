// Health and metrics, on a port of their own.
import type { Config } from '#src/config/config.ts';
import { isLoopbackHost } from '#src/config/sections/fields.ts';
import { createManagementApp, type ManagementSettings } from '#src/http/health.ts';
import { createListener, requestListener, urlOf } from '#src/http/listener.ts';
import { METRICS_CONTENT_TYPE } from '#src/telemetry/registry.ts';
import { listenerPlace, startStep } from './foundation/start-failure.ts';

interface Sources extends Pick<ManagementSettings, 'isStarted' | 'notReadyFor'> {
  readonly writeMetrics: () => Promise<string>;
}

export interface Management {
  /** Opens the port and resolves with its address. */
  listen(): Promise<string>;
  close(): void;
}

/** Prepares the management of a process, or of all that it has started. */
export function createManagement(
  { file, listeners }: Config,
  { writeMetrics, ...sources }: Sources,
): Management {
  const metrics = { contentType: METRICS_CONTENT_TYPE, write: writeMetrics };
  const isLocal = isLoopbackHost(listeners.management.host);
  const management = createManagementApp({ ...sources, metrics, isLocal });
  const listener = createListener(
    // The configuration has it on loopback, or says that others are kept away.
    { ...listeners.management, isGuarded: true },
    requestListener(management.app),
  );
  const place = listenerPlace(listeners, 'management');
  return {
    listen: () => startStep(place, { file }, async () => urlOf(await listener.listen(), false)),
    close() {
      management.close();
      listener.server.close();
      listener.server.closeAllConnections();
    },
  };
}
