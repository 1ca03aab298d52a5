// Attacks on the SOAP front of a whole server: borrowed tokens, borrowed credentials, replays, lock-out, names of hosts.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { iso, NOW } from '#test/support/saml/saml.ts';
import { SAML2_TYPE, withSaml } from '#test/support/saml/saml-document.ts';
import { type SamlServer, startSamlServer } from '#test/support/saml/saml-server.ts';
import { GATEWAY_SECRET, ID_TOKEN_TYPE, JWT_TYPE } from '#test/support/server/document.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import {
  anIssueMessage,
  jwtAsXml,
  type SoapAnswer,
  sendSoap,
} from '#test/support/ws-trust/messages.ts';

const HR = 'https://hr.example/';
const SAML2 = 'urn:oasis:names:tc:SAML:2.0:assertion';
const WSU =
  'xmlns:u="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"';

/** `hr` is a party that bob is no server of and that consents to the gateway alone. */
async function start(t: Ending): Promise<SamlServer> {
  return startSamlServer(t, (document) => {
    document.relyingParties.push({
      id: 'hr',
      appliesTo: [HR],
      audiences: ['hr'],
      resources: [HR],
      requestors: ['gateway'],
      token: { type: 'saml2', algorithm: 'RS256', lifetimeSeconds: 600 },
      scopes: [],
    });
    document.policy.push({
      id: 'gateway-to-hr',
      requestor: { client: 'gateway' },
      subject: { issuer: ['partner', 'self'] },
      target: 'hr',
      allow: { types: ['saml2'], scopes: [], lifetimeSeconds: 300, impersonation: true },
    });
  });
}

const assertionIn = ({ text }: SoapAnswer): string =>
  /<saml:Assertion.*<\/saml:Assertion>/.exec(text)?.[0] ?? '';
const codeOf = ({ text }: SoapAnswer): string | undefined =>
  /<s:Subcode><s:Value[^>]*>([^<]*)</.exec(text)?.[1];
const withoutIds = ({ text }: SoapAnswer): string => text.replaceAll(/urn:uuid:[\w-]+/g, '');

async function gatewayAssertion(server: TestServer, resource: string): Promise<string> {
  const { body, status, text } = await server.exchange({
    requested_token_type: SAML2_TYPE,
    resource,
  });
  assert.equal(status, 200, text);
  return Buffer.from(String(body['access_token']), 'base64url').toString();
}

for (const name of ['onBehalfOf', 'actAs'] as const) {
  test(`${name}: an assertion addressed to a stranger, changed, unsigned, over or revoked is refused in one voice`, async (t) => {
    const { server, saml } = await start(t);
    const good = await gatewayAssertion(server, 'https://orders.example/');
    const revoked = await gatewayAssertion(server, 'https://orders.example/');
    await server.post('/revoke', { token: Buffer.from(revoked).toString('base64url') });
    const bad = [
      await gatewayAssertion(server, HR),
      good.replace('partner:alice', 'partner:admin'),
      good.replace(/<ds:Signature.*<\/ds:Signature>/, ''),
      revoked,
      saml.partner.assertion('saml2', { audiences: [['https://other.example']] }),
      saml.partner.assertion('saml2', { issuer: 'https://sts.example.org' }),
    ];
    const wishes = { tokenType: name === 'actAs' ? JWT_TYPE : SAML2 };

    const granted = await sendSoap(server, anIssueMessage({ ...wishes, [name]: good }));
    const refused = await Promise.all(
      bad.map((token) => sendSoap(server, anIssueMessage({ ...wishes, [name]: token }))),
    );

    assert.equal(granted.status, 200, granted.text);
    assert.deepEqual(
      refused.map(codeOf),
      bad.map(() => 'trust:InvalidSecurityToken'),
    );
    assert.equal(new Set(refused.map(withoutIds)).size, 1);
  });
}

test('ActAs: the actor is who proved a password, never who the message or the token names', async (t) => {
  const { server } = await start(t);
  const token = await gatewayAssertion(server, 'https://orders.example/');

  const { text } = await sendSoap(server, anIssueMessage({ actAs: token, tokenType: JWT_TYPE }));

  const [, encoded = ''] = /BinarySecurityToken[^>]*>([^<]+)</.exec(text) ?? [];
  const { act, sub } = decodeJwt(Buffer.from(encoded, 'base64').toString());
  assert.equal(sub, 'partner:alice');
  assert.deepEqual(act, { iss: 'https://sts.example.org', sub: 'bob' });
});

