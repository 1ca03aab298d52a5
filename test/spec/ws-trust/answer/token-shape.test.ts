// How an assertion looks depends on who asked for it: some readers know one form only.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { startSamlServer } from '#test/support/saml/saml-server.ts';
import type { TestServer } from '#test/support/server/server.ts';
import { endingOfSuite } from '#test/support/suite.ts';
import { anIssueMessage, type SoapAnswer } from '#test/support/ws-trust/messages.ts';

const SAML_20 = 'urn:oasis:names:tc:SAML:2.0:assertion';

async function sendTo(server: TestServer, path: string): Promise<SoapAnswer> {
  const headers = { 'content-type': 'application/soap+xml; charset=utf-8' };
  const body = anIssueMessage({ tokenType: SAML_20 });
  const response = await fetch(`${server.url}${path}`, { method: 'POST', headers, body });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe('WS-Trust profiles: an assertion looks as readers of its address know it', () => {
  let server: TestServer;
  const ending = endingOfSuite();
  before(async () => {
    ({ server } = await startSamlServer(ending));
  });

  for (const [what, path, shapes] of [
    ['over SOAP it has the prefix that others have', '/ws-trust', [/<saml:Assertion /]],
    [
      'of AD FS it has no prefix',
      '/adfs/services/trust/13/usernamemixed',
      [
        /RequestedSecurityToken><Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" ID=.*<\/Assertion><\/trust:/,
      ],
    ],
    [
      'of vCenter it has its prefixes and typed values',
      '/sts/STSService/vsphere.local',
      [
        /<saml2:Assertion /,
        /<saml2:Attribute FriendlyName="[^"]+" Name="[^"]+" NameFormat="[^"]+">/,
        /xsi:type="xs:string"/,
      ],
    ],
  ] as const)
    test(`${what}, and no Recipient`, async () => {
      const { status, text } = await sendTo(server, path);

      assert.equal(status, 200, text);
      for (const shape of shapes) assert.match(text, shape);
      assert.doesNotMatch(text, /Recipient=/);
    });
});
