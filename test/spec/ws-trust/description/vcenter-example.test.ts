// What the example for vCenter promises of solutions and people, with its own relying party and policy against a whole server
// (ws-trust §6, §7): the assertion is the credential, ActAs keeps the solution visible, and what it has it renews.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parse } from 'yaml';
import { PASSWORD, withSaml } from '#test/support/saml/saml-document.ts';
import type { ConfigDocument } from '#test/support/server/document.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';
import {
  aBinaryToken,
  aDirectReference,
  SIGNATURE,
  signMessage,
  TIMESTAMP,
} from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { aSecurityHeader } from '#test/support/ws-trust/ws-trust.ts';
import { aCertificate } from '#test/support/x509/pki.ts';

const EXAMPLE = new URL('../../../../config/vcenter.example.yaml', import.meta.url);
const PATH = '/sts/STSService/vsphere.local';
const SAML2 = '<t:TokenType>urn:oasis:names:tc:SAML:2.0:assertion</t:TokenType>';
const OF_KEY = `${SAML2}<t:KeyType>${TRUST_13}/PublicKey</t:KeyType>`;
const USE_KEY = '<t:UseKey Sig="SIG-1"/>';
const SAML_PROFILE = 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1';

/** The solution of the example is the test user Dave. */
async function startExample(t: { after(step: () => Promise<unknown>): void }): Promise<TestServer> {
  const text = await readFile(EXAMPLE, 'utf8');
  const example = parse(text.replaceAll('solution-backup', 'dave')) as ConfigDocument;
  return startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    const { policy, relyingParties, wsTrust } = example;
    Object.assign(document, { policy, relyingParties, wsTrust, clients: [] });
  });
}

async function send(server: TestServer, message: string) {
  const response = await fetch(`${server.url}${PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'text/xml; charset=utf-8' },
    body: message,
  });
  const text = await response.text();
  return {
    status: response.status,
    text,
    token: /<saml2:Assertion.*<\/saml2:Assertion>/.exec(text)?.[0] ?? '',
  };
}

test('the example for vCenter: a solution renews what it has and acts for people, and nobody else does', async (t) => {
  const server = await startExample(t);
  const solution = await aCertificate({ name: 'CN=solution', algorithm: 'RSA' });
  const message = (header: string, body: string) =>
    anEnvelope({ version: '1.1', header, body, bodyId: 'body' });
  const login = (name: string, more = '') => aSecurityHeader(more, { name, password: PASSWORD });
  const person = await send(server, message(login('carol'), anRst({ children: SAML2 })));
  const bound = (name: string, { by = solution, more = '' } = {}) =>
    signMessage(
      message(
        login(name, `${aBinaryToken(by)}${TIMESTAMP}${SIGNATURE}`),
        anRst({ children: OF_KEY + more + USE_KEY }),
      ),
      { key: by.privateKey, keyInfo: aDirectReference() },
    );
  const own = await send(server, bound('dave'));
  assert.deepEqual([person.status, own.status], [200, 200], own.text);

  // The assertion in the header, and the message signed with its key.
  const [, id = ''] = /ID="([^"]+)"/.exec(own.token) ?? [];
  const keyInfo = `<wsse:SecurityTokenReference xmlns:k="http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd" k:TokenType="${SAML_PROFILE}#SAMLV2.0"><wsse:KeyIdentifier ValueType="${SAML_PROFILE}#SAMLID">${id}</wsse:KeyIdentifier></wsse:SecurityTokenReference>`;
  const asSolution = (body: string, { inHeader = true } = {}) => {
    const token = inHeader ? own.token : '';
    const header = `<wsse:Security>${token}${TIMESTAMP}${SIGNATURE}</wsse:Security>`;
    return send(server, signMessage(message(header, body), { key: solution.privateKey, keyInfo }));
  };
  const actAs = `<w:ActAs xmlns:w="http://docs.oasis-open.org/ws-sx/ws-trust/200802">${person.token}</w:ActAs>`;
  const acting = await asSolution(anRst({ children: OF_KEY + actAs + USE_KEY }));
  const renewal = (target: string) =>
    anRst({
      requestType: `${TRUST_13}/Renew`,
      children: `${USE_KEY}<t:RenewTarget>${target}</t:RenewTarget>`,
    });
  const renewed = await asSolution(renewal(own.token), { inHeader: false });
  const renewedActing = await asSolution(renewal(acting.token));
  const by = await aCertificate({ name: 'CN=stranger', algorithm: 'RSA' });
  const stranger = await send(server, bound('bob', { by, more: actAs }));

  assert.equal(acting.status, 200, acting.text);
  assert.match(acting.token, />carol<.*<del:Delegate .*>dave</s);
  assert.deepEqual([renewed.status, renewedActing.status], [200, 200], renewedActing.text);
  assert.match(renewedActing.token, />carol<.*<del:Delegate .*>dave</s);
  assert.match(stranger.text, /:InvalidSecurityToken</);
});
