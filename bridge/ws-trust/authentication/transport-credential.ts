// Credentials below the message (ws-trust §4): the certificate of the TLS client, or HTTP Basic. They count where the message has
// none of its own: some clients show a certificate in every handshake and prove themselves in the message (W16).

import { Buffer } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import { nameCertificate } from '#bridge/xml/keys/public-key.ts';
import type { Endpoint } from '../endpoint/endpoint-profile.ts';
import { type Credential, type CredentialService, validateCredential } from './credential.ts';

/** What the transport says of its client. */
export interface TransportCredentials {
  /** DER; the certificate whose key was proved in the handshake first. Empty: none. */
  readonly certificates: readonly Uint8Array[];
  readonly authorization?: string | undefined;
}

/** Whose transport it is. */
export interface TransportInput {
  readonly transport: TransportCredentials;
  readonly endpoint: Pick<Endpoint, 'credentials'>;
  readonly sourceAddress?: string | undefined;
}

/** The credential of the transport, or undefined when it has none that is taken here.
 * @throws {SecurityFailure} `failed-authentication`
 * @throws {ExchangeFailure} `requestor-unauthenticated`, `dependency-unavailable` */
export async function transportCredential(
  { transport, endpoint, sourceAddress }: TransportInput,
  sts: CredentialService,
): Promise<Credential | undefined> {
  const { certificates, authorization } = transport;
  const [certificate] = certificates;
  if (certificate && endpoint.credentials.includes('tls-certificate')) {
    const content = { certificates, proof: 'tls' };
    const identity = await validateCredential({ type: 'x509', use: 'subject', content }, sts);
    // The key with all its names, as that of a signature has them: a token bound to it must be able to write it.
    const confirmation = nameCertificate(new X509Certificate(certificate));
    return { kind: 'tls-certificate', identity, confirmation };
  }
  const login = endpoint.credentials.includes('basic') ? parseBasic(authorization) : undefined;
  if (!login) return undefined;
  const content = { ...login, ...(sourceAddress !== undefined && { sourceAddress }) };
  const identity = await sts.validate({ type: 'username', use: 'subject', content });
  return { kind: 'basic', identity, confirmation: identity.confirmation };
}

/** RFC 7617 §2, with UTF-8; undefined for another scheme and for anything malformed. */
function parseBasic(
  authorization: string | undefined,
): { readonly name: string; readonly password: string } | undefined {
  const [, base64] = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization ?? '') ?? [];
  if (base64 === undefined) return undefined;
  const text = Buffer.from(base64, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const password = text.slice(colon + 1);
  // An empty password is no proof, though some directories bind with it (GHSA-2p7x-jcr3-7p2c).
  return colon > 0 && password !== '' ? { name: text.slice(0, colon), password } : undefined;
}
