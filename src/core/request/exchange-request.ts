// What a front asks of the core, in the core's words.
import type { Confirmation } from '../token/confirmation.ts';
import type { SecurityToken } from '../token/security-token.ts';
import type { TokenType } from '../token/token-type.ts';
import type { TargetName } from './relying-party.ts';
import type { Requestor } from './requestor.ts';

export interface ExchangeRequest {
  /** How the front spells it, for the audit: `token-exchange`, `jwt-bearer`, `issue`, … */
  readonly operation: string;
  readonly correlationId: string;
  readonly sourceAddress?: string;
  readonly requestor: Requestor;
  readonly subject: SecurityToken;
  /** Only a token of ours is taken as subject. */
  readonly isOwnSubjectOnly?: true;
  readonly actor?: SecurityToken;
  readonly targets: readonly TargetName[];
  readonly requestedType?: TokenType;
  readonly scopes?: readonly string[];
  /** Claims without which the token is of no use to the requestor. */
  readonly requiredClaims?: readonly string[];
  /** Whether others may have tokens made of it; absent: nothing is said. */
  readonly isDelegatable?: boolean;
  /** Of these claims only these values; a claim without any of them is left out. */
  readonly claimValues?: ReadonlyMap<string, readonly string[]>;
  /** How the token must look where its reader knows one form only; the issuer knows the name, core does not. */
  readonly tokenShape?: string;
  /** What the token is to be bound to, where the request says so: nothing, a key that was proved, or a secret that the front made.
   * Absent: the key the requestor proved, if any. */
  readonly confirmation?: Confirmation;
  /** Nobody has shown that they have the key of `confirmation`: it names who may use the token, and constrains no sender here. */
  readonly isKeyUnproved?: true;
  /** How long the key of a token that is renewed has to be. */
  readonly keySizeBits?: number;
  /** The token is to be renewable. Absent: it need not be. */
  readonly renewal?: {
    readonly afterExpiry: boolean;
    /** A token that cannot be renewed is welcome too. */
    readonly isWish?: boolean;
  };
  /** A wish; it can only shorten. */
  readonly lifetimeSeconds?: number;
}
