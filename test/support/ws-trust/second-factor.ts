// The exchange with a challenge for a one-time password (WS-Trust 1.4 §8.9) as a client has it, over HTTP.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ExchangeFailure } from '#core/failure.ts';
import type { Clock } from '#core/instant.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { oneTimePasswordOf, parseOneTimeSecret } from '#src/users/one-time-password.ts';
import { aValidatedToken } from '#test/support/core.ts';
import { PASSWORD, type SamlWorld, withSaml } from '#test/support/saml/saml-document.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';
import { anIssueMessage, type SoapAnswer } from '#test/support/ws-trust/messages.ts';
import { TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { USER } from '#test/support/ws-trust/ws-trust.ts';

export const TRUST_14 = 'http://docs.oasis-open.org/ws-sx/ws-trust/200802';
export const OTP = `${TRUST_14}/challenge/OTP`;
export const STATE = `${TRUST_14}/challenge/state`;
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

/** A server of which bob and carol have a second factor. */
export async function startWithSecondFactor(
  t: TestContext,
  meet: (world: SamlWorld) => void = () => {},
): Promise<TestServer> {
  return startServer(t, async (document, directory) => {
    meet(await withSaml(document, directory));
    await addSecondFactor(directory, ['bob', 'carol']);
  });
}

/** On top of `withSaml`: these users have a second factor. */
export async function addSecondFactor(directory: string, ids: readonly string[]): Promise<void> {
  const file = join(directory, 'users.yaml');
  const { users } = JSON.parse(await readFile(file, 'utf8')) as { users: { id: string }[] };
  const secured = users.map((user) =>
    ids.includes(user.id) ? { ...user, oneTimePassword: { file: 'user.otp' } } : user,
  );
  await writeFile(file, JSON.stringify({ users: secured }), { mode: 0o600 });
  await writeFile(join(directory, 'user.otp'), SECRET, { mode: 0o600 });
}

/** The code of them all, by the clock of the server. */
export const codeNow = ({ clock }: { readonly clock: Clock }): string =>
  oneTimePasswordOf(parseOneTimeSecret(SECRET), Math.floor(clock.now() / 30));

export interface Challenge {
  readonly context: string;
  readonly state: string;
}

export function challengeOf({ status, text }: SoapAnswer): Challenge {
  assert.equal(status, 200, text);
  const [, context = ''] = /Context="([^"]+)"/.exec(text) ?? [];
  const [, state = ''] = /<wst14:ContextData [^>]*>([^<]+)</.exec(text) ?? [];
  assert.ok(context !== '' && state !== '', text);
  return { context, state };
}

type NameWritten = (field: string) => string;

interface Answering extends Challenge {
  readonly code: string;
  readonly user?: string;
  readonly password?: string;
  /** How an answer says what it answers; absent: `RefID`. */
  readonly nameOf?: NameWritten;
  /** More children of the response. */
  readonly more?: string;
  /** More children of the Security header. */
  readonly tokens?: string;
  readonly action?: string;
}

export const refId: NameWritten = (field) => `RefID="${field}"`;

/** The second leg. */
export function anAnswer(answering: Answering): string {
  const { code, context, more = '', nameOf = refId, password = PASSWORD, state } = answering;
  const { action = `${TRUST_13}/RSTR/Issue`, tokens = '', user = 'bob' } = answering;
  const response = `<trust:RequestSecurityTokenResponse xmlns:trust="${TRUST_13}" Context="${context}"><w:InteractiveChallengeResponse xmlns:w="${TRUST_14}"><w:TextChallengeResponse ${nameOf(OTP)}>${code}</w:TextChallengeResponse><w:ContextData ${nameOf(STATE)}>${state}</w:ContextData>${more}</w:InteractiveChallengeResponse></trust:RequestSecurityTokenResponse>`;
  return anIssueMessage({ password })
    .replace(/<trust:RequestSecurityToken .*<\/trust:RequestSecurityToken>/, response)
    .replace(`${TRUST_13}/RST/Issue`, action)
    .replace('<o:Username>bob<', `<o:Username>${user}<`)
    .replace('</o:UsernameToken>', () => `</o:UsernameToken>${tokens}`);
}

/** Takes the user with any one-time password, and wants one. */
export const secondFactor: TokenValidator = {
  canHandle: ({ type }) => type === 'username',
  async validate({ content, use }) {
    if (!('oneTimePassword' in (content as object)))
      throw new ExchangeFailure('second-factor-required', 'one-time password');
    const subject = { issuer: 'https://sts.example.org', id: USER.name };
    return aValidatedToken({ type: 'username', use, trustedIssuer: 'self', subject, claims: [] });
  },
};
