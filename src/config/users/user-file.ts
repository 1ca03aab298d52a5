// A user file: strict YAML of its own, its problems told with its own lines. No value and no unknown key of it is repeated.
import { z } from 'zod';
import { isPossibleUserName } from '#core/request/user-name.ts';
import { parseYaml, type YamlDocument } from '../document/yaml-document.ts';
import type { Loading } from '../loading.ts';
import type { Complaint, Path } from '../problem.ts';
import { type PlacedComplaint, schemaComplaints } from '../schema-issues.ts';
import { rule, valueRule } from '../sections/fields.ts';
import { secretReference } from '../sections/secret.ts';
import { type UserClaims, userClaims } from './user-claims.ts';
import { isStoredPassword } from './user-password.ts';

export interface UserConfigRecord {
  readonly id: string;
  /** `scrypt$N$r$p$salt$hash`. */
  readonly password: string;
  readonly disabled?: boolean;
  readonly claims: UserClaims;
  readonly authenticationMethods?: readonly (typeof LOGIN_METHODS)[number][];
  /** Base32. Present: a password alone is not enough. */
  readonly oneTimePasswordSecret?: string;
  /** The password itself, for digests. */
  readonly recoverablePassword?: string;
}

const isUserId = (text: string): boolean =>
  isPossibleUserName(text) && text === text.normalize('NFC');

/** The names of RFC 8176 §2 for password, key in software, key in hardware. */
const LOGIN_METHODS = ['pwd', 'swk', 'hwk'] as const;

const userEntry = z.strictObject({
  id: z
    .string()
    .refine(
      isUserId,
      valueRule({
        what: 'is not usable as a user name',
        why: 'people log in with it, and it is the id of the Subject',
        fix: 'use 1 to 256 characters in NFC, without control characters and outer spaces',
      }),
    )
    .describe('The name that the user logs in with.'),
  password: z
    .string()
    .refine(
      isStoredPassword,
      rule({
        code: 'CONFIG_SECRET',
        what: 'is not of the form scrypt$N$r$p$salt$hash, or its cost is out of bounds',
        why: 'whoever reads the file must not be able to log in',
        fix: 'make one with `viaduct password`; N is a power of two from 16384 to 131072, r 8 to 16, p 1 to 4',
      }),
    )
    .describe('What `viaduct password` prints.'),
  disabled: z.boolean().describe('true: no login.').optional(),
  claims: userClaims.describe('A text or a list of texts for each name.').optional(),
  authenticationMethods: z
    .array(z.enum(LOGIN_METHODS))
    .nonempty()
    .refine(
      (methods) => new Set(methods).size === methods.length,
      valueRule({
        what: 'names a method twice',
        why: 'one of the two is probably another that was meant',
        fix: 'name each method once',
      }),
    )
    .describe('How the user may log in; pwd unless told.')
    .optional(),
  oneTimePassword: secretReference
    .describe('The secret of a second factor, in base32, as authenticator apps take it (RFC 6238).')
    .optional(),
  recoverablePassword: secretReference
    .describe(
      'The password itself, somewhere else, for clients that send a digest of it: whoever reads it can log in.',
    )
    .optional(),
});

type UserEntry = z.output<typeof userEntry>;

const userFile = z.strictObject({ users: z.array(userEntry).describe('The users of the file.') });

/** A user file, and where the configuration names it. */
interface UserFileText {
  readonly name: string;
  readonly text: string;
  readonly path: Path;
}

/** The users of one file, and what tells problems at its lines. */
export interface ReadUsers {
  readonly name: string;
  readonly document: YamlDocument;
  readonly records: readonly UserConfigRecord[];
}

/** Parses the text of a user file; no records, and complaints, when anything in it is wrong. `path` is where it is named. */
export async function parseUsers(
  { name, text, path: namedAt }: UserFileText,
  loading: Loading,
): Promise<ReadUsers> {
  const document = parseYaml(text);
  const source = { name, document };
  for (const { line, column, ...complaint } of document.complaints)
    loading.errorIn({ name, place: { line, column } }, [], complaint);
  const parsed = userFile.safeParse(document.value);
  if (document.complaints.length > 0) return { ...source, records: [] };
  for (const { path, complaint } of schemaComplaints(userFile, document.value).map(discreet))
    loading.errorIn({ name, place: document.placeOf(path) }, path, complaint);
  const entries = parsed.data?.users ?? [];
  return {
    ...source,
    records: await Promise.all(
      entries.map(async (entry) => ({
        ...recordOf(entry),
        ...(await readSecondFactor(entry, namedAt, loading)),
        ...(await readRecoverable(entry, namedAt, loading)),
      })),
    ),
  };
}

// 26 digits of base32 are the 128 bits of RFC 4226 §4 R6.
const BASE32_SECRET = /^[A-Z2-7]{26,128}=*$/i;

async function readSecondFactor(
  { oneTimePassword }: UserEntry,
  path: Path,
  loading: Loading,
): Promise<Pick<UserConfigRecord, 'oneTimePasswordSecret'>> {
  if (oneTimePassword === undefined) return {};
  const oneTimePasswordSecret = (await loading.read(oneTimePassword, path)).replaceAll(/\s/g, '');
  if (oneTimePasswordSecret !== '' && !BASE32_SECRET.test(oneTimePasswordSecret))
    loading.error(path, WEAK_SECRET);
  return { oneTimePasswordSecret };
}

async function readRecoverable(
  { recoverablePassword }: UserEntry,
  path: Path,
  loading: Loading,
): Promise<Pick<UserConfigRecord, 'recoverablePassword'>> {
  if (recoverablePassword === undefined) return {};
  // A file ends with a line feed, a password does not.
  const text = (await loading.read(recoverablePassword, path)).replace(/\r?\n$/, '');
  return { recoverablePassword: text };
}

const WEAK_SECRET: Complaint = {
  code: 'CONFIG_SECRET',
  what: 'names a user whose oneTimePassword is not base32 of 128 bits or more',
  why: 'codes of a short secret can be found by trying (RFC 4226 §4)',
  fix: 'make one with 32 random digits of base32',
};

// After a slip of indentation a key may be a secret.
function discreet({ path, complaint }: PlacedComplaint): PlacedComplaint {
  if (complaint.code !== 'CONFIG_UNKNOWN_KEY') return { path, complaint };
  const around = path.slice(0, -1);
  const known = Object.keys((around.length === 0 ? userFile : userEntry).shape).join(', ');
  return {
    path: around,
    complaint: {
      ...complaint,
      what: 'has a key that is not known',
      fix: `remove or correct it; known here: ${known}`,
    },
  };
}

function recordOf(entry: UserEntry): UserConfigRecord {
  const { id, password, disabled, claims = {} } = entry;
  const methods = LOGIN_METHODS.filter((name) => entry.authenticationMethods?.includes(name));
  return {
    id,
    password,
    claims,
    ...(disabled !== undefined && { disabled }),
    ...(methods.length > 0 && { authenticationMethods: methods }),
  };
}
