// What every grant makes of the parameters of a token request: each is honoured or refused, none is passed over (RFC 8707 §2, RFC 6749 §3.3).
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { SAML2_BEARER, SAML2_TYPE } from '#test/support/saml/saml-document.ts';
import { type SamlServer, startSamlServer } from '#test/support/saml/saml-server.ts';
import {
  ACCESS_TOKEN_TYPE,
  JWT_BEARER,
  JWT_TYPE,
  TOKEN_EXCHANGE,
} from '#test/support/server/document.ts';
import { grantRefreshTokens, REFRESH_TOKEN_TYPE } from '#test/support/server/refresh-tokens.ts';
import type { Answer, FormValues, TestServer } from '#test/support/server/server.ts';

/** A fresh request of each grant, without a target and a scope: the client has a target by default. */
const GRANTS: readonly (readonly [
  name: string,
  form: (world: SamlServer) => Promise<FormValues>,
])[] = [
  ['client-credentials', async () => ({ grant_type: 'client_credentials' })],
  [
    'jwt-bearer',
    async ({ server }) => ({ grant_type: JWT_BEARER, assertion: await server.partner.sign() }),
  ],
  [
    'on-behalf-of',
    async ({ server }) => ({
      grant_type: JWT_BEARER,
      requested_token_use: 'on_behalf_of',
      assertion: await tokenFor(server, { grant_type: 'client_credentials' }),
    }),
  ],
  [
    'saml2-bearer',
    async ({ saml }) => ({
      grant_type: SAML2_BEARER,
      assertion: Buffer.from(saml.partner.assertion('saml2', { id: anId() })).toString('base64url'),
    }),
  ],
  ['token-exchange', async ({ server }) => anExchange(server)],
  [
    'refresh-token',
    async ({ server }) => ({
      grant_type: 'refresh_token',
      refresh_token: await tokenFor(server, {
        ...(await anExchange(server)),
        requested_token_type: REFRESH_TOKEN_TYPE,
      }),
    }),
  ],
];

let ids = 0;
const anId = (): string => `_a${(ids += 1)}`;

const anExchange = async (server: TestServer): Promise<FormValues> => ({
  grant_type: TOKEN_EXCHANGE,
  subject_token: await server.partner.sign(),
  subject_token_type: JWT_TYPE,
});

async function tokenFor(server: TestServer, form: FormValues): Promise<string> {
  const { body, status } = await server.post('/token', form);
  assert.equal(status, 200, JSON.stringify(body));
  return String(body['access_token']);
}

/** One for all: each request is of fresh evidence. */
const world = await startSamlServer({ after }, (document) => {
  for (const client of document.clients) (client['grant_types'] as string[]).push(JWT_BEARER);
  grantRefreshTokens(document, { lifetimeSeconds: 7200, maxCount: 5 });
});

const ORDERS = 'https://orders.example/';
const EVIDENCE_PARAMETERS = [
  'actor_token',
  'actor_token_type',
  'assertion',
  'refresh_token',
  'requested_token_type',
  'requested_token_use',
  'subject_token',
  'subject_token_type',
];
/** What a grant takes of these besides what its request has. */
const OPTIONAL_PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  'jwt-bearer': ['requested_token_use'],
  'token-exchange': ['actor_token', 'actor_token_type', 'requested_token_type'],
};
const BILLING = 'https://billing.example/';

for (const [name, formOf] of GRANTS)
  describe(`RFC 6749 §3.2: the grant ${name}`, () => {
    const send = async (form: FormValues): Promise<Answer> =>
      world.server.post('/token', { ...(await formOf(world)), ...form });
    const refusals = async (forms: readonly FormValues[]): Promise<unknown[]> => {
      const errors = [];
      for (const form of forms) {
        const { body, status } = await send(form);
        errors.push([status, body['error']]);
      }
      return errors;
    };

    test('RFC 8707 §2: is for the target that is named, which may be named more than once', async () => {
      const forms = [
        {},
        { resource: ORDERS },
        { resource: [ORDERS, ORDERS] },
        { audience: 'orders' },
        { audience: ['orders', 'orders'] },
        { resource: ORDERS, audience: 'orders' },
      ];

      for (const form of forms) {
        const { body, status } = await send(form);
        assert.equal(status, 200, JSON.stringify([form, body]));
      }
      const last = (await world.server.auditRecords()).at(-1);
      assert.equal(last?.['operation'], name);
    });

    test('RFC 8707 §2: refuses another target than the client may have, and falls back to none', async () => {
      const forms = [
        { resource: BILLING },
        { audience: 'billing' },
        { resource: [ORDERS, BILLING] },
        { audience: ['orders', 'billing'] },
        { resource: ORDERS, audience: 'billing' },
        { resource: 'orders' },
        { resource: `${ORDERS}#fragment` },
      ];

      const errors = await refusals(forms);

      assert.deepEqual(
        errors,
        forms.map(() => [400, 'invalid_target']),
      );
    });

    test('RFC 6749 §3.3: refuses a scope that cannot be granted, and one that stands twice', async () => {
      const errors = await refusals([
        { scope: 'billing.read' },
        { scope: ['orders.read', 'orders.read'] },
        // Of a login: it is asked for in the dialect alone, where it is passed over.
        ...(name === 'on-behalf-of' ? [] : [{ scope: 'orders.read openid' }]),
      ]);
      const { body } = await send({ scope: 'orders.read' });

      assert.deepEqual(errors, [
        [400, 'invalid_scope'],
        [400, 'invalid_request'],
        ...(name === 'on-behalf-of' ? [] : [[400, 'invalid_scope']]),
      ]);
      assert.equal(body['scope'], 'orders.read');
    });

    test('RFC 8693 §2.1: refuses what only another grant can honour, but not the type that it gives anyway', async () => {
      const own = Object.keys(await formOf(world));
      const foreign = EVIDENCE_PARAMETERS.filter((parameter) => !own.includes(parameter)).filter(
        (parameter) => !(OPTIONAL_PARAMETERS[name] ?? []).includes(parameter),
      );

      const errors = await refusals(foreign.map((parameter) => ({ [parameter]: SAML2_TYPE })));
      const usual = await send({ requested_token_type: ACCESS_TOKEN_TYPE });

      assert.deepEqual(
        errors,
        foreign.map(() => [400, 'invalid_request']),
      );
      assert.ok(foreign.length >= 3);
      assert.equal(usual.status, 200, usual.text);
    });

    test('RFC 9396 §5: refuses what it knows and cannot honour', async () => {
      const refused = ['authorization_details', 'claims', 'request', 'request_uri'];

      const errors = await refusals(
        refused.map((parameter) => ({ resource: ORDERS, [parameter]: '{}' })),
      );

      assert.deepEqual(
        errors,
        refused.map(() => [400, 'invalid_request']),
      );
    });
  });
