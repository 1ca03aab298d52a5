// The phases every grant goes through, so that none can forget one: allowed for the client, honourable, exchange, answer.

import type { KoaContextWithOIDC } from 'oidc-provider';
import { exchange } from '#core/exchange.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { ExchangeRequest } from '#core/request/exchange-request.ts';
import { formOf, TOKEN_TYPES, type TokenType } from '#core/token/token-type.ts';
import type { TokenService } from '#core/token-service.ts';
import { authenticatedClient, requestorOf } from './clients/oauth-client.ts';
import type { Grant, Performed } from './grants/grant.ts';
import { PARAMETERS } from './grants/grants.ts';
import { withOAuthErrors } from './oauth-error.ts';
import type { OwnTokenParts } from './own-tokens/own-tokens.ts';
import type { Parameters } from './parameters.ts';
import { correlationOf, markAudited, markRequestor } from './request-state.ts';

function validateHonourable(
  ctx: KoaContextWithOIDC,
  { parameters: taken }: Grant,
  parameters: Parameters,
): void {
  // What every grant but the exchange gives: some clients name it whatever they ask for.
  const isGivenAnyway = (name: string): boolean =>
    name === 'requested_token_type' && parameters[name] === TOKEN_TYPES.access_token.uri;
  const refused = PARAMETERS.find(
    (name) => parameters[name] !== undefined && !taken.includes(name) && !isGivenAnyway(name),
  );
  if (refused !== undefined)
    throw new ExchangeFailure('request-malformed', `${refused} cannot be honoured`);
  // A client that sends a proof expects a bound token; a bearer token in its place would be a silent downgrade.
  if (ctx.get('dpop') !== '')
    throw new ExchangeFailure('request-malformed', 'DPoP cannot be honoured');
}

/** RFC 8693 §2.2.1 has one member for every token; what is no text of its own alphabet is base64url in it. */
const wireText = (type: TokenType, text: string): string =>
  formOf(type) === 'saml' ? Buffer.from(text).toString('base64url') : text;

/** What there is not is undefined here, and JSON leaves it out. */
function tokenResponse(grant: Grant, performed: Performed): Record<string, unknown> {
  const { spec, text } = performed.token;
  const isAccessToken = spec.type === 'access_token' || spec.type === 'jwt';
  return {
    access_token: wireText(spec.type, text),
    issued_token_type: grant.issuedTokenType?.(spec.type),
    token_type: isAccessToken ? 'Bearer' : 'N_A',
    expires_in: spec.lifetime.notOnOrAfter - spec.issuedAt,
    ...(spec.scopes.length > 0 && { scope: spec.scopes.join(' ') }),
    refresh_token: performed.refreshToken,
  };
}

const perform = async (
  grant: Grant,
  request: ExchangeRequest,
  sts: TokenService,
): Promise<Performed> =>
  grant.perform ? grant.perform(request, sts) : { token: await exchange(request, sts) };

/** The library's handler for a grant: the client is authenticated and the parameters are the grant's own when it runs. */
export function createGrantHandler(
  grant: Grant,
  parts: Pick<OwnTokenParts, 'admitClient' | 'clients' | 'sts'>,
) {
  return async (ctx: KoaContextWithOIDC): Promise<void> => {
    const client = authenticatedClient(ctx, parts.clients);
    const requestor = requestorOf(client);
    markRequestor(ctx, requestor);
    const parameters: Parameters = ctx.oidc.params ?? {};
    ctx.body = await withOAuthErrors(grant.errorMap, async () => {
      // Once it has authenticated: by a claimed name anybody could use up the limit of another.
      parts.admitClient(client.client_id);
      if (!client.grant_types.includes(grant.grantType)) {
        throw new ExchangeFailure('requestor-not-allowed', 'the client may not use this grant');
      }
      validateHonourable(ctx, grant, parameters);
      const request = { ...grant.parse(parameters, requestor), ...correlationOf(ctx), requestor };
      markAudited(ctx);
      ctx.state['grant'] = request.operation;
      return tokenResponse(grant, await perform(grant, request, parts.sts));
    });
  };
}
