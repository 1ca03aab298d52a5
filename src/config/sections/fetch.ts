// How keys, metadata and revocation of others are fetched: `fetch`.
import type { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import type { Entry, Loading } from '../loading.ts';
import type { Complaint, Path } from '../problem.ts';
import { seconds, valueRule } from './fields.ts';
import { parseCertificates } from './keys/certificates.ts';
import { EXPIRY_WARNING_SECONDS, MIN_RSA_BITS } from './keys/pem.ts';
import { secretReference } from './secret.ts';

export interface FetchConfig {
  /** Hosts, with or without a port, that may resolve to internal addresses. */
  readonly allowedHosts: readonly string[];
  /** Each in PEM, in place of those that Node trusts. */
  readonly certificateAuthorities?: readonly string[];
  readonly timeoutMilliseconds: number;
  readonly maxBytes: number;
  readonly staleSeconds: number;
  readonly unknownKeyIntervalSeconds: number;
}

const HOST = /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;

/** Whether a host, and a port, are written as they are in a URL: in any other spelling they would allow nothing. */
function isAsInUrl(text: string): boolean {
  if (!URL.canParse(`https://${text}`)) return false;
  const { hostname, port } = new URL(`https://${text}`);
  return text === hostname || text === `${hostname}:${port || '443'}`;
}

export const fetchSection = z
  .strictObject({
    allowedHosts: z
      .array(
        z.string().refine(
          (text) => HOST.test(text) && isAsInUrl(text),
          valueRule({
            what: 'is not a host',
            why: 'it is compared with the host of a URL as text, never as a pattern',
            fix: 'write a host as a URL has it, in lower case, with a port where it has one, as in idp.internal:8443',
          }),
        ),
      )
      .describe('Hosts that may resolve to internal addresses; all others may not.')
      .default([]),
    ca: secretReference
      .describe('Who vouches for the servers, PEM, in place of those that Node trusts.')
      .optional(),
    timeoutMilliseconds: z.int().min(100).max(60_000).default(5000),
    maxBytes: z
      .int()
      .min(1024)
      .max(10_485_760)
      .describe('The largest document with keys or metadata.')
      .default(262_144),
    staleSeconds: seconds(0, 604_800)
      .describe('How long keys are used after they could not be fetched again.')
      .default(86_400),
    unknownKeyIntervalSeconds: seconds(1, 3600)
      .describe('How often at most an unknown key id makes us fetch.')
      .default(30),
  })
  .prefault({})
  .describe('How keys, metadata and revocation of others are fetched.');

/** Reads how others are fetched, and who vouches for their servers; undefined where the section is broken. */
export async function readFetch(
  entry: Entry<z.output<typeof fetchSection>> | undefined,
  loading: Loading,
): Promise<FetchConfig | undefined> {
  if (!entry) return undefined;
  const { ca, ...plain } = entry.value;
  if (!ca) return plain;
  const path = [...entry.path, 'ca'];
  const certificates = readAuthorities(await loading.read(ca, path), path, loading);
  return { ...plain, certificateAuthorities: certificates.map(String) };
}

function readAuthorities(pem: string, path: Path, loading: Loading): readonly X509Certificate[] {
  // Its complaint is there already.
  if (pem === '') return [];
  if (pem.includes('PRIVATE KEY-----')) loading.error(path, PRIVATE);
  const certificates = parseCertificates(pem, { path, why: WHY }, loading);
  for (const { publicKey, subject } of certificates) {
    const { modulusLength = MIN_RSA_BITS } = publicKey.asymmetricKeyDetails ?? {};
    if (modulusLength < MIN_RSA_BITS) loading.error(path, weak(subject));
  }
  validateTimes(certificates, path, loading);
  return certificates;
}

const endOf = ({ validToDate }: X509Certificate): number => validToDate.getTime() / 1000;

// A bundle goes on without one that has ended: TLS takes no path to it. With none that is good, nobody could be believed.
function validateTimes(
  certificates: readonly X509Certificate[],
  path: Path,
  loading: Loading,
): void {
  const isOver = (certificate: X509Certificate) => endOf(certificate) <= loading.now;
  const isUseless = certificates.every(isOver);
  for (const certificate of certificates) {
    const { subject } = certificate;
    if (isOver(certificate)) loading[isUseless ? 'error' : 'warn'](path, expired(subject));
    else if (endOf(certificate) - loading.now < EXPIRY_WARNING_SECONDS)
      loading.warn(path, expiresSoon(subject));
  }
}

/** A name in one line. */
const named = (subject: string): string => `the certificate of ${subject.replaceAll('\n', ', ')}`;

const WHY = 'servers that others are fetched from prove who they are by it alone';

const PRIVATE: Complaint = {
  code: 'CONFIG_INSECURE',
  what: 'holds a private key',
  why: 'whoever has the key of an authority can be any server; it has no business here',
  fix: 'refer to the certificates alone, and tell the owner of the key',
};

const weak = (subject: string): Complaint => ({
  code: 'CONFIG_KEY',
  what: `${named(subject)} has an RSA key below ${String(MIN_RSA_BITS)} bits`,
  why: 'TLS believes no server by such a key',
  fix: 'ask the authority for a certificate with a stronger key',
});

const expired = (subject: string): Complaint => ({
  code: 'CONFIG_KEY',
  what: `${named(subject)} has expired`,
  why: 'no server is believed by it any more',
  fix: 'refer to the current certificate of the authority',
});

const expiresSoon = (subject: string): Complaint => ({
  code: 'CONFIG_KEY',
  what: `${named(subject)} expires within 30 days`,
  why: 'from then on no server is believed by it',
  fix: 'put the next certificate of the authority beside it; both can stand in one file',
});
