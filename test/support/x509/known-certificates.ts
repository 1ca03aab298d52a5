// Certificates that are known by their bytes alone: for tests that are not about paths.
import { ExchangeFailure } from '#core/failure.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { aValidatedToken } from '#test/support/core.ts';
import type { TestCertificate } from './pki.ts';
import { firstCertificateOf } from './x509-trust.ts';

type Facts = Parameters<typeof aValidatedToken>[0];

/** Takes these certificates and no other, as of our own users unless `facts` says otherwise of one. */
export function knownCertificates(
  known: readonly TestCertificate[],
  facts: (certificate: TestCertificate) => Facts = () => ({}),
): TokenValidator {
  return {
    canHandle: ({ type }) => type === 'x509',
    async validate({ content, use }) {
      const der = firstCertificateOf(content);
      const found = known.find((one) => one.der.equals(der));
      if (!found) throw new ExchangeFailure('issuer-untrusted', 'no path');
      return aValidatedToken({ type: 'x509', use, trustedIssuer: 'self', ...facts(found) });
    },
  };
}
