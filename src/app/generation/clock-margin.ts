// What clocks that differ cost.
import type { Config } from '#src/config/config.ts';

/** How long a mark outlives what it guards: of two clocks one may be ahead and one behind. */
export const marginSeconds = ({ clockSkewSeconds }: Pick<Config, 'clockSkewSeconds'>): number =>
  2 * clockSkewSeconds;
