// A token as the credential of its own renewal (WS-Trust 1.3 §5, ws-trust §6): whoever got it with the certificate of another issuer is
// called by that issuer's name, and by our own where the token speaks. Over whole servers.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { withSaml } from '#test/support/saml/saml-document.ts';
import type { ConfigDocument } from '#test/support/server/document.ts';
import { startServer } from '#test/support/server/server.ts';
import {
  aBinaryToken,
  aDirectReference,
  aSignedMessage,
} from '#test/support/soap/signed-message.ts';
import { faultOf, SAML2, sendSoap, tokenOf } from '#test/support/ws-trust/messages.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { aCertificate, anAuthority } from '#test/support/x509/pki.ts';

const SAML_PROFILE = 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1';
const root = await anAuthority({ name: 'CN=Root', algorithm: 'RSA' });
const batch = await aCertificate({ name: 'CN=batch', issuer: root, algorithm: 'RSA' });
const other = await aCertificate({ name: 'CN=other', issuer: root, algorithm: 'RSA' });

/** Certificates say who their holders are, and those are nobody of ours. */
async function withCorp(document: ConfigDocument, directory: string): Promise<void> {
  await withSaml(document, directory);
  await writeFile(join(directory, 'root.crt'), root.pem);
  const x509 = { anchors: [{ file: 'root.crt' }], revocation: 'none', subject: 'commonName' };
  document.trustedIssuers.push({ id: 'corp', issuer: 'urn:corp', x509 });
  document.policy.push({
    id: 'corp-to-orders',
    requestor: { principal: { issuer: 'corp' } },
    subject: { issuer: 'corp' },
    target: 'orders',
    allow: {
      types: ['saml2'],
      lifetimeSeconds: 300,
      renewal: { lifetimeSeconds: 1200, maxCount: 5 },
    },
  });
}

const signed = (header: string, body: string, keyInfo: string, by = batch) =>
  aSignedMessage(body, { by, tokens: header, keyInfo });

const byCertificate = (body: string, by = batch) =>
  signed(aBinaryToken(by), body, aDirectReference(), by);

function keyInfoOf(token: string): string {
  const [, id = ''] = / ID="([^"]+)"/.exec(token) ?? [];
  return `<wsse:SecurityTokenReference xmlns:k="http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd" k:TokenType="${SAML_PROFILE}#SAMLV2.0"><wsse:KeyIdentifier ValueType="${SAML_PROFILE}#SAMLID">${id}</wsse:KeyIdentifier></wsse:SecurityTokenReference>`;
}

/** The token is the target, and the signature is by its key. */
const byItself = (operation: 'Renew' | 'Validate', token: string): string =>
  signed('', about(operation, token), keyInfoOf(token));

const about = (operation: 'Renew' | 'Validate', token: string): string =>
  anRst({
    requestType: `${TRUST_13}/${operation}`,
    children: `<t:${operation}Target>${token}</t:${operation}Target>`,
  });

test('ws-trust §4: once the trust in the issuer behind it has ended, a token of ours is no credential of its party', async (t) => {
  const server = await startServer(t, async (document, directory) => {
    await withCorp(document, directory);
    Object.assign(document.trustedIssuers.at(-1) ?? {}, { enabledUntil: '2027-01-15T08:01:00Z' });
  });
  const children = `${anAppliesTo()}<t:TokenType>${SAML2}</t:TokenType><t:KeyType>${TRUST_13}/PublicKey</t:KeyType>`;
  const token = tokenOf(await sendSoap(server, byCertificate(anRst({ children }))));
  const before = await sendSoap(server, byItself('Validate', token));
  server.clock.advance(60);

  const answer = await sendSoap(server, signed(token, anRst({ children }), keyInfoOf(token)));

  assert.match(before.text, /status\/valid</);
  assert.equal(faultOf(answer), 'FailedAuthentication');
});

test('WS-Trust 1.3 §5: who got a token with a certificate of another issuer renews it with the token itself, and again', async (t) => {
  const server = await startServer(t, withCorp);
  const children = `${anAppliesTo()}<t:TokenType>${SAML2}</t:TokenType><t:KeyType>${TRUST_13}/PublicKey</t:KeyType>`;
  const token = tokenOf(await sendSoap(server, byCertificate(anRst({ children }))));

  const valid = await sendSoap(server, byItself('Validate', token));
  const renewed = tokenOf(await sendSoap(server, byItself('Renew', token)));
  const again = tokenOf(await sendSoap(server, byItself('Renew', renewed)));
  const byOwner = await sendSoap(server, byCertificate(about('Renew', again)));
  const stranger = await sendSoap(server, byCertificate(about('Renew', again), other));

  assert.match(valid.text, /status\/valid</);
  assert.match(again, />corp:batch</);
  assert.equal(byOwner.status, 200, byOwner.text);
  assert.equal(faultOf(stranger), 'RequestFailed');
});
