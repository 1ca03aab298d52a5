// The front over SOAP. Whatever goes wrong leaves as a fault in the words of the request (ws-trust §2, W12), on record.

import { guessVersion } from '#bridge/soap/content-type.ts';
import { writeFault } from '#bridge/soap/fault.ts';
import { contentTypeOf, SOAP_SPELLING } from '#bridge/soap/soap-version.ts';
import { writeTimestampHeader } from '#bridge/ws-security/timestamp.ts';
import { createCertificateMemory } from '#bridge/ws-security/tokens/certificate-memory.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { withoutAddressAsAction } from './agreement.ts';
import { refusalOnRecord } from './audit.ts';
import { decryptMessage, openMessage, type Progress } from './authentication/opened-message.ts';
import { createChallenges } from './challenge/challenges.ts';
import {
  answerMetadata,
  asksForMetadata,
  createDescriptions,
  type DescriptionFinder,
  isMetadataRequest,
} from './description/metadata.ts';
import type { EndpointProfile } from './endpoint/endpoint-profile.ts';
import { findServedPath, type ServedPath } from './endpoint/served-path.ts';
import { type Refusal, refusalOf, spellFault } from './fault-map.ts';
import {
  headersOf,
  transportOf,
  type WsTrustFront,
  type WsTrustRequest,
  type WsTrustResponse,
} from './front.ts';
import { TRUST_13 } from './names.ts';
import type { OperationParts } from './operations/operation.ts';
import { answerRequest } from './operations/operations.ts';

/** Bounds of a message; times in seconds. */
export interface WsTrustLimits {
  readonly maxBodyBytes: number;
  readonly skewSeconds: number;
  /** The longest life a Timestamp may give its message. */
  readonly maxTimestampLifetimeSeconds: number;
}

/** How old a UsernameToken with `Created` may be. */
const NONCE_LIFETIME_SECONDS = 300;

/** What the front is built over: what its operations need, but for what it makes itself. */
export interface WsTrustFrontParts
  extends Omit<
    OperationParts,
    'certificates' | 'challenges' | 'maxCanonicalBytes' | 'rules' | 'timestampRules'
  > {
  readonly profiles: readonly EndpointProfile[];
  readonly limits: WsTrustLimits;
  /** The key under which requests are sealed that wait for a second factor. */
  readonly challengeKey: Uint8Array;
  /** Hears of our own mistakes, for the log. */
  readonly onError: (cause: unknown, correlationId: string) => void;
}

/** How much a signature may have us digest, in lengths of the longest message. Canonical form is somewhat longer than what was sent, and a
 * token may be digested where it stands and by a reference. Short prefixes of long namespaces could make it far more. */
const CANONICAL_SHARE = 2;

/** The methods that read a description; the server sees to it that a HEAD gets no body (RFC 9110 §9.3.2). */
const READING_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

const SOAP_CONTENT_TYPES: readonly string[] = Object.values(SOAP_SPELLING).map(
  ({ mediaType }) => mediaType,
);

/** Creates the front. */
export function createWsTrustFront(parts: WsTrustFrontParts): WsTrustFront {
  const operationParts = operationPartsOf(parts);
  const describe = createDescriptions();
  return {
    routeOf: (path) => findServedPath(parts.profiles, path)?.pattern,
    addresses: parts.profiles.flatMap(({ endpoints }) => endpoints.map(({ path }) => path)),
    contentTypes: () => SOAP_CONTENT_TYPES,
    refuse(request, cause) {
      const served = findServedPath(parts.profiles, request.path);
      return fault(request, refusalOf(cause), newProgress(request, served, parts));
    },
    async handle(request) {
      const served = findServedPath(parts.profiles, request.path);
      if (served === undefined) return notFound(request);
      if (request.method === 'POST')
        return answerPost({ request, served, parts, operationParts, describe });
      const isDescribed = asksForMetadata(served, request.query);
      if (!isDescribed || !READING_METHODS.has(request.method)) {
        const allow = isDescribed ? 'GET, HEAD, POST' : 'POST';
        return { status: 405, headers: { ...headersOf(request), allow }, body: '' };
      }
      const { path, publicBase } = request;
      return respond(request, contentTypeOf('1.1'), describe({ served, path, publicBase }));
    },
  };
}

