// Two servers on one file.
import { join } from 'node:path';
import { storeRaces } from './races.ts';

storeRaces('sqlite', async () => ({
  section: (directory) => ({ sqlite: { path: join(directory, 'data/viaduct.db') } }),
  dispose: async () => {},
}));
