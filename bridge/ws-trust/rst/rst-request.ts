// A RequestSecurityToken in our words (WS-Trust 1.3 §4). Everything the specifications know has a place here: what cannot be
// honoured is refused by name, never passed over.

import type { Instant } from '#core/instant.ts';
import type { SecurityToken } from '#core/token/security-token.ts';
import { tokenTypeOfWsTrust } from '#core/token/token-type.ts';
import type { KeyType } from '../keys/key-type.ts';
import type { TrustNames, TrustOperation } from '../names.ts';
import type { RequestedEntropy } from './entropy.ts';
import type { ParameterName } from './parameters.ts';
import type { RequestedKey } from './use-key.ts';

/** One claim that is asked for. */
export interface RequestedClaim {
  readonly uri: string;
  /** Whether a token without it is welcome too. */
  readonly isOptional: boolean;
  /** The values that are wished for; absent: any. */
  readonly values?: readonly string[];
}

/** The window that is asked for; a wish. */
export interface RequestedLifetime {
  readonly created?: Instant;
  readonly expires?: Instant;
}

/** The URIs of algorithms that are asked for. */
export interface RequestedAlgorithms {
  readonly signature?: string;
  readonly canonicalization?: string;
  readonly encryption?: string;
  readonly keyWrap?: string;
  readonly computedKey?: string;
  /** What the key of the token will sign and encrypt with. */
  readonly signWith?: string;
  readonly encryptWith?: string;
}

/** Whether renewal is asked for, and renewal of what is over. */
export interface RequestedRenewing {
  readonly isAllowed: boolean;
  readonly isAllowedAfterExpiry: boolean;
}

export interface RstRequest {
  readonly trust: TrustNames;
  readonly operation: TrustOperation;
  /** Echoed verbatim. */
  readonly context?: string;
  /** As it is spelled. */
  readonly tokenType?: string;
  readonly appliesTo?: string;
  /** Further parties of the token, the primary first. */
  readonly participants: readonly string[];
  readonly claims: readonly RequestedClaim[];
  readonly lifetime?: RequestedLifetime;
  readonly renewing?: RequestedRenewing;
  readonly isForwardable: boolean;
  /** Absent: nothing is said. */
  readonly isDelegatable?: boolean;
  readonly keyType?: KeyType;
  readonly keySizeBits?: number;
  readonly entropy?: RequestedEntropy;
  readonly useKey?: RequestedKey;
  /** Who is to act for the requestor, by a certificate. */
  readonly delegateTo?: RequestedKey;
  /** The key that the token shall be encrypted to. */
  readonly encryption?: RequestedKey;
  /** The key that the secret shall be encrypted to on its way to the requestor. */
  readonly proofEncryption?: RequestedKey;
  readonly algorithms: RequestedAlgorithms;
  /** The address of the issuer that is asked for. */
  readonly issuer?: string;
  readonly onBehalfOf?: SecurityToken;
  readonly actAs?: SecurityToken;
  readonly renewTarget?: SecurityToken;
  readonly validateTarget?: SecurityToken;
  readonly cancelTarget?: SecurityToken;
  /** The id of the token to cancel, where it is named and not shown. */
  readonly cancelName?: string;
  /** The names of all parameters that were there. */
  readonly present: ReadonlySet<ParameterName>;
}

/** Whether a request asks for a security context. */
export const asksForContext = ({
  tokenType = '',
}: {
  readonly tokenType?: string | undefined;
}): boolean => tokenTypeOfWsTrust(tokenType) === 'sct';

/** Whether a request renews or ends a security context. */
export const targetsContext = ({
  cancelTarget,
  renewTarget,
}: Pick<RstRequest, 'cancelTarget' | 'renewTarget'>): boolean =>
  (renewTarget ?? cancelTarget)?.type === 'sct';
