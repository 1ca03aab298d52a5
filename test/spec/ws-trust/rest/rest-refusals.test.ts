// What the REST form refuses before anybody is asked: every request here is of somebody who may.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { withRest } from '#bridge/ws-trust/rest/rest-front.ts';
import { BILLING } from '#test/support/saml/saml-document.ts';
import type { TestServer } from '#test/support/server/server.ts';
import {
  askRest,
  basicOf,
  issueRest,
  type RestAsking,
  startRestServer,
} from '#test/support/ws-trust/rest.ts';
import { aPost, aWsTrustSetting } from '#test/support/ws-trust/ws-trust.ts';

const TOKEN = '/ws-trust/token/saml2';
const TARGET = { token: 'x', tokenType: 'jwt' };
const appliesTo = `appliesTo=${encodeURIComponent(BILLING)}`;

let server: TestServer;
const endings: (() => Promise<unknown>)[] = [];
before(async () => {
  server = await startRestServer({ after: (step) => endings.push(step) });
});
after(async () => {
  for (const step of endings.toReversed()) await step();
});

type Refused = readonly [what: string, path: string, status: number, asking?: RestAsking];

const QUERIES: readonly Refused[] = [
  ['a parameter that is not known', `${TOKEN}?${appliesTo}&wstrustResponse=true`, 400],
  ['a parameter of JSON', `${TOKEN}?${appliesTo}&lifetimeSeconds=60`, 400],
  ['a parameter of another case', `${TOKEN}?${appliesTo}&keytype=Bearer`, 400],
  ['a parameter twice', `${TOKEN}?${appliesTo}&${appliesTo}`, 400],
  ['a key type twice', `${TOKEN}?${appliesTo}&keyType=Bearer&keyType=PublicKey`, 400],
  ['the same claim twice', `${TOKEN}?${appliesTo}&claim=email&claim=email`, 400],
  ['an empty claim', `${TOKEN}?${appliesTo}&claim=`, 400],
  ['no name', `${TOKEN}?${appliesTo}&=x`, 400],
  ['no value', `${TOKEN}?${appliesTo}&keyType`, 400],
  ['an empty parameter', `${TOKEN}?appliesTo=`, 400],
  ['a lone ampersand', `${TOKEN}?${appliesTo}&`, 400],
  ['a broken escape', `${TOKEN}?appliesTo=%zz`, 400],
  ['bytes that are not UTF-8', `${TOKEN}?appliesTo=%ff%fe`, 400],
  ['an overlong form', `${TOKEN}?appliesTo=%c0%af`, 400],
  ['NUL', `${TOKEN}?appliesTo=${encodeURIComponent(BILLING)}%00`, 400],
  ['a key type of nobody', `${TOKEN}?${appliesTo}&keyType=Magic`, 400],
  ['a secret for a target without a key', `${TOKEN}?${appliesTo}&keyType=SymmetricKey`, 400],
  ['entropy', `${TOKEN}?${appliesTo}&keyType=SymmetricKey&entropy=AAAA`, 400],
  ['a key size', `${TOKEN}?${appliesTo}&keyType=SymmetricKey&keySize=128`, 400],
  ['a key of a bearer login', `${TOKEN}?${appliesTo}&keyType=PublicKey`, 400],
  ['no target', TOKEN, 400],
  ['a target of nobody', `${TOKEN}?appliesTo=urn:nobody`, 400],
  ['more claims than one could want', `${TOKEN}?${appliesTo}${many(65)}`, 400],
  ['a type of nobody', `/ws-trust/token/x?${appliesTo}`, 400],
  ['a type that does not go over WS-Trust', `/ws-trust/token/access_token?${appliesTo}`, 400],
  ['a name of an object', `/ws-trust/token/constructor?${appliesTo}`, 400],
  ['no type', `/ws-trust/token/?${appliesTo}`, 400],
  ['a path below', `/ws-trust/token/saml2/x?${appliesTo}`, 400],
  ['an escaped type', `/ws-trust/token/saml%32?${appliesTo}`, 400],
  ['an Accept that is none', TOKEN, 400, { headers: { accept: 'json' } }],
  ['an Accept without end', TOKEN, 400, { headers: { accept: Array(21).fill('a/b').join() } }],
  ['HEAD', TOKEN, 405, { method: 'HEAD' }],
  ['DELETE', TOKEN, 405, { method: 'DELETE' }],
  ['GET of a validation', '/ws-trust/validate', 405],
];

