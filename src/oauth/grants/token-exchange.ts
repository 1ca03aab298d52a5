// RFC 8693 §2.1: subject_token, actor_token and what is wanted for them.
import { ExchangeFailure } from '#core/failure.ts';
import type { SecurityToken } from '#core/token/security-token.ts';
import { TOKEN_TYPES, type TokenType, tokenTypeOfUri } from '#core/token/token-type.ts';
import { TOKEN_EXCHANGE_ERRORS } from '../oauth-error.ts';
import {
  optionalParameter,
  type Parameters,
  requiredParameter,
  scopeNames,
  targetNames,
} from '../parameters.ts';
import type { Grant } from './grant.ts';

function tokenType(uri: string): TokenType {
  const type = tokenTypeOfUri(uri);
  if (!type) throw new ExchangeFailure('token-type-unsupported', 'unknown token type URI');
  return type;
}

function subjectToken(parameters: Parameters): SecurityToken {
  const content = requiredParameter(parameters, 'subject_token');
  const type = tokenType(requiredParameter(parameters, 'subject_token_type'));
  return { type, use: 'subject', content };
}

/** RFC 8693 §2.1: actor_token_type is required with an actor_token and must not stand without one. */
function actorToken(parameters: Parameters): SecurityToken | undefined {
  const content = optionalParameter(parameters, 'actor_token');
  const uri = optionalParameter(parameters, 'actor_token_type');
  if (content === undefined && uri === undefined) return undefined;
  if (content === undefined || uri === undefined) {
    throw new ExchangeFailure(
      'request-malformed',
      'actor_token and actor_token_type stand together',
    );
  }
  return { type: tokenType(uri), use: 'actor', content };
}

export const tokenExchange: Grant = {
  grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
  parameters: [
    'audience',
    'resource',
    'scope',
    'requested_token_type',
    'subject_token',
    'subject_token_type',
    'actor_token',
    'actor_token_type',
  ],
  errorMap: TOKEN_EXCHANGE_ERRORS,
  parse(parameters) {
    const requested = optionalParameter(parameters, 'requested_token_type');
    const actor = actorToken(parameters);
    const scopes = scopeNames(parameters);
    return {
      operation: 'token-exchange',
      subject: subjectToken(parameters),
      ...(actor && { actor }),
      targets: targetNames(parameters),
      ...(requested !== undefined && { requestedType: tokenType(requested) }),
      ...(scopes && { scopes }),
    };
  },
  issuedTokenType: (type) => TOKEN_TYPES[type].uri,
};
