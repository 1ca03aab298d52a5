// The encryption algorithms we know, in and out (xml-security §5, §7): GCM and OAEP only. CBC is a padding oracle (D1);
// RSA 1.5 must be refused by us, since OpenSSL now answers it with random bytes instead of an error (D2).

import { XmlFailure } from '../failure.ts';
import { DS_NS, XENC_NS, XENC11_NS } from '../namespaces.ts';

/** How content is encrypted. */
export interface ContentMethod {
  readonly name: ContentName;
  readonly identifier: string;
  readonly cipher: 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm';
  readonly keyBytes: number;
}

/** How its key is transported. Digest and MGF1 hash always agree: Node ties them, and so does the pair (D4). */
export interface TransportMethod {
  readonly name: TransportName;
  readonly identifier: string;
  readonly oaepHash: 'sha1' | 'sha256';
  readonly digest: string;
  readonly mgf: string | undefined;
}

/** The pair of names a relying party's record holds. */
export type TransportName = 'rsa-oaep-sha256' | 'rsa-oaep-mgf1p';

/** The names of content encryption in a relying party's record. */
export type ContentName = 'aes128-gcm' | 'aes192-gcm' | 'aes256-gcm';

export const GCM_IV_BYTES = 12;
/** Always 16: without it node:crypto takes a tag of 4 bytes (D3). */
export const GCM_TAG_BYTES = 16;

export const CONTENT_METHODS: Readonly<Record<ContentName, ContentMethod>> = {
  'aes128-gcm': {
    name: 'aes128-gcm',
    identifier: `${XENC11_NS}aes128-gcm`,
    cipher: 'aes-128-gcm',
    keyBytes: 16,
  },
  'aes192-gcm': {
    name: 'aes192-gcm',
    identifier: `${XENC11_NS}aes192-gcm`,
    cipher: 'aes-192-gcm',
    keyBytes: 24,
  },
  'aes256-gcm': {
    name: 'aes256-gcm',
    identifier: `${XENC11_NS}aes256-gcm`,
    cipher: 'aes-256-gcm',
    keyBytes: 32,
  },
};

export const TRANSPORT_METHODS: Readonly<Record<TransportName, TransportMethod>> = {
  'rsa-oaep-sha256': {
    name: 'rsa-oaep-sha256',
    identifier: `${XENC11_NS}rsa-oaep`,
    oaepHash: 'sha256',
    digest: `${XENC_NS}sha256`,
    mgf: `${XENC11_NS}mgf1sha256`,
  },
  'rsa-oaep-mgf1p': {
    name: 'rsa-oaep-mgf1p',
    identifier: `${XENC_NS}rsa-oaep-mgf1p`,
    oaepHash: 'sha1',
    digest: `${DS_NS}sha1`,
    mgf: undefined,
  },
};

/** The content method of an identifier.
 * @throws {XmlFailure} `algorithm-refused` */
export function contentMethod(identifier: string): ContentMethod {
  return methodOf(CONTENT_METHODS, 'encryption', identifier);
}

/** The transport method of an identifier.
 * @throws {XmlFailure} `algorithm-refused` */
export function transportMethod(identifier: string): TransportMethod {
  return methodOf(TRANSPORT_METHODS, 'transport', identifier);
}

function methodOf<Method extends ContentMethod | TransportMethod>(
  methods: Readonly<Record<string, Method>>,
  use: string,
  identifier: string,
): Method {
  const method = Object.values(methods).find((known) => known.identifier === identifier);
  if (method === undefined) throw new XmlFailure('algorithm-refused', `${use}: ${identifier}`);
  return method;
}
