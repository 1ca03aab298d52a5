// One operation of WS-Trust, as the table in operations.ts has it: what it honours, and how it answers.

import type { AnswerSigner } from '#bridge/ws-security/encryption/answer-keys.ts';
import type { Markup } from '#bridge/xml/canonical/markup.ts';
import type { KeyUnwrappers } from '#bridge/xml/encryption/decrypt.ts';
import type { Expression } from '#core/decision/expression.ts';
import type { Instant } from '#core/instant.ts';
import type { Ledger } from '#core/ledger/ledger.ts';
import type { RelyingParty } from '#core/request/relying-party.ts';
import type { TokenRef } from '#core/token/security-token.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import type { TokenService } from '#core/token-service.ts';
import type {
  AuthenticatedRequest,
  ReceivingParts,
} from '../authentication/authenticated-request.ts';
import type { Progress } from '../authentication/opened-message.ts';
import type { RstRequest } from '../rst/rst-request.ts';

/** What the operations need of the world. */
export interface OperationParts extends ReceivingParts {
  /** Which requestors may use the front at all; absent: all that authenticate. */
  readonly admits?: Expression | undefined;
  readonly sts: TokenService;
  readonly ledger: Ledger;
  readonly relyingParties: readonly RelyingParty[];
  /** Our keys to decrypt with; absent: what is encrypted is refused. */
  readonly unwrappers?: KeyUnwrappers | undefined;
  /** Signs answers to messages that protect themselves. */
  readonly signAnswer?: ((now: Instant) => AnswerSigner) | undefined;
  /** The ID in the assertion of a decision. */
  readonly assertionIdOf: (spec: TokenSpec) => string;
  /** The token of ours whose assertion has this id; undefined for what is no id of one. Whether there is one it does not say. */
  readonly tokenOfAssertion: (assertionId: string) => TokenRef | undefined;
}

export interface Operation {
  /** Refuses what the operation does not do and what contradicts itself. `address` is the endpoint as the client calls it.
   * @throws {ExchangeFailure} `operation-unsupported`, `request-malformed` */
  readonly requireHonoured: (rst: RstRequest, address: string) => void;
  /** The response, bare. `progress` tells what core has put on record.
   * @throws {ExchangeFailure} any reason */
  readonly answer: (
    request: AuthenticatedRequest,
    parts: OperationParts,
    progress: Progress,
  ) => Promise<Markup>;
}
