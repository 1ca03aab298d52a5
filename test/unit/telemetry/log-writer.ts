// A process that logs so many lines of a kilobyte, faster than anybody reads them, and tells on the standard error when it has.
import { createLogger } from '#src/telemetry/logger.ts';

// As in `src/main.ts`: from then on the system waits for nobody who reads it.
process.stdout.on('error', () => undefined);

const logger = createLogger({ level: 'info' });
for (let line = 0; line < Number(process.argv[2]); line += 1)
  logger.info('x'.repeat(1000), { line });
process.stderr.write('logged');
