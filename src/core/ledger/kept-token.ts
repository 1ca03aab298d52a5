// What we keep of a token of ours that it does not say itself: the secret it is bound to, and of a security context, which is nothing
// but a name, all that it stands for. It lies sealed beside the record of the token, and opens for no other.
import type { SymmetricKeyConfirmation } from '../token/confirmation.ts';
import type { TokenFacts, TokenRef } from '../token/security-token.ts';
import type { TokenSpec } from '../token/token-spec.ts';

/** A secret that is known, with its name. */
export type KnownSecret = Required<SymmetricKeyConfirmation>;

/** A security context by name, as evidence of type `sct` holds it. */
export interface ContextName {
  /** An absolute URI. */
  readonly identifier: string;
  /** Which issuance of it, where it was renewed. */
  readonly instance?: string;
}

/** What a security context stands for. */
type ContextFacts = Pick<
  TokenFacts,
  'subject' | 'authentication' | 'claims' | 'scopes' | 'audiences' | 'actors' | 'lifetime'
>;

export interface KeptToken {
  readonly secret: KnownSecret;
  readonly context?: ContextFacts;
}

/** Seals what is nobody else's to read. The adapter needs a key. */
export interface TokenSeal {
  seal(text: string, token: TokenRef): string;
  /** The text; undefined for what this seal has not made for this very token: under another key, or of another token. */
  open(sealed: string, token: TokenRef): string | undefined;
}

/** The secret of a decision, or of a request, if there is one. */
export function secretOf({
  confirmation,
}: Partial<Pick<TokenSpec, 'confirmation'>>): KnownSecret | undefined {
  if (confirmation?.method !== 'symmetric-key') return undefined;
  const { method, secret, thumbprint } = confirmation;
  return secret && thumbprint !== undefined ? { method, secret, thumbprint } : undefined;
}

/** What is to be kept of a token, sealed; undefined: nothing. */
export function sealKept(spec: TokenSpec, token: TokenRef, seal: TokenSeal): string | undefined {
  const secret = secretOf(spec);
  if (!secret) return undefined;
  const kept: KeptToken = { secret, ...(spec.type === 'sct' && { context: contextOf(spec) }) };
  return seal.seal(JSON.stringify(kept), token);
}

/** Opens what was kept. */
export function openKept(
  sealed: string | undefined,
  token: TokenRef,
  seal: TokenSeal | undefined,
): KeptToken | undefined {
  const text = sealed === undefined ? undefined : seal?.open(sealed, token);
  // Only what we sealed opens, so it has the form we gave it.
  return text === undefined ? undefined : (JSON.parse(text) as KeptToken);
}

// As an assertion of ours would say it: the subject is known to us by one name.
function contextOf(spec: TokenSpec): ContextFacts {
  const { actors, audiences, authentication, claims, issuer, lifetime, scopes, subjectName } = spec;
  return {
    subject: { issuer, id: subjectName },
    ...(authentication && { authentication }),
    claims: claims.map((claim) => ({ ...claim, issuer })),
    scopes,
    audiences,
    actors,
    lifetime,
  };
}
