// Fetches small documents of other parties over https with limits: time, size, no redirect, and no address but a public
// one. What was checked is what is connected to, so a name cannot answer twice with different addresses (DNS rebinding).
import { lookup as lookupHost } from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { createSecureContext } from 'node:tls';
import { callbackify } from 'node:util';
import { namesHost } from '#core/foreign/allowed-host.ts';
import type { FetchedDocument } from '#core/foreign/fetched.ts';
import { type AddressGuard, createAddressGuard } from './public-address.ts';

/** What is sent, where something is: a question that is answered. */
interface FetchQuestion {
  readonly body: Uint8Array;
  readonly contentType: string;
}

/** Fetches octets.
 * @throws {Error} for any failure: its text names no content */
export type FetchBytes = (url: string, question?: FetchQuestion) => Promise<Buffer>;

/** Fetches one document. `namedBy`: the address of a document of another party that has this one in it.
 * @throws {Error} for any failure: its text names no content */
export type FetchText = (url: string, namedBy?: string) => Promise<FetchedDocument>;

export interface HostAddress {
  readonly address: string;
  readonly family: number;
}

export interface FetchLimits {
  /** Hosts, or hosts with a port, as a URL has them, that may be on a private address and may speak plain http. */
  readonly allowedHosts: readonly string[];
  /** For all of it: name, connection, answer. */
  readonly timeoutSeconds: number;
  readonly maxBodyBytes: number;
  /** Who vouches for servers: certificates of authorities, or of servers alone, each in PEM; in place of those the runtime trusts. */
  readonly certificateAuthorities?: readonly string[];
  /** How names are looked up; absent: as the system does. */
  readonly resolveHost?: (hostname: string) => Promise<readonly HostAddress[]>;
  /** Which addresses may be connected to; absent: those on the internet. */
  readonly guard?: AddressGuard;
}

const NOT_PUBLIC =
  'the host is not on a public address, and fetch.allowedHosts does not name it, or not the host whose document leads there';

interface Target {
  readonly url: URL;
  readonly isAllowed: boolean;
}

const isListed = (url: URL, { allowedHosts }: FetchLimits): boolean =>
  allowedHosts.some((allowed) => namesHost(allowed, url));

function parseTarget(address: string, namedBy: string | undefined, limits: FetchLimits): Target {
  const url = new URL(address);
  // Whoever is outside must not lead us to what was allowed for somebody inside.
  const isAllowed =
    isListed(url, limits) && (namedBy === undefined || isListed(new URL(namedBy), limits));
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isAllowed))
    throw new Error('the address is not https');
  if (url.username !== '' || url.password !== '')
    throw new Error('the address has credentials in it');
  return { url, isAllowed };
}

/** A look-up that fails unless every address is public. One private among them would be a coin toss of the resolver. */
function guardedLookup(
  { isPublic }: AddressGuard,
  { resolveHost = (hostname) => lookupHost(hostname, { all: true }) }: FetchLimits,
): LookupFunction {
  const resolveChecked = callbackify(async (hostname: string) => {
    const [first, ...others] = await resolveHost(hostname);
    if (!first || ![first, ...others].every(({ address }) => isPublic(address)))
      throw new Error(NOT_PUBLIC);
    return [first, ...others] as const;
  });
  return (hostname, options, callback) =>
    resolveChecked(hostname, (error, addresses) => {
      if (error) callback(error, []);
      else if (options.all) callback(null, [...addresses]);
      else callback(null, addresses[0].address, addresses[0].family);
    });
}

function maxAgeOf(cacheControl: string | undefined): number | undefined {
  if (cacheControl === undefined) return undefined;
  if (/\bno-(?:store|cache)\b/i.test(cacheControl)) return 0;
  const [, seconds] = /(?:^|[\s,])max-age="?(\d{1,9})/i.exec(cacheControl) ?? [];
  return seconds === undefined ? undefined : Number(seconds);
}

/** How long an answer is good (RFC 9111 §4.2). Whoever kept it on its way has used up a part of that. */
function freshSecondsOf({ age = '', 'cache-control': cacheControl }: http.IncomingHttpHeaders) {
  const maxAgeSeconds = maxAgeOf(cacheControl);
  return maxAgeSeconds && /^\d+$/.test(age)
    ? Math.max(0, maxAgeSeconds - Number(age))
    : maxAgeSeconds;
}

const statusFailure = (status: number | undefined): Error =>
  new Error(`the answer has status ${status}`);