function operationPartsOf({
  challengeKey: key,
  limits,
  ...parts
}: WsTrustFrontParts): OperationParts {
  return {
    ...parts,
    challenges: createChallenges({ ...parts, key }),
    certificates: createCertificateMemory(),
    rules: { skewSeconds: limits.skewSeconds, nonceLifetimeSeconds: NONCE_LIFETIME_SECONDS },
    maxCanonicalBytes: CANONICAL_SHARE * limits.maxBodyBytes,
    timestampRules: {
      skewSeconds: limits.skewSeconds,
      maxLifetimeSeconds: limits.maxTimestampLifetimeSeconds,
    },
  };
}

/** Whether a fault has a Timestamp, by the habit of the profile. */
const FAULT_TIMESTAMPS: Readonly<
  Record<
    EndpointProfile['faultTimestamps'],
    (progress: Pick<Progress, 'framing' | 'requestor'>) => boolean
  >
> = {
  always: () => true,
  'with-addressing': ({ framing }) => framing.addressing !== undefined,
  'once-authenticated': ({ framing, requestor }) =>
    framing.addressing !== undefined && requestor !== undefined,
  never: () => false,
};

function newProgress(
  { headers }: Pick<WsTrustRequest, 'headers'>,
  served: ServedPath | undefined,
  { clock }: Pick<WsTrustFrontParts, 'clock'>,
): Progress {
  // Where messages protect themselves it would be one that nobody signs.
  const isProtected = served?.endpoint?.messageSecurity !== undefined;
  const habit = served?.profile.faultTimestamps ?? 'never';
  return {
    framing: { version: guessVersion(headers), addressing: undefined },
    trust: TRUST_13,
    isRecorded: false,
    ...(!isProtected && {
      faultHeaders: (progress) =>
        FAULT_TIMESTAMPS[habit](progress) ? [writeTimestampHeader(clock.now())] : [],
    }),
  };
}

interface Post {
  readonly request: WsTrustRequest;
  readonly served: ServedPath;
  readonly parts: WsTrustFrontParts;
  readonly operationParts: OperationParts;
  readonly describe: DescriptionFinder;
}

async function answerPost(post: Post): Promise<WsTrustResponse> {
  const { request, parts, served } = post;
  const progress = newProgress(request, served, parts);
  try {
    const text = await answerMessage(post, progress);
    return respond(request, contentTypeOf(progress.framing.version), text);
  } catch (cause) {
    const refused = { ...progress, ...request };
    return fault(request, await refusalOnRecord(cause, { refused, refusalOf, parts }), progress);
  }
}

async function answerMessage(
  { request, served, parts, operationParts, describe }: Post,
  progress: Progress,
): Promise<string> {
  const { maxBodyBytes } = parts.limits;
  const { path, publicBase, isSecure, correlationId, sourceAddress } = request;
  const address = `${publicBase}${path}`;
  const unread = withoutAddressAsAction(openMessage(request, maxBodyBytes, progress), address);
  if (isMetadataRequest(unread))
    return answerMetadata(unread, describe({ served, path, publicBase }));
  const { endpoint, profile } = served;
  if (endpoint === undefined) throw new XmlFailure('element-unexpected', 'metadata only');
  const { unwrappers } = parts;
  const message = await decryptMessage(unread, endpoint, { unwrappers, maxBodyBytes });
  const received = {
    message,
    profile,
    endpoint,
    address,
    isSecure,
    correlationId,
    sourceAddress,
    transport: transportOf(request),
  };
  return answerRequest(received, operationParts, progress);
}

function fault(
  request: Pick<WsTrustRequest, 'correlationId'>,
  { fault: row, reason, retryAfterSeconds }: Refusal,
  progress: Pick<Progress, 'faultHeaders' | 'framing' | 'requestor' | 'trust'>,
): WsTrustResponse {
  const { faultHeaders, framing, trust } = progress;
  return {
    status: 500,
    headers: {
      ...headersOf(request),
      'content-type': contentTypeOf(framing.version),
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
    },
    body: writeFault(framing, spellFault(row, trust), faultHeaders?.(progress)),
    reason,
  };
}

function respond(request: WsTrustRequest, contentType: string, body: string): WsTrustResponse {
  return { status: 200, headers: { ...headersOf(request), 'content-type': contentType }, body };
}

// As everything else that is not served here is answered, of which a path that only looks like one of ours is a part.
function notFound(request: WsTrustRequest): WsTrustResponse {
  const headers = { ...headersOf(request), 'content-type': 'application/json; charset=utf-8' };
  return { status: 404, headers, body: '{"error":"not_found"}' };
}
