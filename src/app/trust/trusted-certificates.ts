// The certificates and lists of revocation of trusted issuers, parsed: once for whoever uses them. The validator is stricter than the
// runtime, which the configuration asks.
import type { Config } from '#src/config/config.ts';
import { problemAt } from '#src/config/load.ts';
import { ConfigError, type Path, type Problem } from '#src/config/problem.ts';
import type { TrustedX509Config } from '#src/config/sections/trusted-issuers/trusted-x509.ts';
import { type Certificate, parseCertificate } from '#src/trust/x509/certificate.ts';
import { DerFailure } from '#src/trust/x509/der.ts';
import { parseRevocationList, type RevocationList } from '#src/trust/x509/revocation/crl.ts';

/** What one issuer's certificates are held against. */
export interface TrustedCertificates {
  readonly anchors: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
  /** What messages may only name. */
  readonly known: readonly Certificate[];
  readonly lists: readonly RevocationList[];
}

/** By the id of the trusted issuer. */
export type CertificatesOfIssuers = ReadonlyMap<string, TrustedCertificates>;

/** Parses what a start uses.
 * @throws {ConfigError} with every problem found */
export async function parseTrustedCertificates({
  file,
  trustedIssuers,
}: Config): Promise<CertificatesOfIssuers> {
  const problems: Promise<Problem>[] = [];
  const parsed = new Map<string, TrustedCertificates>();
  for (const [index, { id, x509 }] of trustedIssuers.entries()) {
    if (!x509) continue;
    const report = ({ message }: DerFailure, at: Path): void => {
      const path = ['trustedIssuers', index, 'x509', ...at];
      const what = `has one that cannot be used: ${message}`;
      problems.push(problemAt(file, path, { ...UNUSABLE, what }));
    };
    parsed.set(id, parseAll(x509, report));
  }
  if (problems.length > 0) throw new ConfigError(await Promise.all(problems));
  return parsed;
}

function parseAll(
  { anchorPems, intermediatePems, knownPems, revocation }: TrustedX509Config,
  report: (failure: DerFailure, at: Path) => void,
): TrustedCertificates {
  function parseEach<Parsed>(
    at: Path,
    pems: readonly string[],
    parse: (encoded: Buffer) => Parsed,
  ): readonly Parsed[] {
    return pems.flatMap((pem) => {
      try {
        return [parse(Buffer.from(pem))];
      } catch (cause) {
        if (!(cause instanceof DerFailure)) throw cause;
        report(cause, at);
        return [];
      }
    });
  }
  return {
    anchors: parseEach(['anchors'], anchorPems, parseCertificate),
    intermediates: parseEach(['intermediates'], intermediatePems, parseCertificate),
    known: parseEach(['known'], knownPems, parseCertificate),
    lists: (revocation?.lists ?? []).flatMap(({ index, pem }) =>
      parseEach(['revocation', 'lists', index, 'file'], [pem], parseRevocationList),
    ),
  };
}

const UNUSABLE = {
  code: 'CONFIG_KEY',
  severity: 'error',
  why: 'a path is held against all of them, and a list that cannot be read would hide who is revoked',
  fix: 'take the certificates, and complete lists with their next update, as the authority publishes them, in PEM',
} as const;
