// Apache CXF at the port for messages under a secret: STSClient makes the secret by the policy of our WSDL alone, and opens our answers.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { endsOf, isBuilt } from '#test/interop/foreign-client.ts';
import type { ConfigDocument } from '#test/support/server/document.ts';
import { startTlsServer } from '#test/support/server/tls-server.ts';
import { withEncryptionKey } from '#test/support/soap/encryption-key.ts';
import { BILLING } from '#test/support/ws-trust/rst.ts';
import { aCertificate } from '#test/support/x509/pki.ts';

/** Our key that secrets are encrypted to, and a certificate that is none of ours. */
async function withSecrets(document: ConfigDocument, directory: string): Promise<void> {
  const ours = await aCertificate({ name: 'CN=sts encryption', algorithm: 'RSA' });
  const stranger = await aCertificate({ name: 'CN=sts encryption', algorithm: 'RSA' });
  await writeFile(join(directory, 'stranger.crt'), stranger.pem);
  await withEncryptionKey(document, directory, ours);
  // The second has the port, and the policy, of February 2005.
  const paths = ['/ws-trust/message/username', '/ws-trust/2005/soap12'];
  document['wsTrust'] = {
    endpoints: paths.map((path) => ({ path, messageSecurity: 'symmetric-sign-and-encrypt' })),
  };
}

test('Apache CXF: STSClient makes a secret by the policy of our WSDL, and opens what we protected with it', async (t) => {
  if (!(await isBuilt(t, 'cxf/build'))) return;
  const server = await startTlsServer(t, withSecrets);
  const issued = `ok subject=bob audience=${BILLING}`;
  const file = (name: string): string => join(server.directory, name);
  const wsdl = `${server.origin}/ws-trust/message/username?wsdl`;
  const usual = { cases: 'secret-*', wsdl, 'sts-cert': file('keys/encryption.crt') };

  const ends = await endsOf('cxf/run', server, usual);
  const stranger = { cases: 'secret-saml2', wsdl, 'sts-cert': file('stranger.crt') };
  const toStranger = await endsOf('cxf/run', server, stranger);

  assert.deepEqual(Object.fromEntries(ends), {
    'secret-saml11': issued,
    'secret-saml2': issued,
    'secret-2005-saml11': issued,
    'secret-2005-saml2': issued,
    'secret-derived-keys': issued,
    'secret-validate': 'ok status=valid',
    'secret-renew': issued,
    'secret-cancel': 'ok status=cancelled',
    'secret-wrong-password': 'fault=wst:FailedAuthentication',
    'secret-unknown-applies-to': 'fault=wst:InvalidScope',
  });
  assert.equal(toStranger.get('secret-saml2'), 'fault=wsse:FailedCheck');
});
