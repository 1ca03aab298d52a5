// RFC 7662 §2.2: a refresh token is active where it could be used, and nowhere else.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse, stringify } from 'yaml';
import type { ConfigDocument } from '#test/support/server/document.ts';
import {
  grantRefreshTokens,
  REFRESH_TOKEN_TYPE,
  refresh,
} from '#test/support/server/refresh-tokens.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';

const LIFETIME_SECONDS = 7200;
const MAX_COUNT = 2;

type Change = (document: ConfigDocument) => void;

interface Setting {
  readonly server: TestServer;
  readonly token: string;
}

async function begin(t: Ending, change?: Change): Promise<Setting> {
  const server = await startServer(t, (document) => {
    grantRefreshTokens(document, { lifetimeSeconds: LIFETIME_SECONDS, maxCount: MAX_COUNT });
    change?.(document);
  });
  const { body, text } = await server.exchange({ requested_token_type: REFRESH_TOKEN_TYPE });
  assert.match(String(body['access_token']), /^vrt~/, text);
  return { server, token: String(body['access_token']) };
}

async function next(server: TestServer, token: string): Promise<string> {
  const { body, text } = await refresh(server, token);
  assert.equal(typeof body['refresh_token'], 'string', text);
  return String(body['refresh_token']);
}

async function reload(server: TestServer, change: Change): Promise<void> {
  const path = join(server.directory, 'viaduct.yaml');
  const document = parse(await readFile(path, 'utf8')) as ConfigDocument;
  change(document);
  await writeFile(path, stringify(document));
  await server.reload();
}

async function inactive({ server, token }: Setting): Promise<void> {
  const { body, status } = await server.post('/introspect', { token });
  const used = await refresh(server, token);

  assert.deepEqual([status, body], [200, { active: false }]);
  assert.equal(used.status, 400, 'and yet it can be used');
}

async function active({ server, token }: Setting): Promise<void> {
  const { body, text } = await server.post('/introspect', { token });

  assert.equal(body['active'], true, text);
  await next(server, token);
}

describe('RFC 7662 §2.2: a refresh token that could not be used is inactive:', () => {
  test('its renewals are used up; the last of them is active', async (t) => {
    const { server, token } = await begin(t);
    const second = await next(server, token);
    await active({ server, token: second });
    const third = await next(server, second);

    await inactive({ server, token: third });
  });

  test('the absolute end has come; a second before it is active', async (t) => {
    const { server, token } = await begin(t);
    server.clock.advance(LIFETIME_SECONDS - 1);
    await active({ server, token });
    const second = await next(server, token);
    server.clock.advance(1);

    await inactive({ server, token: second });
  });

  const changes: readonly (readonly [string, Change])[] = [
    [
      'the row has fewer renewals by now',
      ({ policy }) =>
        Object.assign(policy[0]?.['allow'] as object, {
          renewal: { lifetimeSeconds: 60, maxCount: MAX_COUNT },
        }),
    ],
    [
      'the row grants no refresh tokens any more',
      ({ policy }) => Object.assign(policy[0]?.['allow'] as object, { types: ['jwt'] }),
    ],
    [
      'no row fits its subject any more',
      ({ policy }) =>
        Object.assign(policy[0] ?? {}, { subject: { issuer: 'partner', id: 'somebody-else' } }),
    ],
    [
      'its client may not use the grant any more',
      ({ clients }) => {
        for (const client of clients)
          client['grant_types'] = (client['grant_types'] as readonly string[]).filter(
            (name) => name !== 'refresh_token',
          );
      },
    ],
  ];
  for (const [what, change] of changes)
    test(what, async (t) => {
      const { server, token } = await begin(t);
      server.clock.advance(61);
      await reload(server, change);

      await inactive({ server, token });
    });

  test('the trust in the issuer of its evidence has ended', async (t) => {
    // The clock of the server begins at 2027-01-15T08:00:00Z.
    const { server, token } = await begin(t, ({ trustedIssuers }) => {
      Object.assign(trustedIssuers[0] ?? {}, { enabledUntil: '2027-01-15T09:00:00Z' });
    });
    server.clock.advance(3600);

    await inactive({ server, token });
  });
});

test('RFC 7662 §2.2: a refresh token that is good for one of its targets still is active', async (t) => {
  const server = await startServer(t, (document) => {
    grantRefreshTokens(document, { lifetimeSeconds: LIFETIME_SECONDS, maxCount: MAX_COUNT });
    const shop = { id: 'shop', resources: ['https://shop.example/'], audiences: ['shop'] };
    document.relyingParties.push({ ...document.relyingParties[0], ...shop });
    Object.assign(document.policy[0] ?? {}, { target: ['orders', 'shop'] });
  });
  const { body } = await server.exchange({
    requested_token_type: REFRESH_TOKEN_TYPE,
    resource: undefined,
    audience: ['orders', 'shop'],
  });
  const token = String(body['access_token']);
  await reload(server, ({ policy }) => Object.assign(policy[0] ?? {}, { target: 'shop' }));

  const introspected = await server.post('/introspect', { token });
  const whole = await refresh(server, token);
  const narrowed = await refresh(server, token, { audience: 'shop' });

  assert.equal(introspected.body['active'], true);
  assert.deepEqual([whole.status, narrowed.status], [400, 200], narrowed.text);
});

test('RFC 7662 §2.2: an introspection of a refresh token uses nothing up', async (t) => {
  const { server, token } = await begin(t);
  for (let asked = 0; asked <= MAX_COUNT; asked += 1) await server.post('/introspect', { token });

  await active({ server, token: await next(server, token) });
});
