// Issue, Renew, Validate and Cancel in the REST form, over the use cases of core that SOAP asks too.

import { writeDateTime } from '#bridge/xml/date-time.ts';
import { exchange } from '#core/exchange.ts';
import { inspect } from '#core/inspect.ts';
import { secretOf } from '#core/ledger/kept-token.ts';
import type { Ledger } from '#core/ledger/ledger.ts';
import type { AuditLog } from '#core/ports.ts';
import { renewToken } from '#core/renew.ts';
import type { ExchangeRequest } from '#core/request/exchange-request.ts';
import type { RelyingParty } from '#core/request/relying-party.ts';
import type { Requestor } from '#core/request/requestor.ts';
import { requestorToken } from '#core/request/requestor-validator.ts';
import { revoke } from '#core/revoke.ts';
import { BEARER, type Confirmation } from '#core/token/confirmation.ts';
import type { IssuedToken } from '#core/token/token-spec.ts';
import { formOf, TOKEN_TYPES } from '#core/token/token-type.ts';
import type { TokenService } from '#core/token-service.ts';
import { onRecord, recordValidation } from '../audit.ts';
import { KEY_TYPE_NAMES } from '../keys/key-type.ts';
import { makeSecret } from '../keys/symmetric-key.ts';
import { TRUST_13, type TrustOperation } from '../names.ts';
import { JSON_TYPE, XML_TYPE } from './media-type.ts';
import { malformed, type Parameters } from './parameters.ts';
import {
  type RestIssue,
  type RestTarget,
  readCancellation,
  readIssueBody,
  readIssueQuery,
  readRenewal,
  readValidation,
} from './rest-request.ts';

export interface RestOperationParts {
  readonly sts: TokenService;
  readonly ledger: Ledger;
  readonly audit: AuditLog;
  readonly relyingParties: readonly RelyingParty[];
}

/** Who asks, once that is known. */
interface RestContext {
  readonly requestor: Requestor;
  readonly correlationId: string;
  readonly sourceAddress?: string | undefined;
  /** Of the answer. */
  readonly mediaType: string;
  /** Follows. */
  readonly progress: { isRecorded: boolean };
}

export interface RestAnswer {
  readonly mediaType: string;
  /** Empty where there is nothing to say. */
  readonly body: string;
}

/** A request that was read; what it asks is done when the requestor is known. */
export interface RestOperation {
  /** What the answer can be written in, the usual one first. */
  readonly offers: readonly string[];
  answer(context: RestContext, parts: RestOperationParts): Promise<RestAnswer>;
}

const JSON_ONLY: readonly string[] = [JSON_TYPE];

/** `GET …/token/{type}`, and `POST` of JSON there.
 * @throws {ExchangeFailure} `request-malformed`, `token-type-unsupported` */
export function readIssue(typeName: string, input: string | Parameters): RestOperation {
  const wishes =
    typeof input === 'string' ? readIssueQuery(typeName, input) : readIssueBody(typeName, input);
  return {
    offers: offersFor(wishes),
    async answer(context, { sts }) {
      const request = issueRequest(wishes, context);
      return tokenAnswer(await onRecord(context.progress, () => exchange(request, sts)), context);
    },
  };
}

/** An operation about a token, known by its path before anything is read. */
interface TargetOperation {
  readonly name: TrustOperation;
  /** @throws {ExchangeFailure} `request-malformed`, `token-type-unsupported` */
  readonly read: (members: Parameters) => RestOperation;
}

/** The operations about a token, by their paths: each reads JSON. */
export const TARGET_OPERATIONS: ReadonlyMap<string, TargetOperation> = new Map([
  ['/ws-trust/renew', { name: 'Renew', read: readRenew }],
  ['/ws-trust/validate', { name: 'Validate', read: readValidate }],
  ['/ws-trust/cancel', { name: 'Cancel', read: readCancel }],
]);

function readRenew(members: Parameters): RestOperation {
  const target = readRenewal(members);
  return {
    offers: offersFor({ tokenType: target.token.type }),
    async answer(context, { sts }) {
      const request = renewRequest(target, context);
      return tokenAnswer(await onRecord(context.progress, () => renewToken(request, sts)), context);
    },
  };
}

