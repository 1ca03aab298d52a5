// Certificates as credentials over the configuration: whose are trusted, and where they are found when messages only name them.

import { X509Certificate } from 'node:crypto';
import { ExchangeFailure } from '#core/failure.ts';
import { putLast } from '#core/foreign/bounded-map.ts';
import type { RevalidateCertificates } from '#core/ledger/login-certificates.ts';
import { type TokenValidator, validatorFor } from '#core/token/token-validator.ts';
import type { Config } from '#src/config/config.ts';
import type { TrustedX509Config } from '#src/config/sections/trusted-issuers/trusted-x509.ts';
import type { FetchBytes } from '#src/trust/fetch-text.ts';
import { createCertificateFinder } from '#src/trust/x509/certificate-finder.ts';
import { createRevocation } from '#src/trust/x509/revocation/revocation.ts';
import { createX509Validator, type X509Trust } from '#src/trust/x509/x509-validator.ts';
import type { Observers } from '../foundation/observers.ts';
import { createKeyUserFinder } from '../generation/users.ts';
import type { KeptSources } from './kept-sources.ts';
import { createRevocationFetch, fetchTerms } from './trust.ts';
import type { CertificatesOfIssuers, TrustedCertificates } from './trusted-certificates.ts';

/** The validator of certificates, where the configuration trusts any. */
export function x509Validators(
  config: Config,
  certificates: CertificatesOfIssuers,
  { observers, sources }: { readonly observers: Observers; readonly sources: KeptSources },
): readonly TokenValidator[] {
  const shared = { fetchBytes: createRevocationFetch(config), observers, sources };
  const trusted = config.trustedIssuers.flatMap(({ enabledUntil, id, issuer, x509 }) => {
    const parsed = certificates.get(id);
    if (!x509 || !parsed) return [];
    const until = enabledUntil === undefined ? {} : { enabledUntil };
    return [{ id, issuer, ...until, ...termsOf(x509, config, { ...shared, id, parsed }) }];
  });
  if (trusted.length === 0) return [];
  return [createX509Validator({ issuer: config.issuer, trusted, clock: observers.clock })];
}

/** How many certificates that somebody came with are kept read. */
const MAX_READ = 1000;

/** Reads certificates on record. Those in use are read once, and with the same object go their path and signatures. */
function createReader() {
  const known = new Map<string, X509Certificate>();
  return (encoded: string): X509Certificate => {
    const certificate = known.get(encoded) ?? new X509Certificate(Buffer.from(encoded, 'base64'));
    putLast(known, [encoded, certificate], MAX_READ);
    return certificate;
  };
}

/** Holds certificates on record against what is trusted and revoked now. One that has ended since was good when it was shown, and its
 * authority need not list it any more: it is refused only if it is known to be revoked. */
export function certificateRevalidation(
  validators: readonly TokenValidator[],
): RevalidateCertificates {
  const read = createReader();
  return async (encoded, { atHand }) => {
    const content = {
      certificates: encoded.map(read),
      proof: 'named',
      revalidation: { atHand },
    } as const;
    const token = { type: 'x509', use: 'subject', content } as const;
    try {
      await validatorFor(validators, token).validate(token);
    } catch (cause) {
      if (!(cause instanceof ExchangeFailure) || cause.reason === 'dependency-unavailable')
        throw cause;
      const detail = `a certificate that it rests on: ${cause.message}`;
      throw new ExchangeFailure('token-revoked', detail, { cause });
    }
  };
}

/** Finds certificates among the anchors and those the configuration knows. */
export const certificateFinder = (certificates: CertificatesOfIssuers) =>
  createCertificateFinder(
    [...certificates.values()].flatMap(({ anchors, known }) => [...known, ...anchors]),
  );

interface Named {
  readonly fetchBytes: FetchBytes;
  readonly id: string;
  readonly observers: Observers;
  readonly parsed: TrustedCertificates;
  readonly sources: KeptSources;
}

function termsOf(
  x509: TrustedX509Config,
  config: Config,
  named: Named,
): Omit<X509Trust, 'id' | 'issuer'> {
  const { areUsers, extendedKeyUsages, subject: source, subjectPrefix, subjects } = x509;
  const { anchors, intermediates } = named.parsed;
  const requireUnrevoked = revocationOf(x509, config, named);
  return {
    anchors,
    intermediates,
    extendedKeyUsages,
    subject: { entries: subjects, ...(source !== undefined && { source }) },
    ...(subjectPrefix !== undefined && { subjectPrefix }),
    ...(areUsers && { findUser: createKeyUserFinder(config) }),
    ...(requireUnrevoked && { requireUnrevoked }),
  };
}

function revocationOf(
  { revocation }: TrustedX509Config,
  config: Config,
  { fetchBytes, id, observers: { clock, logger }, parsed: { lists }, sources }: Named,
) {
  if (!revocation) return undefined;
  const { asksCertificateAddresses, listUrls, ocspUrl = [] } = revocation;
  const fetch = asksCertificateAddresses
    ? config.fetch
    : fetchTerms(config, listUrls.concat(ocspUrl));
  return sources.take(['revocation', id, revocation, fetch], () =>
    createRevocation({
      settings: { ...revocation, lists },
      clock,
      renewals: sources.renewals,
      fetchBytes,
      onFailure: (cause) =>
        logger.warn('revocation of certificates cannot be asked', { issuer: id, cause }),
    }),
  );
}
