// What a server says of itself, and what we ask of it. INFO tells all of it, also where CONFIG is hidden.

export interface ServerFacts {
  /** Another one after each restart, and after each time that it became master. */
  readonly incarnation: string;
  readonly uptimeSeconds: number;
  /** Whether it was a replica before, since it was started. */
  readonly wasPromoted: boolean;
  readonly isMaster: boolean;
  /** It reads its data, and until it has it says of itself what is not so yet. */
  readonly isLoading: boolean;
  readonly version: string;
  readonly evictionPolicy: string;
  readonly evictedKeys: number;
  readonly isAppendOnly: boolean;
  /** Whether it refuses writes that no replica could take. */
  readonly needsReplicas: boolean;
}

/** Reads an answer to INFO. */
export function parseInfo(text: string): ServerFacts {
  const lines = text.split(/\r?\n/).map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1)];
  });
  const facts = new Map(lines);
  const fact = (name: string): string => facts.get(name) ?? '';
  return {
    incarnation: `${fact('run_id')} ${fact('master_replid')}`,
    uptimeSeconds: Number(fact('uptime_in_seconds')),
    wasPromoted: fact('second_repl_offset') !== '-1',
    isMaster: fact('role') === 'master',
    isLoading: fact('loading') === '1',
    version: fact('redis_version'),
    evictionPolicy: fact('maxmemory_policy'),
    evictedKeys: Number(fact('evicted_keys')),
    isAppendOnly: fact('aof_enabled') === '1',
    // Written only where min-replicas-to-write and its lag are set.
    needsReplicas: facts.has('min_slaves_good_slaves'),
  };
}

/** What is wrong with a server. The code is what operators search for. */
interface Unfitness {
  readonly code:
    | 'STORE_EVICTION_POLICY'
    | 'STORE_MIN_REPLICAS'
    | 'STORE_PERSISTENCE'
    | 'STORE_VERSION';
  readonly text: string;
}

interface Demands {
  readonly minReplicas: number;
  readonly isAppendOnlyRequired: boolean;
}

/** SET with KEEPTTL; 6.0, which brought it, gets no fixes any more. */
const LOWEST_VERSION = [6, 2] as const;

function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < LOWEST_VERSION[0] || (major === LOWEST_VERSION[0] && minor < LOWEST_VERSION[1]);
}

type Rule = readonly [
  isBroken: (facts: ServerFacts, demands: Demands) => boolean,
  unfitness: Unfitness,
];

const RULES: readonly Rule[] = [
  [
    ({ evictionPolicy }) => evictionPolicy !== 'noeviction',
    {
      code: 'STORE_EVICTION_POLICY',
      text: 'a full server would forget one-time marks: set maxmemory-policy noeviction',
    },
  ],
  [
    ({ needsReplicas }, { minReplicas }) => minReplicas > 0 && !needsReplicas,
    {
      code: 'STORE_MIN_REPLICAS',
      text: 'a master cut off from its replicas would go on writing: set min-replicas-to-write 1 and min-replicas-max-lag 1',
    },
  ],
  [
    ({ isAppendOnly }, { isAppendOnlyRequired }) => isAppendOnlyRequired && !isAppendOnly,
    {
      code: 'STORE_PERSISTENCE',
      text: 'a restart would forget marks and revocations: set appendonly yes',
    },
  ],
  [
    ({ version }) => isOld(version),
    { code: 'STORE_VERSION', text: 'the server is older than 6.2: use a newer one' },
  ],
];

/** The servers answer, and must not be used as they are. */
export class UnfitStore extends Error {
  readonly unfitness: readonly Unfitness[];

  constructor(unfitness: readonly Unfitness[]) {
    super(unfitness.map(({ code, text }) => `${code}: ${text}`).join('; '));
    this.name = 'UnfitStore';
    this.unfitness = unfitness;
  }
}

/** Refuses a server with all that is wrong with it.
 * @throws {UnfitStore} */
export function requireFit(facts: ServerFacts, demands: Demands): void {
  const unfitness = RULES.flatMap(([isBroken, one]) => (isBroken(facts, demands) ? [one] : []));
  if (unfitness.length > 0) throw new UnfitStore(unfitness);
}
