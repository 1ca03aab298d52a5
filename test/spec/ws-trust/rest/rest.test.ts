// The REST form over real HTTP: the same decisions as over SOAP, in JSON (ws-trust §6, P26).
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Answer, TestServer } from '#test/support/server/server.ts';
import { aTargetMessage, JWT, SAML1, SAML2, sendSoap } from '#test/support/ws-trust/messages.ts';
import {
  askRest,
  claimsOf,
  issueRest,
  type RestAsking,
  startRestServer,
} from '#test/support/ws-trust/rest.ts';
import { BILLING } from '#test/support/ws-trust/rst.ts';
import { edited } from '#test/support/xml/tamper.ts';

const tokenOf = ({ body }: Answer) => ({
  token: String(body['token']),
  tokenType: String(body['tokenType']),
});
const statusOf = async (server: TestServer, token: object, asking: RestAsking = {}) =>
  (await askRest(server, '/ws-trust/validate', { body: token, ...asking })).body['status'];
const reasons = async (server: TestServer) =>
  (await server.auditRecords()).map(({ reason }) => reason).filter(Boolean);

describe('P26: GET for a token', () => {
  for (const [name, uri, begins] of [
    ['saml1', SAML1, /^<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:1.0:assertion"/],
    ['saml1.1', SAML1, /^<saml:Assertion /],
    ['saml2', SAML2, /^<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/],
    ['saml2.0', SAML2, /^<saml:Assertion /],
    ['saml', SAML2, /^<saml:Assertion /],
    ['jwt', JWT, /^eyJ/],
  ] as const)
    test(`${name} for whoever logs in, with its type and lifetime`, async (t) => {
      const server = await startRestServer(t);

      const answer = await issueRest(server, name);

      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.body['tokenType'], uri);
      assert.equal(answer.body['keyType'], 'Bearer');
      assert.match(String(answer.body['token']), begins);
      assert.deepEqual(answer.body['lifetime'], {
        created: '2027-01-15T08:00:00.000Z',
        expires: '2027-01-15T08:05:00.000Z',
      });
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      assert.equal(answer.headers.get('access-control-allow-origin'), null);
    });

  test('the bare assertion where XML is what the client accepts', async (t) => {
    const server = await startRestServer(t);

    for (const accept of [
      'application/xml',
      'text/html, application/xml;q=0.9, */*;q=0.1',
      'application/json;Q=0.5, Application/XML;q=0.9',
      `${'a/b, '.repeat(19)}application/xml`,
    ]) {
      const answer = await issueRest(server, 'saml2', { headers: { accept } });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.headers.get('content-type'), 'application/xml; charset=utf-8');
      assert.match(answer.text, /^<saml:Assertion /);
    }
  });

  test('RFC 9110 §15.5.7: nothing is made that the client would not read', async (t) => {
    const server = await startRestServer(t);

    for (const [type, accept] of [
      ['saml2', 'text/html'],
      ['jwt', 'application/xml'],
      ['saml2', 'application/json;q=0, application/xml;q=0'],
    ] as const)
      assert.equal((await issueRest(server, type, { headers: { accept } })).status, 406);

    const records = await server.auditRecords();
    assert.ok(records.every(({ outcome }) => outcome !== 'allowed' && outcome !== 'minted'));
    assert.deepEqual(await reasons(server), Array(3).fill('request-malformed'));
  });

  test('a claim that is asked for is in the token, and one that cannot be refuses it', async (t) => {
    const server = await startRestServer(t);
    const path = `/ws-trust/token/jwt?appliesTo=${encodeURIComponent(BILLING)}`;

    const given = await askRest(server, `${path}&claim=email`);
    const missing = await askRest(server, `${path}&claim=email&claim=shoe-size`);

    assert.equal(claimsOf(String(given.body['token']))['email'], 'carol@example.org');
    assert.deepEqual([missing.status, missing.body['error']], [403, 'access_denied']);
    assert.deepEqual(await reasons(server), ['claim-missing']);
  });

  test('who asked is on record of a refusal before core is asked', async (t) => {
    const server = await startRestServer(t);

    const path = `/ws-trust/token/saml2?appliesTo=${encodeURIComponent(BILLING)}&keyType=PublicKey`;
    assert.equal((await askRest(server, path)).status, 400);

    const record = (await server.auditRecords()).at(-1);
    assert.equal(record?.['outcome'], 'refused');
    assert.match(JSON.stringify(record?.['requestor']), /carol/);
  });

  test('what is on record of it is what SOAP leaves there', async (t) => {
    const server = await startRestServer(t);

    const { headers } = await issueRest(server);

    const id = headers.get('x-correlation-id');
    const records = (await server.auditRecords()).filter(
      ({ correlationId }) => correlationId === id,
    );
    assert.deepEqual(
      records.map(({ event, outcome, operation }) => [event, outcome, operation]),
      [
        ['token.exchange', 'allowed', 'issue'],
        ['token.exchange', 'minted', 'issue'],
      ],
    );
    assert.equal(records[0]?.['sourceAddress'], '127.0.0.1');
  });
});

