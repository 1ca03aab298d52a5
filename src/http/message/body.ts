// Reads a request body within limits. How long that may take is bounded by the listener's requestTimeout.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ExchangeFailure } from '#core/failure.ts';
import { type FormParameter, parseForm } from './form.ts';
import { HttpRefusal } from './http-refusal.ts';

export interface BodyLimits {
  readonly maxBodyBytes: number;
  /** Media types that are taken, in lower case. */
  readonly contentTypes: readonly string[];
}

/** The two halves of an HTTP exchange; a Koa context is one. */
interface HttpExchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

const MEDIA_TYPE = /^([\w!#$&^.+-]+\/[\w!#$&^.+-]+)\s*(?:;|$)/;
const CHARSET = /;\s*charset\s*=\s*"?([^\s";]*)"?/gi;

/** Refuses what is not of an accepted media type in UTF-8. */
function requireContentType(header: string, contentTypes: readonly string[]): void {
  const mediaType = MEDIA_TYPE.exec(header)?.[1]?.toLowerCase() ?? '';
  const charsets = [...header.matchAll(CHARSET)].map(([, charset = '']) => charset.toLowerCase());
  if (!contentTypes.includes(mediaType)) throw new HttpRefusal(415, 'media type not accepted');
  if (charsets.some((charset) => charset !== 'utf-8' && charset !== 'utf8')) {
    throw new HttpRefusal(415, 'only UTF-8 is accepted');
  }
}

/** Refuses a compressed body: a small one can hold a large one. */
function requireUncompressed(encoding = 'identity'): void {
  if (encoding.toLowerCase() !== 'identity') throw new HttpRefusal(415, 'body is compressed');
}

function collect(request: IncomingMessage, maxBodyBytes: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stop = (refusal: HttpRefusal): void => {
    request.off('data', onData);
    reject(refusal);
  };
  const onData = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) stop(new HttpRefusal(413, 'the body is too large'));
    else chunks.push(chunk);
  };
  request.on('data', onData);
  request.once('end', () => resolve(Buffer.concat(chunks)));
  // Comes whatever ended it; with nobody listening for an error there is none.
  request.once('close', () => {
    if (!request.readableEnded) stop(new HttpRefusal(400, 'the body ended early'));
  });
  return promise;
}

/** How much is thrown away of a body that is refused, and for how long: as much as a mistake has, and no upload. */
const MOST_DISCARDED_BYTES = 1_048_576;
const MOST_DISCARD_MILLISECONDS = 1000;

/** Reads on and keeps nothing. Who is still sending when the connection ends is told of that, and never of the answer (RFC 9112 §9.6). */
async function discard(request: IncomingMessage): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = MOST_DISCARDED_BYTES;
  const onData = (chunk: Buffer): void => {
    left -= chunk.length;
    if (left < 0) resolve();
  };
  const timer = setTimeout(resolve, MOST_DISCARD_MILLISECONDS);
  request.once('end', resolve).once('close', resolve).on('data', onData).resume();
  if (request.readableEnded || request.destroyed) resolve();
  await promise;
  clearTimeout(timer);
  request.off('data', onData).pause();
}

/** Reads the body. A too large one is refused without being kept, though some of it may be thrown away first.
 * @throws {HttpRefusal} 413, 415, 400 when the client went away */
export async function readBody(
  { req, res }: HttpExchange,
  { maxBodyBytes, contentTypes }: BodyLimits,
): Promise<Buffer> {
  try {
    if (Number(req.headers['content-length']) > maxBodyBytes) {
      throw new HttpRefusal(413, 'the body is too large');
    }
    requireContentType(req.headers['content-type'] ?? '', contentTypes);
    requireUncompressed(req.headers['content-encoding']);
    return await collect(req, maxBodyBytes);
  } catch (cause) {
    // The rest of the body is not read, so the connection cannot carry another request.
    if (!res.headersSent) res.setHeader('connection', 'close');
    await discard(req);
    throw cause;
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes UTF-8 without repair: a replaced byte would make two different messages one.
 * @throws {ExchangeFailure} `request-malformed` */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new ExchangeFailure('request-malformed', 'the body is not UTF-8', { cause });
  }
}

const FORM_TYPES = ['application/x-www-form-urlencoded'];

/** Reads and parses a form body.
 * @throws {HttpRefusal} 413, 415, 400
 * @throws {ExchangeFailure} `request-malformed` */
export async function readForm(
  exchange: HttpExchange,
  maxBodyBytes: number,
): Promise<readonly FormParameter[]> {
  const limits = { maxBodyBytes, contentTypes: FORM_TYPES };
  return parseForm(decodeUtf8(await readBody(exchange, limits)));
}
