// SOAP messages for tests: an envelope with the header and body that a test states, in either version.
import { Buffer } from 'node:buffer';
import { type Envelope, readEnvelope } from '#bridge/soap/envelope.ts';
import { SOAP_SPELLING, type SoapVersion } from '#bridge/soap/soap-version.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';

export const SOAP_VERSIONS: readonly SoapVersion[] = ['1.1', '1.2'];

interface EnvelopeContent {
  readonly version?: SoapVersion;
  /** Header blocks; absent: no Header. */
  readonly header?: string | undefined;
  readonly body?: string;
  /** The wsu:Id of the Body. */
  readonly bodyId?: string;
}

/** The text of an envelope with the prefixes `s`, `a` (addressing 2005/08), `wsse` and `wsu` declared. */
export function anEnvelope({
  version = '1.2',
  header,
  body = '<x xmlns="urn:x"/>',
  bodyId,
}: EnvelopeContent) {
  const id = bodyId === undefined ? '' : ` wsu:Id="${bodyId}"`;
  const head = header === undefined ? '' : `<s:Header>${header}</s:Header>`;
  return (
    `<s:Envelope xmlns:s="${SOAP_SPELLING[version].namespace}" xmlns:a="http://www.w3.org/2005/08/addressing" ` +
    'xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" ' +
    'xmlns:wsu="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd">' +
    `${head}<s:Body${id}>${body}</s:Body></s:Envelope>`
  );
}

/** Reads the text of an envelope. */
export function envelopeOf(text: string): Envelope {
  return readEnvelope(parseXml(Buffer.from(text)));
}
