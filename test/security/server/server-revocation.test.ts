// Attacks on revocation: tokens of every form, races, restarts, other clients.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SAML1_TYPE, SAML2_TYPE, withSaml } from '#test/support/saml/saml-document.ts';
import { ACCESS_TOKEN_TYPE, ID_TOKEN_TYPE, JWT_TYPE } from '#test/support/server/document.ts';
import { type Ending, GATEWAY, startServer, type TestServer } from '#test/support/server/server.ts';

const TYPES = [ACCESS_TOKEN_TYPE, JWT_TYPE, ID_TOKEN_TYPE, SAML1_TYPE, SAML2_TYPE] as const;
const STRANGER = ['stranger', GATEWAY[1]] as const;

const start = (t: Ending): Promise<TestServer> =>
  startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    document.clients.push({ ...document.clients[0], client_id: 'stranger' });
  });

async function issued(server: TestServer, type: string, subject?: string): Promise<string> {
  const { body, status, text } = await server.exchange({
    requested_token_type: type,
    ...(subject !== undefined && { subject_token: subject }),
  });
  assert.equal(status, 200, text);
  return String(body['access_token']);
}

const use = (server: TestServer, token: string, type: string) =>
  server.exchange({ subject_token: token, subject_token_type: type });

for (const type of TYPES) {
  const name = type.slice(type.lastIndexOf(':') + 1);
  test(`RFC 7009 §2.2: a token of type ${name} that is revoked is dead, after a restart too`, async (t) => {
    const server = await start(t);
    const token = await issued(server, type);

    const before = await use(server, token, type);
    const revocation = await server.post('/revoke', { token });
    const after = await use(server, token, type);
    const later = await use(await server.restart(), token, type);

    assert.equal(before.status, 200, before.text);
    assert.equal(revocation.status, 200);
    assert.deepEqual([after.status, after.body['error']], [400, 'invalid_request']);
    assert.deepEqual([later.status, later.body['error']], [400, 'invalid_request']);
  });

  test(`RFC 7009 §2.2: a token of type ${name} is revoked by a server whose clock is behind, too`, async (t) => {
    const server = await start(t);
    const login = await server.partner.sign({ auth_time: server.clock.now() });
    const token = await issued(server, type, login);
    server.clock.advance(-3600);

    const early = await use(server, token, type);
    const revocation = await server.post('/revoke', { token });
    server.clock.advance(3600);
    const after = await use(server, token, type);

    assert.deepEqual([early.status, early.body['error']], [400, 'invalid_request']);
    assert.equal(revocation.status, 200);
    assert.deepEqual([after.status, after.body['error']], [400, 'invalid_request']);
  });

  test(`RFC 7009 §2.1: nobody but its client revokes a token of type ${name}`, async (t) => {
    const server = await start(t);
    const token = await issued(server, type);

    const revocation = await server.post('/revoke', { token }, { as: STRANGER });
    const after = await use(server, token, type);

    assert.deepEqual([revocation.status, revocation.body['error']], [400, 'unauthorized_client']);
    assert.equal(after.status, 200, after.text);
  });

  test(`RFC 7009 §2.1: whoever holds a token of type ${name} of another learns not whether it lives`, async (t) => {
    const server = await start(t);
    const token = await issued(server, type);
    const made = String((await use(server, token, type)).body['access_token']);
    const ask = async () =>
      [
        await server.post('/revoke', { token }, { as: STRANGER }),
        await server.post('/revoke', { token: made }, { as: STRANGER }),
      ].map(({ status, text }) => [status, text]);

    const alive = await ask();
    const revocation = await server.post('/revoke', { token });
    const revoked = await ask();
    server.clock.advance(400);
    const ended = await ask();

    assert.equal(revocation.status, 200);
    assert.match(JSON.stringify(alive), /unauthorized_client.*unauthorized_client/);
    assert.deepEqual(revoked, alive);
    assert.deepEqual(ended, alive);
  });

  if (type === ACCESS_TOKEN_TYPE || type === JWT_TYPE) continue;
  test(`RFC 7662 §2.2: a token of type ${name} never passes for a bearer token at introspection`, async (t) => {
    const server = await start(t);
    const token = await issued(server, type);

    const { body } = await server.post('/introspect', { token });

    assert.deepEqual(body, { active: false });
  });
}

test('Revocation: however it races with exchanges, nothing made from the token lives on', async (t) => {
  const server = await start(t);
  const token = await issued(server, ACCESS_TOKEN_TYPE);

  const [revocation, ...exchanges] = await Promise.all([
    server.post('/revoke', { token }),
    ...Array.from({ length: 10 }, () => use(server, token, ACCESS_TOKEN_TYPE)),
  ]);

  assert.equal(revocation.status, 200);
  for (const { status, body } of exchanges.filter((exchange) => exchange.status === 200)) {
    const { body: state } = await server.post('/introspect', {
      token: String(body['access_token']),
    });
    assert.deepEqual([status, state], [200, { active: false }]);
  }
});

test('Revocation: crosses into assertions and back', async (t) => {
  const server = await start(t);
  const root = await issued(server, ACCESS_TOKEN_TYPE);
  const assertion = await server.exchange({
    subject_token: root,
    subject_token_type: ACCESS_TOKEN_TYPE,
    requested_token_type: SAML2_TYPE,
  });
  const token = String(assertion.body['access_token']);
  const leaf = await use(server, token, SAML2_TYPE);

  await server.post('/revoke', { token });
  const { body } = await server.post('/introspect', { token: String(leaf.body['access_token']) });
  const stillRoot = await server.post('/introspect', { token: root });

  assert.deepEqual(body, { active: false });
  assert.equal(stillRoot.body['active'], true);
});
