// A refusal is on record under the operation that was asked for, also where nothing more of the request could be read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askRest, startRestServer } from '#test/support/ws-trust/rest.ts';
import { anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { anIssueRequest, aWsTrustSetting } from '#test/support/ws-trust/ws-trust.ts';

const EVENTS = {
  Issue: 'token.exchange',
  Renew: 'token.renew',
  Validate: 'token.validate',
  Cancel: 'token.revoke',
} as const;

for (const [operation, event] of Object.entries(EVENTS))
  test(`a request to ${operation} with a target that is no token is on record as ${event}`, async () => {
    const { audit, front } = aWsTrustSetting();
    const target = operation === 'Issue' ? 'OnBehalfOf' : `${operation}Target`;
    const children = `<t:${target}><x xmlns="urn:x"/></t:${target}>`;
    const body = anRst({ requestType: `${TRUST_13}/${operation}`, children });

    const { status } = await front.handle(anIssueRequest({ body }));

    const [refusal] = audit.records;
    assert.equal(status, 500);
    assert.equal(refusal?.event, event);
    assert.equal(refusal?.operation, operation.toLowerCase());
  });

test('of a message that does not say what it asks for the record says no operation', async () => {
  const { audit, front } = aWsTrustSetting();

  await front.handle(anIssueRequest({ body: '<x xmlns="urn:x"/>' }));

  const [refusal] = audit.records;
  assert.equal(refusal?.outcome, 'refused');
  assert.equal(refusal?.operation, undefined);
});

test('P26: in the REST form the path says what was asked for, whatever the body is', async (t) => {
  const server = await startRestServer(t);
  const told: unknown[] = [];

  for (const path of ['renew', 'validate', 'cancel']) {
    const { status, text } = await askRest(server, `/ws-trust/${path}`, { body: '[]' });
    assert.equal(status, 400, text);
    const { event, operation } = (await server.auditRecords()).at(-1) ?? {};
    told.push([path, event, operation]);
  }

  assert.deepEqual(told, [
    ['renew', 'token.renew', 'renew'],
    ['validate', 'token.validate', 'validate'],
    ['cancel', 'token.revoke', 'cancel'],
  ]);
});
