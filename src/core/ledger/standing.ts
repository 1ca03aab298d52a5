// What the ledger knows of a token that the token cannot say itself.
import { ExchangeFailure } from '../failure.ts';
import { acceptToken, SELF, type TokenRef, type ValidatedToken } from '../token/security-token.ts';
import { isCredential } from '../token/token-type.ts';
import type { KeptToken, KnownSecret } from './kept-token.ts';
import { GROUNDLESS, type Ledger, type Standing } from './ledger.ts';
import { type LedgerEntry, trustOf } from './ledger-entry.ts';

function withStanding(token: ValidatedToken, standing: Standing, ledger: Ledger): ValidatedToken {
  const { entry, isRevoked, kept } = standing;
  const isOwn = token.trustedIssuer === SELF;
  if (isRevoked) {
    const detail = isOwn ? 'own token revoked' : 'foreign token revoked here';
    throw new ExchangeFailure('token-revoked', detail);
  }
  // A credential was proved here, not issued.
  if (!isOwn || isCredential(token.type)) return token;
  requireGrounds(token, standing);
  if (!entry) return unrecorded(token);
  const addressed = acceptToken({ ...token, ...audienceOf(token, entry) });
  requireAsRecorded(addressed, entry, ledger);
  const { clientId, renewal } = entry;
  const originClient = token.originClient ?? clientId;
  const delegations = lesser(token.delegations, entry.delegations);
  return acceptToken({
    ...addressed,
    originClient,
    ...lineOf(entry),
    ...(renewal && { renewableUntil: renewal.notOnOrAfter, renewals: renewal.count }),
    ...(delegations !== undefined && { delegations }),
    ...confirmationOf(token, kept),
  });
}

const lineOf = (entry: LedgerEntry) => ({
  ancestors: entry.ancestors,
  ...(entry.root && { root: entry.root }),
  ...trustOf(entry),
});

/** Refuses a token whose grounds have ended: its user has another password, or an issuer who vouched for it is no longer trusted. In its
 * lifecycle it can still be cancelled; its renewal is refused by the rules of renewal.
 * @throws {ExchangeFailure} `token-revoked` */
function requireGrounds({ use }: ValidatedToken, { isGroundless }: Standing): void {
  if (isGroundless && use !== 'lifecycle') throw new ExchangeFailure('token-revoked', GROUNDLESS);
}

/** A token of ours is on record before it is signed, and for as long as it is good. One without a record was not issued by us, but by
 * somebody who has our key. In its lifecycle the record of one that has ended may be gone.
 * @throws {ExchangeFailure} `token-revoked`, `token-audience-mismatch` */
function unrecorded(token: ValidatedToken): ValidatedToken {
  if (token.use === 'lifecycle') return acceptToken({ ...token, ...audienceOf(token, {}) });
  throw new ExchangeFailure('token-revoked', 'a token of ours that is not on record');
}

/** A key that is no longer published still verifies tokens of its time, only to renew or cancel them, and every word of them must be as
 * recorded. Otherwise whoever has the key could give a token of their own the id of one on record.
 * @throws {ExchangeFailure} `signature-invalid` */
function requireAsRecorded(token: ValidatedToken, entry: LedgerEntry, ledger: Ledger): void {
  const { lifetime, originClient, signedBefore, use } = token;
  if (signedBefore === undefined) return;
  const { clientId, issuedAt = Number.POSITIVE_INFINITY, notOnOrAfter } = entry;
  const isOfItsTime = issuedAt < signedBefore && lifetime.notOnOrAfter <= notOnOrAfter;
  const isOfClient = originClient === undefined || originClient === clientId;
  if (use !== 'lifecycle' || !isOfItsTime || !isOfClient || !ledger.hasSaid(entry, token))
    throw new ExchangeFailure('signature-invalid', 'the key was superseded before');
}

/** The audience of a token that leaves it out: the one on record, and it is good for no other. Without that the token would be for
 * anybody.
 * @throws {ExchangeFailure} `token-audience-mismatch` */
function audienceOf(
  { omitsAudience }: ValidatedToken,
  { audiences }: Pick<LedgerEntry, 'audiences'>,
): Partial<Pick<ValidatedToken, 'audiences' | 'omitsAudience'>> {
  if (!omitsAudience) return {};
  if (!audiences)
    throw new ExchangeFailure('token-audience-mismatch', 'no audience, said or on record');
  return { audiences, omitsAudience: false };
}

// The token says that it is bound to a secret; we know which.
function confirmationOf(
  { confirmation }: ValidatedToken,
  kept: KeptToken | undefined,
): Partial<Pick<ValidatedToken, 'confirmation'>> {
  if (!kept || confirmation.method !== 'symmetric-key') return {};
  return { confirmation: { ...confirmation, thumbprint: kept.secret.thumbprint } };
}

function lesser(told: number | undefined, known: number | undefined): number | undefined {
  if (told === undefined || known === undefined) return told ?? known;
  return Math.min(told, known);
}

async function held(
  token: ValidatedToken,
  look: (token: TokenRef) => Promise<Standing>,
  ledger: Ledger,
): Promise<ValidatedToken> {
  const { id, issuer } = token;
  return id === undefined ? token : withStanding(token, await look({ issuer, id }), ledger);
}

/** Holds a token against the ledger: whether it or what it was made from is revoked, and to whom it was issued where it cannot
 * say so itself. A foreign token is held against it too: a tombstone on it must not be undone by presenting it again.
 * @throws {ExchangeFailure} `token-revoked`, `signature-invalid`, `token-audience-mismatch`, `dependency-unavailable` */
export function validateStanding(token: ValidatedToken, ledger: Ledger): Promise<ValidatedToken> {
  return held(token, (ref) => ledger.standing(ref), ledger);
}

/** As `validateStanding`, for evidence of a token to be made: whether an ancestor is revoked is looked at when that token is
 * recorded, so that an exchange costs two round trips and not four.
 * @throws {ExchangeFailure} `token-revoked`, `signature-invalid`, `token-audience-mismatch`, `dependency-unavailable` */
export function validateEvidenceStanding(
  token: ValidatedToken,
  ledger: Ledger,
): Promise<ValidatedToken> {
  return held(token, (ref) => ledger.lookUp(ref), ledger);
}

/** A token that somebody wants dead. */
export interface Revocable {
  readonly token: ValidatedToken;
  readonly isRevoked: boolean;
}

/** As `validateStanding`, for a token to be revoked. That it is already is no refusal here: first it is asked whose it is, or whoever found
 * the token of another would learn whether it lives.
 * @throws {ExchangeFailure} `signature-invalid`, `token-audience-mismatch`, `dependency-unavailable` */
export async function validateRevocable(token: ValidatedToken, ledger: Ledger): Promise<Revocable> {
  const { id, issuer } = token;
  if (id === undefined) return { token, isRevoked: false };
  const standing = await ledger.standing({ issuer, id });
  const { isRevoked } = standing;
  return { token: withStanding(token, { ...standing, isRevoked: false }, ledger), isRevoked };
}

/** The secret that a token of ours is bound to, where it was kept. */
export async function findKeptSecret(
  { id, issuer, trustedIssuer }: ValidatedToken,
  ledger: Ledger,
): Promise<KnownSecret | undefined> {
  if (trustedIssuer !== SELF || id === undefined) return undefined;
  return (await ledger.lookUp({ issuer, id })).kept?.secret;
}
