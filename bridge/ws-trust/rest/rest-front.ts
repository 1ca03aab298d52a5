// The REST form of the front (ws-trust §6): GET for a token, JSON for the rest. It speaks to core itself; no message of SOAP is
// made or read for it.

import type { ClaimValue } from '#core/claims/claim.ts';
import { refusalOnRecord } from '../audit.ts';
import type { Progress } from '../authentication/opened-message.ts';
import {
  headerOf,
  headersOf,
  transportOf,
  type WsTrustFront,
  type WsTrustRequest,
  type WsTrustResponse,
} from '../front.ts';
import { JSON_TYPE, negotiate } from './media-type.ts';
import { malformed } from './parameters.ts';
import { NotAcceptable, type RestRefusal, restRefusalOf } from './rest-error.ts';
import {
  type RestAnswer,
  type RestOperation,
  type RestOperationParts,
  readIssue,
  TARGET_OPERATIONS,
} from './rest-operations.ts';
import { authenticateCaller, type RestAuthenticationParts } from './rest-requestor.ts';

/** Where tokens are asked for; its GET makes one. */
export const REST_TOKEN_PATH = '/ws-trust/token/';
const TOKEN_PATTERN = `${REST_TOKEN_PATH}*`;
/** Every path of the form. */
export const REST_PATHS: readonly string[] = [TOKEN_PATTERN, ...TARGET_OPERATIONS.keys()];

export interface RestFrontParts extends RestAuthenticationParts, RestOperationParts {
  readonly sts: RestOperationParts['sts'];
  /** Reads one JSON object in UTF-8, no name in it twice.
   * @throws {ExchangeFailure} `request-malformed` */
  readonly parseJson: (body: Uint8Array) => ReadonlyMap<string, ClaimValue>;
  /** Hears of our own mistakes, for the log. */
  readonly onError: (cause: unknown, correlationId: string) => void;
}

/** What is known of a request so far; it is known step by step, and a refusal tells it. */
type RestProgress = Pick<Progress, 'isRecorded' | 'operation' | 'requestor'>;

function patternOf(path: string): string | undefined {
  if (path.startsWith(REST_TOKEN_PATH)) return TOKEN_PATTERN;
  return TARGET_OPERATIONS.has(path) ? path : undefined;
}

/** The front with the REST form beside it. */
export function withRest(soap: WsTrustFront, parts: RestFrontParts): WsTrustFront {
  const isRest = (path: string): boolean => patternOf(path) !== undefined;
  return {
    routeOf: (path) => patternOf(path) ?? soap.routeOf(path),
    addresses: soap.addresses,
    contentTypes: (path) => (isRest(path) ? [JSON_TYPE] : soap.contentTypes(path)),
    handle: (request) => (isRest(request.path) ? handle(request, parts) : soap.handle(request)),
    refuse: (request, cause) =>
      isRest(request.path)
        ? write(request, restRefusalOf(cause), parts)
        : soap.refuse(request, cause),
  };
}

async function handle(request: WsTrustRequest, parts: RestFrontParts): Promise<WsTrustResponse> {
  const { method, path } = request;
  const isToken = path.startsWith(REST_TOKEN_PATH);
  const allowed = isToken ? ['GET', 'POST'] : ['POST'];
  if (!allowed.includes(method))
    return { status: 405, headers: { ...headersOf(request), allow: allowed.join(', ') }, body: '' };
  const progress: RestProgress = { isRecorded: false };
  try {
    const { body, mediaType } = await answer(request, parts, progress);
    const headers = { ...headersOf(request), 'content-type': `${mediaType}; charset=utf-8` };
    return { status: 200, headers, body };
  } catch (cause) {
    const refused = { ...progress, ...request };
    const refusal = await refusalOnRecord(cause, { refused, refusalOf: restRefusalOf, parts });
    return write(request, refusal, parts);
  }
}

async function answer(
  request: WsTrustRequest,
  parts: RestFrontParts,
  progress: RestProgress,
): Promise<RestAnswer> {
  const { correlationId, isSecure, sourceAddress } = request;
  progress.operation = TARGET_OPERATIONS.get(request.path)?.name ?? 'Issue';
  requireOwnSite(request);
  if (request.method === 'GET') requireNoBody(request);
  const operation = read(request, parts);
  const mediaType = negotiate(headerOf(request, 'accept'), operation.offers);
  if (mediaType === undefined) throw new NotAcceptable();
  const transport = transportOf(request);
  const requestor = await authenticateCaller({ isSecure, sourceAddress, transport }, parts);
  progress.requestor = requestor;
  const context = { requestor, correlationId, sourceAddress, mediaType, progress };
  return operation.answer(context, parts);
}

// Browsers send a password or a certificate that they know along with what another site makes them ask: it could not read the
// token, but it would have it made, counted and put on record.
function requireOwnSite(request: WsTrustRequest): void {
  const site = headerOf(request, 'sec-fetch-site');
  if (site !== undefined && site !== 'none' && site !== 'same-origin')
    throw malformed('asked for by another site');
}

// RFC 9110 §9.3.1: content of a GET means nothing. What cannot be honoured is refused.
function requireNoBody(request: WsTrustRequest): void {
  const length = headerOf(request, 'content-length') ?? '0';
  if (length !== '0' || headerOf(request, 'transfer-encoding') !== undefined)
    throw malformed('a body with GET');
}

function read({ body, method, path, query }: WsTrustRequest, parts: RestFrontParts): RestOperation {
  const members = () => parts.parseJson(body);
  if (method !== 'GET' && query !== '') throw malformed('a query beside a body');
  if (path.startsWith(REST_TOKEN_PATH))
    return readIssue(path.slice(REST_TOKEN_PATH.length), method === 'GET' ? query : members());
  const target = TARGET_OPERATIONS.get(path);
  if (!target) throw new Error(`a path without an operation: ${path}`);
  return target.read(members());
}

function write(
  request: Pick<WsTrustRequest, 'correlationId'>,
  { description, error, reason, retryAfterSeconds, status }: RestRefusal,
  { credentials }: Pick<RestFrontParts, 'credentials'>,
): WsTrustResponse {
  const asksForBasic = status === 401 && credentials.includes('basic');
  return {
    // RFC 9110 §15.5.2: 401 names a scheme to log in with, and a certificate has none.
    status: status === 401 && !asksForBasic ? 403 : status,
    headers: {
      ...headersOf(request),
      'content-type': `${JSON_TYPE}; charset=utf-8`,
      ...(asksForBasic && { 'www-authenticate': 'Basic realm="ws-trust", charset="UTF-8"' }),
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
    },
    body: JSON.stringify({ error, error_description: description }),
    reason,
  };
}
