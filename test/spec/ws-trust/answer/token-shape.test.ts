// How an assertion looks depends on who asked for it: some readers know one form only.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';
import { anRst, type SoapAnswer } from '#test/support/ws-trust/rst.ts';

const SAML_20 = 'urn:oasis:names:tc:SAML:2.0:assertion';

async function sendTo(server: TestServer, path: string): Promise<SoapAnswer> {
  const headers = { 'content-type': 'application/soap+xml; charset=utf-8' };
  const body = anRst({ tokenType: SAML_20 });
  const response = await fetch(`${server.url}${path}`, { method: 'POST', headers, body });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

test('WS-Trust profiles: an assertion for SOAP has no Recipient, one for AD FS no prefix, one for vCenter its prefixes and typed values', async (t) => {
  const server = await startServer(t, async (document, directory) => {
    await withSaml(document, directory);
  });

  const general = await sendTo(server, '/ws-trust');
  const adfs = await sendTo(server, '/adfs/services/trust/13/usernamemixed');
  const vcenter = await sendTo(server, '/sts/STSService/vsphere.local');

  for (const { status, text } of [general, adfs]) {
    assert.equal(status, 200, text);
    assert.doesNotMatch(text, /Recipient=/);
  }
  assert.match(general.text, /<saml:Assertion /);
  assert.match(
    adfs.text,
    /RequestedSecurityToken><Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" ID=.*<\/Assertion><\/trust:/,
  );
  assert.equal(vcenter.status, 200, vcenter.text);
  assert.match(vcenter.text, /<saml2:Assertion /);
  assert.match(
    vcenter.text,
    /<saml2:Attribute FriendlyName="[^"]+" Name="[^"]+" NameFormat="[^"]+">/,
  );
  assert.match(vcenter.text, /xsi:type="xs:string"/);
  assert.doesNotMatch(vcenter.text, /Recipient=/);
});
