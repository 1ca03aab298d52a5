// RFC 6749 §6 and RFC 9700 §4.14: refresh tokens from an exchange, where a policy row grants them.
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { decodeJwt } from 'jose';
import { parse, stringify } from 'yaml';
import { withSaml } from '#test/support/saml/saml-document.ts';
import {
  ACCESS_TOKEN_TYPE,
  type ConfigDocument,
  ORDERS_SECRET,
} from '#test/support/server/document.ts';
import {
  grantRefreshTokens,
  REFRESH_TOKEN_TYPE,
  refresh,
} from '#test/support/server/refresh-tokens.ts';
import {
  type Ending,
  type FormValues,
  startServer,
  type TestServer,
} from '#test/support/server/server.ts';
import { assertRevocationOnRecord } from '#test/support/store/revocation.ts';

const LIFETIME_SECONDS = 7200;
/** How long the same token may come again. */
const RETRY_SECONDS = 60;
/** As far as the clocks of two hosts may be apart, each of them within the skew of that of the store. */
const APART_SECONDS = 120;
const ORDERS_API = { client_id: 'orders-api', client_secret: ORDERS_SECRET };

/** The first row grants refresh tokens for two hours, and both scopes of orders. */
function grantRefresh(document: ConfigDocument): void {
  grantRefreshTokens(document, { lifetimeSeconds: LIFETIME_SECONDS, maxCount: 5 });
  const scopes = ['orders.read', 'orders.write'];
  Object.assign(document.policy[0]?.['allow'] as object, { scopes, scopeMode: 'mapped' });
}

interface Setting {
  readonly server: TestServer;
  /** The first refresh token. */
  readonly first: string;
}

async function begin(
  t: Ending,
  form: FormValues = {},
  change?: (document: ConfigDocument) => void,
): Promise<Setting> {
  const server = await startServer(t, (document) => {
    grantRefresh(document);
    change?.(document);
  });
  const { status, body } = await server.exchange({
    requested_token_type: REFRESH_TOKEN_TYPE,
    ...form,
  });
  assert.equal(status, 200, JSON.stringify(body));
  return { server, first: String(body['access_token']) };
}

async function refreshed(server: TestServer, token: string) {
  const { status, body } = await refresh(server, token);
  assert.equal(status, 200, JSON.stringify(body));
  return { access: String(body['access_token']), next: String(body['refresh_token']) };
}

async function isActive(server: TestServer, token: string): Promise<unknown> {
  const { body } = await server.post('/introspect', { token, ...ORDERS_API }, { as: null });
  return body['active'];
}

async function reload(
  server: TestServer,
  change: (document: ConfigDocument) => void,
): Promise<void> {
  const path = join(server.directory, 'viaduct.yaml');
  const document = parse(await readFile(path, 'utf8')) as ConfigDocument;
  change(document);
  await writeFile(path, stringify(document));
  await server.reload();
}

const errorOf = ({ status, body }: Awaited<ReturnType<typeof refresh>>) => [status, body['error']];

