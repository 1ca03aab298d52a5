// The certificate that a client proved: to us in the TLS handshake, or to a proxy that tells of it (RFC 9440). Whether anybody
// trusts it is not said.
import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { TrustedProxies } from './proxy.ts';

/** Where certificates are taken from. */
type CertificateSource = 'handshake' | 'client-cert-header' | 'nowhere';

const MAX_CERTIFICATES = 6;
const BYTE_SEQUENCE = /^:((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?):$/;

/** The certificate and the ones that came with it, DER; empty: none. A header is believed of a trusted proxy alone, and where the
 * configuration says that the proxies set it: one that does not know it passes on what a client wrote there. */
export function clientCertificates(
  request: IncomingMessage,
  source: CertificateSource,
  proxies: TrustedProxies,
): readonly Uint8Array[] {
  if (source === 'handshake') return chainOf(handshakeCertificate(request));
  const isBelieved =
    source === 'client-cert-header' && proxies.has(request.socket.remoteAddress ?? '');
  return isBelieved ? parseHeaders(request) : [];
}

// Its key was proved in the handshake.
const handshakeCertificate = ({ socket }: IncomingMessage): X509Certificate | undefined =>
  socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;

function chainOf(leaf: X509Certificate | undefined): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  for (
    let at = leaf;
    at !== undefined && chain.length < MAX_CERTIFICATES;
    at = at.issuerCertificate
  )
    chain.push(at.raw);
  return chain;
}

// RFC 9440 §2.2, §2.3: one byte sequence, and a list of them.
function parseHeaders({ headers }: IncomingMessage): readonly Uint8Array[] {
  const leaf = parseSequence([headers['client-cert']].flat().join(','));
  if (!leaf) return [];
  const chain = [headers['client-cert-chain'] ?? []].flat().join(',');
  const others = chain === '' ? [] : chain.split(',').map((each) => parseSequence(each));
  const readable = others.filter((each) => each !== undefined);
  // Half a chain is none: what is missing could be what matters.
  return readable.length < others.length ? [leaf] : [leaf, ...readable].slice(0, MAX_CERTIFICATES);
}

function parseSequence(text: string): Uint8Array | undefined {
  const [, base64 = ''] = BYTE_SEQUENCE.exec(text.trim()) ?? [];
  return base64 === '' ? undefined : Buffer.from(base64, 'base64');
}
