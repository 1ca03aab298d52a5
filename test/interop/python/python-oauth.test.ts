// Clients in Python that cross over between OAuth and SAML: google-auth, Authlib and pysaml2, which signs assertions and reads ours.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { endsOf, isBuilt } from '#test/interop/foreign-client.ts';
import { aCertifiedKey } from '#test/support/saml/saml.ts';
import { type ConfigDocument, GATEWAY_SECRET, ISSUER } from '#test/support/server/document.ts';
import { startTlsServer } from '#test/support/server/tls-server.ts';
import { BILLING } from '#test/support/ws-trust/rst.ts';
import { hasXmlsec1 } from '#test/support/xml/xmlsec1.ts';

/** The partner signs with a key whose other half the program has. */
async function withPartnerKey(_: ConfigDocument, directory: string): Promise<void> {
  const { certificatePem, privatePem } = await aCertifiedKey();
  await writeFile(join(directory, 'partner.crt'), certificatePem);
  await writeFile(join(directory, 'partner.key'), privatePem, { mode: 0o600 });
}

test('google-auth, Authlib and pysaml2: exchange JWTs and assertions, present them as grants, and take ours', async (t) => {
  if (!((await isBuilt(t, 'python/build')) && hasXmlsec1(t))) return;
  const server = await startTlsServer(t, withPartnerKey);
  const file = (name: string): string => join(server.directory, name);
  await writeFile(file('subject.jwt'), await server.partner.sign(), { mode: 0o600 });
  await writeFile(file('client.secret'), GATEWAY_SECRET, { mode: 0o600 });

  const ends = await endsOf(
    'python/run',
    server,
    {
      client: 'gateway',
      'client-secret-file': file('client.secret'),
      'subject-token-file': file('subject.jwt'),
      audience: 'orders',
      'our-name': ISSUER,
      'partner-cert': file('partner.crt'),
      'partner-key': file('partner.key'),
    },
    ['oauth'],
  );

  const byJwt = 'ok subject=partner:alice client=gateway scope=orders.read';
  const byAssertion =
    'ok subject=partner-saml:alice@partner.example client=gateway scope=orders.read';
  assert.deepEqual(Object.fromEntries(ends), {
    'google-auth-jwt': byJwt,
    'google-auth-assertion': byAssertion,
    'google-auth-changed-assertion': 'fault=invalid_request',
    'google-auth-wrong-secret': 'fault=invalid_client',
    'google-auth-unknown-audience': 'fault=invalid_target',
    'authlib-other-audience': 'fault=invalid_token',
    'authlib-grant': byAssertion,
    'authlib-grant-twice': 'fault=invalid_grant',
    'pysaml2-on-behalf-of': `ok subject=partner-saml:alice@partner.example audience=${BILLING}`,
    'pysaml2-reads': 'ok subject=partner:alice email=alice@partner.example',
    'pysaml2-reads-changed': 'fault=SignatureError',
  });
});
