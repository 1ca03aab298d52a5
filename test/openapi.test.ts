// The contract is sound in itself, and its judge refuses what it must.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FEDERATION_METADATA_PATH } from '#bridge/ws-federation/federation-route.ts';
import { metadataPathOf } from '#bridge/ws-trust/endpoint/endpoint-profile.ts';
import {
  ADFS_PROFILE,
  GENERIC_PROFILE,
  VCENTER_PROFILE,
  WSO2_PROFILE,
} from '#bridge/ws-trust/endpoint/profiles.ts';
import { REST_ERRORS } from '#bridge/ws-trust/rest/rest-error.ts';
import { REST_PATHS } from '#bridge/ws-trust/rest/rest-front.ts';
import { TOKEN_TYPES } from '#core/token/token-type.ts';
import { STATUS_LIST_ROUTE } from '#src/app/generation/status-lists.ts';
import { OAUTH_PATHS } from '#src/oauth/front.ts';
import { clientCredentials } from '#src/oauth/grants/client-credentials.ts';
import { jwtBearer } from '#src/oauth/grants/jwt-bearer.ts';
import { refreshToken } from '#src/oauth/grants/refresh-token.ts';
import { saml2Bearer } from '#src/oauth/grants/saml2-bearer.ts';
import { tokenExchange } from '#src/oauth/grants/token-exchange.ts';
import { ASSERTION_GRANT_ERRORS, TOKEN_EXCHANGE_ERRORS } from '#src/oauth/oauth-error.ts';
import {
  coveredRoutes,
  type JsonObject,
  loadContract,
  memberOf,
  type RecordedResponse,
  validateResponse,
} from '#test/support/openapi.ts';

const contract = loadContract();
const schemas = memberOf(memberOf(contract.document, 'components'), 'schemas');

function aTokenAnswer(over: Partial<RecordedResponse> = {}, members: JsonObject = {}) {
  const body = {
    access_token: 'e30.e30.c2ln',
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    token_type: 'Bearer',
    expires_in: 300,
    scope: 'orders.read',
    ...members,
  };
  return {
    path: '/token',
    method: 'POST',
    status: 200,
    headers: someHeaders(),
    body: JSON.stringify(body),
    ...over,
  };
}

function someHeaders(over: Readonly<Record<string, string>> = {}): Headers {
  return new Headers({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-correlation-id': 'cf0f2c9e-8c47-4b5f',
    'x-content-type-options': 'nosniff',
    'strict-transport-security': 'max-age=31536000',
    ...over,
  });
}

function withoutHeader(name: string): Headers {
  const headers = someHeaders();
  headers.delete(name);
  return headers;
}

function referencesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    name === '$ref' ? [String(member)] : referencesIn(member),
  );
}

function operations(): readonly JsonObject[] {
  return coveredRoutes(contract).map((route) => {
    const [method = '', path = ''] = route.split(' ');
    const paths = memberOf(contract.document, 'paths');
    return memberOf(memberOf(paths, path), method.toLowerCase());
  });
}

