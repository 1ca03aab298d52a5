// What the two versions of SOAP spell differently (SOAP 1.1 §4, SOAP 1.2 Part 1 §5).

import { SOAP11_NS, SOAP12_NS } from './namespaces.ts';

export type SoapVersion = '1.1' | '1.2';

interface SoapSpelling {
  readonly namespace: string;
  readonly mediaType: string;
  /** The attribute that names whom a header block is for. */
  readonly roleAttribute: string;
  /** Its values that mean us; absent and empty mean us too. */
  readonly ourRoles: readonly string[];
}

export const SOAP_SPELLING: Readonly<Record<SoapVersion, SoapSpelling>> = {
  '1.1': {
    namespace: SOAP11_NS,
    mediaType: 'text/xml',
    roleAttribute: 'actor',
    ourRoles: ['http://schemas.xmlsoap.org/soap/actor/next'],
  },
  '1.2': {
    namespace: SOAP12_NS,
    mediaType: 'application/soap+xml',
    roleAttribute: 'role',
    ourRoles: [`${SOAP12_NS}/role/next`, `${SOAP12_NS}/role/ultimateReceiver`],
  },
};

const VERSIONS: readonly SoapVersion[] = ['1.1', '1.2'];

/** The version an envelope namespace stands for, or undefined. */
export function versionOfNamespace(namespace: string): SoapVersion | undefined {
  return VERSIONS.find((version) => SOAP_SPELLING[version].namespace === namespace);
}

/** The version a media type stands for, or undefined. */
export function versionOfMediaType(mediaType: string): SoapVersion | undefined {
  return VERSIONS.find((version) => SOAP_SPELLING[version].mediaType === mediaType);
}

/** The content type of an answer: always with its charset (ws-trust W1). */
export function contentTypeOf(version: SoapVersion): string {
  return `${SOAP_SPELLING[version].mediaType}; charset=utf-8`;
}
