// Two servers on one file.
import { storeRaces } from './races.ts';

const SECTION = { sqlite: { path: 'data/viaduct.db' } };

storeRaces('sqlite', () => [SECTION, SECTION]);
