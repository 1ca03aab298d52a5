// The users of a file, from its already parsed content. Strict: an unknown key, a doubled name or a weak hash refuses the file.
import { RESERVED_CLAIMS } from '#core/claim.ts';
import { parseEncodedPassword } from './encoded-password.ts';
import { foldUserName, isPossibleUserName } from './user-name.ts';

/** The ways a user may log in, by their names in RFC 8176 §2: password, key in software, key in hardware. */
const LOGIN_METHODS = ['pwd', 'swk', 'hwk'] as const;

type LoginMethod = (typeof LOGIN_METHODS)[number];

/** One record of a user store. */
export interface UserRecord {
  /** The name the user logs in with, and the id of the Subject. */
  readonly id: string;
  /** `scrypt$N$r$p$salt$hash`. */
  readonly password: string;
  readonly disabled?: boolean;
  readonly claims: Readonly<Record<string, string | readonly string[]>>;
  /** The ways this user may log in; absent: by password. */
  readonly authenticationMethods?: readonly LoginMethod[];
  /** Base32. Present: a password alone is not enough. */
  readonly oneTimePasswordSecret?: string;
}

const MAX_CLAIMS = 100;
const MAX_VALUES = 1000;
const MAX_TEXT_LENGTH = 4096;
// XML 1.0 cannot carry most of these, and in a log they forge lines.
const CONTROL = /\p{Cc}/u;

type Report = (path: string, problem: string) => void;
type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPlainText(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length <= MAX_TEXT_LENGTH &&
    value.isWellFormed() &&
    !CONTROL.test(value)
  );
}

function reportUnknownKeys(fields: Fields, known: readonly string[], report: Report): void {
  // Keys are not repeated: after a slip of indentation a key may be a secret.
  const unknown = Object.keys(fields).filter((key) => !known.includes(key)).length;
  if (unknown > 0) report('', `${unknown} unknown key(s); known are ${known.join(', ')}`);
}

function parseId(value: unknown, report: Report): string {
  if (typeof value === 'string' && isPossibleUserName(value) && value === value.normalize('NFC')) {
    return value;
  }
  report(
    '.id',
    'must be a name of 1 to 256 characters in NFC, without control characters or outer spaces',
  );
  return '';
}

function parsePassword(value: unknown, report: Report): string {
  if (typeof value !== 'string') {
    report('.password', 'must be a text of the form scrypt$N$r$p$salt$hash');
    return '';
  }
  try {
    parseEncodedPassword(value);
  } catch (error) {
    report('.password', error instanceof Error ? error.message : 'cannot be read');
  }
  return value;
}

function parseDisabled(value: unknown, report: Report): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  report('.disabled', 'must be true or false');
  return undefined;
}

function parseMethods(value: unknown, report: Report): readonly LoginMethod[] | undefined {
  if (value === undefined) return undefined;
  const names: readonly unknown[] = Array.isArray(value) ? value : [];
  const methods = LOGIN_METHODS.filter((method) => names.includes(method));
  if (methods.length > 0 && methods.length === names.length) return methods;
  report(
    '.authenticationMethods',
    `must be a list of different ones of ${LOGIN_METHODS.join(', ')}`,
  );
  return undefined;
}

function parseClaimValue(value: unknown): string | readonly string[] | undefined {
  if (isPlainText(value)) return value;
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_VALUES) return undefined;
  const values: readonly unknown[] = value;
  return values.every(isPlainText) ? [...values] : undefined;
}

function parseClaims(value: unknown, report: Report): UserRecord['claims'] {
  if (value === undefined) return {};
  const entries = isFields(value) ? Object.entries(value) : undefined;
  if (!entries || entries.length > MAX_CLAIMS) {
    report('.claims', `must be a mapping of at most ${MAX_CLAIMS} claims`);
    return {};
  }
  const claims = entries.flatMap(([name, raw], index): [string, string | readonly string[]][] => {
    const text = parseClaimValue(raw);
    const isName = name !== '' && isPlainText(name) && !RESERVED_CLAIMS.has(name);
    if (!isName) report(`.claims (entry ${index + 1})`, 'its name is empty, reserved or not plain');
    if (text === undefined) {
      report(
        `.claims (entry ${index + 1})`,
        'must be a text, or a list of texts that is not empty',
      );
    }
    return isName && text !== undefined ? [[name, text]] : [];
  });
  return Object.fromEntries(claims);
}

function parseUser(value: unknown, report: Report): UserRecord | undefined {
  if (!isFields(value)) {
    report('', 'must be a mapping');
    return undefined;
  }
  reportUnknownKeys(
    value,
    ['id', 'password', 'disabled', 'claims', 'authenticationMethods'],
    report,
  );
  const disabled = parseDisabled(value['disabled'], report);
  const authenticationMethods = parseMethods(value['authenticationMethods'], report);
  return {
    id: parseId(value['id'], report),
    password: parsePassword(value['password'], report),
    claims: parseClaims(value['claims'], report),
    ...(disabled !== undefined && { disabled }),
    ...(authenticationMethods && { authenticationMethods }),
  };
}

function reportDuplicates(users: readonly (UserRecord | undefined)[], report: Report): void {
  const first = new Map<string, number>();
  for (const [index, user] of users.entries()) {
    if (!user || user.id === '') continue;
    const folded = foldUserName(user.id);
    const earlier = first.get(folded);
    // Names that differ in case only would share a lock-out, and people would take one for the other.
    if (earlier !== undefined) report(`users[${index}].id`, `is that of users[${earlier}] again`);
    else first.set(folded, index);
  }
}

/** Reads `{ users: [ { id, password, disabled?, claims?, authenticationMethods? } ] }`.
 * @throws {Error} that lists all problems by path, and repeats no value of the file */
export function parseUserFile(content: unknown): readonly UserRecord[] {
  const problems: string[] = [];
  const report: Report = (path, problem) => problems.push(`${path}: ${problem}`);
  const list: unknown = isFields(content) ? content['users'] : undefined;
  if (isFields(content)) {
    reportUnknownKeys(content, ['users'], (_path, problem) => report('the user file', problem));
  }
  if (!Array.isArray(list)) report('users', 'must be a list');
  const entries: readonly unknown[] = Array.isArray(list) ? list : [];
  const users = entries.map((entry, index) =>
    parseUser(entry, (path, problem) => report(`users[${index}]${path}`, problem)),
  );
  reportDuplicates(users, report);
  if (problems.length > 0) {
    throw new Error(`the user file has ${problems.length} problem(s):\n${problems.join('\n')}`);
  }
  return users.filter((user) => user !== undefined);
}