describe('Refresh tokens', () => {
  test('RFC 8693 §2.2.1: an exchange brings one on request, as N_A, with the absolute end', async (t) => {
    const server = await startServer(t, grantRefresh);

    const { body } = await server.exchange({ requested_token_type: REFRESH_TOKEN_TYPE });

    assert.equal(body['issued_token_type'], REFRESH_TOKEN_TYPE);
    assert.equal(body['token_type'], 'N_A');
    assert.equal(body['expires_in'], LIFETIME_SECONDS);
    assert.match(String(body['access_token']), /^vrt~/);
  });

  test('RFC 6749 §6: brings a token for the same subject and target, and the next refresh token', async (t) => {
    const { server, first } = await begin(t);
    const direct = decodeJwt(String((await server.exchange()).body['access_token']));
    server.clock.advance(3600); // long after the subject token has ended

    const { access, next } = await refreshed(server, first);

    const claims = decodeJwt(access);
    assert.equal(claims.sub, direct.sub);
    assert.equal(claims.aud, 'orders');
    assert.equal(claims.exp, server.clock.now() + 300);
    assert.notEqual(next, first);
    assert.equal(await isActive(server, access), true);
  });

  test('oauth §1.11: no refresh token outlives the trust in the issuer on whose word it was granted', async (t) => {
    // The clock of the server begins at 2027-01-15T08:00:00Z.
    const { server, first } = await begin(t, {}, ({ trustedIssuers }) => {
      Object.assign(trustedIssuers[0] ?? {}, { enabledUntil: '2027-01-15T09:00:00Z' });
    });
    server.clock.advance(3599);
    const { next } = await refreshed(server, first);
    server.clock.advance(1);

    assert.deepEqual(errorOf(await refresh(server, next)), [400, 'invalid_grant']);
  });

  test('RFC 6749 §6: scopes and targets can be narrowed, never widened', async (t) => {
    const { server, first } = await begin(t, { scope: 'orders.read' });

    const widened = await refresh(server, first, { scope: 'orders.read orders.write' });
    const elsewhere = await refresh(server, first, { resource: 'https://billing.example/' });
    const narrowed = await refresh(server, first, { scope: 'orders.read', audience: 'orders' });
    const all = await refresh(server, first);

    assert.deepEqual(errorOf(widened), [400, 'invalid_scope']);
    assert.deepEqual(errorOf(elsewhere), [400, 'invalid_target']);
    assert.equal(narrowed.body['scope'], 'orders.read');
    // The row grants more by now than this token was granted.
    assert.equal(all.body['scope'], 'orders.read');
  });

  test('RFC 8693 §2.2.1: one that brings assertions has no scopes, since they say none, and none can be asked for', async (t) => {
    const server = await startServer(t, async (document, directory) => {
      await withSaml(document, directory);
      grantRefreshTokens(document, { lifetimeSeconds: LIFETIME_SECONDS, maxCount: 5 });
      Object.assign(document.relyingParties[0] ?? {}, { token: { type: 'saml2' } });
    });
    const form = { requested_token_type: REFRESH_TOKEN_TYPE };

    const { body } = await server.exchange(form);
    const asked = await server.exchange({ ...form, scope: 'orders.read' });
    const brought = await refresh(server, body['access_token']);

    assert.equal(body['issued_token_type'], REFRESH_TOKEN_TYPE);
    assert.equal('scope' in body, false);
    assert.deepEqual([asked.status, asked.body['error']], [400, 'invalid_scope']);
    assert.equal(brought.status, 200, brought.text);
    assert.equal('scope' in brought.body, false);
  });

  test('RFC 6749 §10.4: is bound to its client, whoever else policy would grant the same', async (t) => {
    const { server, first } = await begin(t, {}, ({ policy }) => {
      Object.assign(policy[0] ?? {}, { requestor: { client: ['gateway', 'orders-api'] } });
    });

    const stolen = await server.post(
      '/token',
      { grant_type: 'refresh_token', refresh_token: first, ...ORDERS_API },
      { as: null },
    );

    assert.deepEqual(errorOf(stolen), [400, 'invalid_grant']);
    await refreshed(server, first);
  });

  for (const [what, spoil] of [
    ['another number', (text: string) => text.replace('~1~', '~2~')],
    [
      'another family',
      (text: string) => text.replace(/^vrt~./, (start) => (start === 'vrt~A' ? 'vrt~B' : 'vrt~A')),
    ],
    ['another code', (text: string) => text.replace(/~[^~]*$/, `~${'A'.repeat(43)}`)],
    ['no code', (text: string) => text.replace(/~[^~]*$/, '')],
    ['nothing of ours', () => 'a-refresh-token'],
    ['a JWT', () => 'eyJhbGciOiJub25lIn0.e30.'],
  ] as const)
    test(`RFC 6749 §5.2: ${what} is invalid_grant, and harms no family`, async (t) => {
      const { server, first } = await begin(t);

      const answer = await refresh(server, spoil(first));

      assert.deepEqual(errorOf(answer), [400, 'invalid_grant']);
      await refreshed(server, first);
    });

  test('RFC 6749 §5.2: without a refresh token the request is malformed', async (t) => {
    const { server } = await begin(t);

    const answer = await server.post('/token', { grant_type: 'refresh_token' });

    assert.deepEqual(errorOf(answer), [400, 'invalid_request']);
  });
});

