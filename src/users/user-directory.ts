// The records by name, and for every name that is not there a decoy to verify against, so that both cost the same.
import { createHash, createHmac, createSecretKey, randomBytes } from 'node:crypto';
import type { UserNameKey } from '#core/request/user-domain.ts';
import { parseEncodedPassword, writeEncodedPassword } from './password/encoded-password.ts';
import { DEFAULT_COST } from './password/password.ts';
import type { UserRecord } from './user-record.ts';

/** What a login is verified against. Without a record the password is a decoy that nobody knows. */
export interface Candidate {
  readonly record: UserRecord | undefined;
  readonly encoded: string;
}

export interface UserDirectory {
  /** By the key of a name. */
  find(key: string): Candidate;
}

function decoyLike(encoded: string): string {
  const { cost, salt, hash } = parseEncodedPassword(encoded);
  return writeEncodedPassword({
    cost,
    salt: randomBytes(salt.length),
    hash: randomBytes(hash.length),
  });
}

function standardPassword(): string {
  return writeEncodedPassword({ cost: DEFAULT_COST, salt: randomBytes(16), hash: randomBytes(32) });
}

function decoyPicker(passwords: readonly string[]): (name: string) => string {
  const shapeOf = (encoded: string) => encoded.replace(/\$[^$]*\$[^$]*$/, '');
  const decoys = new Map(passwords.map((encoded) => [shapeOf(encoded), decoyLike(encoded)]));
  const shapes = passwords.map(shapeOf);
  // The choice is keyed with what only the file knows: were it new at each start, a name whose cost changes over a restart
  // would be told apart as unknown.
  const key = createSecretKey(createHash('sha256').update(passwords.join('\n')).digest());
  return (name) => {
    const number = createHmac('sha256', key).update(name).digest().readUIntBE(0, 6);
    const decoy = decoys.get(shapes[number % shapes.length] ?? '');
    if (decoy === undefined) throw new Error('no decoy for a name');
    return decoy;
  };
}

/** Builds the directory. Where the records differ in cost, unknown names get the costs in the same proportion. */
export function createUserDirectory(
  records: readonly UserRecord[],
  nameKey: UserNameKey,
): UserDirectory {
  const byName = new Map(records.map((record) => [nameKey(record.id), record]));
  if (byName.size < records.length) throw new Error('two user records have the same id');
  const passwords = records.map(({ password }) => password);
  const decoyFor = decoyPicker(passwords.length > 0 ? passwords : [standardPassword()]);
  return {
    find(key) {
      const decoy = decoyFor(key); // Found for all names: looking it up must not tell them apart.
      const record = byName.get(key);
      return { record, encoded: record?.password ?? decoy };
    },
  };
}