function many(count: number): string {
  return Array.from({ length: count }, (_, index) => `&claim=c${String(index)}`).join('');
}

const issue = (members: object) => ({ body: { appliesTo: BILLING, ...members } });
const secret = (members: object) => issue({ keyType: 'SymmetricKey', ...members });
const VALIDATE = '/ws-trust/validate';
const NEW = { tokenType: 'jwt', appliesTo: BILLING };
const newToken = (members: object) => ({ body: { ...TARGET, newToken: { ...NEW, ...members } } });
const BODIES: readonly Refused[] = [
  ['a member that is not known', TOKEN, 400, issue({ scope: 'x' })],
  ['both OnBehalfOf and ActAs', TOKEN, 400, issue({ onBehalfOf: TARGET, actAs: TARGET })],
  ['a token that is a text', TOKEN, 400, issue({ onBehalfOf: 'x' })],
  ['a token that is a list', TOKEN, 400, issue({ onBehalfOf: [TARGET] })],
  ['a token without type', TOKEN, 400, issue({ actAs: { token: 'x' } })],
  ['a token with more', TOKEN, 400, issue({ actAs: { ...TARGET, x: 1 } })],
  ['a password as token', TOKEN, 400, issue({ onBehalfOf: { token: 'x', tokenType: 'username' } })],
  ['claims that are a text', TOKEN, 400, issue({ claims: 'email' })],
  ['claims that are null', TOKEN, 400, issue({ claims: null })],
  ['a target that is null', TOKEN, 400, { body: { appliesTo: null } }],
  ['claims that are no texts', TOKEN, 400, issue({ claims: [1] })],
  ['a lifetime as text', TOKEN, 400, issue({ lifetimeSeconds: '60' })],
  ['no lifetime', TOKEN, 400, issue({ lifetimeSeconds: 0 })],
  ['half a second', TOKEN, 400, issue({ lifetimeSeconds: 0.5 })],
  ['a target that is none', TOKEN, 400, issue({ appliesTo: { x: 1 } })],
  ['a query beside a body', `${TOKEN}?${appliesTo}`, 400, issue({})],
  ['JSON that is no object', TOKEN, 400, { body: [] }],
  ['no JSON', TOKEN, 400, { body: '{' }],
  ['an empty body', TOKEN, 400, { body: '' }],
  ['a name twice', TOKEN, 400, { body: `{"appliesTo":"${BILLING}","appliesTo":"${BILLING}"}` }],
  ['a name twice inside', TOKEN, 400, { body: '{"actAs":{"token":"a","token":"b"}}' }],
  ['a name twice, escaped', TOKEN, 400, { body: '{"appliesTo":"a","appliesT\\u006f":"b"}' }],
  ['__proto__', TOKEN, 400, { body: '{"__proto__":{"appliesTo":"a"}}' }],
  ['a lone surrogate', TOKEN, 400, { body: '{"appliesTo":"\\ud800"}' }],
  ['depth without end', TOKEN, 400, { body: `${'{"a":'.repeat(200)}1${'}'.repeat(200)}` }],
  ['a byte order mark', TOKEN, 400, { body: `\ufeff{"appliesTo":"${BILLING}"}` }],
  ['another media type', TOKEN, 415, { ...issue({}), headers: { 'content-type': 'text/plain' } }],
  ['a form', TOKEN, 415, { ...issue({}), headers: { 'content-type': 'application/xml' } }],
  ['another charset', TOKEN, 415, latin(issue({}))],
  ['too much', TOKEN, 413, { body: `{"appliesTo":"${'x'.repeat(70_000)}"}` }],
  ['a target without type', '/ws-trust/validate', 400, { body: { token: 'x' } }],
  ['a target without token', '/ws-trust/renew', 400, { body: { tokenType: 'jwt' } }],
  [
    'a lifetime in Validate',
    '/ws-trust/validate',
    400,
    { body: { ...TARGET, lifetimeSeconds: 1 } },
  ],
  ['a new token without type', VALIDATE, 400, { body: { ...TARGET, newToken: {} } }],
  ['a new token that is a text', VALIDATE, 400, { body: { ...TARGET, newToken: 'jwt' } }],
  ['a new token that is a list', VALIDATE, 400, { body: { ...TARGET, newToken: [NEW] } }],
  ['a new token of nobody', VALIDATE, 400, { body: { ...TARGET, newToken: { tokenType: 'x' } } }],
  ['an actor of a new token', VALIDATE, 400, newToken({ actAs: TARGET })],
  ['a new token for another subject', VALIDATE, 400, newToken({ onBehalfOf: TARGET })],
  ['entropy of the client', TOKEN, 400, secret({ entropy: 'AAAA' })],
  ['a secret of the client', TOKEN, 400, secret({ secret: 'AAAA' })],
  ['a computed key', TOKEN, 400, secret({ computedKeyAlgorithm: 'urn:x' })],
  ['a key size in JSON', TOKEN, 400, secret({ keySizeBits: 256 })],
  ['a secret beside a bearer token', TOKEN, 400, issue({ keyType: 'Bearer', secret: 'AAAA' })],
  ['entropy in a new token', VALIDATE, 400, newToken({ entropy: 'AAAA' })],
  ['a secret to renew with', '/ws-trust/renew', 400, { body: { ...TARGET, secret: 'AAAA' } }],
  ['a new token with no lifetime', VALIDATE, 400, newToken({ lifetimeSeconds: 0 })],
  ['a new token in Renew', '/ws-trust/renew', 400, { body: { ...TARGET, newToken: NEW } }],
  ['a new token in Cancel', '/ws-trust/cancel', 400, { body: { ...TARGET, newToken: NEW } }],
  ['XML for a new token', VALIDATE, 406, { ...newToken({}), headers: { accept: 'text/xml' } }],
  ['terms in Renew', '/ws-trust/renew', 400, { body: { ...TARGET, renewing: { ok: true } } }],
  ['a type of nobody', '/ws-trust/cancel', 400, { body: { ...TARGET, tokenType: 'x' } }],
  ['a query', '/ws-trust/cancel?x=1', 400, { body: TARGET }],
  [
    'XML for a status',
    '/ws-trust/validate',
    406,
    { body: TARGET, headers: { accept: 'text/xml' } },
  ],
];

