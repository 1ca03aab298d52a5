// The 32 ways in which things break, and what shows that each is survived: faults of the rig, or tests by file and title.

export interface Row {
  readonly number: number;
  readonly failure: string;
  /** What must hold. */
  readonly invariant: string;
  /** Faults of the rig, by id; `kill/…` are rounds of kill -9. */
  readonly faults?: readonly string[];
  /** Files and what the titles in them that count begin with; an empty one stands for all of the file. */
  readonly tests?: readonly (readonly [file: string, title: string])[];
  /** Why it cannot happen in this release. */
  readonly notApplicable?: string;
  /** What is not shown yet: the row is open, whatever else passes. */
  readonly open?: string;
}

const REDIS = 'test/spec/operation/store/redis.test.ts';
const WORKERS = 'test/spec/operation/process/workers.test.ts';
const TRUST = 'test/unit/trust/issuer-keys.test.ts';
const AUDIT = 'test/unit/audit/audit-failure.test.ts';
const RESTART = 'test/store/redis/dataset/restart.test.ts';

// biome-ignore format: a row reads best as one
export const ROWS: readonly Row[] = [
  { number: 1, failure: 'Redis is away at the start', invariant: 'lives, is not ready, issues nothing until a probe succeeds', tests: [[REDIS, 'Store away at start']] },
  { number: 2, failure: 'Redis killed, no replica, AOF', invariant: 'no replay; what it forgot is written again before it opens', faults: ['single/kill', 'kill/redis'], tests: [[RESTART, 'Row 2']] },
  { number: 3, failure: 'Sentinel: master killed', invariant: 'no hang; nothing acknowledged is missing', faults: ['sentinel/kill', 'sentinel/kill (ioredis)'], tests: [['test/store/redis/topology/late-failover.test.ts', 'Row 3']] },
  { number: 4, failure: 'master frozen, then resumed', invariant: 'nothing acknowledged is missing', faults: ['single/freeze', 'sentinel/freeze', 'cluster/freeze'] },
  { number: 5, failure: 'partition: we and the old master', invariant: 'nothing accepted on both sides', faults: ['sentinel/cut', 'sentinel/cut (ioredis)', 'sentinel/hang', 'sentinel/hang (ioredis)'] },
  { number: 6, failure: 'silent loss within the lag of min-replicas', invariant: 'nothing accepted twice', faults: ['sentinel/hang'] },
  { number: 7, failure: 'a failover lost the last writes', invariant: 'they are written again, fenced until then', faults: ['sentinel/stale', 'sentinel/stale (ioredis)'], tests: [[RESTART, 'Row 2']] },
  { number: 8, failure: 'maxmemory under noeviction', invariant: 'closed for writes, nothing lost, recovers', faults: ['single/full'] },
  { number: 9, failure: 'a policy that evicts', invariant: 'refuses to start', tests: [[REDIS, '${code}: serve and check --live refuse']] },
  { number: 10, failure: 'FLUSHALL, another dataset, an older copy', invariant: 'closed from the first request on; what is older than an older copy is refused', tests: [[REDIS, 'Store forgets'], [RESTART, 'Row 10']] },
  { number: 11, failure: 'store slow', invariant: 'no call beyond its deadline; nothing accepted twice', faults: ['single/slow', 'single/pause', 'sqlite/locked'] },
  { number: 12, failure: 'store takes connections and never answers', invariant: 'no call beyond its deadline', faults: ['single/hang', 'single/freeze'] },
  { number: 13, failure: 'no answer after a write was sent', invariant: 'unknown is closed; nothing accepted twice', faults: ['single/stall', 'single/cut', 'sqlite/locked'] },
  { number: 14, failure: 'LOADING, READONLY, NOAUTH and the like', invariant: 'each reply has its meaning', tests: [['test/store/redis/reply-meaning.test.ts', ''], ['test/store/redis/replies.test.ts', 'Row 14'], [RESTART, 'Row 14'], ['test/store/redis/topology/demoted.test.ts', 'Row 14']] },
  { number: 15, failure: 'cluster node lost', invariant: 'other slots serve', faults: ['cluster/kill', 'cluster/orphan', 'cluster/freeze'] },
  { number: 16, failure: 'resharding under load', invariant: 'nothing accepted twice', faults: ['cluster/reshard', 'cluster/failover'] },
  { number: 17, failure: 'clock of a promoted replica ahead', invariant: 'a replay at the end of the window is refused; one that is further ahead is not used', tests: [['test/store/redis/dataset/clock.test.ts', 'Row 17']] },
  { number: 18, failure: 'own clock wrong', invariant: 'not ready beyond the skew, in both directions', tests: [[REDIS, 'Clock: not ready']] },
  { number: 19, failure: 'foreign keys cannot be fetched', invariant: 'stale to a bound, then closed; one fetch for each interval', tests: [[TRUST, 'Reliability row 19']] },
  { number: 20, failure: 'foreign key rolled while cached', invariant: 'found by the first token that names it', tests: [[TRUST, 'Reliability row 20']] },
  { number: 21, failure: 'LDAP or KDC down', invariant: 'other logins are not touched', notApplicable: 'this release has neither LDAP nor Kerberos: users are in a file' },
  { number: 22, failure: 'audit cannot be written', invariant: 'no token without a line', tests: [[AUDIT, 'audit:']], faults: ['kill/sqlite'] },
  { number: 23, failure: 'audit disk full in the middle of a record', invariant: 'cut to the last good line, with a note', tests: [[AUDIT, 'audit: a disk that fills up'], ['test/unit/audit/rotation.test.ts', 'Row 23'], ['test/spec/operation/store/full-disk.test.ts', 'Row 23']] },
  { number: 24, failure: 'kill -9 between decision, mint and answer', invariant: 'the audit verifies; what was used stays used, what was revoked stays dead', faults: ['kill/sqlite', 'sqlite/kill'] },
  { number: 25, failure: 'SIGTERM under load', invariant: 'no request is refused or broken', tests: [[WORKERS, 'Row 25'], ['test/unit/http/drain.test.ts', 'drain:']] },
  { number: 26, failure: 'a worker dies', invariant: 'it is started again; others have no error', tests: [[WORKERS, 'Row 26'], ['test/spec/operation/process/worker-connections.test.ts', 'Row 26'], ['test/spec/operation/process/dying-worker.test.ts', 'Row 26']] },
  { number: 27, failure: 'signing key rolled under load', invariant: 'every token verifies with the keys that are published', tests: [['test/spec/operation/keys/rotation.test.ts', 'Rotation:']] },
  { number: 28, failure: 'HSM or KMS away', invariant: 'closed for that key', notApplicable: 'this release has keys in files only' },
  { number: 29, failure: 'reload of a configuration with an error', invariant: 'the old one goes on', tests: [[WORKERS, 'Row 29'], ['test/spec/operation/process/half-replaced.test.ts', 'Row 29'], ['test/spec/operation/process/hang-up.test.ts', 'Row 29'], ['test/spec/operation/keys/rotation.test.ts', 'Reload:']] },
  { number: 30, failure: 'two releases on one store', invariant: 'each reads what the other wrote', tests: [['test/store/redis/dataset/released-formats.test.ts', ''], ['test/store/sqlite/released-formats.test.ts', ''], ['test/store/sqlite/sqlite-store.test.ts', 'refuses to guess at a value']], notApplicable: 'there is no release before 0.1: its own format is read back, and a later one is refused' },
  { number: 31, failure: 'hostile XML and JSON', invariant: 'refused within 10 ms', tests: [['test/security/xml/xml-hostile.test.ts', 'XML C3'], ['test/unit/http/message/body.test.ts', 'body:']] },
  { number: 32, failure: 'flood from one client', invariant: '429; others are served', tests: [['test/spec/operation/limits/limits.test.ts', 'Row 32'], ['test/spec/operation/limits/relying-party-limit.test.ts', 'Row 32'], ['test/spec/operation/limits/subject-limit.test.ts', 'Row 32'], ['test/spec/operation/limits/subject-limit-workers.test.ts', 'Row 32']] },
];
