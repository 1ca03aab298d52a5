// A partner whose assertions hold a secret that is encrypted to us, and who gets tokens for `orders` with it.
import { createPublicKey } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toWireBytes } from '#bridge/xml/canonical/writer.ts';
import { createRecipient, encryptKey } from '#bridge/xml/encryption/encrypt.ts';
import type { ConfigDocument } from '#test/support/server/document.ts';
import type { CertifiedKey } from './saml.ts';

/** Takes holder-of-key assertions alone; `ours`: what secrets are encrypted to, `targetFile`: the certificate of who reads those of tokens. */
export async function withSecretPartner(
  document: ConfigDocument,
  directory: string,
  { ours, targetFile }: { readonly ours: CertifiedKey; readonly targetFile: string },
): Promise<void> {
  await writeFile(join(directory, 'keys/enc.pem'), ours.privatePem, { mode: 0o600 });
  await writeFile(join(directory, 'keys/enc.crt'), ours.certificatePem);
  (document['keys'] as object[]).push({
    use: 'encryption',
    key: { file: 'keys/enc.pem' },
    certificate: { file: 'keys/enc.crt' },
  });
  for (const { saml: terms } of document.trustedIssuers as { saml?: Record<string, unknown> }[])
    if (terms) terms['subjectConfirmation'] = ['holder-of-key'];
  Object.assign(document.relyingParties[0]?.['token'] ?? {}, {
    encryptKeysTo: { file: targetFile },
  });
  document.policy.push({
    id: 'partners-to-orders',
    requestor: { principal: { issuer: 'partner-saml' } },
    subject: { issuer: 'partner-saml' },
    target: 'orders',
    allow: { types: ['saml2'], lifetimeSeconds: 300 },
  });
}

/** The EncryptedKey that holds a secret for whoever has the key of a certificate. */
export function encryptedKeyOf(
  secret: Uint8Array,
  { certificatePem }: Pick<CertifiedKey, 'certificatePem'>,
): string {
  const recipient = createRecipient({ publicKey: createPublicKey(certificatePem) });
  return toWireBytes(encryptKey(secret, recipient)).toString('latin1');
}
