// RFC 7522 §2.1: a SAML 2.0 assertion as authorization grant, in every spelling of base64; and what is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { bearer, confirmation2, iso, NOW } from '#test/support/saml/saml.ts';
import {
  SAML1_TYPE,
  SAML2_BEARER,
  SAML2_TYPE,
  type SamlWorld,
} from '#test/support/saml/saml-document.ts';
import { startSamlServer } from '#test/support/saml/saml-server.ts';
import type { Answer, TestServer } from '#test/support/server/server.ts';

const grant = (server: TestServer, assertion: string): Promise<Answer> =>
  server.post('/token', {
    grant_type: SAML2_BEARER,
    assertion,
    resource: 'https://orders.example/',
    scope: 'orders.read',
  });

test('RFC 7522 §2.1: takes the assertion in base64url without and with padding and in plain base64', async (t) => {
  const { server, saml } = await startSamlServer(t);
  const assertionOf = (id: string) => Buffer.from(saml.partner.assertion('saml2', { id }));
  const padded = (text: string) => text.padEnd(Math.ceil(text.length / 4) * 4, '=');

  const answers = [
    await grant(server, assertionOf('_a').toString('base64url')),
    await grant(server, padded(assertionOf('_b').toString('base64url'))),
    await grant(server, assertionOf('_c').toString('base64')),
  ];

  for (const { status, body, text } of answers) {
    assert.equal(status, 200, text);
    const claims = decodeJwt(String(body['access_token']));
    assert.equal(claims.sub, 'partner-saml:alice@partner.example');
    assert.equal(claims.aud, 'orders');
    assert.equal(body['scope'], 'orders.read');
  }
});

test('RFC 7522 §3: an assertion is used up: of 50 in parallel exactly one is accepted', async (t) => {
  const { server, saml } = await startSamlServer(t);
  const assertion = Buffer.from(saml.partner.assertion('saml2')).toString('base64url');

  const answers = await Promise.all(Array.from({ length: 50 }, () => grant(server, assertion)));

  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  assert.equal(
    answers.filter(({ status, body }) => status === 400 && body['error'] === 'invalid_grant')
      .length,
    49,
  );
});

const BAD: readonly (readonly [
  title: string,
  make: (saml: SamlWorld) => string,
  reason: string,
])[] = [
  [
    'for another audience',
    ({ partner }) => partner.assertion('saml2', { audiences: [['https://elsewhere.example']] }),
    'token-audience-mismatch',
  ],
  [
    'without an audience',
    ({ partner }) => partner.assertion('saml2', { audiences: [] }),
    'token-audience-mismatch',
  ],
  [
    'that is expired',
    ({ partner }) =>
      partner.assertion('saml2', {
        issueInstant: iso(NOW - 300),
        window: `NotBefore="${iso(NOW - 300)}" NotOnOrAfter="${iso(NOW - 120)}"`,
        confirmation: bearer(
          `NotOnOrAfter="${iso(NOW - 120)}" Recipient="https://sts.example.org/token"`,
        ),
        authentication: '',
      }),
    'token-expired',
  ],
  [
    'for another recipient',
    ({ partner }) =>
      partner.assertion('saml2', {
        confirmation: bearer(
          `NotOnOrAfter="${iso(NOW + 60)}" Recipient="https://elsewhere.example/token"`,
        ),
      }),
    'token-audience-mismatch',
  ],
  [
    'of an unknown issuer',
    ({ partner }) => partner.assertion('saml2', { issuer: 'urn:stranger' }),
    'issuer-untrusted',
  ],
  [
    'that was changed after signing',
    ({ partner }) => partner.assertion('saml2').replace('alice@', 'mallory@'),
    'signature-invalid',
  ],
  ['of SAML 1.1', ({ partner }) => partner.assertion('saml1'), 'token-malformed'],
  [
    'with a document type',
    ({ partner }) => `<!DOCTYPE x>${partner.assertion('saml2')}`,
    'token-malformed',
  ],
];

for (const [title, make, reason] of BAD) {
  test(`RFC 7522 §3: refuses an assertion ${title} as invalid_grant, like any other bad assertion`, async (t) => {
    const { server, saml } = await startSamlServer(t);

    const { status, body } = await grant(server, Buffer.from(make(saml)).toString('base64url'));

    assert.equal(status, 400);
    assert.deepEqual(body, {
      error: 'invalid_grant',
      error_description: 'the assertion is not acceptable',
    });
    assert.equal((await server.auditRecords()).at(-1)?.['reason'], reason);
  });
}

