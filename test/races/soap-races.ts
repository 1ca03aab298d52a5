// What is good once at the SOAP front, and at both.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { oneTimePasswordOf, parseOneTimeSecret } from '#src/users/one-time-password.ts';
import { iso } from '#test/support/saml/saml.ts';
import { now } from '#test/support/server/world.ts';
import { aSignedMessage, aTimestamp } from '#test/support/soap/signed-message.ts';
import { anIssueMessage, aTargetMessage, tokenOf } from '#test/support/ws-trust/messages.ts';
import { anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { INVALID_GRANT, samlAssertion, samlBearer } from './oauth-races.ts';
import { CONTENDERS, type Loss, oneWins, type Presentation, prepare, type Race } from './race.ts';
import { CHALLENGED_PATH, ONE_TIME_SECRET, type RaceWorld } from './race-world.ts';

const TRUST_14 = 'http://docs.oasis-open.org/ws-sx/ws-trust/200802';
const WSU = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
const SAML2 = 'urn:oasis:names:tc:SAML:2.0:assertion';
/** Each has a challenge of its own and a password that is hashed. */
const GUESSERS = 10;

const fault = (code: string): Loss => ({
  status: 500,
  says: new RegExp(`<s:Subcode><s:Value>\\w+:${code}<`),
});

const soap = (body: string, path = '/ws-trust'): Presentation => ({
  path,
  headers: { 'content-type': 'application/soap+xml; charset=utf-8' },
  body,
});

function rstWithNonce(): Presentation {
  const nonce = `<o:Nonce>${randomBytes(16).toString('base64')}</o:Nonce>`;
  const created = `<u:Created xmlns:u="${WSU}">${iso(now())}</u:Created>`;
  return soap(anIssueMessage().replace('</o:Password>', `</o:Password>${nonce}${created}`));
}

let messages = 0;

/** Signed by Bob over a Timestamp that no other message has, and the Body. */
function signedByBob({ bob }: RaceWorld, body: string): string {
  messages += 1;
  const expires = iso(now() + 240).replace(/(\.\d+)?Z$/, `.${String(messages).padStart(9, '0')}Z`);
  return aSignedMessage(body, { by: bob, timestamp: aTimestamp(expires, iso(now())) });
}

const contextOf = (text: string): string => /Context="([^"]+)"/.exec(text)?.[1] ?? '';

const signAnswer = (text: string): string => {
  const challenge = /SignChallenge><\w+:Challenge>([^<]+)</.exec(text)?.[1] ?? '';
  assert.notEqual(challenge, '', text);
  return `<t:RequestSecurityTokenResponse xmlns:t="${TRUST_13}" Context="${contextOf(text)}"><t:SignChallengeResponse><t:Challenge>${challenge}</t:Challenge></t:SignChallengeResponse></t:RequestSecurityTokenResponse>`;
};

const codeNow = (): string =>
  oneTimePasswordOf(parseOneTimeSecret(ONE_TIME_SECRET), Math.floor(now() / 30));

function codeAnswer(user: string, code: string, text: string): Presentation {
  const state = /<wst14:ContextData [^>]*>([^<]+)</.exec(text)?.[1] ?? '';
  assert.notEqual(state, '', text);
  const response = `<trust:RequestSecurityTokenResponse xmlns:trust="${TRUST_13}" Context="${contextOf(text)}"><w:InteractiveChallengeResponse xmlns:w="${TRUST_14}"><w:TextChallengeResponse RefID="${TRUST_14}/challenge/OTP">${code}</w:TextChallengeResponse><w:ContextData RefID="${TRUST_14}/challenge/state">${state}</w:ContextData></w:InteractiveChallengeResponse></trust:RequestSecurityTokenResponse>`;
  const message = anIssueMessage({ user })
    .replace(/<trust:RequestSecurityToken .*<\/trust:RequestSecurityToken>/, response)
    .replace(`${TRUST_13}/RST/Issue`, `${TRUST_13}/RSTR/Issue`);
  return soap(message);
}

const many = (count: number, make: (index: number) => Presentation): readonly Presentation[] =>
  Array.from({ length: count }, (_, index) => make(index));

export const SOAP_RACES: readonly Race[] = [
  {
    name: 'UsernameToken Profile §3.1: the nonce of a UsernameToken wins exactly once',
    present: async () => rstWithNonce(),
    judge: oneWins(fault('InvalidSecurity')),
  },
  {
    name: 'WSS 1.1.1 §13: a signed message wins exactly once',
    present: async (world) => soap(signedByBob(world, anRst())),
    judge: oneWins(fault('InvalidSecurity')),
  },
  {
    name: 'WS-Trust 1.3 §8.3: a challenge wins exactly once, however often its answer is signed',
    present: async (world, [server]) => {
      assert.ok(server);
      const request = soap(signedByBob(world, anRst()), CHALLENGED_PATH);
      const answer = signAnswer(await prepare(server, request));
      return many(CONTENDERS, () => soap(signedByBob(world, answer), CHALLENGED_PATH));
    },
    judge: oneWins(fault('InvalidSecurityToken')),
  },
  {
    name: 'RFC 6238 §5.2: a one-time password wins exactly once, whatever challenges it answers',
    present: async ({ nextOneTimeUser }, [server]) => {
      assert.ok(server);
      const user = nextOneTimeUser();
      const challenges: string[] = [];
      for (let index = 0; index < GUESSERS; index += 1)
        challenges.push(await prepare(server, soap(anIssueMessage({ user }))));
      // One for all: a step of time that ends meanwhile makes another, which wins too.
      const code = codeNow();
      return challenges.map((challenge) => codeAnswer(user, code, challenge));
    },
    judge: oneWins(fault('FailedAuthentication')),
  },
  {
    name: 'WS-Trust 1.3 §5: a token that may be renewed once is renewed exactly once',
    present: async (_, [server]) => {
      assert.ok(server);
      const text = await prepare(server, soap(anIssueMessage({ user: 'carol', tokenType: SAML2 })));
      const target = tokenOf({ status: 200, text });
      return soap(aTargetMessage('Renew', { user: 'carol', target }));
    },
    judge: oneWins(fault('UnableToRenew')),
  },
  {
    name: 'SAML Core 2.0 §2.5.1.5: an assertion with OneTimeUse wins exactly once over both fronts',
    present: async (world) => {
      const assertion = samlAssertion(world, '<saml2:OneTimeUse/>');
      const rst = soap(anIssueMessage({ onBehalfOf: assertion }));
      const grant = samlBearer(assertion);
      // Two in turn, so that each server gets both kinds.
      return many(CONTENDERS, (index) => (index % 4 < 2 ? rst : grant));
    },
    judge: oneWins(INVALID_GRANT, fault('InvalidSecurityToken')),
  },
];