function readValidate(members: Parameters): RestOperation {
  const { token, wanted } = readValidation(members);
  return {
    offers: JSON_ONLY,
    async answer(context, { audit, relyingParties, sts }) {
      const asked = { requestor: context.requestor, correlationId: context.correlationId, token };
      const found = await inspect(asked, sts, { relyingParties, takesForeign: true });
      await recordValidation(found, context, audit);
      // WS-Trust 1.3 §7: of an invalid token no other is made.
      if (!found) return json({ status: 'invalid' });
      if (!wanted) return json({ status: 'valid' });
      const request = { ...issueRequest(wanted, context), operation: 'validate' };
      const issued = await onRecord(context.progress, () => exchange(request, sts));
      return json({ status: 'valid', newToken: membersOf(issued) });
    },
  };
}

function readCancel(members: Parameters): RestOperation {
  const { token } = readCancellation(members);
  return {
    offers: JSON_ONLY,
    async answer({ correlationId, requestor, sourceAddress }, parts) {
      await revoke({ correlationId, sourceAddress, requestor, token }, parts.sts, parts);
      return json({ cancelled: true });
    },
  };
}

// An assertion can come bare; a JWT is no XML, and with a secret something has to come beside the token.
const offersFor = ({ keyType, tokenType }: Offered): readonly string[] =>
  formOf(tokenType) !== 'saml' || keyType === 'symmetric-key' ? JSON_ONLY : [JSON_TYPE, XML_TYPE];

type Offered = Pick<RestIssue, 'tokenType'> & Partial<Pick<RestIssue, 'keyType'>>;

function issueRequest(wishes: RestIssue, context: RestContext): ExchangeRequest {
  const { appliesTo, claims, lifetimeSeconds, tokenType } = wishes;
  const { requestor } = context;
  return {
    operation: 'issue',
    ...askedBy(context),
    confirmation: confirmationFor(wishes, requestor),
    ...evidenceOf(wishes, requestor),
    targets: appliesTo === undefined ? [] : [{ kind: 'applies-to', value: appliesTo }],
    requestedType: tokenType,
    ...(lifetimeSeconds !== undefined && { lifetimeSeconds }),
    ...(claims.length > 0 && { requiredClaims: claims }),
    renewal: { afterExpiry: false, isWish: true },
    tokenShape: 'soap',
  };
}

function confirmationFor({ keyType }: RestIssue, { confirmation }: Requestor): Confirmation {
  if (keyType === 'bearer') return BEARER;
  // All of it is ours: there is no message in which a part of the requestor's could be protected or computed with.
  if (keyType === 'symmetric-key') return makeSecret({ trust: TRUST_13 }).confirmation;
  // A password alone has no key (ws-trust §3.2).
  if (confirmation.method !== 'public-key')
    throw malformed('contradictory: a key from a bearer login');
  return confirmation;
}

function renewRequest(
  { lifetimeSeconds, token }: RestTarget,
  context: RestContext,
): ExchangeRequest {
  return {
    operation: 'renew',
    ...askedBy(context),
    subject: token,
    targets: [],
    requestedType: token.type,
    ...(lifetimeSeconds !== undefined && { lifetimeSeconds }),
    tokenShape: 'soap',
  };
}

const askedBy = ({ correlationId, requestor, sourceAddress }: RestContext) => ({
  correlationId,
  requestor,
  ...(sourceAddress !== undefined && { sourceAddress }),
});

// As over SOAP: OnBehalfOf is impersonation, ActAs is delegation, neither is about the requestor.
function evidenceOf(
  { actAs, onBehalfOf }: RestIssue,
  requestor: Requestor,
): Pick<ExchangeRequest, 'subject' | 'actor'> {
  if (actAs) return { subject: actAs, actor: requestorToken(requestor, 'actor') };
  return { subject: onBehalfOf ?? requestorToken(requestor, 'subject') };
}

function tokenAnswer(token: IssuedToken, { mediaType }: RestContext): RestAnswer {
  return mediaType === XML_TYPE ? { mediaType, body: token.text } : json(membersOf(token));
}

function membersOf({ spec, text }: IssuedToken): object {
  const { confirmation, lifetime, type } = spec;
  const secret = secretOf(spec)?.secret;
  return {
    token: text,
    tokenType: TOKEN_TYPES[type].wsTrust[0],
    keyType: KEY_TYPE_NAMES[confirmation.method],
    // To whoever asked, over TLS; the relying party has it in the token, encrypted.
    ...(secret && { secret: secret.base64, keySizeBits: secret.sizeBits }),
    lifetime: {
      created: writeDateTime(lifetime.notBefore),
      expires: writeDateTime(lifetime.notOnOrAfter),
    },
  };
}

const json = (body: object): RestAnswer => ({ mediaType: JSON_TYPE, body: JSON.stringify(body) });
