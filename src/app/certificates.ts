// Certificates as credentials over the configuration: whose are trusted, and where they are found when messages only name them.
import type { TokenValidator } from '#core/token-validator.ts';
import type { Config, TrustedX509Config } from '../config/config.ts';
import { createFetchBytes } from '../trust/fetch-text.ts';
import { parseCertificate } from '../trust/x509/certificate.ts';
import { createCertificateFinder } from '../trust/x509/certificate-finder.ts';
import { createRevocationCheck } from '../trust/x509/revocation.ts';
import { createX509Validator, type X509Trust } from '../trust/x509/x509-validator.ts';
import type { Observers } from './observers.ts';
import { requireReadableCertificates } from './readable-certificates.ts';
import { findKeyUser } from './users.ts';

/** Lists of revocation are longer than keys and metadata. */
const MAX_REVOCATION_BYTES = 8 * 1024 * 1024;

/** The validator of certificates, where the configuration trusts any.
 * @throws {ConfigError} when a certificate or a list of revocation cannot be used */
export function x509Validators(config: Config, observers: Observers): readonly TokenValidator[] {
  requireReadableCertificates(config);
  const trusted = config.trustedIssuers.flatMap(({ enabledUntil, id, issuer, x509 }) => {
    const until = enabledUntil === undefined ? {} : { enabledUntil };
    return x509 ? [{ id, issuer, ...until, ...termsOf(x509, config, { id, observers }) }] : [];
  });
  if (trusted.length === 0) return [];
  return [createX509Validator({ issuer: config.issuer, trusted, clock: observers.clock })];
}

/** Finds certificates among the anchors and those the configuration knows. */
export function certificateFinder({ trustedIssuers }: Config) {
  return createCertificateFinder(
    trustedIssuers.flatMap(({ x509 }) => (x509 ? [...x509.knownPems, ...x509.anchorPems] : [])),
  );
}

interface Named {
  readonly id: string;
  readonly observers: Observers;
}

function termsOf(
  x509: TrustedX509Config,
  config: Config,
  named: Named,
): Omit<X509Trust, 'id' | 'issuer'> {
  const { areUsers, extendedKeyUsages, subject: source, subjectPrefix, subjects } = x509;
  const checkRevocation = revocationCheck(x509, config, named);
  return {
    anchors: x509.anchorPems.map((pem) => parseCertificate(pem)),
    intermediates: x509.intermediatePems.map((pem) => parseCertificate(pem)),
    extendedKeyUsages,
    subject: { entries: subjects, ...(source !== undefined && { source }) },
    ...(subjectPrefix !== undefined && { subjectPrefix }),
    ...(areUsers && { findUser: (name) => findKeyUser(name, config) }),
    ...(checkRevocation && { checkRevocation }),
  };
}

function revocationCheck(
  { revocation }: TrustedX509Config,
  { fetch: { allowedHosts, timeoutMilliseconds } }: Config,
  { id, observers: { clock, logger } }: Named,
) {
  if (!revocation) return undefined;
  return createRevocationCheck({
    settings: revocation,
    clock,
    fetchBytes: createFetchBytes({
      allowedHosts,
      maxBodyBytes: MAX_REVOCATION_BYTES,
      timeoutSeconds: timeoutMilliseconds / 1000,
    }),
    onFailure: (cause) =>
      logger.warn('revocation of certificates cannot be asked', { issuer: id, cause }),
  });
}
