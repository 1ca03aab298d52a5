// What the REST form refuses before anybody is asked: every request here is of somebody who may.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { withRest } from '#bridge/ws-trust/rest/rest-front.ts';
import type { TestServer } from '#test/support/server/server.ts';
import { askRest, basicOf, issueRest, startRestServer } from '#test/support/ws-trust/rest.ts';
import { aPost, aWsTrustSetting } from '#test/support/ws-trust/ws-trust.ts';
import { BODIES } from './refused-rest-bodies.ts';
import { appliesTo, QUERIES, TOKEN } from './refused-rest-queries.ts';

let server: TestServer;
const endings: (() => Promise<unknown>)[] = [];
before(async () => {
  server = await startRestServer({ after: (step) => endings.push(step) });
});
after(async () => {
  for (const step of endings.toReversed()) await step();
});

describe('P26: refuses', () => {
  for (const [what, detail, path, status, asking] of [...QUERIES, ...BODIES])
    test(`${what}: ${status} ${path.slice(0, 40)}`, async () => {
      const { headers, text: body, status: found } = await askRest(server, path, asking);

      assert.equal(found, status, body);
      assert.match(headers.get('x-correlation-id') ?? '', /^[\w-]{20,}$/);
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.doesNotMatch(body, /<|token"/);
      const records = await server.auditRecords();
      const correlationId = headers.get('x-correlation-id');
      const refusal = records.find((record) => record['correlationId'] === correlationId);
      assert.equal(refusal?.['detail'] ?? '', detail);
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
    admitRequestor: () => undefined,
    onError: () => undefined,
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
