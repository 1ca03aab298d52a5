// What may appear in a log. A guard over whole values: it copies, so nothing that is written can have been missed by a path.
import { withoutUserInfo } from '#core/foreign/user-info.ts';

const REDACTED = '[redacted]';
const MAX_DEPTH = 6;
const MAX_ITEMS = 100;
const MAX_VALUES = 1000;
const MAX_TEXT_CHARACTERS = 4096;

/** Names of fields whose value is a credential, in lower case without separators, so that `subject_token`, `subjectToken` and
 * `Subject-Token` are one name. The endings catch the ones nobody has thought of. */
const SECRET_ENDINGS = [
  'password',
  'passphrase',
  'secret',
  'assertion',
  'token',
  'authorization',
  'cookie',
  'cookies',
  'privatekey',
  'keypem',
  'code',
  'codeverifier',
];
/** Names that end like a secret and are none. `code` is what Node calls the name of an error. */
const NOT_SECRET = new Set(['code', 'errorcode', 'statuscode', 'reasoncode']);

/** Compact JOSE text wherever it stands: a value that leaks through a harmless name or an error message. */
const COMPACT_JOSE = /\beyJ[\w-]{8,}\.[\w-]*\.[\w.-]*/g;
const AUTHORIZATION = /\b(Bearer|Basic|DPoP|Negotiate)\s+[\w~+/.-]{8,}=*/gi;

function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  return !NOT_SECRET.has(plain) && SECRET_ENDINGS.some((ending) => plain.endsWith(ending));
}

const REFRESH_TOKEN = /\bvrt~[\w~-]+/g;
/** XML that holds a credential, to the end of the text: where it ends is for a parser to say. */
const XML_CREDENTIAL = /<(?:[\w-]{1,32}:)?(?:Assertion|Password)\b[^]*/;

/** A text without credentials that can be told by their form. */
export function redactText(text: string): string {
  const bounded =
    text.length > MAX_TEXT_CHARACTERS ? `${text.slice(0, MAX_TEXT_CHARACTERS)}…` : text;
  return withoutUserInfo(bounded)
    .replaceAll(COMPACT_JOSE, REDACTED)
    .replaceAll(REFRESH_TOKEN, REDACTED)
    .replaceAll(AUTHORIZATION, `$1 ${REDACTED}`)
    .replace(XML_CREDENTIAL, REDACTED);
}

/** Where the copy stands: how deep, and how many values it may still visit. An object of the runtime, such as a socket, reaches
 * half the process. */
interface Walk {
  readonly depth: number;
  readonly budget: { values: number };
}

function redactError(error: Error, walk: Walk): object {
  const { name: type, message, stack = '', cause } = error;
  const named = ['reason', 'code'].filter((name) => name in error);
  return {
    type,
    message: redactText(message),
    ...Object.fromEntries(named.map((name) => [name, redactValue(Reflect.get(error, name), walk)])),
    stack: redactText(stack),
    ...(cause === undefined ? {} : { cause: redactValue(cause, walk) }),
  };
}

function redactMembers(members: readonly (readonly [unknown, unknown])[], walk: Walk): object {
  const kept = members.slice(0, MAX_ITEMS).map(([key, value]) => {
    const name = String(key);
    return [name, isSecretName(name) ? REDACTED : redactValue(value, walk)] as const;
  });
  return Object.fromEntries(kept);
}

function redactObject(value: object, walk: Walk): unknown {
  if (value instanceof Error) return redactError(value, walk);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  // Never its query or user information.
  if (value instanceof URL) return redactText(value.origin + value.pathname);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return '[bytes]';
  if (value instanceof Map) return redactMembers([...value], walk);
  if (Array.isArray(value) || value instanceof Set) {
    return [...value].slice(0, MAX_ITEMS).map((item) => redactValue(item, walk));
  }
  return redactMembers(Object.entries(value), walk);
}

function redactValue(value: unknown, { depth, budget }: Walk): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  budget.values -= 1;
  // Also what ends a value that holds itself.
  if (depth > MAX_DEPTH || budget.values < 0) return '[deep]';
  try {
    return redactObject(value, { depth: depth + 1, budget });
  } catch {
    // A getter that throws must not turn a log line into an error of its own.
    return '[unreadable]';
  }
}

/** A copy of `value` that is safe to log: plain data of bounded size, without the fields and texts that are credentials. */
export function redact(value: unknown): unknown {
  return redactValue(value, { depth: 0, budget: { values: MAX_VALUES } });
}