function latin(asking: RestAsking): RestAsking {
  return { ...asking, headers: { 'content-type': 'application/json; charset=latin1' } };
}

describe('P26: refuses', () => {
  for (const [what, path, status, asking] of [...QUERIES, ...BODIES])
    test(`${what}: ${status} ${path.slice(0, 40)}`, async () => {
      const { headers, text: body, status: found } = await askRest(server, path, asking);

      assert.equal(found, status, body);
      assert.match(headers.get('x-correlation-id') ?? '', /^[\w-]{20,}$/);
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.doesNotMatch(body, /<|token"/);
    });

  for (const [what, sent] of [
    ['content', { 'content-length': '2' }],
    ['chunks', { 'transfer-encoding': 'chunked' }],
  ] as const)
    test(`a GET with ${what}: RFC 9110 §9.3.1`, async () => {
      const url = `${server.url}${TOKEN}?${appliesTo}`;
      const asked = request(url, { headers: { ...basicOf('carol'), ...sent } });
      asked.end('{}');

      const [response] = (await once(asked, 'response')) as [IncomingMessage];

      assert.equal(response.statusCode, 400);
      assert.match(await text(response), /invalid_request/);
    });

  test('none of it left a token on record, and the same server still answers', async () => {
    const records = await server.auditRecords();
    assert.ok(records.filter(({ outcome }) => outcome === 'refused').length > 40);
    assert.ok(records.every(({ outcome }) => outcome !== 'allowed' && outcome !== 'minted'));

    assert.equal((await issueRest(server)).status, 200);
  });
});

test('a refusal that cannot be recorded is answered as if we were away', async () => {
  const setting = aWsTrustSetting();
  const front = withRest(setting.front, {
    ...setting.core,
    credentials: ['basic'],
    parseJson: () => new Map(),
  });
  const ask = () => front.handle(aPost('', { method: 'GET', path: TOKEN, query: appliesTo }));

  const recorded = await ask();
  setting.audit.breakOn('refused');
  const unrecorded = await ask();

  assert.equal(recorded.status, 401);
  assert.equal(unrecorded.status, 503);
  assert.equal(unrecorded.reason, 'dependency-unavailable');
});
