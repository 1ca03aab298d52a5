// Whose data the servers hold, and since when. Each bucket has a canary that says it; whoever finds another one, or none,
// knows that marks and tombstones around it are lost.
import { randomUUID } from 'node:crypto';
import type { Clock, Instant } from '#core/instant.ts';
import type { RedisCommands } from './redis-commands.ts';
import { BUCKETS, canaryKey } from './redis-key.ts';
import { FORM_VERSION, wordOf } from './stored-form.ts';

const EVERY_BUCKET = Array.from({ length: BUCKETS }, (_, bucket) => bucket);

/** Of so many buckets one is looked at. */
const SAMPLE_STEP = 16;

export interface Dataset {
  readonly id: string;
  /** When the youngest part of it was made: it remembers nothing from before. */
  readonly begunAt: Instant;
  /** What the canary of each bucket says. */
  readonly canaries: readonly string[];
}

const CANARY = /^1 (\S+) (\d+)$/;

interface Canary {
  readonly id: string;
  readonly begunAt: Instant;
}

/** @throws {Error} when it is not ours or of a later release */
function parseCanary(text: string): Canary {
  const [, id, begunAt] = CANARY.exec(text) ?? [];
  if (id === undefined) throw new Error('the dataset is of a form we do not know');
  return { id, begunAt: Number(begunAt) };
}

const writeCanary = ({ id, begunAt }: Canary): string => `${FORM_VERSION} ${wordOf(id)} ${begunAt}`;

export interface DatasetAccess {
  readonly commands: RedisCommands;
  readonly tenant: string;
  readonly clock: Clock;
}

/** Reads the canary of each bucket, those that are missing as null. */
async function readCanaries({ commands, tenant }: DatasetAccess) {
  const replies = await Promise.all(
    EVERY_BUCKET.map((bucket) => commands.read([canaryKey(tenant, bucket)])),
  );
  return replies.map(([text = null]) => text);
}

/** Whether some canaries say what they said before. Every script looks at the one of its bucket, so a few are enough here. */
export async function isStillThere(
  { commands, tenant }: DatasetAccess,
  { canaries }: Dataset,
): Promise<boolean> {
  const offset = Math.floor(Math.random() * SAMPLE_STEP);
  const sample = EVERY_BUCKET.filter((bucket) => bucket % SAMPLE_STEP === offset);
  const answers = await Promise.allSettled(
    sample.map(async (bucket) => {
      const [text] = await commands.read([canaryKey(tenant, bucket)]);
      return text === canaries[bucket];
    }),
  );
  // A part of a cluster that is away says nothing about the others; what is asked of it is refused by itself.
  const said = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  if (said.length === 0) throw new Error('no canary answers');
  return said.every((isSame) => isSame);
}

/** Opens the dataset; makes what is missing of it, with the time it was made: whatever is older than that must be refused. */
export async function openDataset(access: DatasetAccess): Promise<Dataset> {
  let found = await readCanaries(access);
  if (found.includes(null)) {
    await makeMissing(access, found);
    found = await readCanaries(access);
  }
  const canaries = found.map((text) => {
    if (text === null) throw new Error('a canary that was just written is gone');
    return text;
  });
  const parsed = canaries.map(parseCanary);
  const [id, ...otherIds] = new Set(parsed.map((canary) => canary.id));
  if (id === undefined || otherIds.length > 0)
    throw new Error('parts of the data belong to different datasets');
  return { id, begunAt: Math.max(...parsed.map(({ begunAt }) => begunAt)), canaries };
}

/** Several processes may do this at once: the first bucket decides whose id it is. */
async function makeMissing(access: DatasetAccess, found: readonly (string | null)[]) {
  const { clock, commands, tenant } = access;
  const begunAt = clock.now();
  const setIfAbsent = (bucket: number, canary: Canary) => {
    const key = canaryKey(tenant, bucket);
    return commands.send(key, 'SET', key, writeCanary(canary), 'NX');
  };
  const known = found.find((text) => text !== null);
  const id = known === undefined || known === null ? randomUUID() : parseCanary(known).id;
  await setIfAbsent(0, { id, begunAt });
  const [decided = null] = await commands.read([canaryKey(tenant, 0)]);
  const agreed = decided === null ? id : parseCanary(decided).id;
  await Promise.all(
    EVERY_BUCKET.slice(1).map((bucket) => setIfAbsent(bucket, { id: agreed, begunAt })),
  );
}
