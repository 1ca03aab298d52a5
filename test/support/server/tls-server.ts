// A server as clients of other stacks meet it: over TLS, under its issuer name, with the time it is.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '#src/app.ts';
import { loadConfigFiles } from '#src/config/load.ts';
import { PASSWORD, withSaml } from '#test/support/saml/saml-document.ts';
import { lastFirst } from '#test/support/suite.ts';
import { selfSigned } from '#test/support/x509/certificate.ts';
import { aConfigDocument, type ConfigDocument } from './document.ts';
import { reservedPort } from './reserved-port.ts';
import { createPartner, type Ending, type Partner, writeConfiguration } from './server.ts';

export interface TlsServer {
  /** Where a test may put files of its own; removed when it ends. */
  readonly directory: string;
  /** `https://localhost:<port>`, also the issuer. */
  readonly origin: string;
  /** PEM to trust for TLS. */
  readonly tlsCertificate: string;
  /** PEM of the key that signs assertions. */
  readonly samlCertificate: string;
  /** Paths of the same, and of the password of the user `bob`, for other programs. */
  readonly files: Readonly<Record<'tlsCertificate' | 'samlCertificate' | 'password', string>>;
  /** The trusted issuer of JWTs. */
  readonly partner: Partner;
}

function serveTls(document: ConfigDocument, port: number): void {
  const tls = { certificate: { file: 'tls.crt' }, key: { file: 'tls.key' } };
  document['issuer'] = `https://localhost:${port}`;
  document['listeners'] = {
    public: { address: `127.0.0.1:${port}`, tls },
    management: { address: '127.0.0.1:0' },
  };
  // TLS ends here: nobody forwards.
  document['trustedProxies'] = [];
}

/** Starts a server with the configuration of `withSaml`, changed by the test; stopped and removed when the test ends. */
export async function startTlsServer(
  t: Ending,
  change: (document: ConfigDocument, directory: string) => void | Promise<void> = () => {},
): Promise<TlsServer> {
  const [port, { certPem, keyPem }] = await Promise.all([
    reservedPort(),
    selfSigned(['localhost']),
  ]);
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-tls-'));
  const ending = lastFirst(t);
  ending.after(() => rm(directory, { recursive: true, force: true }));
  const path = (name: string): string => join(directory, name);
  const document = aConfigDocument();
  const { ours } = await withSaml(document, directory);
  serveTls(document, port);
  await change(document, directory);
  await writeFile(path('tls.crt'), certPem);
  await writeFile(path('tls.key'), keyPem, { mode: 0o600 });
  await writeFile(path('password.txt'), PASSWORD, { mode: 0o600 });
  const { partner, jwks } = await createPartner({ now: () => Math.floor(Date.now() / 1000) });
  const app = await createApp(
    (await loadConfigFiles(await writeConfiguration(directory, document, jwks))).config,
  );
  // Before it listens: where that fails, what is open would keep the tests from ending.
  ending.after(() => app.stop());
  await app.listen();
  return {
    directory,
    origin: `https://localhost:${port}`,
    tlsCertificate: certPem,
    samlCertificate: ours.certificatePem,
    files: {
      tlsCertificate: path('tls.crt'),
      samlCertificate: path('keys/saml.crt'),
      password: path('password.txt'),
    },
    partner,
  };
}
