// How a connection over TLS is made, with either driver: whom it trusts, what it shows, and what the other side must be called.
import type { RedisSettings } from '../settings.ts';

/** The TLS options of a connection; undefined: it has no TLS. */
export function tlsOptionsOf({ tls }: Pick<RedisSettings, 'tls'>) {
  return (
    tls && {
      // Said, because `NODE_TLS_REJECT_UNAUTHORIZED` in the environment would have any server taken for ours.
      rejectUnauthorized: true,
      ...(tls.caPem !== undefined && { ca: tls.caPem }),
      ...(tls.certificatePem !== undefined && { cert: tls.certificatePem }),
      ...(tls.keyPem !== undefined && { key: tls.keyPem }),
      ...(tls.serverName !== undefined && { servername: tls.serverName }),
    }
  );
}