describe('P26: JSON for the rest', () => {
  for (const type of ['saml1', 'saml2', 'jwt'])
    test(`${type} is valid, is renewed, is cancelled; then it is none of it, over SOAP neither`, async (t) => {
      const server = await startRestServer(t);
      const issued = tokenOf(await issueRest(server, type));
      server.clock.advance(60);

      const renewed = await askRest(server, '/ws-trust/renew', { body: issued });
      assert.equal(renewed.status, 200, renewed.text);
      const token = tokenOf(renewed);
      assert.notEqual(token.token, issued.token);
      assert.deepEqual(renewed.body['lifetime'], {
        created: '2027-01-15T08:01:00.000Z',
        expires: '2027-01-15T08:06:00.000Z',
      });
      assert.equal(await statusOf(server, token), 'valid');

      const cancelled = await askRest(server, '/ws-trust/cancel', { body: token });
      assert.deepEqual([cancelled.status, cancelled.body], [200, { cancelled: true }]);
      const last = (await server.auditRecords()).at(-1);
      assert.deepEqual([last?.['event'], last?.['sourceAddress']], ['token.revoke', '127.0.0.1']);

      assert.equal(await statusOf(server, token), 'invalid');
      const again = await askRest(server, '/ws-trust/renew', { body: token });
      assert.equal(again.status, 400);
      if (type === 'saml2') {
        const target = aTargetMessage('Validate', { target: token.token, user: 'carol' });
        assert.match((await sendSoap(server, target)).text, /status\/invalid/);
      }
    });

  for (const type of ['saml1', 'saml2', 'jwt'])
    test(`WS-Trust 1.3 §7: for a valid token of another issuer there is a new one, ${type}, about its subject`, async (t) => {
      const server = await startRestServer(t);
      const newToken = { tokenType: type, appliesTo: BILLING, lifetimeSeconds: 60 };
      const body = { token: server.assertion, tokenType: SAML2, newToken };

      const answer = await askRest(server, '/ws-trust/validate', { body });

      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.body['status'], 'valid');
      const made = tokenOf({ ...answer, body: answer.body['newToken'] as Answer['body'] });
      assert.match(
        type === 'jwt' ? JSON.stringify(claimsOf(made.token)) : made.token,
        /partner-saml:alice@partner\.example/,
      );
      assert.equal(await statusOf(server, made), 'valid');
      const records = await server.auditRecords();
      assert.deepEqual(
        records
          .filter(({ correlationId }) => correlationId === answer.headers.get('x-correlation-id'))
          .map(({ event, operation, outcome }) => [event, operation, outcome]),
        [
          ['token.validate', 'validate', 'done'],
          ['token.exchange', 'validate', 'allowed'],
          ['token.exchange', 'validate', 'minted'],
        ],
      );
    });

  test('WS-Trust 1.3 §7: of a token that is not valid there is none, and what policy does not grant is refused', async (t) => {
    const server = await startRestServer(t);
    const newToken = { tokenType: 'jwt', appliesTo: BILLING };
    const ask = (changes: object, asking: RestAsking = {}) =>
      askRest(server, '/ws-trust/validate', {
        body: { token: server.assertion, tokenType: SAML2, newToken, ...changes },
        ...asking,
      });

    const forged = await ask({ token: server.assertion.replaceAll('alice', 'admin') });
    const nowhere = await ask({ newToken: { ...newToken, appliesTo: 'https://nobody.example/' } });
    const claim = await ask({ newToken: { ...newToken, claims: ['shoe-size'] } });
    const key = await ask({ newToken: { ...newToken, keyType: 'PublicKey' } });
    const stranger = await ask({}, { password: 'wrong' });

    assert.deepEqual([forged.status, forged.body], [200, { status: 'invalid' }]);
    assert.deepEqual([nowhere.status, nowhere.body['error']], [400, 'invalid_target']);
    assert.deepEqual([claim.status, claim.body['error']], [403, 'access_denied']);
    assert.deepEqual([key.status, key.body['error']], [400, 'invalid_request']);
    assert.equal(stranger.status, 401);
    const records = await server.auditRecords();
    assert.ok(records.every(({ outcome }) => outcome !== 'minted'));
    assert.deepEqual(records.map(({ reason }) => reason).filter(Boolean), [
      'target-unknown',
      'claim-missing',
      'request-malformed',
      'requestor-unauthenticated',
    ]);
  });

  test('a stranger can neither renew nor cancel, and is told that it is not valid', async (t) => {
    const server = await startRestServer(t);
    const body = tokenOf(await issueRest(server));
    const user = 'dave';

    const renewed = await askRest(server, '/ws-trust/renew', { body, user });
    const cancelled = await askRest(server, '/ws-trust/cancel', { body, user });

    assert.deepEqual([renewed.status, renewed.body['error']], [403, 'access_denied']);
    assert.deepEqual([cancelled.status, cancelled.body['error']], [403, 'access_denied']);
    assert.equal(await statusOf(server, body, { user }), 'invalid');
    assert.equal(await statusOf(server, body), 'valid');
  });

  test('OnBehalfOf is impersonation, ActAs is delegation, and a lifetime is a wish that shortens', async (t) => {
    const server = await startRestServer(t);
    const onBehalf = { token: server.assertion, tokenType: SAML2 };
    const wishes = { appliesTo: BILLING, claims: [], lifetimeSeconds: 100 };
    const ask = (more: object) =>
      askRest(server, '/ws-trust/token/jwt', { body: { ...wishes, ...more } });

    const [impersonated, delegated] = [
      await ask({ onBehalfOf: onBehalf }),
      await ask({ actAs: { token: await server.partner.sign(), tokenType: 'jwt' } }),
    ];

    const { act, sub, iat, exp } = claimsOf(String(impersonated.body['token']));
    assert.match(String(sub), /alice/);
    assert.equal(act, undefined);
    assert.equal(Number(exp) - Number(iat), 100);
    const shown = claimsOf(String(delegated.body['token']));
    assert.match(String(shown['sub']), /alice/);
    assert.equal((shown['act'] as { sub: string }).sub, 'carol');
  });

  test('OnBehalfOf and ActAs need their own permissions', async (t) => {
    const server = await startRestServer(t, ({ policy }) => {
      for (const row of policy)
        Object.assign(row['allow'] as object, { delegation: false, impersonation: false });
    });

    for (const name of ['onBehalfOf', 'actAs']) {
      const body = { appliesTo: BILLING, [name]: { token: server.assertion, tokenType: SAML2 } };
      const { status, body: answer } = await askRest(server, '/ws-trust/token/jwt', { body });
      assert.deepEqual([status, answer['error']], [403, 'access_denied'], name);
    }
  });

  test('a token that was changed, of another type, or of nobody is not acceptable', async (t) => {
    const server = await startRestServer(t);
    const { token, tokenType } = tokenOf(await issueRest(server));

    for (const body of [
      { token: edited(token, '>carol<', '>dave<'), tokenType },
      { token, tokenType: SAML1 },
      { token, tokenType: 'jwt' },
      { token: 'x', tokenType },
      { token: `<!DOCTYPE a>${token}`, tokenType },
      { token: `${token}\u00e9`, tokenType },
    ]) {
      assert.equal(await statusOf(server, body), 'invalid', body.token.slice(0, 30));
      const renewed = await askRest(server, '/ws-trust/renew', { body });
      assert.deepEqual([renewed.status, renewed.body['error']], [400, 'invalid_grant']);
      assert.equal((await askRest(server, '/ws-trust/cancel', { body })).status, 400);
    }
    assert.equal(await statusOf(server, { token, tokenType }), 'valid');
  });
});

