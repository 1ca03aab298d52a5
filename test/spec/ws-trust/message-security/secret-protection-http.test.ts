// A whole server without TLS, and messages under a secret at two of its addresses: issue, renew, cancel, and a second factor
// (WS-SecurityPolicy 1.2 §7.4, WS-Trust 1.4 §8.9).
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { oneTimePasswordOf, parseOneTimeSecret } from '#src/users/one-time-password.ts';
import { PASSWORD, withSaml } from '#test/support/saml/saml-document.ts';
import type { ConfigDocument } from '#test/support/server/document.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';
import { withEncryptionKey } from '#test/support/soap/encryption-key.ts';
import { bodyPart, ours, signaturePart } from '#test/support/soap/message-security.ts';
import {
  addressingOf,
  aSecretMessage,
  openAnswer,
  SECRET_PATH,
  type SecretWishes,
} from '#test/support/soap/secret-message.ts';
import { aTimestamp } from '#test/support/ws-trust/context-message.ts';
import { anAppliesTo, anRst, BILLING, TRUST_13 } from '#test/support/ws-trust/rst.ts';

const WSO2 = '/services/wso2carbon-sts';
const OTP = 'http://docs.oasis-open.org/ws-sx/ws-trust/200802/challenge/OTP';
const OTP_SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

const aUser = (name: string): string =>
  `<wsse:UsernameToken wsu:Id="user"><wsse:Username>${name}</wsse:Username><wsse:Password>${PASSWORD}</wsse:Password></wsse:UsernameToken>`;

async function withSecrets(document: ConfigDocument, directory: string): Promise<void> {
  await withSaml(document, directory);
  // Nobody ends TLS in front of us.
  delete document['trustedProxies'];
  const write = (name: string, text: string) =>
    writeFile(join(directory, name), text, { mode: 0o600 });
  await write('carol.otp', OTP_SECRET);
  const { users } = JSON.parse(await readFile(join(directory, 'users.yaml'), 'utf8')) as {
    users: { id: string }[];
  };
  const secured = users.map((user) =>
    user.id === 'carol' ? { ...user, oneTimePassword: { file: 'carol.otp' } } : user,
  );
  await write('users.yaml', JSON.stringify({ users: secured }));
  await withEncryptionKey(document, directory, ours);
  const messageSecurity = 'symmetric-sign-and-encrypt';
  document['wsTrust'] = {
    profiles: ['wso2'],
    endpoints: [SECRET_PATH, WSO2].map((path) => ({ path, messageSecurity })),
  };
}

interface Asking extends Pick<SecretWishes, 'body' | 'addressing' | 'edit'> {
  readonly operation?: string;
  readonly path?: string;
  readonly name?: string;
}

/** Asks, and opens the answer; a fault as it came. */
async function ask(server: TestServer, asking: Asking): Promise<string> {
  const { name = 'bob', operation = 'Issue', path = SECRET_PATH } = asking;
  const { addressing = addressingOf(operation, path), body = anIssue() } = asking;
  const [secret, user] = [randomBytes(32), aUser(name)];
  const parts = (text: string) => [
    signaturePart(text),
    bodyPart(text),
    { text: user, type: 'Element' as const },
  ];
  const timestamp = aTimestamp(server.clock.now());
  const message = aSecretMessage({ addressing, body, parts, secret, timestamp, user });
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/soap+xml; charset=utf-8' },
    body: message,
  });
  const text = await response.text();
  return response.status === 200 ? openAnswer(text, secret) : text;
}

const anIssue = (more = ''): string => anRst({ children: `${anAppliesTo(BILLING)}${more}` });
const assertionIn = (answer: string): string => {
  const [assertion = ''] = /<saml2?:Assertion .*<\/saml2?:Assertion>/s.exec(answer) ?? [];
  assert.notEqual(assertion, '', answer);
  return assertion;
};
const about = (operation: string, token: string): Asking => {
  const target = `<t:${operation}Target>${token}</t:${operation}Target>`;
  return {
    operation,
    body: anRst({ requestType: `${TRUST_13}/${operation}`, children: target }),
  };
};

const start = (t: TestContext): Promise<TestServer> => startServer(t, withSecrets);

test('WS-SecurityPolicy 1.2 §7.4: a token is issued, renewed and cancelled under secrets, without TLS', async (t) => {
  const server = await start(t);

  const issued = assertionIn(await ask(server, {}));
  const renewed = assertionIn(await ask(server, about('Renew', issued)));
  const before = await ask(server, about('Validate', renewed));
  const cancelled = await ask(server, about('Cancel', renewed));
  const after = await ask(server, about('Validate', renewed));

  assert.match(before, /status\/valid</);
  assert.match(cancelled, /RequestedTokenCancelled/);
  assert.match(after, /status\/invalid</);
});

test('WS-SecurityPolicy 1.2 §7.4: the address of a profile can take such messages, and its WSDL says so', async (t) => {
  const server = await start(t);

  const answer = await ask(server, { path: WSO2 });
  const wsdl = await (await fetch(`${server.url}${WSO2}?wsdl`)).text();

  assert.match(answer, /<saml:Assertion [^>]*AssertionID=/);
  assert.match(wsdl, /<sp:SymmetricBinding/);
  assert.doesNotMatch(wsdl, /<sp:TransportBinding/);
});

test('WS-Trust 1.3 §9.2: the secret of a message is no key for UseKey', async (t) => {
  const server = await start(t);
  const keyType = `<t:KeyType>${TRUST_13}/PublicKey</t:KeyType>`;
  const useKey = '<t:UseKey Sig="#SIG-1"/>';

  assert.match(await ask(server, { body: anIssue(keyType) }), /trust:InvalidRequest</);
  assert.match(
    await ask(server, { body: anIssue(`${keyType}${useKey}`) }),
    /trust:InvalidSecurityToken</,
  );
});

test('WS-Trust 1.4 §8.9: a second factor is asked for and answered under secrets', async (t) => {
  const server = await start(t);
  const code = oneTimePasswordOf(
    parseOneTimeSecret(OTP_SECRET),
    Math.floor(server.clock.now() / 30),
  );
  const W = 'http://docs.oasis-open.org/ws-sx/ws-trust/200802';

  const challenged = async (): Promise<Asking> => {
    const challenge = await ask(server, { name: 'carol' });
    const [, context = ''] = /Context="([^"]+)"/.exec(challenge) ?? [];
    const [, state = ''] = /<wst14:ContextData [^>]*>([^<]+)</.exec(challenge) ?? [];
    assert.notEqual(state, '', challenge);
    const body = `<t:RequestSecurityTokenResponse xmlns:t="${TRUST_13}" Context="${context}"><w:InteractiveChallengeResponse xmlns:w="${W}"><w:TextChallengeResponse RefID="${OTP}">${code}</w:TextChallengeResponse><w:ContextData RefID="${W}/challenge/state">${state}</w:ContextData></w:InteractiveChallengeResponse></t:RequestSecurityTokenResponse>`;
    return { body, addressing: addressingOf().replace('/RST/Issue', '/RSTR/Issue') };
  };

  const answer = await ask(server, { ...(await challenged()), name: 'carol' });
  const asBob = await ask(server, { ...(await challenged()), name: 'bob' });

  assert.match(answer, /<saml:Assertion /);
  assert.match(asBob, /trust:FailedAuthentication</);
});
