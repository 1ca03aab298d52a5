// A row that denies by the actor holds for whoever is shown as the actor, with a token of its own or without one.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeJwt } from 'jose';
import { JWT_TYPE, ORDERS_SECRET } from '#test/support/server/document.ts';
import { type Ending, type FormValues, startServer } from '#test/support/server/server.ts';

const ORDERS = ['orders-api', ORDERS_SECRET] as const;

/** Has the orders service ask for billing, under one more row that denies. */
async function ask(t: Ending, denial: object, form: FormValues = {}) {
  const server = await startServer(t, (document) => {
    const { allow: _, ...row } = document.policy.find(({ id }) => id === 'orders-to-billing') ?? {};
    document.policy.push({ ...row, id: 'denied', deny: true, ...denial });
  });
  const { body } = await server.exchange();
  const presented = { subject_token: String(body['access_token']), subject_token_type: JWT_TYPE };
  const resource = 'https://billing.example/';
  return server.exchange({ ...presented, resource, ...form }, { as: ORDERS });
}

describe('Policy: an actor that the subject token brings, and that is shown since no other is', () => {
  const bring = async (t: Ending, denial: object, { isActing = false } = {}) => {
    const server = await startServer(t, ({ policy }) => {
      const { allow: _, ...row } = policy[0] ?? {};
      policy.push({ ...row, id: 'denied', deny: true, ...denial });
    });
    const subject_token = await server.partner.sign({ act: { sub: 'portal' } });
    const actor_token = await server.partner.sign({ sub: 'broker' });
    const acting = isActing && { actor_token, actor_token_type: JWT_TYPE };
    return server.exchange({ subject_token, ...acting });
  };

  for (const [what, denial] of [
    ['its id', { actor: { issuer: 'partner', id: 'portal' } }],
    ['its issuer', { actor: { issuer: ['self', 'partner'] } }],
    ['what its token was, which nobody knows', { actor: { issuer: 'partner', type: 'id_token' } }],
    ['a condition', { when: 'actor != null && actor.id == "portal"' }],
  ] as const)
    test(`is refused by a row that denies by ${what}`, async (t) => {
      const { body, status } = await bring(t, denial);

      assert.deepEqual([status, body['error']], [400, 'invalid_target']);
    });

  for (const [what, denial] of [
    ['another', { actor: { issuer: 'partner', id: 'broker' } }],
    ['one of its name of another issuer', { actor: { issuer: 'self', id: 'portal' } }],
    ['another by a condition', { when: 'actor != null && actor.id == "broker"' }],
  ] as const)
    test(`is not refused by a row that denies ${what}`, async (t) => {
      const { body, status, text } = await bring(t, denial);

      assert.equal(status, 200, text);
      const { act } = decodeJwt(String(body['access_token']));
      assert.deepEqual(act, { iss: 'https://partner.example', sub: 'portal' });
    });

  test('is history where another one acts now', async (t) => {
    const actor = { issuer: 'partner', id: 'portal' };

    const { status, text } = await bring(t, { actor }, { isActing: true });

    assert.equal(status, 200, text);
  });
});

describe('Policy: a requestor that is shown as the actor without a token', () => {
  for (const [what, denial] of [
    ['by a selector', { actor: { issuer: 'self', id: 'orders-api' } }],
    ['by the type of it', { actor: { issuer: 'self', type: 'requestor' } }],
    ['by a condition', { when: 'actor != null && actor.id == "orders-api"' }],
  ] as const)
    test(`is refused by a row that denies it ${what}`, async (t) => {
      const { body, status } = await ask(t, denial);

      assert.deepEqual([status, body['error']], [400, 'invalid_target']);
    });

  for (const [what, denial] of [
    ['another actor', { actor: { issuer: 'self', id: 'gateway' } }],
    ['actors of another issuer', { actor: { issuer: 'partner', id: 'orders-api' } }],
    ['actors by their tokens', { actor: { issuer: 'self', type: 'access_token' } }],
  ] as const)
    test(`is not refused by a row that denies ${what}`, async (t) => {
      const { body, status, text } = await ask(t, denial);

      assert.equal(status, 200, text);
      const { act } = decodeJwt(String(body['access_token']));
      assert.deepEqual(act, {
        iss: 'https://sts.example.org',
        sub: 'orders-api',
        client_id: 'orders-api',
      });
    });
});
