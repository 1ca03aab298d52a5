// The authenticated caller of a request.
import type { Confirmation } from './confirmation.ts';
import type { ValidatedToken } from './security-token.ts';

export interface Requestor {
  readonly kind: 'client' | 'principal';
  readonly id: string;
  /** How it authenticated: `client_secret_basic`, `private_key_jwt`, `username`, … */
  readonly method: string;
  /** The ceiling of scopes it was registered with; absent: none was set. */
  readonly scopes?: readonly string[];
  /** Ids of the relying parties it is the server of (origin binding, `decide-evidence.ts`). */
  readonly represents: readonly string[];
  /** The relying party meant when a request names none. */
  readonly defaultTarget?: string;
  /** The key it proved in this request. */
  readonly confirmation: Confirmation;
  /** Its own credential, where that was a token. */
  readonly identity?: ValidatedToken;
}
