// Scopes only ever narrow, unless the policy row says that it maps them.
import { ExchangeFailure, excerpt } from '../failure.ts';

/** What bounds the scopes of a row besides the row itself and the relying party. */
export type ScopeMode = 'intersect-subject' | 'intersect-client' | 'mapped';

interface ScopeBounds {
  readonly mode: ScopeMode;
  /** Scopes that the row grants at most. */
  readonly row: readonly string[];
  readonly relyingParty: readonly string[];
  readonly subject: readonly string[];
  /** The ceiling the requestor was registered with, if one was. */
  readonly client: readonly string[] | undefined;
}

/** The scopes that can be granted under these bounds. */
export function grantableScopes(bounds: ScopeBounds): readonly string[] {
  const within = (scopes: readonly string[] | undefined) => (scope: string) =>
    scopes === undefined || scopes.includes(scope);
  const narrowed = bounds.row.filter(within(bounds.relyingParty)).filter(within(bounds.client));
  if (bounds.mode === 'intersect-subject') return narrowed.filter(within(bounds.subject));
  if (bounds.mode === 'intersect-client') return narrowed.filter(within(bounds.client ?? []));
  return narrowed;
}

/** The scopes that every target of one token can grant. A scope counts at every audience of its token (RFC 8707 §2.2):
 * one that a single target grants would be a permission nobody gave at the others. */
export function commonScopes(perTarget: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...others] = perTarget;
  const common = first.filter((scope) => others.every((scopes) => scopes.includes(scope)));
  return [...new Set(common)];
}

/** The scopes to grant: all that can be, when none were asked for; else exactly what was asked for.
 * @throws {ExchangeFailure} `scope-not-allowed`: asking for more is refused, not cut down, so that nobody relies on what was lost */
export function decideScopes(
  grantable: readonly string[],
  requested: readonly string[] | undefined,
): readonly string[] {
  if (requested === undefined || requested.length === 0) return grantable;
  const excess = requested.find((scope) => !grantable.includes(scope));
  if (excess !== undefined)
    throw new ExchangeFailure('scope-not-allowed', `scope ${excerpt(excess)} cannot be granted`);
  return [...new Set(requested)];
}
