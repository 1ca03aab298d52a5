// Apache CXF at the port of message security: STSClient signs and encrypts by the policy of our WSDL alone, and opens our answers.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { endsOf, isBuilt } from '#test/interop/foreign-client.ts';
import type { ConfigDocument } from '#test/support/server/document.ts';
import { startTlsServer } from '#test/support/server/tls-server.ts';
import { withEncryptionKey } from '#test/support/soap/encryption-key.ts';
import { BILLING } from '#test/support/ws-trust/rst.ts';
import { aCertificate, anAuthority } from '#test/support/x509/pki.ts';

/** A client with a certificate about the user `bob`, and our key that messages are encrypted to. */
async function withMessageSecurity(document: ConfigDocument, directory: string): Promise<void> {
  const root = await anAuthority({ name: 'CN=Root', algorithm: 'RSA' });
  const client = await aCertificate({ name: 'CN=bob', issuer: root, algorithm: 'RSA' });
  const stranger = await aCertificate({ name: 'CN=bob', algorithm: 'RSA' });
  const ours = await aCertificate({ name: 'CN=sts encryption', algorithm: 'RSA' });
  const write = (name: string, text: string) =>
    writeFile(join(directory, name), text, { mode: 0o600 });
  await write('root.crt', root.pem);
  await write('client.crt', client.pem);
  await write('client.key', client.privateKeyPem);
  await write('stranger.crt', stranger.pem);
  await write('stranger.key', stranger.privateKeyPem);
  await withEncryptionKey(document, directory, ours);
  const x509 = { anchors: [{ file: 'root.crt' }], revocation: 'none', subject: 'commonName' };
  const corp = { id: 'corp', issuer: 'urn:corp', x509: { ...x509, users: true } };
  document.trustedIssuers.push(corp);
  // The second has the port, and the policy, of February 2005.
  const paths = ['/ws-trust/message', '/ws-trust/2005/soap12'];
  document['wsTrust'] = {
    endpoints: paths.map((path) => ({ path, messageSecurity: 'sign-and-encrypt' })),
  };
}

test('Apache CXF: STSClient signs and encrypts by the policy of our WSDL, and opens what we signed and encrypted', async (t) => {
  if (!(await isBuilt(t, 'cxf/build'))) return;
  const server = await startTlsServer(t, withMessageSecurity);
  const issued = `ok subject=bob audience=${BILLING}`;

  const file = (name: string): string => join(server.directory, name);
  const usual = {
    cases: 'encrypted-*',
    wsdl: `${server.origin}/ws-trust/message?wsdl`,
    'client-cert': file('client.crt'),
    'client-key': file('client.key'),
    'sts-cert': file('keys/encryption.crt'),
  };

  const ends = await endsOf('cxf/run', server, usual);
  const endWith = async (changes: Readonly<Record<string, string>>) =>
    (await endsOf('cxf/run', server, { ...usual, cases: 'encrypted-saml2', ...changes })).get(
      'encrypted-saml2',
    ) ?? '';

  assert.deepEqual(Object.fromEntries(ends), {
    'encrypted-saml11': issued,
    'encrypted-saml2': issued,
    'encrypted-2005-saml11': issued,
    'encrypted-2005-saml2': issued,
    'encrypted-public-key': issued,
    'encrypted-validate': 'ok status=valid',
    'encrypted-renew': issued,
    'encrypted-cancel': 'ok status=cancelled',
    'encrypted-unknown-applies-to': 'fault=wst:InvalidScope',
  });
  const stranger = { 'client-cert': file('stranger.crt'), 'client-key': file('stranger.key') };
  assert.equal(await endWith(stranger), 'fault=wst:FailedAuthentication');
  assert.equal(await endWith({ 'sts-cert': file('stranger.crt') }), 'fault=wsse:FailedCheck');
  assert.match(await endWith({ 'saml-cert': file('stranger.crt') }), /^error=.*No trusted certs/);
});
