// The life of tokens on the embedded store.
import { holdSequences } from './sequences.ts';
import { startServers } from './servers.ts';

holdSequences({
  name: 'SQLite',
  start: (ending) => startServers(ending, { sqlite: { path: 'data/viaduct.db' } }, 'still'),
  waits: true,
  runs: 8,
});