describe('Rotation of refresh tokens', () => {
  test('RFC 9700 §4.14.2: an old token that comes again revokes the family and all that was made by it', async (t) => {
    const { server, first } = await begin(t);
    const one = await refreshed(server, first);
    const two = await refreshed(server, one.next);
    assert.equal(await isActive(server, two.access), true);

    const replayed = await refresh(server, first);

    assert.deepEqual(errorOf(replayed), [400, 'invalid_grant']);
    assert.deepEqual(errorOf(await refresh(server, two.next)), [400, 'invalid_grant']);
    for (const { access } of [one, two]) assert.equal(await isActive(server, access), false);
    const events = (await server.auditRecords()).map(({ event }) => event);
    assert.ok(events.includes('token.renew'));
    assert.ok(events.includes('replay.detected'));
  });

  test('Retry: whoever lost the answer gets the same successor again, for a minute', async (t) => {
    const { server, first } = await begin(t);
    const answer = await refreshed(server, first);
    server.clock.advance(RETRY_SECONDS);

    const again = await refreshed(server, first);

    assert.equal(again.next, answer.next);
    await refreshed(server, again.next);
  });

  test('Retry: at a host whose clock is ahead, as far as two may be apart, it is one still', async (t) => {
    const { server, first } = await begin(t);
    const { next } = await refreshed(server, first);
    server.clock.advance(RETRY_SECONDS + APART_SECONDS);

    const again = await refreshed(server, first);

    assert.equal(again.next, next);
    await refreshed(server, next);
  });

  test('Retry: at a host whose clock is behind it is one too', async (t) => {
    const { server, first } = await begin(t);
    const { next } = await refreshed(server, first);
    server.clock.advance(-APART_SECONDS);

    const again = await refreshed(server, first);

    assert.equal(again.next, next);
  });

  test('Retry: whoever comes later is somebody else, and the family ends', async (t) => {
    const { server, first } = await begin(t);
    const { access, next } = await refreshed(server, first);
    server.clock.advance(RETRY_SECONDS + APART_SECONDS + 1);

    const late = await refresh(server, first);

    assert.deepEqual(errorOf(late), [400, 'invalid_grant']);
    assert.deepEqual(errorOf(await refresh(server, next)), [400, 'invalid_grant']);
    assert.equal(await isActive(server, access), false);
  });

  test('Race: fifty at once take one step; all get the same successor', async (t) => {
    const { server, first } = await begin(t);

    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(server, first)));

    const successors = new Set(
      answers.filter(({ status }) => status === 200).map(({ body }) => body['refresh_token']),
    );
    assert.equal(successors.size, 1);
    assert.ok(answers.every(({ status }) => status === 200 || status === 503));
  });

  test('Policy: a refused request uses nothing up', async (t) => {
    const { server, first } = await begin(t);
    await refresh(server, first, { scope: 'admin' });
    server.clock.advance(RETRY_SECONDS + APART_SECONDS + 1);

    await refreshed(server, first);
  });
});

describe('The end of refresh tokens', () => {
  test('RFC 9700 §4.14.2: no renewal reaches beyond the absolute end', async (t) => {
    const { server, first } = await begin(t);
    server.clock.advance(LIFETIME_SECONDS - 100);

    const { access, next } = await refreshed(server, first);
    server.clock.advance(100);

    assert.equal(decodeJwt(access).exp, server.clock.now());
    assert.deepEqual(errorOf(await refresh(server, next)), [400, 'invalid_grant']);
  });

  test('Policy: is asked anew: what a row no longer grants is no longer renewed', async (t) => {
    const changes: readonly ((row: Record<string, unknown>) => void)[] = [
      (row) => Object.assign(row['allow'] as object, { types: ['jwt'] }),
      (row) => Object.assign(row['allow'] as object, { renewal: { lifetimeSeconds: 60 } }),
      (row) => Object.assign(row, { subject: { issuer: 'partner', id: 'somebody-else' } }),
      // Nobody gets one who acts for the subject.
      (row) => Object.assign(row['allow'] as object, { requestorAsActor: true }),
    ];
    for (const change of changes) {
      const { server, first } = await begin(t);
      server.clock.advance(61);

      await reload(server, ({ policy }) => change(policy[0] ?? {}));

      assert.deepEqual(errorOf(await refresh(server, first)), [400, 'invalid_grant']);
    }
  });

  test('Policy: sees all scopes of the evidence, not only those that were granted', async (t) => {
    const server = await startServer(t, (document) => {
      grantRefresh(document);
      const cel = "'guest' in subject.scopes ? 'guest' : 'member'";
      const claims = [{ claim: 'rank', cel }];
      Object.assign(document.policy[0]?.['allow'] as object, { claims });
    });
    const { body } = await server.exchange({
      subject_token: await server.partner.sign({ scope: 'orders.read guest' }),
      requested_token_type: REFRESH_TOKEN_TYPE,
      scope: 'orders.read',
    });

    const { access } = await refreshed(server, String(body['access_token']));

    assert.equal(decodeJwt(access)['rank'], 'guest');
    assert.equal(decodeJwt(access)['scope'], 'orders.read');
  });

  test('Policy: maxCount bounds how often', async (t) => {
    const { server, first } = await begin(t);
    let token = first;
    for (let step = 0; step < 5; step += 1) token = (await refreshed(server, token)).next;

    assert.deepEqual(errorOf(await refresh(server, token)), [400, 'invalid_grant']);
  });

  test('RFC 7009 §2.1: revoking one revokes the family, by an old token too, and what was made by it', async (t) => {
    const { server, first } = await begin(t);
    const { access, next } = await refreshed(server, first);

    const { headers, status, text } = await server.post('/revoke', { token: first });

    assert.deepEqual([status, text], [200, '']);
    await assertRevocationOnRecord(server, headers, {
      id: 'gateway',
      kind: 'client',
      method: 'client_secret_basic',
    });
    assert.equal(await isActive(server, access), false);
    assert.deepEqual(errorOf(await refresh(server, next)), [400, 'invalid_grant']);
  });

  test('RFC 7009 §2.1: another client revokes nothing', async (t) => {
    const { server, first } = await begin(t);
    const ask = async (): Promise<unknown> => {
      const { status, text } = await server.post(
        '/revoke',
        { token: first, ...ORDERS_API },
        { as: null },
      );
      return [status, text];
    };

    const alive = await ask();
    await refreshed(server, first);
    const used = await ask();
    await server.post('/revoke', { token: first });
    const revoked = await ask();

    const sentence = 'the client may not revoke this token';
    assert.deepEqual(alive, [
      400,
      `{"error":"unauthorized_client","error_description":"${sentence}"}`,
    ]);
    assert.deepEqual([used, revoked], [alive, alive]);
  });

  test('Lineage: revoking the token it was granted for ends the family, though that token has ended meanwhile', async (t) => {
    const { server } = await begin(t, {}, ({ policy }) => {
      Object.assign(policy[0] ?? {}, { subject: { issuer: ['partner', 'self'] } });
    });
    const own = String((await server.exchange()).body['access_token']);
    const { body } = await server.exchange({
      subject_token: own,
      subject_token_type: ACCESS_TOKEN_TYPE,
      requested_token_type: REFRESH_TOKEN_TYPE,
    });
    const { access, next } = await refreshed(server, String(body['access_token']));
    await server.post('/revoke', { token: own });
    assert.equal(await isActive(server, access), false);

    server.clock.advance(LIFETIME_SECONDS - 60);

    assert.deepEqual(errorOf(await refresh(server, next)), [400, 'invalid_grant']);
  });
});

