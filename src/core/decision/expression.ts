// A compiled condition or value of the configuration. Compiled and type-checked at load, outside core.
import type { ClaimValue } from '../claims/claim.ts';

/** What an expression may read: plain data, no tokens. */
export interface ExpressionContext {
  readonly subject: ExpressionParty;
  readonly actor: ExpressionParty | null;
  readonly requestor: {
    readonly id: string;
    readonly kind: string;
    readonly method: string;
    /** The claims of its own credential, where that was one with claims. */
    readonly claims: ExpressionClaims;
  };
  readonly target: { readonly id: string };
  /** The validated claims of the subject token, several values as a list. */
  readonly claims: ExpressionClaims;
}

/** Claims by name. */
export interface ExpressionClaims {
  readonly [name: string]: ClaimValue;
}

export interface ExpressionParty {
  readonly issuer: string;
  readonly id: string;
  readonly trustedIssuer: string;
  readonly scopes: readonly string[];
}

export type Evaluation = { readonly value: ClaimValue } | { readonly error: string };

export interface Expression {
  /** As written in the configuration, for `explain`. */
  readonly source: string;
  evaluate(context: ExpressionContext): Evaluation;
}