test('RFC 8693 §4.4: may_act holds over SOAP: it names bob of ours, nobody else, and never nobody', async (t) => {
  const { server } = await start(t);
  const tokenFor = async (mayAct: object): Promise<string> =>
    jwtAsXml(await server.partner.sign({ may_act: mayAct }));
  const bob = { iss: 'https://sts.example.org', sub: 'bob' };
  const others = [{ sub: 'bob' }, { ...bob, sub: 'Bob' }, { ...bob, client_id: 'gateway' }, {}];
  const wishes = { tokenType: JWT_TYPE };

  const granted = await sendSoap(server, anIssueMessage({ ...wishes, actAs: await tokenFor(bob) }));
  const hidden = await sendSoap(
    server,
    anIssueMessage({ ...wishes, onBehalfOf: await tokenFor(bob) }),
  );
  const refused: SoapAnswer[] = [];
  for (const mayAct of others)
    refused.push(
      await sendSoap(server, anIssueMessage({ ...wishes, actAs: await tokenFor(mayAct) })),
    );

  assert.equal(granted.status, 200, granted.text);
  for (const { status } of [hidden, ...refused]) assert.equal(status, 500);
});

test('Credentials: no token of ours and no secret of a client logs anybody in', async (t) => {
  const { server } = await start(t);
  const own = assertionIn(await sendSoap(server, anIssueMessage({ tokenType: SAML2 })));
  const { body } = await server.exchange({ requested_token_type: ID_TOKEN_TYPE });
  const idToken = jwtAsXml(String(body['access_token']));
  const userName = /<o:UsernameToken>.*<\/o:UsernameToken>/;

  const answers = await Promise.all([
    sendSoap(server, anIssueMessage().replace(userName, own)),
    sendSoap(server, anIssueMessage().replace(userName, idToken)),
    sendSoap(server, anIssueMessage().replace('</o:UsernameToken>', `</o:UsernameToken>${own}`)),
    sendSoap(server, anIssueMessage().replace(userName, '')),
    sendSoap(server, anIssueMessage({ password: GATEWAY_SECRET }).replace('>bob<', '>gateway<')),
    sendSoap(server, anIssueMessage({ onBehalfOf: idToken })),
  ]);

  assert.notEqual(own, '');
  for (const { status, text } of answers) {
    assert.equal(status, 500);
    assert.doesNotMatch(text, /RequestedSecurityToken/);
  }
});

test('Targets: Participants, no target and a party that does not consent are no way around policy', async (t) => {
  const { server } = await start(t);
  const appliesTo = /<wsp:AppliesTo.*<\/wsp:AppliesTo>/;
  const participants = `<trust:Participants><trust:Primary><a:EndpointReference><a:Address>${HR}</a:Address></a:EndpointReference></trust:Primary></trust:Participants>`;

  const answers = await Promise.all([
    sendSoap(server, anIssueMessage({ appliesTo: HR })),
    sendSoap(server, anIssueMessage({ appliesTo: 'https://nowhere.example/' })),
    sendSoap(server, anIssueMessage().replace(appliesTo, '')),
    sendSoap(server, anIssueMessage().replace(appliesTo, `$&${participants}`)),
  ]);

  assert.deepEqual(
    answers.map(codeOf),
    answers.map(() => 'trust:InvalidScope'),
  );
  assert.equal(new Set(answers.map(withoutIds)).size, 1);
});

