// Where state lives: `store`.
import { z } from 'zod';
import type { Entry, Loading } from '../loading.ts';
import type { Complaint } from '../problem.ts';
import { exactlyOne, plainText, valueRule } from './fields.ts';
import { isLoopbackIssuer } from './listeners.ts';
import { type RedisStoreConfig, readRedis, redisSection } from './redis.ts';

export type StoreConfig =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'redis'; readonly redis: RedisStoreConfig }
  | { readonly kind: 'memory' };

export const storeSection = z
  .strictObject({
    sqlite: z
      .strictObject({
        path: plainText
          .refine(
            (text) => !text.startsWith(':') && !text.startsWith('file:'),
            valueRule({
              what: 'is not the path of a file',
              why: 'a special name of SQLite would keep the state in memory',
              fix: 'write a path, as in data/viaduct.db',
            }),
          )
          .describe('The database file on a local disk, relative to the folder of this file.'),
      })
      .optional(),
    redis: redisSection.optional(),
    memory: z.strictObject({}).describe('Forgets everything at exit: for trials.').optional(),
  })
  .refine(...exactlyOne('sqlite', 'redis', 'memory'))
  .meta({
    description: 'Where one-time marks, revocations and the ledger live.',
    oneOf: [{ required: ['sqlite'] }, { required: ['redis'] }, { required: ['memory'] }],
  });

const FORGETFUL: Complaint = {
  code: 'CONFIG_INSECURE',
  what: 'the memory store is for a loopback issuer only',
  why: 'a restart would forget which tokens are revoked and which assertions were used',
  fix: 'use sqlite: { path: data/viaduct.db }, or redis',
};

/** Reads the store's configuration. */
export async function readStore(
  entry: Entry<z.output<typeof storeSection>> | undefined,
  loading: Loading,
): Promise<StoreConfig> {
  const { sqlite, redis } = entry?.value ?? {};
  if (entry && sqlite)
    return {
      kind: 'sqlite',
      path: await loading.keep(sqlite.path, [...entry.path, 'sqlite', 'path']),
    };
  if (entry && redis)
    return {
      kind: 'redis',
      redis: await readRedis({ value: redis, path: [...entry.path, 'redis'] }, loading),
    };
  if (entry && !isLoopbackIssuer(loading.issuer))
    loading.error([...entry.path, 'memory'], FORGETFUL);
  return { kind: 'memory' };
}
