// What SOAP clients hold, by several processes of one configuration: a security context of one worker is good at all of them, and a
// challenge of one is answered at any, once.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { type Served, serve } from '#test/support/server/served.ts';
import { aTimestamp } from '#test/support/soap/signed-message.ts';
import { askForContext, withContexts } from '#test/support/ws-trust/context-message.ts';
import {
  anIssueMessage,
  faultOf,
  type SoapAnswer,
  sendSoap,
} from '#test/support/ws-trust/messages.ts';
import {
  addSecondFactor,
  anAnswer,
  challengeOf,
  codeNow,
} from '#test/support/ws-trust/second-factor.ts';
import {
  about,
  anIssue,
  type Context,
  contextIn,
  signed,
  V13,
} from '#test/support/ws-trust/security-context.ts';

const MAX_COUNT = 3;

const start = (t: TestContext): Promise<Served> =>
  serve(t, async (document, directory) => {
    document['workers'] = 2;
    await withSaml(document, directory);
    await withContexts(document, directory);
    await addSecondFactor(directory, ['carol']);
    const row = document.policy.find(({ id }) => id === 'users-to-orders');
    Object.assign(row?.['allow'] ?? {}, {
      renewal: { lifetimeSeconds: 3600, maxCount: MAX_COUNT, afterExpiry: false },
    });
  });

let made = 0;

/** A message signed with the context; each has a Timestamp of its own, so that none is sent twice. */
function aMessage(context: Context, body: string): string {
  made += 1;
  const at = (milliseconds: number): string => new Date(Date.now() + milliseconds).toISOString();
  return signed(context, body, { timestamp: aTimestamp(at(240_000 + made), at(0)) });
}

const atOnce = (server: Served, messages: readonly string[]): Promise<readonly SoapAnswer[]> =>
  Promise.all(messages.map((message) => sendSoap(server, message)));
const many = (count: number, make: () => string): readonly string[] =>
  Array.from({ length: count }, make);
const isGood = ({ status }: SoapAnswer): boolean => status === 200;

test('Workers, WS-SecureConversation 1.3 §5, §6: a context is good at all of them, a message of it at one; it is renewed no more often than it may be, and cancelled with all that was made with it', async (t) => {
  const server = await start(t);
  const context = await askForContext(server);
  const message = aMessage(context, anIssue(V13));

  const uses = await atOnce(
    server,
    many(12, () => aMessage(context, anIssue(V13))),
  );
  const replays = await atOnce(
    server,
    many(12, () => message),
  );
  const renewals = await atOnce(
    server,
    many(12, () => aMessage(context, about(context, 'Renew'))),
  );
  const instances = renewals
    .filter(isGood)
    .map(({ text }) => ({ ...contextIn(text, V13), secret: context.secret }));
  await atOnce(server, [
    ...many(6, () => aMessage(context, anIssue(V13))),
    aMessage(context, about(context, 'Cancel')),
    ...many(6, () => aMessage(context, about(context, 'Renew'))),
  ]);
  const after = await atOnce(
    server,
    [context, ...instances].map((each) => aMessage(each, anIssue(V13))),
  );

  assert.ok(uses.every(isGood), uses.find((answer) => !isGood(answer))?.text);
  assert.equal(replays.filter(isGood).length, 1);
  assert.equal(instances.length, MAX_COUNT);
  assert.deepEqual(new Set(after.map(faultOf)), new Set(['BadContextToken']));
});

test('Workers, WS-Trust 1.4 §8.9: a challenge is answered at any of them, once, and no code answers two', async (t) => {
  const server = await start(t);
  const clock = { now: () => Math.floor(Date.now() / 1000) };
  const asked = await atOnce(
    server,
    many(6, () => anIssueMessage({ user: 'carol' })),
  );
  const challenges = asked.map(challengeOf);
  const code = codeNow({ clock });
  const answers = challenges.flatMap((challenge) =>
    many(4, () => anAnswer({ ...challenge, code, user: 'carol' })),
  );

  const answered = await atOnce(server, answers);

  assert.equal(answered.filter(isGood).length, 1);
});
