// Attacks on how a client proves itself with what it signed or was given by others, before anything is asked for.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { part } from '#test/support/jwt/jwt.ts';
import { ISSUER, ORDERS_SECRET } from '#test/support/server/document.ts';
import {
  ASSERTION_TYPE,
  authenticate,
  startWithKeyClient,
} from '#test/support/server/key-client.ts';
import { type Answer, startServer } from '#test/support/server/server.ts';

const HEADER = '{"alg":"ES256","kid":"client-key"}';
const now = (): number => Math.floor(Date.now() / 1000);

/** Good claims of the worker as text, with more behind them. */
function claimsWith(more: string): string {
  const jti = randomUUID();
  return `{"iss":"worker","sub":"worker","aud":"${ISSUER}","exp":${now() + 60},"jti":"${jti}"${more},"iat":${now()}}`;
}

const deep = (depth: number): string => `,"a":${'['.repeat(depth)}${']'.repeat(depth)}`;

const CLAIMS: readonly (readonly [string, string | Uint8Array])[] = [
  ['sub twice', claimsWith(',"sub":"worker"')],
  ['another sub before it', claimsWith('').replace('{', '{"sub":"gateway",')],
  ['jti twice', claimsWith(',"jti":"second"')],
  ['a name twice, one written with an escape', claimsWith(',"s\\u0075b":"worker"')],
  ['__proto__', claimsWith(',"__proto__":{"sub":"gateway"}')],
  ['a number that is rounded', claimsWith(',"a":9007199254740993')],
  ['a lone surrogate', claimsWith(',"a":"\\ud800"')],
  ['nesting that no copy survives', claimsWith(deep(9000))],
  ['a byte order mark', `\ufeff${claimsWith('')}`],
  ['more than 16 KiB', claimsWith(`,"a":"${'x'.repeat(16_384)}"`)],
];

const HEADERS: readonly (readonly [string, string])[] = [
  ['alg twice', HEADER.replace('{', '{"alg":"none",')],
  ['kid twice', HEADER.replace('{', '{"kid":"other",')],
  ['__proto__', HEADER.replace('{', '{"__proto__":{"crit":["b64"]},')],
  ['crit', HEADER.replace('{', '{"crit":["b64"],"b64":true,')],
];

const invalidClient = ({ body, status }: Answer) => [status, body['error']];

test('RFC 7519 §4, RFC 8725 §2.4: a client assertion that two readers could read differently authenticates nobody', async (t) => {
  const { server, key } = await startWithKeyClient(t);
  const good = await authenticate(server, await key.signRaw(HEADER, claimsWith('')));
  const signed = [
    ...CLAIMS.map(([name, claims]) => [name, HEADER, claims] as const),
    ...HEADERS.map(([name, header]) => [name, header, claimsWith('')] as const),
  ];

  assert.equal(good.status, 200, good.text);
  for (const [name, header, claims] of signed) {
    const answer = await authenticate(server, await key.signRaw(header, claims));
    assert.deepEqual(invalidClient(answer), [401, 'invalid_client'], name);
  }
});

test('RFC 7515 §7.1: a client assertion has one spelling, and what is none is answered as a wrong one', async (t) => {
  const { server, key } = await startWithKeyClient(t);
  const text = await key.signRaw(HEADER, claimsWith(''));
  const [header = '', claims = '', signature = ''] = text.split('.');
  const spellings = [
    `${text}==`,
    `${header}=.${claims}.${signature}`,
    ` ${text}`,
    `${text}\n`,
    `${text}.`,
    `${text}.AAAA.AAAA`,
    `${header}.${claims}.`,
    header,
    `${header}.${part('[1]')}.${signature}`,
    JSON.stringify({ payload: claims, protected: header, signature }),
  ];

  for (const spelling of spellings)
    assert.deepEqual(
      invalidClient(await authenticate(server, spelling)),
      [401, 'invalid_client'],
      spelling.slice(0, 30),
    );
  const last = (await server.auditRecords()).at(-1);
  assert.equal(last?.['reason'], 'requestor-unauthenticated');
  assert.match(String(last?.['detail']), /not a signed JWT in compact form/);
  const plain = await authenticate(server, text);
  assert.equal(plain.status, 200, plain.text);
});

test('RFC 8725 §3.10: a key that a client assertion brings, or says where to get, is not looked at', async (t) => {
  const { server, key } = await startWithKeyClient(t);
  const { key: attacker } = await startWithKeyClient(t);
  const brought = [
    { jwk: attacker.publicJwk },
    { jku: 'http://127.0.0.1:1/jwks' },
    { x5u: 'http://127.0.0.1:1/' },
    { x5c: ['AAAA'] },
  ].map((member) => JSON.stringify({ alg: 'ES256', ...member }));

  for (const header of brought) {
    const forged = await authenticate(server, await attacker.signRaw(header, claimsWith('')));
    const own = await authenticate(server, await key.signRaw(header, claimsWith('')));
    assert.deepEqual(invalidClient(forged), [401, 'invalid_client'], header);
    // Some client libraries send the certificate along; it says nothing that the record of the client does not.
    assert.equal(own.status, 200, header);
  }
});

const ATTESTATION = {
  'oauth-client-attestation': 'a.b.c',
  'oauth-client-attestation-pop': 'a.b.c',
};

test('RFC 6749 §5.2: no header of a client authentication that is not offered tells which clients there are', async (t) => {
  const { server } = await startWithKeyClient(t);
  const credentials = [{}, { client_secret: ORDERS_SECRET }, { client_assertion: 'a.b.c' }];
  const answers: string[] = [];

  for (const path of ['/token', '/introspect', '/revoke'])
    for (const client_id of ['gateway', 'orders-api', 'worker', 'nobody'])
      for (const credential of credentials)
        for (const headers of [ATTESTATION, { 'oauth-client-attestation': 'e30.e30.e30' }]) {
          const form = { token: 'x', grant_type: 'client_credentials', client_id, ...credential };
          const type = { client_assertion_type: ASSERTION_TYPE };
          const sending = { as: null, headers };
          const { status, text } = await server.post(path, { ...form, ...type }, sending);
          answers.push(`${status} ${text}`);
        }

  const expected = '{"error":"invalid_client","error_description":"client authentication failed"}';
  assert.deepEqual([...new Set(answers)], [`401 ${expected}`]);
});

test('RFC 6749 §5.2: a client that proves itself is refused beside an attestation too, as it cannot be honoured', async (t) => {
  const server = await startServer(t);

  const { status, body } = await server.exchange({}, { headers: ATTESTATION });

  assert.deepEqual([status, body['error']], [401, 'invalid_client']);
});
