// A trusted issuer speaks for its own parties: that somebody of another issuer acted, only that issuer can say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCESS_TOKEN_TYPE, type ConfigDocument, JWT_TYPE } from '#test/support/server/document.ts';
import { startServer } from '#test/support/server/server.ts';

const OTHER = 'https://other.example';

/** A second trusted issuer beside the partner. */
function addOther(document: ConfigDocument, actorIssuers?: readonly string[]): void {
  const [partner] = document.trustedIssuers;
  assert.ok(partner);
  const other = {
    ...partner,
    id: 'other',
    issuer: OTHER,
    aliases: ['https://alias.other.example'],
  };
  document.trustedIssuers.push(other);
  if (actorIssuers) partner['actorIssuers'] = actorIssuers;
}

for (const name of [OTHER, 'https://alias.other.example'])
  test(`RFC 8693 §4.1: refuses an actor whom a trusted issuer names as one of another (${name})`, async (t) => {
    const server = await startServer(t, (document) => addOther(document));
    const outer = await server.partner.sign({ act: { iss: name, sub: 'broker' } });
    const inner = await server.partner.sign({
      act: { sub: 'b', act: { iss: name, sub: 'broker' } },
    });

    for (const subject_token of [outer, inner]) {
      const { status, body } = await server.exchange({ subject_token });

      assert.deepEqual([status, body['error']], [400, 'invalid_request']);
    }
    const refused = (await server.auditRecords()).filter(({ outcome }) => outcome === 'refused');
    assert.deepEqual(
      refused.map(({ reason }) => reason),
      ['issuer-untrusted', 'issuer-untrusted'],
    );
  });

test('RFC 8693 §4.1: takes an actor of another issuer where the record of the first says so', async (t) => {
  const server = await startServer(t, (document) => addOther(document, ['other']));
  const subject_token = await server.partner.sign({ act: { iss: OTHER, sub: 'broker' } });

  const { status, body } = await server.exchange({ subject_token });

  assert.equal(status, 200, JSON.stringify(body));
});

test('RFC 8693 §4.1: an actor of its own, or of nobody we know, a trusted issuer may name', async (t) => {
  const server = await startServer(t, (document) => addOther(document));

  for (const act of [{ sub: 'own' }, { iss: 'https://stranger.example', sub: 'x' }]) {
    const { status, body } = await server.exchange({
      subject_token: await server.partner.sign({ act }),
    });

    assert.equal(status, 200, JSON.stringify(body));
  }
});

test('Policy: nobody acts for themselves under the name that they have in a token of ours', async (t) => {
  const server = await startServer(t, ({ policy }) => {
    Object.assign(policy[1]?.['allow'] ?? {}, { delegation: true });
  });
  const theirs = await server.partner.sign();
  const ours = String((await server.exchange({ subject_token: theirs })).body['access_token']);
  const asTheirs = { subject_token: theirs };
  const asOurs = { subject_token: ours, subject_token_type: ACCESS_TOKEN_TYPE };
  const actor = { subject_token: await server.partner.sign({ sub: 'broker' }) };
  const ofTheirs = { actor_token: theirs, actor_token_type: JWT_TYPE };
  const ofOurs = { actor_token: ours, actor_token_type: ACCESS_TOKEN_TYPE };

  for (const form of [
    { ...asTheirs, ...ofTheirs },
    { ...asOurs, ...ofOurs },
    { ...asTheirs, ...ofOurs },
    { ...asOurs, ...ofTheirs },
  ]) {
    assert.equal((await server.exchange(form)).status, 400);
    assert.equal((await server.auditRecords()).at(-1)?.['reason'], 'delegation-not-allowed');
  }
  assert.equal((await server.exchange({ ...actor, ...ofOurs })).status, 200);
});