test('openapi.yaml: every reference leads to something', () => {
  for (const reference of new Set(referencesIn(contract.document))) {
    const target = reference.replace(/^#\//, '').split('/').reduce(memberOf, contract.document);

    assert.ok(Object.keys(target).length > 0, reference);
  }
});

test('openapi.yaml: every schema compiles', () => {
  for (const name of Object.keys(schemas)) {
    assert.doesNotThrow(() => contract.schemaAt(['components', 'schemas', name]), name);
  }
});

test('openapi.yaml: every operation has an id of its own, a summary and answers', () => {
  const ids = operations().map((operation) => operation['operationId']);

  assert.equal(new Set(ids).size, ids.length);
  for (const operation of operations()) {
    assert.equal(typeof operation['operationId'], 'string');
    assert.equal(typeof operation['summary'], 'string');
    assert.ok(Object.keys(memberOf(operation, 'responses')).length > 0);
  }
});

const SOAP_PROFILES = [GENERIC_PROFILE, ADFS_PROFILE, VCENTER_PROFILE, WSO2_PROFILE];
const SOAP_PATHS = SOAP_PROFILES.flatMap(({ endpoints, optional }) =>
  [...endpoints, ...optional.map(({ endpoint }) => endpoint)].map(({ path }) => path),
);
const SOAP_METADATA_PATHS = SOAP_PROFILES.flatMap(({ metadataPaths, optional }) => [
  ...metadataPaths,
  ...optional.map(({ endpoint }) => metadataPathOf(endpoint)),
]);
const MANAGEMENT_PATHS = ['/livez', '/readyz', '/startupz', '/metrics'];

/** What a parameter of a path may stand for; undefined: anything. */
function valuesOf(declared: string, parameter: string): readonly unknown[] | undefined {
  const all = memberOf(memberOf(contract.document, 'paths'), declared)['parameters'];
  const parameters = Array.isArray(all) ? (all as readonly JsonObject[]) : [];
  const found = parameters.find(({ name }) => name === parameter);
  const values = found && memberOf(found, 'schema')['enum'];
  return Array.isArray(values) ? values : undefined;
}

/** Whether a path of the contract, whose parameters stand for one segment each, describes what is served at `path`. */
function describes(path: string, declared: string): boolean {
  const wanted = path.split('/');
  const segments = declared.split('/');
  return (
    segments.length === wanted.length &&
    segments.every((segment, index) => {
      const parameter = /^\{(\w+)\}$/.exec(segment)?.[1];
      if (parameter === undefined) return segment === wanted[index];
      return (
        wanted[index] === '*' || (valuesOf(declared, parameter)?.includes(wanted[index]) ?? true)
      );
    })
  );
}

test('openapi.yaml: every route of the server is there, and no other', () => {
  const served = [
    ...OAUTH_PATHS,
    STATUS_LIST_ROUTE,
    FEDERATION_METADATA_PATH,
    ...SOAP_PATHS,
    ...SOAP_METADATA_PATHS,
    ...REST_PATHS,
    ...MANAGEMENT_PATHS,
  ];
  const declared = Object.keys(memberOf(contract.document, 'paths'));

  const missing = served.filter((path) => !declared.some((name) => describes(path, name)));
  const unserved = declared.filter((name) => !served.some((path) => describes(path, name)));

  assert.ok(served.length > 30, String(served.length));
  assert.deepEqual(missing, []);
  assert.deepEqual(unserved, []);
});

test('openapi.yaml: every SOAP address takes a message', () => {
  const paths = memberOf(contract.document, 'paths');
  for (const path of [...SOAP_PATHS, ...SOAP_METADATA_PATHS]) {
    const declared = Object.keys(paths).find((name) => describes(path, name)) ?? '';

    assert.deepEqual(memberOf(memberOf(memberOf(paths, declared), 'post'), 'requestBody'), {
      $ref: '#/components/requestBodies/SoapMessage',
    });
  }
});

const GRANTS = [
  [tokenExchange, 'TokenExchangeRequest'],
  [jwtBearer, 'JwtBearerRequest'],
  [saml2Bearer, 'Saml2BearerRequest'],
  [clientCredentials, 'ClientCredentialsRequest'],
  [refreshToken, 'RefreshTokenRequest'],
] as const;

for (const [grant, schema] of GRANTS) {
  test(`openapi.yaml: ${schema} has the parameters that the grant reads, no other`, () => {
    const properties = memberOf(memberOf(schemas, schema), 'properties');

    assert.equal(memberOf(properties, 'grant_type')['const'], grant.grantType);
    assert.deepEqual(Object.keys(properties).sort(), ['grant_type', ...grant.parameters].sort());
  });
}

test('openapi.yaml: the errors are those of the error maps, no other', () => {
  const refusals = [
    ...Object.values(TOKEN_EXCHANGE_ERRORS),
    ...Object.values(ASSERTION_GRANT_ERRORS),
  ].filter(({ status }) => status === 400);

  const properties = memberOf(memberOf(schemas, 'Refusal'), 'properties');
  const declared = memberOf(properties, 'error')['enum'];

  assert.deepEqual(declared, [...new Set(refusals.map(({ error }) => error))].sort());
});

for (const [schema, status] of [
  ['RestRefusal', 400],
  ['RestDenial', 403],
] as const) {
  test(`openapi.yaml: ${schema} has the errors of the REST form with ${String(status)}, no other`, () => {
    const known = Object.values(REST_ERRORS).filter(({ status: its }) => its === status);
    // Where certificates alone are taken.
    const also = status === 403 ? [REST_ERRORS['requestor-unauthenticated'].error] : [];

    const properties = memberOf(memberOf(schemas, schema), 'properties');

    assert.deepEqual(
      memberOf(properties, 'error')['enum'],
      [...new Set([...known.map(({ error }) => error), ...also])].sort(),
    );
  });
}

test('openapi.yaml: the token types are names of RFC 8693 §3 that we know', () => {
  const known: readonly unknown[] = Object.values(TOKEN_TYPES).map(({ uri }) => uri);

  const declared = memberOf(schemas, 'IssuedTokenType')['enum'];

  assert.ok(Array.isArray(declared));
  assert.ok(declared.every((uri) => known.includes(uri)));
});

test('validateResponse: takes an answer that is as declared', () => {
  assert.doesNotThrow(() => validateResponse(aTokenAnswer(), contract));
});

test('validateResponse: takes an empty body where none is declared', () => {
  const answer = aTokenAnswer({ path: '/revoke', body: '' });

  assert.doesNotThrow(() => validateResponse(answer, contract));
});

const REFUSED: readonly (readonly [title: string, answer: RecordedResponse, message: RegExp])[] = [
  ['an undeclared route', aTokenAnswer({ path: '/userinfo' }), /the route is not declared/],
  ['an undeclared method', aTokenAnswer({ method: 'PUT' }), /the route is not declared/],
  ['a route named like a method of ours', aTokenAnswer({ path: 'constructor' }), /route is not/],
  ['an undeclared status', aTokenAnswer({ status: 418 }), /the status is not declared/],
  [
    'an undeclared media type',
    aTokenAnswer({ headers: someHeaders({ 'content-type': 'text/html' }) }),
    /media type text\/html is not declared/,
  ],
  [
    'an answer without media type',
    aTokenAnswer({ headers: withoutHeader('content-type') }),
    /media type \(none\) is not declared/,
  ],
  [
    'a missing header',
    aTokenAnswer({ headers: withoutHeader('x-correlation-id') }),
    /header x-correlation-id is missing/,
  ],
  [
    'a header with another value',
    aTokenAnswer({ headers: someHeaders({ 'cache-control': 'public, max-age=60' }) }),
    /header Cache-Control/,
  ],
  ['a body that is not JSON', aTokenAnswer({ body: '{' }), /the body is not JSON/],
  ['an extra member', aTokenAnswer({}, { refresh_token: 'x' }), /the body/],
  ['a missing member', aTokenAnswer({}, { token_type: undefined }), /the body/],
  ['a member of another type', aTokenAnswer({}, { expires_in: '300' }), /the body/],
  ['an expiry of nothing', aTokenAnswer({}, { expires_in: 0 }), /the body/],
  ['a scope list', aTokenAnswer({}, { scope: ['orders.read'] }), /the body/],
  [
    'a body where none is declared',
    aTokenAnswer({ path: '/revoke', body: '{}' }),
    /a body where none is declared/,
  ],
  [
    'an inactive token that says more',
    aTokenAnswer({ path: '/introspect', body: '{"active":false,"sub":"alice"}' }),
    /the body/,
  ],
  [
    'a private key among the public ones',
    aTokenAnswer({
      path: '/jwks',
      method: 'GET',
      headers: someHeaders({
        'content-type': 'application/jwk-set+json',
        'cache-control': 'public, max-age=300',
      }),
      body: '{"keys":[{"kty":"EC","kid":"1","alg":"ES256","use":"sig","d":"secret"}]}',
    }),
    /the body/,
  ],
];

for (const [title, answer, message] of REFUSED) {
  test(`validateResponse: refuses ${title}`, () => {
    assert.throws(() => validateResponse(answer, contract), { message });
  });
}

test('validateResponse: never quotes the body', () => {
  const answer = aTokenAnswer({}, { access_token: 'not a compact jwt' });

  assert.throws(
    () => validateResponse(answer, contract),
    (cause: Error) => /the body/.test(cause.message) && !/not a compact/.test(cause.message),
  );
});
