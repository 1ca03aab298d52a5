// An access token of ours is taken under two names, `access_token` and `jwt`, and so is an ID token of others. Whoever presents it chooses
// the name, and not the rows.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ACCESS_TOKEN_TYPE,
  type ConfigDocument,
  ID_TOKEN_TYPE,
  JWT_TYPE,
  ORDERS_SECRET,
} from '#test/support/server/document.ts';
import { type FormValues, startServer, type TestServer } from '#test/support/server/server.ts';

const ORDERS = ['orders-api', ORDERS_SECRET] as const;
const SUBJECT = { issuer: 'self', type: 'access_token' };

const toBilling = (server: TestServer, token: unknown, type: string, form: FormValues = {}) => {
  const presented = { subject_token: String(token), subject_token_type: type, ...form };
  return server.exchange({ ...presented, resource: 'https://billing.example/' }, { as: ORDERS });
};

const rowToBilling = ({ policy }: ConfigDocument) =>
  policy.find(({ id }) => id === 'orders-to-billing') ?? {};

describe('RFC 8725 §3.12: an access token of ours that is declared as a JWT', () => {
  test('is refused by a row that denies access tokens', async (t) => {
    const server = await startServer(t, (document) => {
      const { allow: _, ...row } = rowToBilling(document);
      document.policy.unshift({ ...row, id: 'denied', subject: SUBJECT, deny: true });
    });
    const { body } = await server.exchange();

    for (const type of [ACCESS_TOKEN_TYPE, JWT_TYPE]) {
      const { body: refused } = await toBilling(server, body['access_token'], type);
      assert.equal(refused['error'], 'invalid_target');
    }
  });

  test('is refused as an actor by a row that denies access tokens of actors', async (t) => {
    const server = await startServer(t, (document) => {
      const { allow: _, ...row } = rowToBilling(document);
      document.policy.unshift({ ...row, id: 'denied', actor: SUBJECT, deny: true });
    });
    const { body: subject } = await server.exchange();
    const { body: actor } = await server.exchange({
      subject_token: await server.partner.sign({ sub: 'broker' }),
    });
    const actedBy = (actor_token_type: string) =>
      toBilling(server, subject['access_token'], ACCESS_TOKEN_TYPE, {
        actor_token: String(actor['access_token']),
        actor_token_type,
      });

    for (const type of [ACCESS_TOKEN_TYPE, JWT_TYPE])
      assert.equal((await actedBy(type)).body['error'], 'invalid_target');
  });

  test('is good once where access tokens are', async (t) => {
    const server = await startServer(t, (document) => {
      const row = rowToBilling(document);
      const allow = { ...(row['allow'] as object), singleUse: true };
      document.policy.unshift({ ...row, id: 'once', subject: SUBJECT, allow });
    });
    const { body } = await server.exchange();

    const first = await toBilling(server, body['access_token'], JWT_TYPE);
    const second = await toBilling(server, body['access_token'], JWT_TYPE);

    assert.equal(first.status, 200, first.text);
    assert.equal(second.body['error'], 'invalid_request');
  });

  test('is fit for a row about access tokens', async (t) => {
    const server = await startServer(t, (document) => {
      Object.assign(rowToBilling(document), { subject: SUBJECT });
    });
    const { body } = await server.exchange();

    for (const type of [ACCESS_TOKEN_TYPE, JWT_TYPE])
      assert.equal((await toBilling(server, body['access_token'], type)).status, 200);
  });
});

test('RFC 8725 §3.12: an ID token of another issuer that is declared as a JWT is refused by a row that denies ID tokens', async (t) => {
  const server = await startServer(t, ({ policy }) => {
    const { allow: _, ...row } = policy[0] ?? {};
    const subject = { issuer: 'partner', type: 'id_token' };
    policy.push({ ...row, id: 'no-logins', subject, deny: true });
  });
  const idToken = () => server.partner.sign({ nonce: 'n', scope: undefined });

  for (const type of [ID_TOKEN_TYPE, JWT_TYPE]) {
    const presented = { subject_token: await idToken(), subject_token_type: type };
    assert.equal((await server.exchange(presented)).body['error'], 'invalid_target', type);
  }
  assert.equal((await server.exchange()).status, 200);
});
