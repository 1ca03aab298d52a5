// Who may log in with a user name: `users`, `userDomains`, `lockout`, `passwordCacheSeconds`.
import { z } from 'zod';
import { createUserNameKey, type UserDomain } from '#core/request/user-domain.ts';
import type { Entry, Loading } from '../loading.ts';
import type { Complaint, Path } from '../problem.ts';
import { parseUsers, type ReadUsers, type UserConfigRecord } from '../users/user-file.ts';
import { plainText, seconds } from './fields.ts';
import { type SubjectPrefix, validateOwnNames } from './trusted-issuers/subject-prefixes.ts';
import { readUserDomains, type userDomainsSection } from './user-domains.ts';

export interface UsersConfig {
  /** Of all user files. */
  readonly records: readonly UserConfigRecord[];
  readonly domains?: readonly UserDomain[];
  readonly lockout: {
    readonly maxFailures: number;
    readonly windowSeconds: number;
    readonly maxFailuresPerSource?: number;
  };
  readonly cacheSeconds: number;
}

export const usersSection = z
  .array(
    z.strictObject({
      file: plainText.describe('A user file, relative to the folder of this file.'),
    }),
  )
  .nonempty()
  .describe('Who may log in with a user name and a password.')
  .optional();

const lockoutSettings = z.strictObject({
  maxFailures: z
    .int()
    .min(1)
    .max(1000)
    .describe('Failures under one name; after them no password is right until the window ends.')
    .default(10),
  windowSeconds: seconds(1, 86_400)
    .describe('How long failures are counted together.')
    .default(900),
  maxFailuresPerSource: z
    .int()
    .min(1)
    .max(100_000)
    .describe('Failures from one source address over all names; default: ten times maxFailures.')
    .optional(),
});

export const lockoutSection = lockoutSettings
  .describe('How many passwords may be tried.')
  .optional();

export const passwordCacheSection = seconds(0, 3600)
  .describe('How long a good login is remembered; 60 unless told, 0: not at all.')
  .optional();

interface UserSections {
  readonly users: Entry<z.output<typeof usersSection>> | undefined;
  readonly userDomains: Entry<z.output<typeof userDomainsSection>> | undefined;
  readonly lockout: Entry<z.output<typeof lockoutSection>> | undefined;
  readonly passwordCacheSeconds: Entry<z.output<typeof passwordCacheSection>> | undefined;
}

const DEFAULT_CACHE_SECONDS = 60;

/** Reads the user files and holds their names against each other, the clients and the trusted issuers. */
export async function readUsers(
  sections: UserSections,
  prefixes: readonly Entry<SubjectPrefix>[],
  loading: Loading,
): Promise<UsersConfig | undefined> {
  const { users, userDomains, lockout, passwordCacheSeconds } = sections;
  if (!users?.value) {
    warnWithoutUsers(sections, loading);
    return undefined;
  }
  const files: ReadUsers[] = [];
  for (const [index, { file }] of users.value.entries())
    files.push(await readUserFile(file, [...users.path, index, 'file'], loading));
  const domains = userDomains?.value && readUserDomains(userDomains, loading);
  validateNames(files, { prefixes, domains }, loading);
  return {
    records: files.flatMap(({ records }) => records),
    ...(domains && { domains }),
    lockout: readLockout(lockout?.value),
    cacheSeconds: passwordCacheSeconds?.value ?? DEFAULT_CACHE_SECONDS,
  };
}

function warnWithoutUsers(
  { users, userDomains, lockout, passwordCacheSeconds }: UserSections,
  loading: Loading,
): void {
  // Broken users are a problem already; settings for them are not a second one.
  const settings = users ? [userDomains, lockout, passwordCacheSeconds] : [];
  for (const setting of settings)
    if (setting?.value !== undefined) loading.warn(setting.path, WITHOUT_USERS);
}

function readLockout(lockout: z.output<typeof lockoutSection>): UsersConfig['lockout'] {
  const { maxFailuresPerSource, ...rest } = lockout ?? lockoutSettings.parse({});
  return { ...rest, ...(maxFailuresPerSource !== undefined && { maxFailuresPerSource }) };
}

async function readUserFile(file: string, path: Path, loading: Loading): Promise<ReadUsers> {
  const text = await loading.read({ file }, path);
  // An empty text has its complaint already.
  const name = loading.absolute(file);
  return parseUsers({ name, text: text === '' ? 'users: []' : text, path }, loading);
}

interface NameRules {
  readonly prefixes: readonly Entry<SubjectPrefix>[];
  readonly domains: readonly UserDomain[] | undefined;
}

function validateNames(
  files: readonly ReadUsers[],
  { prefixes, domains }: NameRules,
  loading: Loading,
): void {
  const nameKey = createUserNameKey(domains);
  // Names that differ in case only would share a lock-out, and people would take one for the other.
  const folded = (name: string): string => nameKey(name).toLowerCase();
  const seen = new Set<string>();
  for (const { name, document, records } of files) {
    const report = (path: Path, complaint: Complaint) =>
      loading.errorIn({ name, place: document.placeOf(path) }, path, complaint);
    const ids = records.map(({ id }, index) => ({ value: id, path: ['users', index, 'id'] }));
    for (const { value, path } of ids) {
      if (seen.has(folded(value))) report(path, DUPLICATE);
      if (loading.known.clients.has(value)) report(path, CLIENT);
      seen.add(folded(value));
    }
    validateOwnNames(ids, prefixes, report);
  }
}

const WITHOUT_USERS: Complaint = {
  code: 'CONFIG_NO_EFFECT',
  what: 'is for users, and there are none',
  why: 'nobody logs in with a password',
  fix: 'add users: [ { file: users.yaml } ], or remove it',
};

const DUPLICATE: Complaint = {
  code: 'CONFIG_DUPLICATE',
  what: 'another user has this name, upper and lower case and the spelling of the domain aside',
  why: 'they would share a lock-out, and people would take one for the other',
  fix: 'give each user a name of its own',
};

const CLIENT: Complaint = {
  code: 'CONFIG_OVERLAP',
  what: 'a client has this id',
  why: 'in our tokens both would be the same subject (RFC 9068 §5)',
  fix: 'rename the user or the client',
};