describe('P26: who asks', () => {
  test('RFC 7617 §2: without a credential, or with a wrong one, the same answer', async (t) => {
    const server = await startRestServer(t);

    for (const asking of [
      { user: null },
      { password: 'wrong' },
      { user: 'nobody' },
      { password: '' },
      { user: null, headers: { authorization: 'Bearer x' } },
      { user: null, headers: { authorization: 'Basic !' } },
    ]) {
      const { body, headers, status } = await issueRest(server, 'saml2', asking);
      assert.equal(status, 401);
      assert.equal(headers.get('www-authenticate'), 'Basic realm="ws-trust", charset="UTF-8"');
      assert.deepEqual(body, {
        error: 'invalid_client',
        error_description: 'authentication failed',
      });
    }
    assert.deepEqual(new Set(await reasons(server)), new Set(['requestor-unauthenticated']));
  });

  test('a password without TLS is not looked at', async (t) => {
    const server = await startRestServer(t, (document) => {
      document['trustedProxies'] = [];
    });

    const { body, status } = await issueRest(server);

    assert.deepEqual([status, body['error']], [400, 'invalid_request']);
  });

  test('a password is none where certificates alone are taken: no scheme to log in with is named', async (t) => {
    const server = await startRestServer(t, (document) => {
      document['wsTrust'] = { rest: { credentials: ['tls-certificate'] } };
    });

    const { body, headers, status } = await issueRest(server);

    assert.deepEqual([status, body['error']], [403, 'invalid_client']);
    assert.equal(headers.get('www-authenticate'), null);
  });

  test('whom the front is not for is refused after authentication', async (t) => {
    const server = await startRestServer(t, (document) => {
      const rest = { credentials: ['basic'] };
      document['wsTrust'] = { rest, when: 'requestor.claims.email == "bob@example.org"' };
    });

    assert.equal((await issueRest(server, 'saml2', { user: 'bob' })).status, 200);
    const { body, status } = await issueRest(server);
    assert.deepEqual([status, body['error']], [403, 'access_denied']);
  });

  test('RFC 6585 §4: requests are counted by requestor and by address, a GET too', async (t) => {
    const rate = { requestsPerSecond: 0.01, burst: 1 };
    const byRequestor = await startRestServer(t, (document) => {
      document['limits'] = { perClient: rate };
    });
    const byAddress = await startRestServer(t, (document) => {
      document['limits'] = { perAddress: rate };
    });

    for (const server of [byRequestor, byAddress]) {
      assert.equal((await issueRest(server)).status, 200);
      const { body, headers, status } = await issueRest(server);
      assert.deepEqual([status, body['error']], [429, 'temporarily_unavailable']);
      assert.ok(Number(headers.get('retry-after')) > 0);
    }
  });

  test('what another site makes a browser ask for is refused', async (t) => {
    const server = await startRestServer(t);

    for (const site of ['cross-site', 'same-site', 'x'])
      for (const [path, body] of [
        ['/ws-trust/token/saml2', undefined],
        ['/ws-trust/cancel', { token: 'x', tokenType: 'jwt' }],
      ] as const) {
        const headers = { 'sec-fetch-site': site };
        const { body: answer, status } = await askRest(server, path, { body, headers });
        assert.deepEqual([status, answer['error']], [400, 'invalid_request'], site);
      }
    for (const site of ['none', 'same-origin'])
      assert.equal(
        (await issueRest(server, 'saml2', { headers: { 'sec-fetch-site': site } })).status,
        200,
      );
  });

  test('a security context is nothing that can be told as a text', async (t) => {
    const server = await startRestServer(t);
    const tokenType = 'http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512/sct';

    for (const operation of ['validate', 'renew', 'cancel']) {
      const asked = { body: { token: 'urn:x', tokenType } };
      const { body, status } = await askRest(server, `/ws-trust/${operation}`, asked);
      assert.deepEqual([status, body['error']], [400, 'unsupported_token_type'], operation);
    }
  });

  test('the metrics have it under its own path', async (t) => {
    const server = await startRestServer(t);

    await issueRest(server);
    await issueRest(server, 'saml2', { password: 'wrong' });

    const metrics = await (await fetch(`${server.managementUrl}/metrics`)).text();
    const line = (rest: string) =>
      `sts_requests_total{endpoint="/ws-trust/token/*",grant="ws-trust",${rest}} 1`;
    assert.ok(metrics.includes(line('outcome="answered",reason=""')), metrics);
    assert.ok(metrics.includes(line('outcome="refused",reason="requestor-unauthenticated"')));
  });

  test('without wsTrust.rest there is none', async (t) => {
    const server = await startRestServer(t, (document) => {
      document['wsTrust'] = {};
    });

    assert.equal((await fetch(`${server.url}/ws-trust/token/saml2`)).status, 404);
    assert.equal((await fetch(`${server.url}/ws-trust/renew`, { method: 'POST' })).status, 404);
  });
});
