// Who asks in the name of another comes with a credential: what they get rests on it. Where a row makes them the actor, as much as on an
// actor token, and as with ActAs.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { parse, stringify } from 'yaml';
import { withSaml } from '#test/support/saml/saml-document.ts';
import type { ConfigDocument } from '#test/support/server/document.ts';
import {
  type Ending,
  type Members,
  startServer,
  type TestServer,
} from '#test/support/server/server.ts';
import {
  aTargetMessage,
  aTokenMessage,
  isValid,
  JWT,
  jwtAsXml,
  jwtIn,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';

const BROKERS = 'https://brokers.example';

const ALL = { issuer: ['partner', 'brokers', 'self'] };

const row = (id: string, principal: object, requestorAsActor: boolean) => ({
  id,
  requestor: { principal },
  subject: ALL,
  target: 'orders',
  allow: {
    types: ['jwt'],
    lifetimeSeconds: 300,
    impersonation: true,
    delegation: true,
    requestorAsActor,
  },
});

/** Brokers, who are parties of an issuer of their own, or come with a token of ours, get tokens for others. `areSeen`: as actors. */
const start = (t: Ending, areSeen = true): Promise<TestServer> =>
  startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    const [partner] = document.trustedIssuers;
    document.trustedIssuers.push({ ...partner, id: 'brokers', issuer: BROKERS });
    Object.assign(document.clients[0] ?? {}, { represents: ['orders'] });
    document.policy = [
      row('brokers', { issuer: 'brokers' }, areSeen),
      row('with-tokens-of-ours', { issuer: 'self', id: 'brokers:broker' }, areSeen),
    ];
    document['wsTrust'] = {
      endpoints: [
        { path: '/ws-trust', credentials: ['username', 'bearer-token'], ownBearerTokens: true },
      ],
    };
  });

const aBroker = ({ partner }: TestServer, claims: Members = {}): Promise<string> =>
  partner.sign({ iss: BROKERS, sub: 'broker', ...claims });

/** A token for whom the credential stands for. */
const own = async (server: TestServer, credential: string): Promise<string> =>
  tokenOf(await sendSoap(server, aTokenMessage(jwtAsXml(credential), { tokenType: JWT })));

/** A token about alice, of whoever comes with this credential. */
async function askFor(server: TestServer, credential: string, way = 'onBehalfOf'): Promise<string> {
  const alice = jwtAsXml(await server.partner.sign());
  const wishes = { tokenType: JWT, [way]: alice };
  return tokenOf(await sendSoap(server, aTokenMessage(jwtAsXml(credential), wishes)));
}

/** What is told of a token at either front. */
const told = async (server: TestServer, token: string): Promise<readonly unknown[]> => [
  await isValid(server, token, 'bob'),
  (await server.post('/introspect', { token: jwtIn(token) })).body['active'],
];

async function removeBrokers(server: TestServer): Promise<void> {
  const path = join(server.directory, 'viaduct.yaml');
  const document = parse(await readFile(path, 'utf8')) as ConfigDocument;
  document.trustedIssuers = document.trustedIssuers.filter(({ id }) => id !== 'brokers');
  const [, others = {}] = document.policy;
  document.policy = [{ ...others, subject: { issuer: ['partner', 'self'] } }];
  await writeFile(path, stringify(document));
  await server.reload();
}

for (const way of ['actAs', 'onBehalfOf']) {
  test(`Lifetime: a token by ${way} ends no later than what its actor came with`, async (t) => {
    const server = await start(t);
    const exp = server.clock.now() + 120;

    const claims = decodeJwt(jwtIn(await askFor(server, await aBroker(server, { exp }), way)));

    assert.equal(claims.sub, 'partner:alice');
    assert.deepEqual(claims['act'], { iss: BROKERS, sub: 'broker' });
    assert.equal(claims.exp, exp);
  });

  test(`Revocation: a token by ${way} ends with the cancelled token that its actor came with`, async (t) => {
    const server = await start(t);
    const credential = await own(server, await aBroker(server));
    const token = await askFor(server, jwtIn(credential), way);
    const before = await told(server, token);
    const cancel = aTargetMessage('Cancel', { target: credential });
    const byBroker = jwtAsXml(await aBroker(server));

    const { status, text } = await sendSoap(
      server,
      cancel.replace(/<o:UsernameToken>.*<\/o:UsernameToken>/, () => byBroker),
    );

    assert.equal(status, 200, text);
    assert.deepEqual(before, [true, true]);
    assert.deepEqual(await told(server, token), [false, false]);
  });
}

for (const areSeen of [true, false])
  test(`Trust: what a party got in the name of another ends with the trust in its issuer, ${areSeen ? 'with an actor' : 'impersonated'}`, async (t) => {
    const server = await start(t, areSeen);
    const broker = await aBroker(server);
    const direct = await askFor(server, broker);
    const byOurs = await askFor(server, jwtIn(await own(server, broker)));
    const before = [await told(server, direct), await told(server, byOurs)];

    await removeBrokers(server);

    assert.deepEqual(before, [
      [true, true],
      [true, true],
    ]);
    assert.deepEqual(await told(server, direct), [false, false]);
    assert.deepEqual(await told(server, byOurs), [false, false]);
  });
