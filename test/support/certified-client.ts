// A client of messages that are signed with a certificate: `client.crt` and `client.key` beside the configuration.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigDocument } from './document.ts';
import { aCertificate, anAuthority, aRevocationList } from './pki.ts';

/** Has the server trust an authority that says of users who they are, and writes such a certificate of the user `bob`. */
export async function withCertifiedClient(
  document: ConfigDocument,
  directory: string,
): Promise<void> {
  const root = await anAuthority({ name: 'CN=Root', algorithm: 'RSA' });
  const client = await aCertificate({ name: 'CN=bob', issuer: root, algorithm: 'RSA' });
  await writeFile(join(directory, 'root.crt'), root.pem);
  await writeFile(join(directory, 'root.crl'), await aRevocationList(root));
  await writeFile(join(directory, 'client.crt'), client.pem);
  await writeFile(join(directory, 'client.key'), client.privateKeyPem, { mode: 0o600 });
  document.trustedIssuers.push({
    id: 'corp',
    issuer: 'urn:corp',
    x509: {
      anchors: [{ file: 'root.crt' }],
      revocation: { lists: [{ file: 'root.crl' }] },
      subject: 'commonName',
      users: true,
    },
  });
}
