// An authority that says who users are, and a client of messages that are signed with a certificate of it: their files beside the
// configuration.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigDocument } from '#test/support/server/document.ts';
import { aCertificate, anAuthority, aRevocationList } from './pki.ts';

/** Has the server trust an authority that says of users who they are: `root.crt` beside the configuration. */
export async function withUserAuthority(
  document: ConfigDocument,
  directory: string,
  { pem, revocation = 'none' }: { readonly pem: string; readonly revocation?: unknown },
): Promise<void> {
  await writeFile(join(directory, 'root.crt'), pem);
  document.trustedIssuers.push({
    id: 'corp',
    issuer: 'urn:corp',
    x509: {
      anchors: [{ file: 'root.crt' }],
      revocation,
      subject: 'commonName',
      users: true,
    },
  });
}

/** Has the server trust an authority that says of users who they are, and writes such a certificate of the user `bob`: `client.crt` and
 * `client.key`. */
export async function withCertifiedClient(
  document: ConfigDocument,
  directory: string,
): Promise<void> {
  const root = await anAuthority({ name: 'CN=Root', algorithm: 'RSA' });
  const client = await aCertificate({ name: 'CN=bob', issuer: root, algorithm: 'RSA' });
  const revocation = { lists: [{ file: 'root.crl' }] };
  await withUserAuthority(document, directory, { pem: root.pem, revocation });
  await writeFile(join(directory, 'root.crl'), await aRevocationList(root));
  await writeFile(join(directory, 'client.crt'), client.pem);
  await writeFile(join(directory, 'client.key'), client.privateKeyPem, { mode: 0o600 });
}
