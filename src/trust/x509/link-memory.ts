// Links between certificates that were found: that one bears a signature of the key of the other follows from the bytes of both, and
// stays so. Whether the other is trusted, and whether both are valid and not revoked, is asked each time.
import type { X509Certificate } from 'node:crypto';

export interface LinkMemory {
  has(certificate: X509Certificate, issuer: X509Certificate): boolean;
  /** Only for a signature that has verified. */
  add(certificate: X509Certificate, issuer: X509Certificate): void;
}

/** An empty memory. It holds as long as the objects live: by identity, and of one certificate of an authority at most the issuers
 * that were tried. */
export function createLinkMemory(): LinkMemory {
  const issuers = new WeakMap<X509Certificate, WeakSet<X509Certificate>>();
  return {
    has: (certificate, issuer) => issuers.get(certificate)?.has(issuer) ?? false,
    add(certificate, issuer) {
      const known = issuers.get(certificate) ?? new WeakSet();
      issuers.set(certificate, known.add(issuer));
    },
  };
}
