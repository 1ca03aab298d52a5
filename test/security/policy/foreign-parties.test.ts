// A party of another issuer that comes with a token of ours, bound to its key: to policy it stays a party of that issuer, and is not one of
// us. Over a whole server.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { type Ending, startServer } from '#test/support/server/server.ts';
import {
  aBinaryToken,
  aDirectReference,
  SIGNATURE,
  signMessage,
  TIMESTAMP,
} from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import {
  faultOf,
  SAML2,
  type SoapAnswer,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { aCertificate, anAuthority } from '#test/support/x509/pki.ts';

const PAYROLL = 'https://payroll.example/soap';
const SAML_PROFILE = 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1';
const root = await anAuthority({ name: 'CN=Root', algorithm: 'RSA' });
const batch = await aCertificate({ name: 'CN=batch', issuer: root, algorithm: 'RSA' });

const row = (id: string, issuer: string | readonly string[], more: object = {}) => ({
  id,
  requestor: { principal: { issuer } },
  subject: { issuer: ['self', 'corp'] },
  allow: { types: ['saml2'], lifetimeSeconds: 300 },
  ...more,
});

const signed = (header: string, body: string, keyInfo: string): string =>
  signMessage(
    anEnvelope({
      header: `<wsse:Security>${header}${TIMESTAMP}${SIGNATURE}</wsse:Security>`,
      body,
      bodyId: 'body',
    }),
    { key: batch.privateKey, keyInfo },
  );

const wishFor = (target: string | undefined): string =>
  anRst({
    children: `${anAppliesTo(target)}<t:TokenType>${SAML2}</t:TokenType><t:KeyType>${TRUST_13}/PublicKey</t:KeyType>`,
  });

const keyInfoOf = (token: string): string =>
  `<wsse:SecurityTokenReference xmlns:k="http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd" k:TokenType="${SAML_PROFILE}#SAMLV2.0"><wsse:KeyIdentifier ValueType="${SAML_PROFILE}#SAMLID">${/ ID="([^"]+)"/.exec(token)?.[1] ?? ''}</wsse:KeyIdentifier></wsse:SecurityTokenReference>`;

/** Asks for payroll with the token that a party of corp got for orders, under these rows for payroll. */
async function askWithToken(
  t: Ending,
  rows: readonly object[],
  subjectPrefix?: string,
): Promise<SoapAnswer> {
  const server = await startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    await writeFile(join(directory, 'root.crt'), root.pem);
    const x509 = {
      anchors: [{ file: 'root.crt' }],
      revocation: 'none',
      subject: 'commonName',
      ...(subjectPrefix !== undefined && { subjectPrefix }),
    };
    document.trustedIssuers.push({ id: 'corp', issuer: 'urn:corp', x509 });
    document.relyingParties.push({
      id: 'payroll',
      appliesTo: [PAYROLL],
      requestors: 'any',
      token: { type: 'saml2', lifetimeSeconds: 600 },
    });
    const toPayroll = rows.map((each) => ({ ...each, target: 'payroll' }));
    document.policy = [{ ...row('corp-to-orders', 'corp'), target: 'orders' }, ...toPayroll];
  });
  const byCertificate = signed(aBinaryToken(batch), wishFor(undefined), aDirectReference());
  const token = tokenOf(await sendSoap(server, byCertificate));
  return sendSoap(server, signed(token, wishFor(PAYROLL), keyInfoOf(token)));
}

const OURS = row('users-to-payroll', 'self');

test('ws-trust §8: a row for all of us is not for a party of another issuer that comes with a token of ours', async (t) => {
  const usual = await askWithToken(t, [OURS]);
  const unprefixed = await askWithToken(t, [OURS], '');

  assert.equal(faultOf(usual), 'InvalidScope');
  assert.equal(faultOf(unprefixed), 'InvalidScope');
});

test('ws-trust §8: with a token of ours it gets what a row grants to it by name, or to its issuer as well as to us', async (t) => {
  const ofName = { principal: { issuer: 'self', id: 'corp:batch' } };

  const named = await askWithToken(t, [row('batch-to-payroll', 'self', { requestor: ofName })]);
  const vouched = await askWithToken(t, [row('all-to-payroll', ['self', 'corp'])]);

  assert.match(tokenOf(named), />corp:batch</);
  assert.match(tokenOf(vouched), />corp:batch</);
});

test('ws-trust §8: a token of ours is no way round a row that denies a party of another issuer', async (t) => {
  const all = row('all-to-payroll', ['self', 'corp']);
  const denialOf = (party: object) => {
    const parties = { requestor: { principal: party }, subject: party };
    return row('denied', 'corp', { ...parties, allow: undefined, deny: true });
  };

  const ofIssuer = await askWithToken(t, [all, denialOf({ issuer: 'corp' })]);
  const ofName = await askWithToken(t, [all, denialOf({ issuer: 'corp', id: 'batch' })]);
  const ofOther = await askWithToken(t, [all, denialOf({ issuer: 'corp', id: 'other' })]);

  assert.equal(faultOf(ofIssuer), 'InvalidScope');
  assert.equal(faultOf(ofName), 'InvalidScope');
  assert.match(tokenOf(ofOther), />corp:batch</);
});
