// Attempts to pass one token off as another: types, clients, issuers, actors; and to use one twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import {
  SAML1_TYPE,
  SAML2_BEARER,
  SAML2_TYPE,
  type SamlWorld,
} from '#test/support/saml/saml-document.ts';
import { type SamlServer, startSamlServer } from '#test/support/saml/saml-server.ts';
import {
  ACCESS_TOKEN_TYPE,
  ID_TOKEN_TYPE,
  JWT_BEARER,
  JWT_TYPE,
  TOKEN_EXCHANGE,
} from '#test/support/server/document.ts';
import { type Ending, GATEWAY, type TestServer } from '#test/support/server/server.ts';

const TYPES = [ACCESS_TOKEN_TYPE, JWT_TYPE, ID_TOKEN_TYPE, SAML1_TYPE, SAML2_TYPE] as const;
const ENTITY_ID = 'urn:viaduct:entity';

async function start(t: Ending): Promise<SamlServer> {
  return startSamlServer(t, (document) => {
    document['saml'] = { entityId: ENTITY_ID };
    for (const client of document.clients)
      client['grant_types'] = ['client_credentials', TOKEN_EXCHANGE, JWT_BEARER, SAML2_BEARER];
    document.clients.push({ ...document.clients[0], client_id: 'stranger' });
  });
}

async function issued(server: TestServer, form: Readonly<Record<string, string>>): Promise<string> {
  const { body, status, text } = await server.exchange(form);
  assert.equal(status, 200, text);
  return String(body['access_token']);
}

test('RFC 8725 §3.12: a token of ours passes as its own type only', async (t) => {
  const { server } = await start(t);
  // An access token may be declared as jwt too (docs/deviations.md): clients of other products do.
  const allowed = new Set([
    ...TYPES.map((type) => `${type} ${type}`),
    `${ACCESS_TOKEN_TYPE} ${JWT_TYPE}`,
  ]);

  for (const type of TYPES) {
    const token = await issued(server, { requested_token_type: type });
    for (const declared of TYPES) {
      const { status, body } = await server.exchange({
        subject_token: token,
        subject_token_type: declared,
      });
      const isAllowed = allowed.has(`${type} ${declared}`);
      assert.equal(status, isAllowed ? 200 : 400, `${type} as ${declared}`);
      if (!isAllowed) assert.equal(body['error'], 'invalid_request');
    }
  }
});

test('oauth.md §1.2: a stolen token of ours is of no use to another client, and the refusal tells nothing', async (t) => {
  const { server } = await start(t);
  const as = ['stranger', GATEWAY[1]] as const;

  const refusals: string[] = [];
  for (const type of TYPES) {
    const token = await issued(server, { requested_token_type: type });
    const theft = { subject_token: token, subject_token_type: type };
    const live = await server.exchange(theft, { as });
    await server.post('/revoke', { token });
    const dead = await server.exchange(theft, { as });
    refusals.push(live.text, dead.text);
    assert.deepEqual([live.status, dead.status], [400, 400]);
  }

  assert.equal(new Set(refusals).size, 1, refusals.join('\n'));
});

test('RFC 8693 §4.1: no spelling of our name lets a partner tell that a party of ours acted', async (t) => {
  const { server } = await start(t);

  for (const issuer of ['https://sts.example.org', ENTITY_ID]) {
    const forged = await server.partner.sign({ act: { iss: issuer, sub: 'gateway' } });
    const { status, text } = await server.exchange({
      subject_token: forged,
      requested_token_type: SAML2_TYPE,
    });
    assert.equal(status, 400, `${issuer}: ${text}`);
  }
});

