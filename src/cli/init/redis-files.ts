// What a first configuration needs to keep its state on Redis: the section, a password, and the access list that lets its user do
// what the store does and nothing else.
import { hash, randomBytes } from 'node:crypto';
import { isLoopbackHost } from '#src/config/sections/fields.ts';
import { parseAddress } from '#src/config/sections/listeners.ts';
import { type InitFile, open, secret } from './init-file.ts';

/** All that the store asks of a server. None of them deletes by pattern, lists keys, or reaches another tenant's. */
const COMMANDS =
  '+get +mget +set +del +exists +pttl +pexpire +incrby +eval +evalsha +wait +info +time +role +ping +select +auth +hello +readonly +asking +cluster|slots +cluster|shards +cluster|nodes +cluster|info';

/** Whose keys the list opens, and by what. */
interface AccessListTerms {
  readonly tenant: string;
  /** SHA-256 in hex: the list itself opens nothing. */
  readonly passwordDigest: string;
}

/** The text of an `aclfile`. Without a login nobody may do anything. */
export function writeAccessList({ passwordDigest, tenant }: AccessListTerms): string {
  const rights = `~sts:${tenant}:* resetchannels -@all ${COMMANDS}`;
  return `user default off\nuser viaduct on #${passwordDigest} ${rights}\n`;
}

/** The store section, as one line of YAML for each setting. */
function writeSection(address: string, tenant: string): string {
  const tls = isLoopbackHost(parseAddress(address)?.host ?? '')
    ? ''
    : '    tls: {} # unencrypted: true instead, on a network that nobody else is on\n';
  return `store:
  redis:
    mode: single
    nodes: ['${address}']
${tls}    tenant: ${tenant} # stands in every key, and in redis.acl
    user: viaduct
    password: { file: redis.password }`;
}

/** What Redis takes: a section of the configuration and two files beside it. */
interface RedisSetup {
  readonly section: string;
  readonly files: readonly InitFile[];
}

/** Makes a password and a tenant that no other installation has. */
export function redisSetup(address: string): RedisSetup {
  const password = randomBytes(32).toString('base64url');
  const tenant = `viaduct-${randomBytes(4).toString('hex')}`;
  const list = writeAccessList({ tenant, passwordDigest: hash('sha256', password) });
  return {
    section: writeSection(address, tenant),
    files: [
      secret('redis.password', `${password}\n`),
      // Redis runs as another user, and a digest of 256 random bits tells nobody anything.
      open('redis.acl', list),
    ],
  };
}