test('Lifetime: no wish gets more than the policy gives', async (t) => {
  const { server } = await start(t);
  const wish = (expires: string): string =>
    anIssueMessage({ tokenType: SAML2 }).replace(
      '<trust:KeyType>',
      `<trust:Lifetime ${WSU}><u:Expires>${expires}</u:Expires></trust:Lifetime><trust:KeyType>`,
    );

  const answers = await Promise.all(
    [iso(NOW + 1_000_000), '9999-12-31T23:59:59Z', iso(NOW + 60)].map((at) =>
      sendSoap(server, wish(at)),
    ),
  );

  assert.deepEqual(
    answers.map(
      ({ text }) => /Conditions NotBefore="[^"]*" NotOnOrAfter="([^"]*)"/.exec(text)?.[1],
    ),
    [iso(NOW + 300), iso(NOW + 300), iso(NOW + 60)],
  );
});

test('UsernameToken Profile §3.1: of 20 messages with one nonce one is taken, and none after a restart', async (t) => {
  const { server } = await start(t);
  const message = anIssueMessage().replace(
    '</o:Password>',
    `</o:Password><o:Nonce>AAAAAAAAAAAAAAAAAAAAAA==</o:Nonce><u:Created ${WSU}>${iso(NOW)}</u:Created>`,
  );

  const race = await Promise.all(Array.from({ length: 20 }, () => sendSoap(server, message)));
  const later = await sendSoap(await server.restart(), message);

  assert.equal(race.filter(({ status }) => status === 200).length, 1);
  assert.equal(later.status, 500);
});

test('Lock-out: a burst of guesses in many spellings locks the name, through a restart, and looks like any refusal', async (t) => {
  const { server } = await start(t);
  const first = await sendSoap(server, anIssueMessage({ password: 'wrong' }));
  const names = ['bob', 'Bob', 'BOB', 'bOb'];
  const guesses = Array.from({ length: 40 }, (_, index) =>
    anIssueMessage({ password: `guess-${index}` }).replace(
      '>bob<',
      `>${names[index % names.length]}<`,
    ),
  );

  await Promise.all(guesses.map((guess) => sendSoap(server, guess)));
  const right = await sendSoap(server, anIssueMessage());
  const later = await sendSoap(await server.restart(), anIssueMessage());

  assert.equal(withoutIds(right), withoutIds(first));
  assert.equal(withoutIds(later), withoutIds(first));
});

test('Transport: a password that a trusted proxy got in the clear is refused, by each header that says so', async (t) => {
  const { server } = await start(t);
  const send = async (headers: Readonly<Record<string, string>>): Promise<number> => {
    const type = { 'content-type': 'application/soap+xml; charset=utf-8' };
    const init = { method: 'POST', headers: { ...type, ...headers }, body: anIssueMessage() };
    const response = await fetch(`${server.url}/ws-trust`, init);
    await response.text();
    return response.status;
  };

  const statuses = [
    await send({ 'x-forwarded-proto': 'https' }),
    await send({ forwarded: 'for=192.0.2.1;proto=https' }),
    await send({ 'x-forwarded-proto': 'http' }),
    await send({ 'x-forwarded-proto': 'https, HTTP' }),
    await send({ forwarded: 'for=192.0.2.1; Proto="http";by=192.0.2.2' }),
  ];

  assert.deepEqual(statuses, [200, 200, 500, 500, 500]);
});

test('Transport: plain HTTP from a peer that is no trusted proxy is refused before the password is looked at', async (t) => {
  const server = await startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    document['trustedProxies'] = ['192.0.2.1/32'];
  });

  const answer = await sendSoap(server, anIssueMessage());
  const wrong = await sendSoap(server, anIssueMessage({ password: 'wrong' }));

  assert.equal(codeOf(answer), 'wsse:InvalidSecurity');
  assert.equal(withoutIds(answer), withoutIds(wrong));
});

test('WSDL: neither Host nor a tenant gets a word into it that is not ours', async (t) => {
  const { server } = await start(t);
  const send = async (target: string): Promise<string> => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write(
      `GET ${target} HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n`,
    );
    return textOf(socket);
  };

  const served = [
    await send('/ws-trust?wsdl'),
    await send('/adfs/services/trust/mex'),
    await send('http://evil.example/sts/STSService/tenant.local?wsdl'),
  ];
  const refused = [
    await send('/sts/STSService/%22%3E?wsdl'),
    await send('/sts/STSService/..%2f?wsdl'),
    await send('/sts/STSService/a/b?wsdl'),
    await send('/sts/STSService/"><x?wsdl'),
    await send('/sts/STSService/?wsdl'),
  ];

  for (const text of served) {
    assert.match(text, /^HTTP\/1\.1 200/);
    assert.doesNotMatch(text, /evil/);
  }
  for (const text of refused) assert.match(text, /^HTTP\/1\.1 40[04]/);
});
