// The HTTP headers of a SOAP request: Content-Type (RFC 9110 §8.3, RFC 3902 `action`) and SOAPAction (SOAP 1.1 §6.1.1).

import { ExchangeFailure } from '#core/failure.ts';
import { type SoapVersion, versionOfMediaType } from './soap-version.ts';

/** Headers by lower-case name, as node:http gives them: without space around their values. */
export type HttpHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What the HTTP headers say about the message. */
export interface SoapHttpHeaders {
  readonly version: SoapVersion;
  /** The SOAP 1.2 `action` parameter. */
  readonly action?: string;
  readonly soapAction?: string;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const MEDIA_TYPE = new RegExp(`^(${TOKEN}/${TOKEN})[ \\t]*`);
const PARAMETER = new RegExp(
  `^;[ \\t]*(?:(${TOKEN})=(?:([^\\s";,]+)|"((?:[^"\\\\]|\\\\.)*)"))?[ \\t]*`,
);
const MAX_LENGTH = 1024;

/** Reads the headers of a SOAP request.
 * @throws {ExchangeFailure} `request-malformed` on another media type or charset, and on a header that cannot be read */
export function readSoapHttpHeaders(headers: HttpHeaders): SoapHttpHeaders {
  const { mediaType, parameters } = readContentType(singleValue(headers, 'content-type'));
  const version = versionOfMediaType(mediaType);
  if (version === undefined) throw refusal('media type');
  // A second reading of the same bytes is what charset tricks need (C4).
  const charset = parameters.get('charset') ?? 'utf-8';
  // Without the hyphen it is a label of UTF-8, too (Encoding Standard §4.2).
  if (!/^utf-?8$/i.test(charset)) throw refusal('charset');
  const action = version === '1.2' ? parameters.get('action') : undefined;
  const soapAction = readSoapAction(singleValue(headers, 'soapaction'));
  return {
    version,
    ...(action !== undefined && action !== '' && { action }),
    ...(soapAction !== undefined && { soapAction }),
  };
}

/** The SOAP version to answer in when the message itself cannot be read: the one that the content type seems to name, else 1.1. */
export function guessVersion(headers: HttpHeaders): SoapVersion {
  const value = headers['content-type'];
  const isNewer = typeof value === 'string' && /^application\/soap\+xml/i.test(value);
  return isNewer ? '1.2' : '1.1';
}

function singleValue(headers: HttpHeaders, name: string): string | undefined {
  const value = headers[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value.length > MAX_LENGTH) throw refusal(name);
  return value;
}

function readContentType(text = ''): {
  readonly mediaType: string;
  readonly parameters: ReadonlyMap<string, string>;
} {
  const head = MEDIA_TYPE.exec(text);
  if (head === null) throw refusal('content type');
  const parameters = new Map<string, string>();
  let rest = text.slice(head[0].length);
  while (rest !== '') {
    const match = PARAMETER.exec(rest);
    if (match === null) throw refusal('content type parameter');
    addParameter(parameters, match);
    rest = rest.slice(match[0].length);
  }
  return { mediaType: (head[1] ?? '').toLowerCase(), parameters };
}

function addParameter(parameters: Map<string, string>, match: RegExpExecArray): void {
  const [, written, plain, quoted] = match;
  // A lone semicolon is allowed and says nothing.
  if (written === undefined) return;
  const name = written.toLowerCase();
  if (parameters.has(name)) throw refusal('content type parameter twice');
  parameters.set(name, plain ?? (quoted ?? '').replaceAll(/\\(.)/g, '$1'));
}

// Quoted by the book, unquoted by many, empty or absent by others (ws-trust W11).
function readSoapAction(text = ''): string | undefined {
  const action = text.replace(/^"(.*)"$/, '$1');
  if (action.includes('"')) throw refusal('SOAPAction');
  return action === '' ? undefined : action;
}

function refusal(what: string): ExchangeFailure {
  return new ExchangeFailure('request-malformed', `HTTP: ${what}`);
}
