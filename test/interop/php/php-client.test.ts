// The SoapClient of PHP: by our WSDL in both versions of SOAP, and by the address alone, as scripts for AD FS use it. It verifies what it gets
// with DOM and OpenSSL.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endsOf, isBuilt } from '#test/interop/foreign-client.ts';
import { startTlsServer } from '#test/support/server/tls-server.ts';
import { BILLING } from '#test/support/ws-trust/rst.ts';

const ISSUED = `ok subject=bob audience=${BILLING}`;

test('PHP: SoapClient gets its tokens by the WSDL and at the addresses of AD FS, and the refusals it should', async (t) => {
  if (!(await isBuilt(t, 'php/build'))) return;
  const server = await startTlsServer(t);

  const ends = await endsOf('php/run', server, {});

  const places = ['wsdl-soap11', 'wsdl-soap12', 'adfs-13', 'adfs-2005'].flatMap((place) => [
    [`${place}-saml11`, ISSUED],
    [`${place}-saml2`, ISSUED],
    [`${place}-wrong-password`, 'fault=FailedAuthentication'],
  ]);
  assert.deepEqual(Object.fromEntries(ends), {
    ...Object.fromEntries(places),
    'wsdl-soap11-unknown-applies-to': 'fault=InvalidScope',
    'wsdl-soap12-unknown-applies-to': 'fault=InvalidScope',
    'wsdl-changed': 'fault=digest',
  });
});
