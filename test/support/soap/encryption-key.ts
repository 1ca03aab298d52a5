// A server to which messages are encrypted, as its operator sets it up.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConfigDocument, grantBesides } from '#test/support/server/document.ts';
import type { TestCertificate } from '#test/support/x509/pki.ts';

/** Our key of use `encryption`, in `keys/encryption.crt` and `keys/encryption.pem`; and what every row allows can be renewed. */
export async function withEncryptionKey(
  document: ConfigDocument,
  directory: string,
  { pem, privateKeyPem }: TestCertificate,
): Promise<void> {
  await writeFile(join(directory, 'keys/encryption.crt'), pem);
  await writeFile(join(directory, 'keys/encryption.pem'), privateKeyPem, { mode: 0o600 });
  (document['keys'] as object[]).push({
    use: 'encryption',
    key: { file: 'keys/encryption.pem' },
    certificate: { file: 'keys/encryption.crt' },
  });
  grantBesides(document, { renewal: { lifetimeSeconds: 3600 } });
}