function requireUsableAnswer({ headers, statusCode }: http.IncomingMessage): void {
  // A redirect is not followed: it could lead inside, or to another party.
  if (statusCode !== 200) throw statusFailure(statusCode);
  // A few bytes can unpack to gigabytes; we asked for none of it.
  if ((headers['content-encoding'] ?? 'identity') !== 'identity')
    throw new Error('the answer is compressed');
}

async function readBody(response: http.IncomingMessage, maxBodyBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBodyBytes) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

interface Answer extends Omit<FetchedDocument, 'text'> {
  readonly bytes: Buffer;
}

async function readAnswer(response: http.IncomingMessage, maxBodyBytes: number): Promise<Answer> {
  try {
    requireUsableAnswer(response);
    const bytes = await readBody(response, maxBodyBytes);
    const maxAgeSeconds = freshSecondsOf(response.headers);
    return { bytes, ...(maxAgeSeconds !== undefined && { maxAgeSeconds }) };
  } finally {
    response.destroy();
  }
}

interface Sent {
  readonly url: URL;
  readonly options: https.RequestOptions;
  readonly body: Uint8Array | undefined;
}

function send({ url, options, body }: Sent, maxBodyBytes: number) {
  return new Promise<Answer>((resolve, reject) => {
    const { request } = url.protocol === 'https:' ? https : http;
    const outgoing = request(url, options, (response) => {
      readAnswer(response, maxBodyBytes).then(resolve, reject);
    });
    // Node would close it and tell nobody.
    outgoing.on('upgrade', ({ statusCode }, socket) => {
      socket.destroy();
      reject(statusFailure(statusCode));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

async function sendInTime(sent: Sent, { maxBodyBytes, timeoutSeconds }: FetchLimits) {
  const signal = AbortSignal.timeout(timeoutSeconds * 1000);
  try {
    return await send({ ...sent, options: { ...sent.options, signal } }, maxBodyBytes);
  } catch (cause) {
    if (!signal.aborted) throw cause;
    throw new Error(`no answer within ${timeoutSeconds} s`, { cause });
  }
}

/** What is asked for. Servers that can answer in several forms choose by it, and refuse a form that they do not have. */
const ACCEPTED = {
  json: 'application/json',
  metadata: 'application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1',
} as const;

/** A fetcher of text with these limits: of JSON, or of SAML metadata. */
export function createFetchText(
  limits: FetchLimits,
  form: keyof typeof ACCEPTED = 'json',
): FetchText {
  const fetchAnswer = createFetch(limits, ACCEPTED[form]);
  return async (address, namedBy) => {
    const { bytes, ...rest } = await fetchAnswer(address, { namedBy });
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), ...rest };
  };
}

/** A fetcher of octets with these limits. */
export function createFetchBytes(limits: FetchLimits): FetchBytes {
  const fetchAnswer = createFetch(limits, '*/*');
  return async (address, question) => (await fetchAnswer(address, { question })).bytes;
}

interface Asked {
  readonly namedBy?: string | undefined;
  readonly question?: FetchQuestion | undefined;
}

function createFetch(limits: FetchLimits, accept: string) {
  const { certificateAuthorities } = limits;
  const guard = limits.guard ?? createAddressGuard();
  const lookup = guardedLookup(guard, limits);
  // Once for all connections: whole bundles of authorities are read here. An authority need not be a root to be believed.
  const secureContext =
    certificateAuthorities &&
    createSecureContext({
      ca: [...certificateAuthorities],
      allowPartialTrustChain: true,
    });
  return async (address: string, { namedBy, question }: Asked): Promise<Answer> => {
    const { url, isAllowed } = parseTarget(address, namedBy, limits);
    // An address in place of a name is never looked up, so the look-up cannot refuse it.
    const literal = url.hostname.replace(/^\[|\]$/g, '');
    if (!isAllowed && isIP(literal) !== 0 && !guard.isPublic(literal)) throw new Error(NOT_PUBLIC);
    const options: https.RequestOptions = {
      // No shared agent: it may follow proxy variables of the environment, or hand out a connection to a host that
      // was allowed for another purpose.
      agent: false,
      ...(question && { method: 'POST' }),
      headers: {
        accept,
        'accept-encoding': 'identity',
        ...(question && { 'content-type': question.contentType }),
      },
      ...(!isAllowed && { lookup }),
      // Set here, because `NODE_TLS_REJECT_UNAUTHORIZED` in the environment would have anybody taken for the host.
      rejectUnauthorized: true,
      ...(secureContext && { secureContext }),
    };
    return sendInTime({ url, options, body: question?.body }, limits);
  };
}
