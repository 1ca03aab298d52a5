// What every grant is: a name, its parameters, its family of errors, and how it reads a request. The endpoint owns the rest.
import type { ExchangeRequest } from '#core/request/exchange-request.ts';
import type { Requestor } from '#core/request/requestor.ts';
import type { IssuedToken } from '#core/token/token-spec.ts';
import type { TokenType } from '#core/token/token-type.ts';
import type { TokenService } from '#core/token-service.ts';
import type { ErrorMap } from '../oauth-error.ts';
import type { Parameters } from '../parameters.ts';

/** What a grant adds to a request; who asks and under which correlation id, the endpoint knows. */
type GrantRequest = Pick<
  ExchangeRequest,
  'operation' | 'subject' | 'isOwnSubjectOnly' | 'actor' | 'targets' | 'requestedType' | 'scopes'
>;

/** What came of a request. */
export interface Performed {
  readonly token: IssuedToken;
  /** The text of the refresh token that goes with it. */
  readonly refreshToken?: string;
}

export interface Grant {
  readonly grantType: string;
  readonly parameters: readonly string[];
  readonly errorMap: ErrorMap;
  /** @throws {ExchangeFailure} `request-malformed`, `token-type-unsupported`, `target-unknown` */
  parse(parameters: Parameters, requestor: Requestor): GrantRequest;
  /** `issued_token_type` of the answer; absent: it has none. */
  issuedTokenType?(type: TokenType): string | undefined;
  /** The use case, where it is not an exchange. */
  perform?(request: ExchangeRequest, sts: TokenService): Promise<Performed>;
}

/** Parameters that may be repeated, at every grant: they name targets (RFC 8707 §2, RFC 8693 §2.1). */
export const REPEATABLE_PARAMETERS: readonly string[] = ['audience', 'resource'];
