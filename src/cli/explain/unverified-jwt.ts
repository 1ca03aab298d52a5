// What a JWT that was refused says of itself, for a person to hold against the configuration. Nothing of it was verified, and nothing
// but the screen gets it.

/** The members that decide whether a JWT is taken. No other claim is shown: they are about people. */
const HEADER_NAMES = ['typ', 'alg', 'kid'] as const;
const CLAIM_NAMES = ['iss', 'aud', 'azp', 'iat', 'nbf', 'exp'] as const;
const INSTANTS: ReadonlySet<string> = new Set(['iat', 'nbf', 'exp']);

const MAX_SHOWN_CHARACTERS = 200;

type Members = Readonly<Record<string, unknown>>;

function readMembers(part: string | undefined): Members | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Members) : undefined;
  } catch {
    return undefined;
  }
}

function writeInstant(seconds: number, now: number): string {
  const distance = Math.round(Math.abs(seconds - now));
  const at = new Date(seconds * 1000);
  const written = Number.isNaN(at.getTime()) ? String(seconds) : at.toISOString();
  return `${written}, ${seconds > now ? `in ${distance} s` : `${distance} s ago`}`;
}

function writeMember(name: string, value: unknown, now: number): string {
  const text =
    INSTANTS.has(name) && typeof value === 'number'
      ? writeInstant(value, now)
      : JSON.stringify(value);
  return `  ${name} ${text.slice(0, MAX_SHOWN_CHARACTERS)}`;
}

/** One line for each member that bears on whether it is taken; none where the text is no JWT. `now` in epoch seconds. */
export function describeUnverifiedJwt(text: string, now: number): readonly string[] {
  const [header, payload] = text.split('.', 2).map(readMembers);
  if (header === undefined || payload === undefined) return [];
  const shown = (names: readonly string[], members: Members): readonly string[] =>
    names
      .filter((name) => Object.hasOwn(members, name))
      .map((name) => writeMember(name, members[name], now));
  return [
    'the token says of itself, unverified:',
    ...shown(HEADER_NAMES, header),
    ...shown(CLAIM_NAMES, payload),
  ];
}
