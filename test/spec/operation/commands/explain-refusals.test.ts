// `viaduct explain` of what is refused: why, what to do, and what there is to hold against the configuration.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FAILURE_REASONS } from '#core/failure.ts';
import { REFUSAL_ADVICE } from '#src/cli/explain/refusal-advice.ts';
import { describeUnverifiedJwt } from '#src/cli/explain/unverified-jwt.ts';
import { type Members, part } from '#test/support/jwt/jwt.ts';
import { viaduct } from '#test/support/server/process.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';
import { endingOfSuite } from '#test/support/suite.ts';

const NOW = Math.floor(Date.now() / 1000);

describe('viaduct explain of a refusal', async () => {
  const ending = endingOfSuite();
  const server: TestServer = await startServer(ending, ({ clients, policy, relyingParties }) => {
    Object.assign(clients[0] ?? {}, { default_target: undefined });
    clients.push({ ...clients[0], client_id: 'itself', grant_types: ['client_credentials'] });
    policy.push({ ...policy[1], id: 'itself', requestor: { client: 'itself' } });
    Object.assign(relyingParties[0] ?? {}, { requestors: 'any' });
    const { claims } = relyingParties[0] ?? {};
    (claims as object[]).push({ claim: 'mail', from: 'email' });
  });
  server.clock.set(NOW);

  async function explain(claims: Members, ...words: readonly string[]) {
    const token = await server.partner.sign(claims);
    const asked = ['explain', '--client', 'gateway', '--subject-token', token, ...words];
    return viaduct(asked, server.directory);
  }

  test('of a token that is not for us: what it says of itself, and nothing about people', async () => {
    const claims = { aud: 'https://elsewhere.example', email: 'alice@partner.example' };

    const { code, out } = await explain(claims, '--audience', 'orders');

    assert.equal(code, 1);
    assert.match(out, /^refused before policy: token-audience-mismatch: /);
    assert.match(out, /\n {2}what to do: Ask its issuer for one that is; check audiences/);
    assert.match(out, /\nthe token says of itself, unverified:\n/);
    assert.match(out, /\n {2}aud "https:\/\/elsewhere\.example"\n/);
    assert.match(out, /\n {2}iss "/);
    assert.match(out, /\n {2}exp \d{4}-\d\d-\d\dT[\d:.]+Z, in \d+ s\n$/);
    assert.doesNotMatch(out, /alice/);
  });

  test('of a target that nobody has: the names that there are', async () => {
    const { out } = await explain({}, '--resource', 'https://orders.example');

    assert.match(out, /\nrefused: target-unknown: /);
    assert.match(out, /\n {2}asked for as resource: https:\/\/orders\.example\n/);
    assert.match(out, /\n {2}known as resource: .*https:\/\/orders\.example\//);
    assert.doesNotMatch(out, /known as audience/);
  });

  test('of scopes that are too many, and of a token that gets none: what each has of them', async () => {
    const refused = await explain({}, '--audience', 'orders', '--scope', 'orders.write');
    const none = await explain({ scope: undefined }, '--audience', 'orders');

    const bounds = /scopes of row partner-to-orders: .+\n {2}scopes of orders: orders\.read/;
    assert.match(refused.out, /\nrefused: scope-not-allowed: /);
    assert.match(refused.out, bounds);
    assert.match(refused.out, /\n {2}scopes of the subject token: orders\.read\n$/);
    assert.match(none.out, /\n {2}scopes none\n/);
    assert.match(none.out, bounds);
    assert.match(none.out, /\n {2}scopes of the subject token: none\n$/);
  });

  test('of what policy grants and the token cannot say, as the server refuses it', async () => {
    const claims = { email: 'x'.repeat(6000) };
    const { body } = await server.exchange({ subject_token: await server.partner.sign(claims) });

    const { code, out } = await explain(claims, '--audience', 'orders');

    assert.equal(body['error'], 'invalid_request');
    assert.match(out, /\nrefused: claim-missing: more claims than a JWT has room for\n/);
    assert.doesNotMatch(out, /granted: /);
    assert.equal(code, 1);
  });

  test('of a token of a type that no client can name: the call is wrong, whatever the token is', async () => {
    for (const type of ['sct', 'username', 'x509', 'requestor', 'constructor']) {
      const { code, error } = await explain({}, '--subject-token-type', type);

      assert.equal(code, 2, type);
      assert.match(error, new RegExp(`unknown token type ${type}`));
    }
  });

  test('of a client that may not use the grant, as the server refuses it', async () => {
    const token = await server.partner.sign();
    const asked = ['explain', '--audience', 'orders', '--subject-token', token];

    const { code, out } = await viaduct([...asked, '--client', 'itself'], server.directory);
    const itself = await viaduct(
      ['explain', '--audience', 'orders', '--client', 'itself'],
      server.directory,
    );

    assert.match(
      out,
      /^refused before policy: requestor-not-allowed: the client may not use this grant/,
    );
    assert.equal(code, 1);
    assert.match(itself.out, /\ngranted: /);
  });

  test('of a request without a target: the names of both kinds that it could have', async () => {
    const { out } = await explain({});

    assert.match(out, /\n {2}known as resource: .+\n {2}known as audience: .*orders/);
  });
});

describe('describeUnverifiedJwt', () => {
  const jwt = (header: unknown, claims: unknown): string =>
    `${part(JSON.stringify(header))}.${part(JSON.stringify(claims))}.x`;

  test('tells instants from now on, and of what cannot be one what stands there', () => {
    const told = describeUnverifiedJwt(
      jwt({ alg: 'ES256' }, { iat: 90, exp: 1e300, nbf: 'x' }),
      100,
    );

    assert.deepEqual(told.slice(1), [
      '  alg "ES256"',
      '  iat 1970-01-01T00:01:30.000Z, 10 s ago',
      '  nbf "x"',
      `  exp ${String(1e300)}, in ${String(1e300)} s`,
    ]);
  });

  test('tells nothing of what is no JWT, and no more than a line of a member', () => {
    for (const text of [
      '',
      'x',
      '..',
      'e30.e',
      `${part('1')}.${part('{}')}.`,
      `${part('null')}.e30.`,
    ])
      assert.deepEqual(describeUnverifiedJwt(text, 0), [], text);
    const [, line = ''] = describeUnverifiedJwt(jwt({ kid: 'k'.repeat(5000) }, {}), 0);

    assert.ok(line.length < 300);
  });
});

test('there is advice for every reason', () => {
  assert.deepEqual(Object.keys(REFUSAL_ADVICE), [...FAILURE_REASONS]);
});
