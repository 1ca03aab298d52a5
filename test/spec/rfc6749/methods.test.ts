// What an address of the OAuth front is asked with: another method is refused as such, not as if nothing were there.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { startServer, type TestServer } from '#test/support/server/server.ts';
import { endingOfSuite } from '#test/support/suite.ts';

const METADATA = [
  '/jwks',
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
] as const;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

const ALLOWED: readonly (readonly [path: string, allowed: string])[] = [
  ['/token', 'POST'],
  ['/introspect', 'POST'],
  ['/revoke', 'POST'],
  ['/authorize', 'GET, HEAD'],
  ...METADATA.map((path) => [path, 'GET, HEAD'] as const),
];

describe('methods', () => {
  let server: TestServer;
  const ending = endingOfSuite();
  before(async () => {
    server = await startServer(ending);
  });

  const ask = async (path: string, method: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${server.url}${path}`, { method, headers });
    const { headers: answered, status } = response;
    return { status, allow: answered.get('allow'), answered, text: await response.text() };
  };

  for (const [path, allowed] of ALLOWED)
    test(`RFC 9110 §15.5.6: ${path} with another method is 405, and Allow says ${allowed}`, async () => {
      for (const method of METHODS.filter((each) => !allowed.split(', ').includes(each))) {
        const { allow, answered, status, text } = await ask(path, method);

        assert.deepEqual([status, allow], [405, allowed], method);
        assert.equal(text, method === 'HEAD' ? '' : '{"error":"method_not_allowed"}');
        assert.equal(answered.get('cache-control'), 'no-store');
      }
    });

  test('RFC 9110 §15.5.6: a web page that asks with another method is told so as well, and nothing is on record', async () => {
    const records = (await server.auditRecords()).length;
    const asking = { origin: 'https://page.example', 'access-control-request-method': 'POST' };

    for (const path of ['/token', '/introspect', '/revoke'])
      for (const method of METHODS.filter((each) => each !== 'POST')) {
        const { allow, answered, status } = await ask(path, method, asking);

        assert.deepEqual([status, allow], [405, 'POST'], `${method} ${path}`);
        assert.equal(answered.get('access-control-allow-origin'), null);
      }
    assert.equal((await server.auditRecords()).length, records);
  });

  test('RFC 9110 §15.5.6: methods of the address itself are not refused so', async () => {
    for (const [path, allowed] of ALLOWED)
      for (const method of allowed.split(', ')) {
        const { allow, status } = await ask(path, method);
        assert.deepEqual(
          [status === 405 || status === 404, allow],
          [false, null],
          `${method} ${path}`,
        );
      }
  });

  test('Fetch §3.2.2: what a web page may read may be asked for beforehand', async () => {
    const preflight = {
      origin: 'https://page.example',
      'access-control-request-method': 'GET',
    };

    for (const path of METADATA) {
      const { answered, status } = await ask(path, 'OPTIONS', preflight);
      assert.equal(status, 204);
      assert.equal(answered.get('access-control-allow-origin'), 'https://page.example');
    }
  });

  test('RFC 9110 §15.5.5: an address that is none has no methods', async () => {
    for (const method of METHODS) {
      const { allow, status } = await ask('/nothing', method);
      assert.deepEqual([status, allow], [404, null], method);
    }
  });
});
