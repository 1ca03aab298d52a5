// Users of ours who come with certificates: what they got rests on the word of the authority that said who they are (trustedIssuers[].x509.users),
// and on a key that was theirs.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { type ConfigDocument, grantBesides } from '#test/support/server/document.ts';
import { type Ending, startServer } from '#test/support/server/server.ts';
import {
  aBinaryToken,
  aDirectReference,
  aSignedMessage,
  aTimestamp,
} from '#test/support/soap/signed-message.ts';
import { faultOf, SAML2, sendSoap, tokenOf } from '#test/support/ws-trust/messages.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { withUserAuthority } from '#test/support/x509/certified-client.ts';
import { aCertificate, anAuthority, aRevocationList } from '#test/support/x509/pki.ts';

const root = await anAuthority({ name: 'CN=Root', algorithm: 'RSA' });
const forged = await aCertificate({ name: 'CN=bob', issuer: root, algorithm: 'RSA' });

const SAML_ID = 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLID';
const WISHES = `${anAppliesTo()}<t:TokenType>${SAML2}</t:TokenType><t:KeyType>${TRUST_13}/PublicKey</t:KeyType>`;
const ISSUE = anRst({ children: WISHES });

const renewalOf = (token: string): string =>
  anRst({
    requestType: `${TRUST_13}/Renew`,
    children: `<t:RenewTarget>${token}</t:RenewTarget>`,
  });

/** The token is in the header, or the target. A message that is otherwise the same would be the one before, sent again. */
let second = 10;
function withToken(body: string, token: string, header = ''): string {
  const [, id = ''] = / ID="([^"]+)"/.exec(token) ?? [];
  const keyInfo = `<wsse:SecurityTokenReference><wsse:KeyIdentifier ValueType="${SAML_ID}">${id}</wsse:KeyIdentifier></wsse:SecurityTokenReference>`;
  second += 1;
  const timestamp = aTimestamp(`2027-01-15T08:06:${second}Z`);
  return aSignedMessage(body, { by: forged, tokens: header, keyInfo, timestamp });
}

/** A server that trusts an authority about users, and what one got with a certificate of it. */
async function start(t: Ending, over: Readonly<Record<string, unknown>>) {
  const server = await startServer(t, async (document: ConfigDocument, directory) => {
    await withSaml(document, directory);
    const revocation = { lists: [{ file: 'root.crl' }] };
    await writeFile(join(directory, 'root.crl'), await aRevocationList(root));
    await withUserAuthority(document, directory, { pem: root.pem, revocation });
    Object.assign(document.trustedIssuers.at(-1) ?? {}, over);
    grantBesides(document, { renewal: { lifetimeSeconds: 7200, maxCount: 50 } });
  });
  const login = aSignedMessage(ISSUE, {
    by: forged,
    tokens: aBinaryToken(forged),
    keyInfo: aDirectReference(),
  });
  return { server, token: tokenOf(await sendSoap(server, login)) };
}

const FOR_A_MINUTE = { enabledUntil: '2027-01-15T08:01:00Z' };

describe('Trust: once an authority is trusted no more to say who is which user of ours', () => {
  test('what was issued on its word is renewed no more', async (t) => {
    const { server, token } = await start(t, FOR_A_MINUTE);
    const before = tokenOf(await sendSoap(server, withToken(renewalOf(token), token)));
    server.clock.advance(60);

    const after = await sendSoap(server, withToken(renewalOf(before), before));

    assert.match(before, />bob</);
    assert.equal(faultOf(after), 'FailedAuthentication');
  });

  test('what was issued on its word is no credential', async (t) => {
    const { server, token } = await start(t, FOR_A_MINUTE);
    server.clock.advance(60);

    const answer = await sendSoap(server, withToken(ISSUE, token, token));

    assert.equal(faultOf(answer), 'FailedAuthentication');
  });
});

describe('Trust: once a certificate is revoked', () => {
  for (const [what, ask] of [
    ['renewed with the key that it names', (token: string) => withToken(renewalOf(token), token)],
    ['a credential', (token: string) => withToken(ISSUE, token, token)],
  ] as const)
    test(`what was issued for it is no more ${what}`, async (t) => {
      const { server, token } = await start(t, {});
      const before = tokenOf(await sendSoap(server, ask(token)));
      const list = await aRevocationList(root, { revoked: [forged] });
      await writeFile(join(server.directory, 'root.crl'), list);
      await server.reload();

      const after = await sendSoap(server, ask(before));

      assert.equal(faultOf(after), 'FailedAuthentication');
      const refused = (await server.auditRecords()).at(-1);
      assert.equal(refused?.['reason'], 'token-revoked');
      const thumbprint = new X509Certificate(forged.pem).fingerprint256;
      assert.match(
        String(refused?.['detail']),
        new RegExp(`is revoked \\(certificate ${thumbprint}\\)`),
      );
    });
});