test('RFC 7522 §3 rule 2: an assertion of ours is for its target: as a grant it is refused, and is not used up', async (t) => {
  const { server } = await startSamlServer(t);
  const { body } = await server.exchange({ requested_token_type: SAML2_TYPE });
  const assertion = String(body['access_token']);

  const granted = await grant(server, assertion);
  const exchanged = await server.exchange({
    subject_token: assertion,
    subject_token_type: SAML2_TYPE,
  });

  assert.equal(granted.body['error'], 'invalid_grant', granted.text);
  assert.equal(exchanged.status, 200, exchanged.text);
});

test('RFC 7522 §3 rule 5: without a bearer confirmation an assertion is no grant, where the record takes who vouches, too; it can be exchanged', async (t) => {
  const { server, saml } = await startSamlServer(t, ({ trustedIssuers }) => {
    Object.assign(trustedIssuers.at(-1)?.['saml'] ?? {}, {
      subjectConfirmation: ['bearer', 'sender-vouches'],
    });
  });
  const vouched = confirmation2('sender-vouches');
  const assertionWith = (confirmation: string, id: string): string =>
    Buffer.from(saml.partner.assertion('saml2', { confirmation, id })).toString('base64url');

  const granted = await grant(server, assertionWith(vouched, '_a'));
  const besides = await grant(server, assertionWith(vouched + bearer(), '_b'));
  const exchanged = await server.exchange({
    subject_token: assertionWith(vouched, '_a'),
    subject_token_type: SAML2_TYPE,
  });

  assert.equal(granted.body['error'], 'invalid_grant', granted.text);
  assert.equal(besides.status, 200, besides.text);
  assert.equal(exchanged.status, 200, exchanged.text);
  const [refused] = await server.auditRecords().then((all) => all.filter(({ reason }) => reason));
  assert.equal(refused?.['reason'], 'confirmation-missing');
});

test('RFC 7522 §3: refuses what is no base64 and what is no XML', async (t) => {
  const { server } = await startSamlServer(t);

  for (const assertion of ['%%%', 'bm90IHhtbA', 'PGE-']) {
    const { status, body } = await grant(server, assertion);
    assert.equal(status, 400);
    assert.equal(body['error'], 'invalid_grant');
  }
});

test('RFC 8693 §2.2.2: the same bad assertion is invalid_request in a token exchange', async (t) => {
  const { server, saml } = await startSamlServer(t);
  const subject_token = Buffer.from(
    saml.partner.assertion('saml1').replace('alice@', 'mallory@'),
  ).toString('base64url');

  const { status, body } = await server.exchange({ subject_token, subject_token_type: SAML1_TYPE });

  assert.equal(status, 400);
  assert.equal(body['error'], 'invalid_request');
});

test('RFC 8693 §4.1: delegation survives the crossing: act becomes a DelegationRestriction and act again', async (t) => {
  const { server } = await startSamlServer(t);
  const actor = await server.partner.sign({ sub: 'service' });
  const delegated = {
    actor_token: actor,
    actor_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  };

  const crossed = await server.exchange({ ...delegated, requested_token_type: SAML2_TYPE });
  const back = await server.exchange({
    subject_token: String(crossed.body['access_token']),
    subject_token_type: SAML2_TYPE,
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  });

  assert.match(
    Buffer.from(String(crossed.body['access_token']), 'base64url').toString(),
    /DelegationRestriction/,
  );
  assert.deepEqual(decodeJwt(String(back.body['access_token']))['act'], {
    iss: 'https://partner.example',
    sub: 'service',
  });
});

test('Lineage: a revoked access token kills the assertion that was made from it', async (t) => {
  const { server } = await startSamlServer(t);
  const token = await server.exchange();
  const crossed = await server.exchange({
    subject_token: String(token.body['access_token']),
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    requested_token_type: SAML2_TYPE,
  });
  const onward = {
    subject_token: String(crossed.body['access_token']),
    subject_token_type: SAML2_TYPE,
  };
  assert.equal((await server.exchange(onward)).status, 200);

  await server.post('/revoke', { token: String(token.body['access_token']) });

  assert.equal((await server.exchange(onward)).status, 400);
});
