// A token that somebody may have in the name of another, towards one target, bound to a key of their own: with that key they are not
// the other one, who would get tokens for all that is theirs. Over a whole server.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { PASSWORD, withSaml } from '#test/support/saml/saml-document.ts';
import type { ConfigDocument } from '#test/support/server/document.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';
import { aDerivedKey, aDerivedKeyToken, aReferenceTo } from '#test/support/soap/derived-key.ts';
import {
  aBinaryToken,
  aDirectReference,
  SIGNATURE,
  type SignatureWishes,
  signMessage,
} from '#test/support/soap/signed-message.ts';
import { endingOfSuite } from '#test/support/suite.ts';
import { aTimestamp, withContexts, withHeader } from '#test/support/ws-trust/context-message.ts';
import {
  anIssueMessage,
  carolsToken,
  faultOf,
  type IssueWishes,
  SAML2,
  sendSoap,
  tokenOf,
  WSSE,
} from '#test/support/ws-trust/messages.ts';
import { TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { type Context, contextIn, V13 } from '#test/support/ws-trust/security-context.ts';
import { aCertificate } from '#test/support/x509/pki.ts';

const PAYROLL = 'https://payroll.example/soap';
const SAML_PROFILE = 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1';
const bobsKey = await aCertificate({ name: 'CN=bob', algorithm: 'RSA' });

/** Bob may impersonate users towards orders, and has no right to payroll, where carol has one. */
async function withPayroll(document: ConfigDocument, directory: string): Promise<void> {
  await withSaml(document, directory);
  await withContexts(document, directory, ['username', 'issued-token', 'security-context']);
  document.relyingParties.push({
    id: 'payroll',
    appliesTo: [PAYROLL],
    requestors: ['principal:self:carol'],
    token: { type: 'saml2', lifetimeSeconds: 600 },
  });
  const row = (id: string, target: string, more: object = {}) => ({
    id: `${id}-to-${target}`,
    requestor: { principal: { issuer: 'self', id } },
    subject: { issuer: 'self' },
    target,
    allow: {
      types: ['saml2', 'sct'],
      lifetimeSeconds: 300,
      renewal: { lifetimeSeconds: 1200, maxCount: 5 },
      ...more,
    },
  });
  document.policy = [
    row('bob', 'orders', { impersonation: true }),
    row('carol', 'orders'),
    row('carol', 'payroll'),
  ];
}

const ofOther = (text: string): string => text.replaceAll('wsse:', 'o:');

/** A message of the usual form under a signature. */
function signed(
  header: string,
  wishes: IssueWishes,
  { key, keyInfo = '' }: SignatureWishes,
  change = (text: string) => text,
): string {
  const message = change(withHeader(ofOther(`${header}${SIGNATURE}`), wishes));
  return signMessage(message.replace('<s:Body>', '<s:Body wsu:Id="body">'), {
    key,
    keyInfo: ofOther(keyInfo),
  });
}

const withSecret = (text: string): string => text.replace('/Bearer', '/SymmetricKey');
const BOB = `<wsse:UsernameToken><wsse:Username>bob</wsse:Username><wsse:Password>${PASSWORD}</wsse:Password></wsse:UsernameToken>`;

describe('a token in the name of another', () => {
  const ending = endingOfSuite();
  let server: TestServer;
  let context: Context;
  let assertion: string;

  before(async () => {
    server = await startServer(ending, withPayroll);
    const onBehalfOf = await carolsToken(server, SAML2);
    const wishes = { onBehalfOf, tokenType: `${V13.wsc}/sct` };
    const { text } = await sendSoap(server, withSecret(anIssueMessage(wishes)));
    context = contextIn(text, V13);
    const useKey = `<trust:UseKey>${ofOther(aDirectReference())}</trust:UseKey>`.replace(
      '<o:SecurityTokenReference',
      `<o:SecurityTokenReference xmlns:o="${WSSE}"`,
    );
    const message = signed(
      `${BOB}${aBinaryToken(bobsKey)}${aTimestamp(server.clock.now())}`,
      { onBehalfOf, tokenType: SAML2, children: useKey },
      { key: bobsKey.privateKey, keyInfo: aDirectReference() },
      (text) => text.replace('/Bearer', '/PublicKey'),
    );
    assertion = tokenOf(await sendSoap(server, message));
  });

  const byContext = (wishes: IssueWishes, change = withSecret, more = ''): string => {
    server.clock.advance(1);
    const { id, secret, token } = context;
    const derived = aDerivedKeyToken(aReferenceTo(id, `${V13.wsc}/sct`));
    const header = `${more}${token}${derived}${aTimestamp(server.clock.now())}`;
    return signed(
      header,
      wishes,
      { key: aDerivedKey(secret), keyInfo: aReferenceTo('dkt') },
      change,
    );
  };

  const byAssertion = (wishes: IssueWishes, change?: (text: string) => string, more = '') => {
    server.clock.advance(1);
    const [, id = ''] = / ID="([^"]+)"/.exec(assertion) ?? [];
    const keyInfo = `<wsse:SecurityTokenReference xmlns:k="http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd" k:TokenType="${SAML_PROFILE}#SAMLV2.0"><wsse:KeyIdentifier ValueType="${SAML_PROFILE}#SAMLID">${id}</wsse:KeyIdentifier></wsse:SecurityTokenReference>`;
    const header = `${more}${aTimestamp(server.clock.now())}`;
    return signed(header, wishes, { key: bobsKey.privateKey, keyInfo }, change);
  };

  const asked = (operation: 'Renew' | 'Cancel', target: string) => (text: string) =>
    text
      .replace(`${TRUST_13}/RST/Issue`, `${TRUST_13}/RST/${operation}`)
      .replace(
        /<s:Body>.*<\/s:Body>/s,
        `<s:Body><trust:RequestSecurityToken xmlns:trust="${TRUST_13}"><trust:RequestType>${TRUST_13}/${operation}</trust:RequestType><trust:${operation}Target>${target}</trust:${operation}Target></trust:RequestSecurityToken></s:Body>`,
      );

  for (const [what, appliesTo] of [
    ['for what is theirs', PAYROLL],
    ['for the same target', undefined],
  ] as const) {
    test(`a context is no credential of whom it is about, ${what}`, async () => {
      const wishes = { tokenType: `${V13.wsc}/sct`, ...(appliesTo && { appliesTo }) };

      const answer = await sendSoap(server, byContext(wishes));

      assert.equal(faultOf(answer), 'BadContextToken');
    });

    test(`an assertion is no credential of whom it is about, ${what}`, async () => {
      const wishes = { tokenType: SAML2, ...(appliesTo && { appliesTo }) };

      const answer = await sendSoap(server, byAssertion(wishes, undefined, assertion));

      assert.equal(faultOf(answer), 'FailedAuthentication');
    });
  }

  test('whoever asked for it renews and cancels it with its key, beside a credential of their own', async () => {
    const { identifier } = context;
    const named = `<o:SecurityTokenReference xmlns:o="${WSSE}"><o:Reference URI="${identifier}" ValueType="${V13.wsc}/sct"/></o:SecurityTokenReference>`;

    const messages = [
      byContext({}, asked('Renew', named), BOB),
      byAssertion({}, asked('Renew', assertion), BOB),
      byContext({}, asked('Cancel', named), BOB),
      byAssertion({}, asked('Cancel', assertion), BOB),
    ];

    for (const message of messages) {
      const answer = await sendSoap(server, message);
      assert.equal(answer.status, 200, answer.text);
    }
  });
});
