// draft-ietf-oauth-status-list: revocation for servers that do not ask us. Lists are decoded here by zlib and jose alone.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose';
import { encodeStatusBits } from '#src/tokens/jwt/status-list-token.ts';
import {
  ACCESS_TOKEN_TYPE,
  type ConfigDocument,
  ISSUER,
  JWT_TYPE,
  ORDERS_SECRET,
} from '#test/support/server/document.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';

const SIZE = 1024;
const TTL_SECONDS = 60;
const LIFETIME_SECONDS = 3600;

interface StatusListClaim {
  readonly idx: number;
  readonly uri: string;
}

/** Orders wants places for its tokens; its servers and the gateway may exchange them. */
function wantLists(document: ConfigDocument): void {
  const [orders] = document.relyingParties;
  Object.assign(orders?.['token'] ?? {}, { statusList: true });
  Object.assign(document.policy[0] ?? {}, { subject: { issuer: ['partner', 'self'] } });
}

const start = (t: Ending): Promise<TestServer> => startServer(t, wantLists);

function statusOf(token: string): StatusListClaim {
  const { status } = decodeJwt<{ status: { status_list: StatusListClaim } }>(token);
  assert.ok(status);
  return status.status_list;
}

const pathOf = ({ uri }: StatusListClaim): string => uri.slice(ISSUER.length);

async function issue(server: TestServer, form: Record<string, string> = {}): Promise<string> {
  const { status, body } = await server.exchange(form);
  assert.equal(status, 200, JSON.stringify(body));
  return String(body['access_token']);
}

/** The bits of a list, as a relying party reads them (§8.3). */
async function bitsOf(server: TestServer, claim: StatusListClaim): Promise<Uint8Array> {
  const { body: jwks } = await server.get('/jwks');
  const { text } = await server.get(pathOf(claim));
  const { payload } = await jwtVerify<{ status_list: { bits: number; lst: string } }>(
    text,
    createLocalJWKSet(jwks as unknown as JSONWebKeySet),
    {
      typ: 'statuslist+jwt',
      subject: claim.uri,
      issuer: ISSUER,
      currentDate: new Date(server.clock.now() * 1000),
    },
  );
  assert.equal(payload.status_list.bits, 1);
  return inflateSync(Buffer.from(payload.status_list.lst, 'base64url'));
}

/** 0: valid, 1: invalid (§7.1). A fresh list is made once the time to live is over. */
async function freshStatus(server: TestServer, token: string): Promise<number> {
  server.clock.advance(TTL_SECONDS);
  const claim = statusOf(token);
  const bits = await bitsOf(server, claim);
  return ((bits[Math.floor(claim.idx / 8)] ?? 255) >> (claim.idx % 8)) & 1;
}

