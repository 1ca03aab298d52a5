// The stored form of a ledger entry. Readers take the form written now and the one before; fixtures of each are kept in
// test/unit/core/ledger/ledger-entry.test.ts.
import type { Instant } from '../instant.ts';
import type { TokenRef } from '../token/security-token.ts';
import type { TokenSpec } from '../token/token-spec.ts';
import type { TokenType } from '../token/token-type.ts';

/** Bump when the stored form changes. */
const LEDGER_VERSION = 2;

/** What a decision says and the record keeps as it is: who changes one of these changes the stored form. */
type Kept =
  | 'parents'
  | 'ancestors'
  | 'root'
  | 'vouchers'
  | 'isOfUser'
  | 'loginMark'
  | 'loginCertificates'
  | 'clientId'
  | 'actors'
  | 'delegations'
  | 'policyRows'
  | 'renewal';

/** What is on record of a token. */
export interface LedgerEntry extends Pick<TokenSpec, Kept> {
  /** Absent in entries of the first form. */
  readonly type?: TokenType;
  /** Ids of relying parties. */
  readonly targets: readonly string[];
  /** For whom the token is, where it need not say so itself. */
  readonly audiences?: readonly string[];
  readonly issuedAt?: Instant;
  readonly notOnOrAfter: Instant;
  /** A digest of what it says. */
  readonly said?: string;
  /** What is kept of it, sealed. */
  readonly sealed?: string;
}

interface StoredEntry extends LedgerEntry {
  readonly v: number;
}

type Login = Pick<LedgerEntry, 'loginCertificates' | 'loginMark'>;

/** What somebody logged in with. */
export const loginOf = ({ loginCertificates, loginMark }: Login): Login => ({
  ...(loginMark !== undefined && { loginMark }),
  ...(loginCertificates && { loginCertificates }),
});

/** What a token rests on besides policy: whose word, and which login. All that is made of it rests on the same. */
export const trustOf = ({
  isOfUser,
  vouchers,
  ...login
}: Login & Pick<LedgerEntry, 'isOfUser' | 'vouchers'>) => ({
  ...(vouchers && { vouchers }),
  ...(isOfUser && { isOfUser }),
  ...loginOf(login),
});

/** The entry of a decision. Subject, claims and keys stay out of it: they are in the token, or under a seal. */
export function entryOf(spec: TokenSpec): LedgerEntry {
  const { actors, ancestors, clientId, delegations, issuedAt, parents, policyRows } = spec;
  const { audiences, omitsAudience, renewal, root, type } = spec;
  return {
    type,
    parents,
    ancestors,
    ...(root && { root }),
    ...trustOf(spec),
    clientId,
    actors,
    ...(delegations !== undefined && { delegations }),
    targets: spec.relyingParties,
    ...(omitsAudience && { audiences }),
    policyRows,
    issuedAt,
    notOnOrAfter: spec.lifetime.notOnOrAfter,
    ...(renewal && { renewal }),
  };
}

/** Writes the form of this release. */
export function writeEntry(entry: LedgerEntry): string {
  return JSON.stringify({ v: LEDGER_VERSION, ...entry } satisfies StoredEntry);
}

const areTokens = (value: unknown): value is readonly TokenRef[] =>
  Array.isArray(value) &&
  value.every(
    (token: Partial<TokenRef> | null) =>
      typeof token?.issuer === 'string' && typeof token.id === 'string',
  );

// Compared with anything but a count, it would be no end.
const isCount = (value: unknown): boolean =>
  value === undefined || (Number.isSafeInteger(value) && Number(value) >= 0);

const isText = (value: unknown): boolean => value === undefined || typeof value === 'string';

const areTexts = (value: unknown): boolean =>
  value === undefined || (Array.isArray(value) && value.every((text) => typeof text === 'string'));

// An empty list would be for nobody, and is not written.
const areNames = (value: unknown): boolean =>
  areTexts(value) && (value as readonly string[] | undefined)?.length !== 0;

const hasGoodOptions = ({
  audiences,
  delegations,
  loginCertificates,
  loginMark,
  said,
  sealed,
  vouchers,
}: Partial<LedgerEntry>): boolean =>
  areNames(audiences) &&
  isCount(delegations) &&
  areTexts(loginCertificates) &&
  isText(loginMark) &&
  isText(said) &&
  isText(sealed) &&
  areTexts(vouchers);

/** Version 1 had no parents apart from the line, no type and no terms of renewal. */
function upgraded({ v, ...entry }: Partial<StoredEntry>): Partial<LedgerEntry> {
  if (v === 1) return { parents: [], actors: [], policyRows: [], ...entry };
  if (v === LEDGER_VERSION) return entry;
  throw new Error('a ledger entry of an unknown form');
}

/** Reads a stored entry of this release or the one before.
 * @throws {Error} for any other: it is a bug or an attack on the store, never an empty ancestry */
export function parseEntry(text: string): LedgerEntry {
  const entry = upgraded((JSON.parse(text) ?? {}) as Partial<StoredEntry>);
  const { actors, ancestors, clientId, notOnOrAfter, parents, policyRows, targets } = entry;
  if (
    !areTokens(ancestors) ||
    !areTokens(parents) ||
    !Array.isArray(actors) ||
    !Array.isArray(policyRows) ||
    !Array.isArray(targets) ||
    typeof clientId !== 'string' ||
    typeof notOnOrAfter !== 'number' ||
    !hasGoodOptions(entry)
  )
    throw new Error('a ledger entry of an unknown form');
  return { ...entry, actors, ancestors, clientId, notOnOrAfter, parents, policyRows, targets };
}