test('Issuers: a key vouches for its own issuer only, whatever the token says', async (t) => {
  const { server, saml } = await start(t);
  const foreign = [
    [await server.partner.sign({ iss: 'urn:partner:idp' }), JWT_TYPE],
    [await server.partner.sign({ iss: 'https://sts.example.org' }), JWT_TYPE],
    [await server.partner.sign({ iss: ENTITY_ID }), JWT_TYPE],
    ...(['https://partner.example', 'https://sts.example.org', ENTITY_ID] as const).map(
      (issuer) => [
        Buffer.from(saml.partner.assertion('saml2', { issuer })).toString('base64url'),
        SAML2_TYPE,
      ],
    ),
  ] as const;

  for (const [token = '', type = ''] of foreign) {
    const { status, body } = await server.exchange({
      subject_token: token,
      subject_token_type: type,
    });
    assert.deepEqual([status, body['error']], [400, 'invalid_request']);
  }
});

test('Subjects: one name at two issuers and with us is three subjects', async (t) => {
  const { server, saml } = await start(t);
  const name = '<saml2:NameID>gateway</saml2:NameID>';
  const assertion = Buffer.from(saml.partner.assertion('saml2', { name })).toString('base64url');

  const tokens = [
    await issued(server, {
      subject_token: await server.partner.sign({ sub: 'gateway' }),
      subject_token_type: JWT_TYPE,
    }),
    await issued(server, { subject_token: assertion, subject_token_type: SAML2_TYPE }),
  ];
  const own = await server.post('/token', { grant_type: 'client_credentials' });

  const subjects = [...tokens, String(own.body['access_token'])].map(
    (token) => decodeJwt(token).sub,
  );
  assert.deepEqual(subjects, ['partner:gateway', 'partner-saml:gateway', 'gateway']);
});

for (const [title, grant, assertionOf] of [
  ['RFC 7523 §3', JWT_BEARER, ({ partner }: TestServer) => partner.sign()],
  [
    'RFC 7522 §3',
    SAML2_BEARER,
    async (_: TestServer, saml: SamlWorld) =>
      Buffer.from(saml.partner.assertion('saml2')).toString('base64url'),
  ],
] as const) {
  test(`${title}: an assertion is used up, after a restart too`, async (t) => {
    const { server, saml } = await start(t);
    const assertion = await assertionOf(server, saml);
    const form = { grant_type: grant, assertion, scope: 'orders.read' };

    const race = await Promise.all(Array.from({ length: 20 }, () => server.post('/token', form)));
    const later = await (await server.restart()).post('/token', form);

    assert.equal(race.filter(({ status }) => status === 200).length, 1);
    assert.deepEqual([later.status, later.body['error']], [400, 'invalid_grant']);
  });
}

const HOSTILE_CLAIMS: readonly Readonly<Record<string, unknown>>[] = [
  { sub: 'a\u0000b' },
  { sub: 'a\u0001b' },
  { sub: 'a\ufffe' },
  { sub: ' alice ' },
  { sub: 1 },
  { sub: ']]><x a="&\'' },
  { email: { a: 1 } },
  { email: ['a', 'b'] },
  { email: 'a\u0000' },
  { email: null },
  { groups: [{ a: 1 }] },
  { groups: ['__proto__', 'constructor'] },
  { acr: 'a\u0000' },
  { amr: ['\u0000'] },
  { auth_time: 253_402_300_799 },
  { act: { sub: 'x\u0000' } },
  { act: { sub: 'x', iss: 'a\u0000b' } },
  { act: { sub: ' x' } },
  { exp: 253_402_300_799 },
  { exp: 1e300 },
  { jti: 'x'.repeat(10_000) },
];

for (const claims of HOSTILE_CLAIMS) {
  const title = JSON.stringify(claims).slice(0, 60);
  test(`Hostile claims ${title} cross into a token or are refused, and are no error of ours`, async (t) => {
    const { server } = await start(t);
    for (const type of [JWT_TYPE, SAML1_TYPE, SAML2_TYPE]) {
      const { status, text } = await server.exchange({
        subject_token: await server.partner.sign(claims),
        requested_token_type: type,
      });
      assert.ok(status === 200 || status === 400, `${type}: ${status} ${text}`);
    }
    assert.doesNotMatch(JSON.stringify(await server.auditRecords()), /server-error/);
  });
}
