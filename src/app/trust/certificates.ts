// Certificates as credentials over the configuration: whose are trusted, and where they are found when messages only name them.
import type { TokenValidator } from '#core/token-validator.ts';
import type { Config } from '#src/config/config.ts';
import type { TrustedX509Config } from '#src/config/sections/trusted-issuers/trusted-x509.ts';
import { createFetchBytes } from '#src/trust/fetch-text.ts';
import { createCertificateFinder } from '#src/trust/x509/certificate-finder.ts';
import { createRevocationCheck } from '#src/trust/x509/revocation.ts';
import { createX509Validator, type X509Trust } from '#src/trust/x509/x509-validator.ts';
import type { Observers } from '../foundation/observers.ts';
import { createKeyUserFinder } from '../generation/users.ts';
import type { CertificatesOfIssuers, TrustedCertificates } from './trusted-certificates.ts';

/** Lists of revocation are longer than keys and metadata. */
const MAX_REVOCATION_BYTES = 8 * 1024 * 1024;

/** The validator of certificates, where the configuration trusts any. */
export function x509Validators(
  config: Config,
  certificates: CertificatesOfIssuers,
  observers: Observers,
): readonly TokenValidator[] {
  const trusted = config.trustedIssuers.flatMap(({ enabledUntil, id, issuer, x509 }) => {
    const parsed = certificates.get(id);
    if (!x509 || !parsed) return [];
    const until = enabledUntil === undefined ? {} : { enabledUntil };
    return [{ id, issuer, ...until, ...termsOf(x509, config, { id, observers, parsed }) }];
  });
  if (trusted.length === 0) return [];
  return [createX509Validator({ issuer: config.issuer, trusted, clock: observers.clock })];
}

/** Finds certificates among the anchors and those the configuration knows. */
export const certificateFinder = (certificates: CertificatesOfIssuers) =>
  createCertificateFinder(
    [...certificates.values()].flatMap(({ anchors, known }) => [...known, ...anchors]),
  );

interface Named {
  readonly id: string;
  readonly observers: Observers;
  readonly parsed: TrustedCertificates;
}

function termsOf(
  x509: TrustedX509Config,
  config: Config,
  named: Named,
): Omit<X509Trust, 'id' | 'issuer'> {
  const { areUsers, extendedKeyUsages, subject: source, subjectPrefix, subjects } = x509;
  const { anchors, intermediates } = named.parsed;
  const checkRevocation = revocationCheck(x509, config, named);
  return {
    anchors,
    intermediates,
    extendedKeyUsages,
    subject: { entries: subjects, ...(source !== undefined && { source }) },
    ...(subjectPrefix !== undefined && { subjectPrefix }),
    ...(areUsers && { findUser: createKeyUserFinder(config) }),
    ...(checkRevocation && { checkRevocation }),
  };
}

function revocationCheck(
  { revocation }: TrustedX509Config,
  { fetch: { allowedHosts, timeoutMilliseconds } }: Config,
  { id, observers: { clock, logger }, parsed: { lists } }: Named,
) {
  if (!revocation) return undefined;
  return createRevocationCheck({
    settings: { ...revocation, lists },
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
