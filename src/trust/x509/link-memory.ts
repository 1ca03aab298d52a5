// Remembers which certificate or list of revocation was signed by the key of which certificate: that follows from their bytes and never
// changes. Whether the issuer is trusted, and whether they are valid and not revoked, is asked each time.
import type { X509Certificate } from 'node:crypto';

export interface LinkMemory<Signed extends object = X509Certificate> {
  has(signed: Signed, issuer: X509Certificate): boolean;
  /** Only for a signature that has verified. */
  add(signed: Signed, issuer: X509Certificate): void;
}

/** An empty memory. It holds as long as the objects live: by identity, and of one certificate of an authority at most the issuers
 * that were tried. */
export function createLinkMemory<Signed extends object = X509Certificate>(): LinkMemory<Signed> {
  const issuers = new WeakMap<Signed, WeakSet<X509Certificate>>();
  return {
    has: (signed, issuer) => issuers.get(signed)?.has(issuer) ?? false,
    add(signed, issuer) {
      const known = issuers.get(signed) ?? new WeakSet();
      issuers.set(signed, known.add(issuer));
    },
  };
}
