// Certificates and lists of revocation as the validator reads them: it is stricter than the runtime, which the configuration asks.
import type { Config, TrustedX509Config } from '../config/config.ts';
import { ConfigError, type Problem } from '../config/problem.ts';
import { parseCertificate } from '../trust/x509/certificate.ts';
import { parseRevocationList } from '../trust/x509/crl.ts';
import { DerFailure } from '../trust/x509/der.ts';

/** Refuses what a start could not use.
 * @throws {ConfigError} with every problem found */
export function requireReadableCertificates({ file, trustedIssuers }: Config): void {
  const problems = trustedIssuers.flatMap(({ x509 }, index) =>
    x509 ? unreadableIn(x509).map((found) => problemOf(found, { file, index })) : [],
  );
  if (problems.length > 0) throw new ConfigError(problems);
}

interface Unreadable {
  readonly name: string;
  readonly detail: string;
}

function unreadableIn(x509: TrustedX509Config): readonly Unreadable[] {
  const { anchorPems, intermediatePems, knownPems, revocation } = x509;
  const lists = revocation?.lists ?? [];
  return [
    ...anchorPems.flatMap((pem) => failureOf('anchors', () => parseCertificate(pem))),
    ...intermediatePems.flatMap((pem) => failureOf('intermediates', () => parseCertificate(pem))),
    ...knownPems.flatMap((pem) => failureOf('known', () => parseCertificate(pem))),
    ...lists.flatMap((pem) =>
      failureOf('revocation.lists', () => parseRevocationList(Buffer.from(pem))),
    ),
  ];
}

function failureOf(name: string, parse: () => unknown): readonly Unreadable[] {
  try {
    parse();
    return [];
  } catch (cause) {
    if (cause instanceof DerFailure) return [{ name, detail: cause.message }];
    throw cause;
  }
}

const problemOf = (
  { detail, name }: Unreadable,
  { file, index }: { readonly file: string; readonly index: number },
): Problem => ({
  code: 'CONFIG_KEY',
  severity: 'error',
  file,
  line: 1,
  column: 1,
  path: `trustedIssuers[${index}].x509.${name}`,
  what: `has one that cannot be used: ${detail}`,
  why: 'a path is held against all of them, and a list that cannot be read would hide who is revoked',
  fix: 'take the certificates, and complete lists with their next update, as the authority publishes them, in PEM',
});
