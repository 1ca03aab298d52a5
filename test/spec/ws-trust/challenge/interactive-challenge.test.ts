// WS-Trust 1.4 §8.9: a one-time password as second factor, over HTTP: request, challenge, answer, token.
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { PASSWORD, type SamlWorld } from '#test/support/saml/saml-document.ts';
import type { TestServer } from '#test/support/server/server.ts';
import { loseStore } from '#test/support/store/lost-store.ts';
import {
  anIssueMessage,
  aTargetMessage,
  SOAP_11,
  SOAP_12,
  type SoapAnswer,
  sendSoap,
} from '#test/support/ws-trust/messages.ts';
import { BILLING, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import {
  anAnswer,
  challengeOf,
  codeNow,
  OTP,
  refId,
  STATE,
  startWithSecondFactor as start,
} from '#test/support/ws-trust/second-factor.ts';

const wrongCode = (server: TestServer): string =>
  codeNow(server) === '000000' ? '000001' : '000000';

const faultOf = ({ status, text }: SoapAnswer): string => {
  assert.equal(status, 500, text);
  return /<s:Subcode><s:Value>([^<]+)</.exec(text)?.[1] ?? text;
};

const lastReason = async (server: TestServer): Promise<unknown> =>
  (await server.auditRecords()).at(-1)?.['reason'];

for (const soap of [SOAP_12, SOAP_11])
  test(`WS-Trust 1.4 §8.9, P30: a right password is answered by a challenge, its answer by the token (${soap})`, async (t) => {
    const server = await start(t);
    const send = (message: string) => sendSoap(server, message.replaceAll(SOAP_12, soap));

    const first = await send(anIssueMessage());
    const challenge = challengeOf(first);
    const second = await send(anAnswer({ ...challenge, code: codeNow(server) }));

    parseXml(Buffer.from(first.text));
    assert.match(first.text, /<a:Action[^>]*>[^<]+\/RSTR\/Issue</);
    assert.match(first.text, /<s:Body><trust:RequestSecurityTokenResponse [^>]*Context=/);
    assert.match(first.text, new RegExp(`<wst14:TextChallenge [^>]*RefID="${OTP}"`));
    assert.doesNotMatch(first.text, /Assertion/);
    assert.equal(second.status, 200, second.text);
    assert.match(second.text, /RSTRC\/IssueFinal</);
    assert.match(second.text, /<saml:Assertion /);
    assert.ok(second.text.includes(`Context="${challenge.context}"`));
    assert.ok(second.text.includes(BILLING));
    for (const { text } of [first, second]) assert.ok(text.includes(`xmlns:s="${soap}"`));
  });

test('WS-Trust 1.4 §8.9: the request goes on with the assertion in it, whose signature is verified as it came', async (t) => {
  let world: SamlWorld | undefined;
  const server = await start(t, (met) => (world = met));
  const assertion = world?.partner.assertion('saml2') ?? assert.fail();
  const ask = async (onBehalfOf: string): Promise<SoapAnswer> => {
    const challenge = challengeOf(await sendSoap(server, anIssueMessage({ onBehalfOf })));
    const answer = await sendSoap(server, anAnswer({ ...challenge, code: codeNow(server) }));
    // A code is good once.
    server.clock.set(server.clock.now() + 30);
    return answer;
  };

  const { status, text } = await ask(assertion);
  const forged = await ask(assertion.replace('alice@', 'mallory@'));

  assert.equal(status, 200, text);
  assert.match(text, /partner-saml:alice@partner\.example/);
  assert.equal(faultOf(forged), 'trust:InvalidSecurityToken');
});

test('WS-Trust 1.4 §8.9: the token says how its subject was authenticated', async (t) => {
  const server = await start(t);
  const type = 'urn:oasis:names:tc:SAML:2.0:assertion';
  const challenge = challengeOf(await sendSoap(server, anIssueMessage({ tokenType: type })));

  const { text } = await sendSoap(server, anAnswer({ ...challenge, code: codeNow(server) }));

  assert.match(text, /AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken</);
});

test('WS-Trust 1.3 §8: a Context of the client is on every leg', async (t) => {
  const server = await start(t);
  const rst = anIssueMessage().replace('<trust:RequestSecurityToken ', '$&Context="urn:client:1" ');

  const challenge = challengeOf(await sendSoap(server, rst));

  assert.equal(challenge.context, 'urn:client:1');
  const { text } = await sendSoap(server, anAnswer({ ...challenge, code: codeNow(server) }));
  assert.match(text, /Context="urn:client:1"/);
});

test('WS-Trust 1.4 schema: the attribute of an answer may be spelled RefId', async (t) => {
  const server = await start(t);
  const challenge = challengeOf(await sendSoap(server, anIssueMessage()));

  const { status, text } = await sendSoap(
    server,
    anAnswer({ ...challenge, code: codeNow(server), nameOf: (field) => `RefId="${field}"` }),
  );

  assert.equal(status, 200, text);
});

test('WS-Trust 1.4 §8.9: a wrong password gets no challenge, and neither gets a right code with one', async (t) => {
  const server = await start(t);

  assert.equal(
    faultOf(await sendSoap(server, anIssueMessage({ password: 'wrong' }))),
    'trust:FailedAuthentication',
  );
  const challenge = challengeOf(await sendSoap(server, anIssueMessage()));
  const answer = { ...challenge, code: codeNow(server), password: 'wrong' };
  assert.equal(faultOf(await sendSoap(server, anAnswer(answer))), 'trust:FailedAuthentication');
});

test('ws-trust §3.6: a wrong code ends the exchange: the right one is no answer to that challenge any more', async (t) => {
  const server = await start(t);
  const challenge = challengeOf(await sendSoap(server, anIssueMessage()));

  const wrong = await sendSoap(server, anAnswer({ ...challenge, code: wrongCode(server) }));
  const late = await sendSoap(server, anAnswer({ ...challenge, code: codeNow(server) }));

  assert.equal(faultOf(wrong), 'trust:FailedAuthentication');
  assert.equal(faultOf(late), 'trust:InvalidSecurityToken');
  assert.equal(await lastReason(server), 'token-replayed');
});

test('WS-Trust 1.4 §8.9: an answer is good once: of 50 in parallel exactly one gets a token', async (t) => {
  const server = await start(t);
  const challenge = challengeOf(await sendSoap(server, anIssueMessage()));
  const answer = anAnswer({ ...challenge, code: codeNow(server) });

  const answers = await Promise.all(Array.from({ length: 50 }, () => sendSoap(server, answer)));

  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
});

test('RFC 6238 §5.2: one code does not answer two challenges', async (t) => {
  const server = await start(t);
  const [one, two] = [
    challengeOf(await sendSoap(server, anIssueMessage())),
    challengeOf(await sendSoap(server, anIssueMessage())),
  ];
  const code = codeNow(server);

  assert.equal((await sendSoap(server, anAnswer({ ...one, code }))).status, 200);
  assert.equal(
    faultOf(await sendSoap(server, anAnswer({ ...two, code }))),
    'trust:FailedAuthentication',
  );
});

test('ws-trust §3.6: a challenge is bound to its requestor, its Context and its time', async (t) => {
  const server = await start(t);
  const code = codeNow(server);
  const challenge = () => sendSoap(server, anIssueMessage()).then(challengeOf);

  const stranger = anAnswer({ ...(await challenge()), code, user: 'carol' });
  assert.equal(faultOf(await sendSoap(server, stranger)), 'trust:FailedAuthentication');
  const misplaced = anAnswer({ ...(await challenge()), code, context: 'urn:other' });
  assert.equal(faultOf(await sendSoap(server, misplaced)), 'trust:InvalidRequest');
  const late = await challenge();
  server.clock.set(server.clock.now() + 300);
  assert.equal(
    faultOf(await sendSoap(server, anAnswer({ ...late, code: codeNow(server) }))),
    'trust:ExpiredData',
  );
});

test('ws-trust §3.6: a challenge of one address is not answered at another', async (t) => {
  const server = await start(t);
  const challenge = challengeOf(await sendSoap(server, anIssueMessage()));

  const response = await fetch(`${server.url}/ws-trust/soap12`, {
    method: 'POST',
    headers: { 'content-type': 'application/soap+xml; charset=utf-8' },
    body: anAnswer({ ...challenge, code: codeNow(server) }),
  });

  const { headers, status } = response;
  assert.equal(faultOf({ status, headers, text: await response.text() }), 'trust:InvalidRequest');
});

for (const [title, change] of [
  ['cut', (state: string) => state.slice(0, -1)],
  [
    'changed in its last digit',
    (state: string) => `${state.slice(0, -1)}${state.endsWith('A') ? 'E' : 'A'}`,
  ],
  [
    'changed in its first digit',
    (state: string) => `${state.startsWith('A') ? 'E' : 'A'}${state.slice(1)}`,
  ],
  ['of another making', () => Buffer.alloc(200, 7).toString('base64url')],
  ['too short', () => 'AAAA'],
  ['no base64url', () => '+++/'],
] as const) {
  test(`ws-trust §3.6: a state that is ${title} is none of ours`, async (t) => {
    const server = await start(t);
    const challenge = challengeOf(await sendSoap(server, anIssueMessage()));
    const state = change(challenge.state);

    const answer = await sendSoap(server, anAnswer({ ...challenge, state, code: codeNow(server) }));

    assert.equal(faultOf(answer), 'trust:InvalidRequest');
  });
}

for (const [title, answering, fault] of [
  [
    'a choice nobody offered',
    { more: `<w:ChoiceChallengeResponse RefID="x"/>` },
    'trust:InvalidRequest',
  ],
  [
    'a second answer',
    { more: `<w:TextChallengeResponse RefID="${OTP}">1</w:TextChallengeResponse>` },
    'trust:InvalidRequest',
  ],
  ['an empty answer', { code: '' }, 'trust:InvalidRequest'],
  ['an answer to another question', { nameOf: () => refId(STATE) }, 'trust:InvalidRequest'],
  ['an answer to no question', { nameOf: () => '' }, 'trust:InvalidRequest'],
  [
    'an answer with an attribute that nobody reads',
    { nameOf: (field: string) => `${refId(field)} refID="urn:other"` },
    'trust:BadRequest',
  ],
  [
    'an answer to two questions',
    { nameOf: (field: string) => `${refId(field)} RefId="urn:other"` },
    'trust:InvalidRequest',
  ],
  ['the action of a first leg', { action: `${TRUST_13}/RST/Issue` }, 'trust:InvalidRequest'],
] as const) {
  test(`WS-Trust 1.4 §8.9: refuses ${title}`, async (t) => {
    const server = await start(t);
    const challenge = challengeOf(await sendSoap(server, anIssueMessage()));

    const answer = await sendSoap(
      server,
      anAnswer({ ...challenge, code: codeNow(server), ...answering }),
    );

    assert.equal(faultOf(answer), fault);
  });
}

test('WS-Trust 1.3 §8: legs of exchanges that are not done here are refused by name', async (t) => {
  const server = await start(t);
  const challenge = challengeOf(await sendSoap(server, anIssueMessage()));
  const answer = anAnswer({ ...challenge, code: codeNow(server) })
    .replaceAll('w:InteractiveChallengeResponse', 'trust:BinaryExchange')
    .replace('xmlns:w=', 'xmlns:trust2="urn:x" xmlns:w=');

  assert.equal(faultOf(await sendSoap(server, answer)), 'trust:BadRequest');
});

test('WS-Trust 1.4: February 2005 has no challenge, so such a user is refused there', async (t) => {
  const server = await start(t);
  const rst = anIssueMessage()
    .replaceAll(TRUST_13, 'http://schemas.xmlsoap.org/ws/2005/02/trust')
    .replaceAll('trust:', 't:')
    .replace('xmlns:t:', 'xmlns:t=')
    .replace('xmlns:trust', 'xmlns:t')
    .replace('/trust/Bearer', '/trust/Bearer');

  const answer = await sendSoap(server, rst.replace(/<t:KeyType>[^<]*<\/t:KeyType>/, ''));

  assert.equal(faultOf(answer), 't:FailedAuthentication');
  assert.equal(await lastReason(server), 'second-factor-required');
});

test('WS-Trust 1.4 §8: Issue alone has legs, so such a user is refused elsewhere', async (t) => {
  const server = await start(t);
  const target = '<TokenWrapper xmlns="">aa.bb.cc</TokenWrapper>';

  const answer = await sendSoap(server, aTargetMessage('Validate', { target }));

  assert.equal(faultOf(answer), 'trust:FailedAuthentication');
  assert.equal(await lastReason(server), 'second-factor-required');
});

test('Audit: a challenge and its refusals are on record, the code and the state are not', async (t) => {
  const server = await start(t);
  const challenge = challengeOf(await sendSoap(server, anIssueMessage()));
  const code = codeNow(server);
  await sendSoap(server, anAnswer({ ...challenge, code }));

  const records = await server.auditRecords();

  assert.ok(records.some(({ reason }) => reason === 'second-factor-required'));
  const text = JSON.stringify(records);
  assert.ok(
    !text.includes(challenge.state) && !text.includes(`"${code}"`) && !text.includes(PASSWORD),
  );
});

test('Store: an answered challenge does not come back to life with a new store', async (t) => {
  const server = await start(t);
  const challenge = challengeOf(await sendSoap(server, anIssueMessage()));
  const answer = anAnswer({ ...challenge, code: codeNow(server) });
  assert.equal((await sendSoap(server, answer)).status, 200);

  const restarted = await loseStore(server);
  const again = await sendSoap(restarted, answer);

  assert.equal(again.status, 500);
  assert.doesNotMatch(again.text, /Assertion/);
  assert.equal(await lastReason(restarted), 'dependency-unavailable');
});

test('Audit: a refused login names the user it was for by the user file, and nobody by what was typed', async (t) => {
  const server = await start(t);
  const challenge = challengeOf(await sendSoap(server, anIssueMessage()));
  const typed = 'my secret password';
  const attempts = [
    anIssueMessage({ password: 'wrong' }),
    anAnswer({ ...challenge, code: wrongCode(server) }),
    anIssueMessage().replace('<o:Username>bob<', `<o:Username>${typed}<`),
  ];

  for (const attempt of attempts) faultOf(await sendSoap(server, attempt));

  const records = await server.auditRecords();
  assert.deepEqual(
    records.slice(-attempts.length).map(({ detail }) => detail),
    ['wrong password of bob', 'wrong one-time password of bob', 'no such user'],
  );
  assert.doesNotMatch(JSON.stringify(records), new RegExp(typed));
});
