// WS-Trust 1.4 §8.9: a request that refers to a token of its Security header goes on when the answer to the challenge brings the token
// again. Nothing of it is kept between the legs: it is the token of the second message that is validated.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SamlWorld } from '#test/support/saml/saml-document.ts';
import type { TestServer } from '#test/support/server/server.ts';
import {
  aKeyIdentifier,
  anIssueMessage,
  aReference,
  faultOf,
  idOf,
  JWT,
  jwtAsXml,
  type SoapAnswer,
  sendSoap,
} from '#test/support/ws-trust/messages.ts';
import {
  anAnswer,
  challengeOf,
  codeNow,
  startWithSecondFactor,
} from '#test/support/ws-trust/second-factor.ts';

const WSU = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';

const byId = (id: string): string => aReference(`<o:Reference URI="#${id}"/>`);

async function startWithPartner(t: Parameters<typeof startWithSecondFactor>[0]) {
  let world: SamlWorld | undefined;
  const server = await startWithSecondFactor(t, (met) => (world = met));
  const { partner } = world ?? assert.fail();
  return { server, partner };
}

interface Legs {
  readonly request: Parameters<typeof anIssueMessage>[0];
  readonly first: string;
  readonly second: string;
}

/** The answer to the second leg. Codes are good once: time goes on with each. */
async function exchange(server: TestServer, { first, request, second }: Legs): Promise<SoapAnswer> {
  const rst = anIssueMessage(request).replace('</o:UsernameToken>', (end) => end + first);
  const challenge = challengeOf(await sendSoap(server, rst));
  const code = codeNow(server);
  const answer = await sendSoap(server, anAnswer({ ...challenge, code, tokens: second }));
  server.clock.set(server.clock.now() + 30);
  return answer;
}

test('WS-Trust 1.4 §8.9: the token of the header is that of the answer, for OnBehalfOf and ActAs, by id and by key identifier', async (t) => {
  const { server, partner } = await startWithPartner(t);

  for (const [version, nameOf] of [
    ['onBehalfOf', (assertion: string) => byId(idOf(assertion))],
    ['onBehalfOf', aKeyIdentifier],
    ['actAs', (assertion: string) => byId(idOf(assertion))],
  ] as const) {
    const assertion = partner.assertion('saml2');
    const request = { [version]: nameOf(assertion), tokenType: JWT };

    const answer = await exchange(server, { request, first: assertion, second: assertion });

    assert.equal(answer.status, 200, answer.text);
  }
});

test('WS-Trust 1.4 §8.9: a JWT of the header is that of the answer', async (t) => {
  const { server } = await startWithPartner(t);
  const token = jwtAsXml(await server.partner.sign({ sub: 'alice' })).replace(
    '<o:BinarySecurityToken',
    `$& xmlns:u="${WSU}" u:Id="evidence"`,
  );
  const request = { onBehalfOf: byId('evidence'), tokenType: JWT };

  const answer = await exchange(server, { request, first: token, second: token });

  assert.equal(answer.status, 200, answer.text);
});

test('WS-Trust 1.4 §8.9: an answer without the token, or with another beside it, is refused', async (t) => {
  const { server, partner } = await startWithPartner(t);
  const assertion = partner.assertion('saml2');
  const request = { onBehalfOf: byId(idOf(assertion)) };
  const other = jwtAsXml(await server.partner.sign({ sub: 'alice' }));

  const without = await exchange(server, { request, first: assertion, second: '' });
  const beside = await exchange(server, { request, first: assertion, second: assertion + other });

  assert.equal(faultOf(without), 'SecurityTokenUnavailable');
  assert.equal(faultOf(beside), 'UnsupportedSecurityToken');
});

test('xml-security V1: it is the token of the second message that is validated, whatever the first one had', async (t) => {
  const { server, partner } = await startWithPartner(t);
  const assertion = partner.assertion('saml2');
  const forged = assertion.replace('alice@', 'mallory@');
  const request = { onBehalfOf: byId(idOf(assertion)) };

  const swapped = await exchange(server, { request, first: assertion, second: forged });
  const mended = await exchange(server, { request, first: forged, second: assertion });

  assert.equal(faultOf(swapped), 'InvalidSecurityToken');
  assert.equal(mended.status, 200, mended.text);
  assert.match(mended.text, /alice@partner/);
  assert.doesNotMatch(mended.text, /mallory/);
});

test('xml-security A9: a token that the answer has outside of its Security header is not the one that is referred to', async (t) => {
  const { server, partner } = await startWithPartner(t);
  const assertion = partner.assertion('saml2');
  const request = { onBehalfOf: byId(idOf(assertion)) };
  const aside = (message: string): string =>
    message.replace(
      '</s:Header>',
      () => `<x:Aside xmlns:x="urn:x">${assertion}</x:Aside></s:Header>`,
    );
  const rst = anIssueMessage(request).replace('</o:UsernameToken>', (end) => end + assertion);
  const challenge = challengeOf(await sendSoap(server, rst));

  const answer = await sendSoap(server, aside(anAnswer({ ...challenge, code: codeNow(server) })));

  assert.equal(faultOf(answer), 'SecurityTokenUnavailable');
});
