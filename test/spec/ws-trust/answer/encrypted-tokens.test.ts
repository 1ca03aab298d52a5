// Assertions that only their relying party can read (ws-trust P22, XML Encryption 1.1): over both fronts, judged by xmlsec1.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { aCertifiedKey, type CertifiedKey } from '#test/support/saml/saml.ts';
import { SAML1_TYPE, SAML2_TYPE, type SamlWorld } from '#test/support/saml/saml-document.ts';
import { startSamlServer } from '#test/support/saml/saml-server.ts';
import { grantBesides } from '#test/support/server/document.ts';
import type { TestServer } from '#test/support/server/server.ts';
import {
  anIssueMessage,
  aTargetMessage,
  faultOf,
  isValid,
  SAML1,
  SAML2,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';
import { hasXmlsec1, runXmlsec1 } from '#test/support/xml/xmlsec1.ts';

interface Setting {
  readonly server: TestServer;
  readonly party: CertifiedKey;
  readonly ours: SamlWorld['ours'];
}

async function start(t: TestContext, isOurs = false): Promise<Setting> {
  const party = await aCertifiedKey();
  const { server, saml } = await startSamlServer(t, async (document, directory) => {
    await writeFile(join(directory, 'party.crt'), party.certificatePem);
    if (isOurs) {
      await writeFile(join(directory, 'keys/party.pem'), party.privatePem, { mode: 0o600 });
      const [key, certificate] = [{ file: 'keys/party.pem' }, { file: 'party.crt' }];
      (document['keys'] as object[]).push({ use: 'encryption', key, certificate });
    }
    const [orders] = document.relyingParties;
    const token = {
      type: 'saml2',
      algorithm: 'RS256',
      lifetimeSeconds: 600,
      encryptTo: { file: 'party.crt' },
      // What this release of the judge can do.
      encryption: { content: 'aes256-gcm', keyTransport: 'rsa-oaep-mgf1p' },
    };
    Object.assign(orders ?? {}, { token });
    grantBesides(document, { renewal: { lifetimeSeconds: 3600 } });
  });
  return { server, party, ours: saml.ours };
}

const decrypt = (token: string, { privatePem }: CertifiedKey) =>
  runXmlsec1(['--decrypt', '--privkey-pem', 'key.pem', 'token.xml'], {
    'key.pem': privatePem,
    'token.xml': token,
  });

/** The assertion that the party reads, whose signature holds. */
function assertionIn(token: string, { ours, party }: Setting, idName: string): string {
  // Long words: a short one stands in base64 by chance.
  assert.doesNotMatch(token, /Conditions|NameIdentifier|AuthnStatement|AttributeStatement/);
  const opened = decrypt(token, party);
  assert.ok(opened.isOk, opened.stderr);
  const assertion = /<saml:Assertion.*<\/saml:Assertion>/s.exec(opened.stdout)?.[0] ?? '';
  const verified = runXmlsec1(
    ['--verify', '--pubkey-cert-pem', 'ours.pem', '--id-attr:' + idName, 'Assertion', 'open.xml'],
    { 'ours.pem': ours.certificatePem, 'open.xml': assertion },
  );
  assert.ok(verified.isOk, verified.stderr);
  return assertion;
}

const VERSIONS = [
  ['SAML 1.1', SAML1, SAML1_TYPE, 'AssertionID', /^<xenc:EncryptedData /],
  ['SAML 2.0', SAML2, SAML2_TYPE, 'ID', /^<saml:EncryptedAssertion /],
] as const;
for (const [version, tokenType, oauthType, idName, form] of VERSIONS) {
  test(`P22: ${version} for a relying party with a certificate is read by it alone, over SOAP and OAuth`, async (t) => {
    if (!hasXmlsec1(t)) return;
    const setting = await start(t);
    const { server } = setting;

    const soap = tokenOf(await sendSoap(server, anIssueMessage({ tokenType })));
    const { body, text } = await server.exchange({ requested_token_type: oauthType });

    assert.match(soap, form);
    assert.match(assertionIn(soap, setting, idName), />bob</);
    assert.equal(typeof body['access_token'], 'string', text);
    const oauth = Buffer.from(String(body['access_token']), 'base64url').toString();
    assert.match(oauth, form);
    assert.match(assertionIn(oauth, setting, idName), />partner:alice</);
    assert.equal(decrypt(soap, setting.ours).isOk, false);
  });

  test(`WS-Trust 1.3 §6: ${version} that its requestor cannot read is cancelled by the name it was given with`, async (t) => {
    if (!hasXmlsec1(t)) return;
    const setting = await start(t);
    const { server } = setting;
    const answer = await sendSoap(server, anIssueMessage({ tokenType }));
    const readByParty = assertionIn(tokenOf(answer), setting, idName);
    const target = /RequestedUnattachedReference>(.*)<\/\w+:RequestedUnattached/s.exec(
      answer.text,
    )?.[1];
    const before = await isValid(server, readByParty, 'bob');

    const cancelled = await sendSoap(
      server,
      aTargetMessage('Cancel', { user: 'bob', target: target ?? '' }),
    );

    assert.equal(cancelled.status, 200, cancelled.text);
    assert.deepEqual([before, await isValid(server, readByParty, 'bob')], [true, false]);
  });

  test(`P22: ${version} that is encrypted to another is no evidence here, and is not renewed`, async (t) => {
    const { server } = await start(t);
    const token = tokenOf(await sendSoap(server, anIssueMessage({ tokenType })));

    const asSubject = await sendSoap(
      server,
      anIssueMessage({ onBehalfOf: token, tokenType: SAML2 }),
    );
    const renewed = await sendSoap(server, aTargetMessage('Renew', { target: token, tokenType }));

    for (const answer of [asSubject, renewed])
      assert.match(faultOf(answer), /UnsupportedSecurityToken|InvalidSecurityToken|UnableToRenew/);
  });

  test(`WS-Trust 1.3 §6: ${version} that is encrypted to us is cancelled as what is in it, and as nothing else`, async (t) => {
    const { server } = await start(t, true);
    const target = tokenOf(await sendSoap(server, anIssueMessage({ tokenType })));
    const cancel = (named: string) =>
      sendSoap(server, aTargetMessage('Cancel', { user: 'bob', target, tokenType: named }));

    const other = await cancel(tokenType === SAML1 ? SAML2 : SAML1);
    const before = await isValid(server, target, 'bob');
    const answer = await cancel(tokenType);

    assert.equal(faultOf(other), 'UnsupportedSecurityToken');
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual([before, await isValid(server, target, 'bob')], [true, false]);
  });
}
