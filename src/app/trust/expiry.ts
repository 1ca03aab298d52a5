// Alarms before a certificate ends: ours, and those that we trust others by; and before a list of revocation does. As metrics for
// whoever watches, and in the log.
import type { Instant } from '#core/instant.ts';
import type { Config } from '#src/config/config.ts';
import { certificatesIn, EXPIRY_WARNING_SECONDS } from '#src/config/sections/keys/pem.ts';
import type { TrustedIssuerConfig } from '#src/config/sections/trusted-issuers/trusted-issuers.ts';
import type { SamlKeySource } from '#src/config/sections/trusted-issuers/trusted-saml.ts';
import type { Foundation } from '../foundation/foundation.ts';
import { listedAuthorities } from './revocation-lists.ts';

/** A certificate and when it ends. */
interface ExpiringCertificate {
  readonly whose: 'own' | 'trusted-issuer' | 'relying-party' | 'authority';
  /** The id of the party, or what the certificate is for. */
  readonly name: string;
  readonly notAfter: Instant;
}

/** The ends of all certificates in a PEM text; what is broken has none. */
const endsOf = (pem: string): readonly Instant[] =>
  certificatesIn(pem).flatMap((certificate) =>
    certificate ? Math.floor(certificate.validToDate.getTime() / 1000) : [],
  );

const samlPems = (source: SamlKeySource): readonly string[] =>
  source.kind === 'pinned' ? source.certificatePems : source.signerCertificatePems;

function trustedPems({ jwt, saml, x509 }: TrustedIssuerConfig): readonly string[] {
  const jwtPems = jwt?.keySource.kind === 'pinned' ? (jwt.keySource.certificatePems ?? []) : [];
  const authorities = x509 ? [...x509.anchorPems, ...x509.intermediatePems] : [];
  return [...jwtPems, ...(saml ? samlPems(saml.keySource) : []), ...authorities];
}

/** When nobody is left who vouches for servers: a bundle of authorities goes on without those that have ended. */
function endOfAuthorities({ fetch }: Config): readonly ExpiringCertificate[] {
  const ends = (fetch.certificateAuthorities ?? []).flatMap(endsOf);
  if (ends.length === 0) return [];
  return [{ whose: 'authority', name: 'fetch.ca', notAfter: Math.max(...ends) }];
}

/** Every certificate of a configuration that ends. Of several of one party each is named, of several authorities the last. */
export function expiringCertificates(config: Config): readonly ExpiringCertificate[] {
  const { decryptionKeys, keys, listeners, relyingParties, trustedIssuers } = config;
  const named = (whose: ExpiringCertificate['whose'], name: string, pems: readonly string[]) =>
    pems.flatMap(endsOf).map((notAfter) => ({ whose, name, notAfter }));
  return [
    ...named('own', 'tls', listeners.public.tls ? [listeners.public.tls.certificatePem] : []),
    ...keys.flatMap(({ use, algorithm, certificatePem }, index) =>
      named('own', `keys[${index}] ${use} ${algorithm}`, certificatePem ? [certificatePem] : []),
    ),
    ...decryptionKeys.flatMap(({ certificatePem }, index) =>
      named('own', `encryption key ${String(index + 1)}`, [certificatePem]),
    ),
    ...trustedIssuers.flatMap((issuer) => named('trusted-issuer', issuer.id, trustedPems(issuer))),
    ...relyingParties.flatMap(({ id, token: { encryption, keyEncryption } }) => {
      const pems = [encryption, keyEncryption].flatMap((to) => to?.certificate ?? []);
      return named('relying-party', id, [...new Set(pems)]);
    }),
    ...endOfAuthorities(config),
  ];
}

/** Sets the metrics and writes a line for each certificate that ends soon, and for each certificate and list that has ended. */
export function reportExpiry(
  config: Config,
  { clock, logger, metrics }: Pick<Foundation, 'clock' | 'logger' | 'metrics'>,
): void {
  const now = clock.now();
  const first = new Map<string, Instant>();
  metrics.keyNotAfterSeconds.clear();
  metrics.trustCertificateNotAfterSeconds.clear();
  for (const { whose, name, notAfter } of expiringCertificates(config)) {
    const label = `${whose} ${name}`;
    first.set(label, Math.min(first.get(label) ?? notAfter, notAfter));
    if (whose === 'own') metrics.keyNotAfterSeconds.set({ kid: name }, first.get(label) ?? 0);
    if (whose === 'trusted-issuer')
      metrics.trustCertificateNotAfterSeconds.set({ issuer: name }, first.get(label) ?? 0);
    const days = Math.floor((notAfter - now) / 86_400);
    if (now >= notAfter) logger.error('a certificate has ended', { whose, name });
    else if (notAfter - now < EXPIRY_WARNING_SECONDS)
      logger.warn('a certificate ends soon', { whose, name, days });
  }
  reportLists(config, { logger, metrics, now });
}

// No line before the end: lists of a day are usual.
function reportLists(
  config: Config,
  { logger, metrics, now }: Pick<Foundation, 'logger' | 'metrics'> & { readonly now: Instant },
): void {
  const first = new Map<string, Instant>();
  metrics.revocationListNotAfterSeconds.clear();
  for (const { authority, end, issuer } of listedAuthorities(config)) {
    first.set(issuer, Math.min(first.get(issuer) ?? end, end));
    if (now >= end) logger.error('a list of revocation has ended', { issuer, authority });
  }
  for (const [issuer, end] of first) metrics.revocationListNotAfterSeconds.set({ issuer }, end);
}