describe('Where refresh tokens show', () => {
  test('RFC 7662 §2.2: the client sees the current one; a server that is shown one learns nothing', async (t) => {
    const { server, first } = await begin(t);

    const { body } = await server.post('/introspect', { token: first });

    assert.equal(body['active'], true);
    assert.equal(body['client_id'], 'gateway');
    assert.equal(body['exp'], server.clock.now() + LIFETIME_SECONDS);
    assert.equal(body['scope'], 'orders.read orders.write');
    assert.equal('token_type' in body, false);
    assert.equal(await isActive(server, first), false);
    const { next } = await refreshed(server, first);
    assert.deepEqual((await server.post('/introspect', { token: first })).body, { active: false });
    assert.equal((await server.post('/introspect', { token: next })).body['active'], true);
    // Who asks for a used one has not presented it.
    const metrics = await (await fetch(`${server.managementUrl}/metrics`)).text();
    assert.doesNotMatch(metrics, /sts_replay_detected_total\{/);
  });

  test('RFC 8693 §2.1: a refresh token is no subject token', async (t) => {
    const { server, first } = await begin(t);

    const { status, body } = await server.exchange({
      subject_token: first,
      subject_token_type: REFRESH_TOKEN_TYPE,
    });

    assert.deepEqual([status, body['error']], [400, 'invalid_request']);
  });

  test('RFC 8693 §2.1: there is none where an actor is, nor where no row grants it', async (t) => {
    const { server } = await begin(t);
    const acted = await server.partner.sign({ act: { sub: 'broker' } });
    const plain = await startServer(t);

    const withActor = await server.exchange({
      subject_token: acted,
      requested_token_type: REFRESH_TOKEN_TYPE,
    });
    const withoutRow = await plain.exchange({ requested_token_type: REFRESH_TOKEN_TYPE });

    assert.equal(withActor.status, 400);
    assert.deepEqual([withoutRow.status, withoutRow.body['error']], [400, 'invalid_request']);
  });

  test('RFC 8414 §2: the grant is published where it is served, and unsupported where not', async (t) => {
    const { server } = await begin(t);
    const plain = await startServer(t);
    const path = '/.well-known/oauth-authorization-server';
    const grants = async (which: TestServer) =>
      (await which.get(path)).body['grant_types_supported'] as readonly string[];

    assert.equal((await grants(server)).includes('refresh_token'), true);
    assert.equal((await grants(plain)).includes('refresh_token'), false);
  });

  test('Secrets: neither the store nor the audit nor the log holds a refresh token', async (t) => {
    const { server, first } = await begin(t);
    const { next } = await refreshed(server, first);

    const names = await readdir(join(server.directory, 'data'));
    assert.ok(names.includes('viaduct.db'));
    for (const name of names) {
      const text = await readFile(join(server.directory, 'data', name), 'latin1');
      // Family and number are on record; the code makes a token of them.
      for (const token of [first, next]) {
        const [, , , code] = token.split('~');
        assert.equal(code !== undefined && text.includes(code), false, name);
      }
    }
  });
});