describe('Token Status List', () => {
  test('§4.1: bits stand from the least significant of the first byte on (the example of the text)', () => {
    const bits = Uint8Array.of(0xb9, 0xa3);

    assert.equal(encodeStatusBits(bits), 'eNrbuRgAAhcBXQ');
  });

  test('§6.2: a token for a party that wants it says its place, others do not', async (t) => {
    const server = await start(t);
    const plain = await startServer(t);

    const { idx, uri } = statusOf(await issue(server));

    assert.ok(Number.isInteger(idx) && idx >= 0 && idx < SIZE);
    assert.match(uri, /^https:\/\/sts\.example\.org\/status\/[\w-]{22}$/);
    assert.equal(decodeJwt(await issue(plain))['status'], undefined);
  });

  test('§5.1, §8.2: a list is a signed JWT of its own type, with subject, times and cache headers', async (t) => {
    const server = await start(t);
    const claim = statusOf(await issue(server));

    const { status, headers, text } = await server.get(pathOf(claim));

    assert.equal(status, 200);
    assert.equal(headers.get('content-type'), 'application/statuslist+jwt');
    assert.equal(headers.get('cache-control'), `public, max-age=${TTL_SECONDS}`);
    assert.equal(headers.get('access-control-allow-origin'), '*');
    const { sub, iat, exp, ttl } = decodeJwt(text);
    const now = server.clock.now();
    assert.deepEqual(
      { sub, iat, exp, ttl },
      { sub: claim.uri, iat: now, exp: now + LIFETIME_SECONDS, ttl: TTL_SECONDS },
    );
    assert.equal((await bitsOf(server, claim)).length, SIZE / 8);
  });

  test('§7.1: revoking a token shows in the list, and in no other place of it', async (t) => {
    const server = await start(t);
    const [one, other] = [await issue(server), await issue(server)];
    assert.equal(statusOf(one).uri, statusOf(other).uri);
    assert.equal(await freshStatus(server, one), 0);

    await server.post('/revoke', { token: one });

    assert.equal(await freshStatus(server, one), 1);
    const ones = (await bitsOf(server, statusOf(one))).reduce(
      (sum, byte) => sum + byte.toString(2).replaceAll('0', '').length,
      0,
    );
    assert.equal(ones, 1);
  });

  test('Lineage: revoking an ancestor shows for all that was made from it', async (t) => {
    const server = await start(t);
    const root = await issue(server);
    const child = await issue(server, {
      subject_token: root,
      subject_token_type: ACCESS_TOKEN_TYPE,
    });
    const grandchild = await issue(server, {
      subject_token: child,
      subject_token_type: ACCESS_TOKEN_TYPE,
    });
    const stranger = await issue(server);

    await server.post('/revoke', { token: root });

    const statuses = [];
    for (const token of [root, child, grandchild, stranger])
      statuses.push(await freshStatus(server, token));
    assert.deepEqual(statuses, [1, 1, 1, 0]);
  });

  test('Places: no two tokens share a place, whatever restarts there are', async (t) => {
    const server = await start(t);
    const tokens = [];
    for (let round = 0; round < 4; round += 1)
      tokens.push(...(await Promise.all(Array.from({ length: 10 }, () => issue(server)))));
    const restarted = await server.restart();
    tokens.push(await issue(restarted));

    const places = new Set(tokens.map((token) => JSON.stringify(statusOf(token))));

    assert.equal(places.size, tokens.length);
    // The list of a process that is gone is still told of.
    const [first = ''] = tokens;
    await restarted.post('/revoke', { token: first });
    assert.equal(await freshStatus(restarted, first), 1);
  });

  test('Privacy: places do not tell in which order tokens were made', async (t) => {
    const server = await start(t);
    const places = [];
    for (let count = 0; count < 12; count += 1) places.push(statusOf(await issue(server)).idx);

    assert.notDeepEqual(
      places,
      places.toSorted((left, right) => left - right),
    );
  });

  test('§8.3: a copy is used for its time to live, then a fresh one is made', async (t) => {
    const server = await start(t);
    const claim = statusOf(await issue(server));
    const first = await server.get(pathOf(claim));
    server.clock.advance(TTL_SECONDS - 1);
    assert.equal((await server.get(pathOf(claim))).text, first.text);
    server.clock.advance(1);

    assert.notEqual((await server.get(pathOf(claim))).text, first.text);
  });

  test('RFC 9111 §5.2.2.1: a copy is kept on its way no longer than here, or whoever asks there would see a revocation later yet', async (t) => {
    const server = await start(t);
    const claim = statusOf(await issue(server));
    await server.get(pathOf(claim));
    server.clock.advance(TTL_SECONDS - 1);

    const { headers } = await server.get(pathOf(claim));

    assert.equal(headers.get('cache-control'), 'public, max-age=1');
  });

  test('§8.3: a clock that is set back does not have a copy used for longer', async (t) => {
    const server = await start(t);
    const token = await issue(server);
    assert.equal(await freshStatus(server, token), 0);
    await server.post('/revoke', { token });

    server.clock.advance(-2 * TTL_SECONDS);

    assert.equal(await freshStatus(server, token), 1);
  });

  test('RFC 8725 §3.11: a list is no token: neither subject token nor active', async (t) => {
    const server = await start(t);
    const { text } = await server.get(pathOf(statusOf(await issue(server))));

    const exchanged = await server.exchange({ subject_token: text, subject_token_type: JWT_TYPE });
    const inspected = await server.post(
      '/introspect',
      { token: text, client_id: 'orders-api', client_secret: ORDERS_SECRET },
      { as: null },
    );

    assert.equal(exchanged.status, 400);
    assert.deepEqual(inspected.body, { active: false });
  });
});

describe('Requests for a status list', () => {
  const unknown = `/status/${'A'.repeat(22)}`;
  for (const [what, path, headers, status] of [
    ['a list that is none', unknown, {}, 404],
    ['a name that cannot be one', '/status/..%2f..%2fjwks', {}, 404],
    ['no name', '/status/', {}, 404],
    ['§8.4: a time', `${unknown}?time=1686925000`, {}, 501],
    ['§8.1: another form', unknown, { accept: 'application/statuslist+cwt' }, 406],
  ] as const)
    test(`refuses ${what} with ${status}`, async (t) => {
      const server = await start(t);

      assert.equal((await server.get(path, headers)).status, status);
    });

  test('§8.1: takes any Accept that lets our form pass', async (t) => {
    const server = await start(t);
    const path = pathOf(statusOf(await issue(server)));

    for (const accept of ['application/statuslist+jwt', '*/*', 'application/*;q=0.5'])
      assert.equal((await server.get(path, { accept })).status, 200, accept);
  });

  test('Metrics: what anybody may ask for and is not done here is refused, and no failure of ours', async (t) => {
    const server = await start(t);
    await server.get(`${unknown}?time=1`);

    const metrics = await (await fetch(`${server.managementUrl}/metrics`)).text();

    const counted = /sts_requests_total\{endpoint="\/status\/\*",[^}]*\}/g;
    assert.deepEqual(metrics.match(counted), [
      'sts_requests_total{endpoint="/status/*",grant="",outcome="refused",reason="operation-unsupported"}',
    ]);
  });

  test('refuses a POST with 405', async (t) => {
    const server = await start(t);

    const { status, headers } = await server.post('/status/x', {});

    assert.equal(status, 405);
    assert.equal(headers.get('allow'), 'GET, HEAD');
  });
});
