// From a RequestSecurityToken to a request of core (ws-trust §9). OnBehalfOf is impersonation, ActAs is delegation, neither is
// Issue with the requestor's own credential; Validate for a new token is an exchange of its target.

import { ExchangeFailure } from '#core/failure.ts';
import type { Instant } from '#core/instant.ts';
import type { ExchangeRequest } from '#core/request/exchange-request.ts';
import type { RelyingParty, TargetName } from '#core/request/relying-party.ts';
import type { Requestor } from '#core/request/requestor.ts';
import { requestorToken } from '#core/request/requestor-validator.ts';
import type { Confirmation } from '#core/token/confirmation.ts';
import { TOKEN_TYPES, type TokenType, tokenTypeOfWsTrust } from '#core/token/token-type.ts';
import { statusTokenType } from './answer/response.ts';
import type { EndpointProfile } from './endpoint/endpoint-profile.ts';
import { namedCertificate } from './keys/vouched-key.ts';
import { requireAlgorithms } from './rst/requested-algorithms.ts';
import { lifetimeSecondsOf } from './rst/requested-lifetime.ts';
import { asksForContext, type RstRequest } from './rst/rst-request.ts';

/** What a request is mapped with. */
export interface MappingContext {
  readonly requestor: Requestor;
  /** What the token is to be bound to. */
  readonly confirmation: Confirmation;
  readonly isKeyUnproved?: true | undefined;
  readonly profile: EndpointProfile;
  /** The relying parties that are meant. */
  readonly parties: readonly RelyingParty[];
  readonly now: Instant;
  readonly skewSeconds: number;
  readonly correlationId: string;
  readonly sourceAddress?: string | undefined;
}

/** The request of core.
 * @throws {ExchangeFailure} `token-type-unsupported`, `lifetime-not-possible`
 * @throws {SecurityFailure} `unsupported-algorithm` */
export function mapRequest(rst: RstRequest, context: MappingContext): ExchangeRequest {
  const { confirmation, parties, profile, requestor, sourceAddress } = context;
  const requestedType = requestedTypeOf(rst, parties, profile);
  requireAlgorithms(rst, parties, requestedType);
  const lifetimeSeconds = lifetimeSecondsOf(rst.lifetime, context.now, context.skewSeconds);
  const requiredClaims = mandatoryClaims(rst);
  const claimValues = wishedValues(rst);
  return {
    operation: rst.operation.toLowerCase(),
    correlationId: context.correlationId,
    requestor,
    confirmation,
    ...(context.isKeyUnproved && { isKeyUnproved: true }),
    ...evidenceOf(rst, requestor),
    targets: targetsOf(rst),
    ...(sourceAddress !== undefined && { sourceAddress }),
    ...(requestedType && { requestedType }),
    ...(lifetimeSeconds !== undefined && { lifetimeSeconds }),
    ...(requiredClaims.length > 0 && { requiredClaims }),
    ...(claimValues.size > 0 && { claimValues }),
    ...(rst.isDelegatable !== undefined && { isDelegatable: rst.isDelegatable }),
    ...renewalOf(rst),
    tokenShape: profile.tokenShape ?? 'soap',
  };
}

// WS-Trust 1.3 §4.1: Allow is true and OK is false unless the request says otherwise. The first is a wish that clients do not
// even write; after expiry is what one must rely on.
function renewalOf({ renewing }: RstRequest): Pick<ExchangeRequest, 'renewal'> {
  if (renewing?.isAllowed === false) return {};
  const afterExpiry = renewing?.isAllowedAfterExpiry ?? false;
  return { renewal: { afterExpiry, isWish: !afterExpiry } };
}

function mandatoryClaims({ claims }: RstRequest): readonly string[] {
  return claims.filter(({ isOptional }) => !isOptional).map(({ uri }) => uri);
}

function wishedValues({ claims }: RstRequest): ReadonlyMap<string, readonly string[]> {
  return new Map(claims.flatMap(({ uri, values }) => (values ? [[uri, values]] : [])));
}

function evidenceOf(
  { actAs, delegateTo, onBehalfOf, validateTarget }: RstRequest,
  requestor: Requestor,
): Pick<ExchangeRequest, 'subject' | 'actor'> {
  if (actAs) return { subject: actAs, actor: requestorToken(requestor, 'actor') };
  const subject = onBehalfOf ?? validateTarget ?? requestorToken(requestor, 'subject');
  // The one who is to act for the requestor: named by a certificate, to whose key the token is bound.
  return { subject, ...(delegateTo?.key && { actor: namedCertificate(delegateTo.key, 'actor') }) };
}

function targetsOf({ appliesTo, participants }: RstRequest): readonly TargetName[] {
  const addresses = appliesTo === undefined ? participants : [appliesTo, ...participants];
  return addresses.map((value) => ({ kind: 'applies-to', value }));
}

/** A request with the target that it means where it names none: a security context is shared with the service that is asked for it
 * (WS-SecureConversation 1.3 §3), which is the address that was called, where a relying party stands for it. WCF names no other. */
export function withMeantTarget(
  rst: RstRequest,
  address: string,
  relyingParties: readonly RelyingParty[],
): RstRequest {
  const isMeant =
    asksForContext(rst) &&
    targetsOf(rst).length === 0 &&
    relyingParties.some(({ appliesTo }) => appliesTo.includes(address));
  return isMeant ? { ...rst, appliesTo: address } : rst;
}

/** The relying parties that are meant; unknown ones are left for core to refuse, on record. */
export function partiesOf(
  rst: RstRequest,
  relyingParties: readonly RelyingParty[],
  { defaultTarget }: EndpointProfile,
): readonly RelyingParty[] {
  const targets = targetsOf(rst);
  return relyingParties.filter(({ appliesTo, id }) =>
    targets.length === 0
      ? id === defaultTarget
      : targets.some(({ value }) => appliesTo.includes(value)),
  );
}

// ws-trust W5: the request, else the relying party, else the profile; and always a type that goes over SOAP.
function requestedTypeOf(
  { tokenType }: RstRequest,
  parties: readonly RelyingParty[],
  { defaultTokenType }: EndpointProfile,
): TokenType | undefined {
  if (tokenType !== undefined) return namedTokenType(tokenType);
  const isCarried = parties.every(({ token }) => TOKEN_TYPES[token.type].wsTrust.length > 0);
  return isCarried ? undefined : defaultTokenType;
}

/** What a TokenType names.
 * @throws {ExchangeFailure} `token-type-unsupported` */
export function namedTokenType(uri: string): TokenType {
  const type = tokenTypeOfWsTrust(uri);
  if (type === undefined)
    throw new ExchangeFailure('token-type-unsupported', 'a TokenType we do not know');
  return type;
}

/** What a TokenType beside the target of Renew or Cancel names. PicketLink asks for a status with a renewal: no token has that type.
 * @throws {ExchangeFailure} `token-type-unsupported` */
export function targetTypeOf({ tokenType, trust }: RstRequest): TokenType | undefined {
  if (tokenType === undefined || tokenType === statusTokenType(trust)) return undefined;
  return namedTokenType(tokenType);
}
