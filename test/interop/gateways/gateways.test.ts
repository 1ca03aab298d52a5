// The recipes of docs/gateways.md, run as they stand there: who is let in, who is not, and for whom the API is called.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { isBuilt } from '#test/interop/foreign-client.ts';
import {
  GATEWAY_SECRET,
  JWT_TYPE,
  ORDERS_SECRET,
  TOKEN_EXCHANGE,
} from '#test/support/server/document.ts';
import { startTlsServer, type TlsServer } from '#test/support/server/tls-server.ts';
import { aPlace, type Gateway, type Place, recipe, startGateway } from './gateway.ts';

/** Sends a form to the server as the gateway. */
function post({ origin, tlsCertificate: ca }: TlsServer, path: string, form: object) {
  const { promise, reject, resolve } = Promise.withResolvers<string>();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const auth = `gateway:${GATEWAY_SECRET}`;
  request(`${origin}${path}`, { method: 'POST', ca, headers, auth }, (response) => {
    response.setEncoding('utf8');
    let text = '';
    response.on('data', (chunk: string) => (text += chunk));
    response.on('end', () =>
      response.statusCode === 200 ? resolve(text) : reject(new Error(text)),
    );
  })
    .on('error', reject)
    .end(new URLSearchParams({ ...form }).toString());
  return promise;
}

async function issue(server: TlsServer, scope = 'orders.read'): Promise<string> {
  const text = await post(server, '/token', {
    grant_type: TOKEN_EXCHANGE,
    subject_token: await server.partner.sign({ scope }),
    subject_token_type: JWT_TYPE,
    resource: 'https://orders.example/',
    scope,
  });
  return (JSON.parse(text) as { access_token: string }).access_token;
}

interface Changes {
  readonly key: Parameters<SignJWT['sign']>[0];
  readonly claims?: object;
  readonly header?: object;
}

/** A token that says something else, or is signed by somebody else. */
const resigned = (token: string, { claims, header, key }: Changes): Promise<string> =>
  new SignJWT({ ...decodeJwt(token), ...claims })
    .setProtectedHeader({ ...decodeProtectedHeader(token), alg: 'ES256', ...header })
    .sign(key);

/** The key that the server signs with. */
const keyOf = async ({ directory }: TlsServer) =>
  createPrivateKey(await readFile(join(directory, 'keys/es256.pem'), 'utf8'));

const THUMBPRINT = hash('sha256', 'a key', 'base64url');

/** Who comes to every gateway. */
async function visit(
  server: TlsServer,
  gateway: Gateway,
): Promise<Readonly<Record<string, string>>> {
  const [key, token] = await Promise.all([keyOf(server), issue(server)]);
  const callWith = (claims: object) => resigned(token, { key, claims }).then(gateway.call);
  return {
    good: await gateway.call(token),
    'without a token': await gateway.call(),
    forged: await gateway.call(await resigned(token, { key: server.partner.key })),
    'of another issuer': await gateway.call(await server.partner.sign()),
    ended: await callWith({ exp: Number(decodeJwt(token).exp) - 3600 }),
    'of another issuer, by the same key': await callWith({ iss: 'https://other.example' }),
    'for another': await callWith({ aud: 'billing' }),
    // RFC 8705 §3, RFC 9449 §7.2: without its key it is stolen.
    'bound to a certificate': await callWith({ cnf: { 'x5t#S256': THUMBPRINT } }),
    'bound to a key': await callWith({ cnf: { jkt: THUMBPRINT } }),
    'bound to a secret': await callWith({ cnf: { jwe: 'a.b.c.d.e' } }),
  };
}

const LET_IN = '200 partner:alice';
const VISITS = {
  good: LET_IN,
  'without a token': '401',
  forged: '401',
  'of another issuer': '401',
  ended: '401',
  'of another issuer, by the same key': '401',
  'for another': '401',
  'bound to a certificate': '401',
  'bound to a key': '401',
  'bound to a secret': '401',
};

async function revoke(server: TlsServer, token: string): Promise<void> {
  await post(server, '/revoke', { token });
}

async function startSetting(t: TestContext): Promise<{ server: TlsServer; place: Place }> {
  const server = await startTlsServer(t, ({ policy: [row], relyingParties: [orders] }) => {
    Object.assign(row?.['allow'] ?? {}, { scopes: ['orders.read', 'orders.write'] });
    // mod_auth_openidc keeps no answers about long tokens, so that nothing would show whether it may.
    delete orders?.['claims'];
  });
  return { server, place: await aPlace(t, server) };
}

const codeOf = (blocks: ReadonlyMap<string, string>, language: string): string =>
  blocks.get(language) ?? assert.fail(`no ${language}`);

test('RFC 7662: nginx asks for each token, and sees at once that one is revoked', async (t) => {
  if (!(await isBuilt(t, 'gateways/build'))) return;
  const { place, server } = await startSetting(t);
  const blocks = await recipe('nginx, by asking');
  const login = Buffer.from(`orders-api:${ORDERS_SECRET}`).toString('base64');
  await place.write('introspect.js', codeOf(blocks, 'js'));
  await place.write('introspect-secret.conf', `proxy_set_header Authorization "Basic ${login}";\n`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${place.folder}/${kind};`,
  );
  const main = await place.write(
    'nginx.conf',
    `load_module /usr/lib/nginx/modules/ngx_http_js_module.so;
    daemon off; pid ${place.folder}/pid; error_log stderr warn; events {}
    http { access_log off; ${temporary.join(' ')} ${place.here(codeOf(blocks, 'nginx'))} }`,
  );
  const gateway = await startGateway(t, place, ['nginx', '-e', 'stderr', '-c', main]);
  const token = await issue(server);

  assert.deepEqual(await visit(server, gateway), VISITS);
  assert.equal(await gateway.call(await issue(server, 'orders.write')), '403', 'another scope');
  assert.equal(await gateway.call(token), LET_IN);
  await revoke(server, token);
  assert.equal(await gateway.call(token), '401');
});

test('RFC 9068 §4: HAProxy takes what is signed by our key and for its API, and nothing else', async (t) => {
  if (!(await isBuilt(t, 'gateways/build'))) return;
  const { place, server } = await startSetting(t);
  const key = join(server.directory, 'keys/es256.pem');
  execFileSync('openssl', ['pkey', '-in', key, '-pubout', '-out', `${place.folder}/viaduct.pem`]);
  const main = await place.write(
    'haproxy.cfg',
    `defaults
  mode http
  timeout connect 10s
  timeout client 60s
  timeout server 60s

${place.here(codeOf(await recipe('HAProxy, by itself'), 'haproxy'))}`,
  );
  const gateway = await startGateway(t, place, ['haproxy', '-db', '-f', main]);
  const token = await issue(server);

  assert.deepEqual(await visit(server, gateway), VISITS);
  const signer = await keyOf(server);
  const callWith = (changes: Omit<Changes, 'key'>) =>
    resigned(token, { key: signer, ...changes }).then(gateway.call);
  assert.equal(await callWith({ header: { typ: 'JWT' } }), '401', 'no access token');
  assert.equal(await callWith({ claims: { scope: 'orders.reader' } }), '403', 'another scope');
  assert.equal(await callWith({ claims: { scope: 'openid orders.read' } }), LET_IN);
  // Of an algorithm with a shared secret the path of the key file would be the secret.
  const secret = Buffer.from(`${place.folder}/viaduct.pem`);
  const named = await resigned(token, { key: secret, header: { alg: 'HS256' } });
  assert.equal(await gateway.call(named), '401', 'the key as a secret');
});

const APACHE_MODULES = [
  'mpm_event',
  'authn_core',
  'authz_core',
  'authz_user',
  'headers',
  'proxy',
  'proxy_http',
  'auth_openidc',
];

async function startApache(t: TestContext, place: Place, heading: string): Promise<Gateway> {
  const modules = APACHE_MODULES.map(
    (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
  );
  // Started by root it wants to be somebody else, and by others it cannot.
  const user = process.getuid?.() === 0 ? ['User nobody', 'Group nogroup'] : [];
  const main = await place.write(
    'apache.conf',
    [
      `ServerRoot ${place.folder}`,
      'ServerName localhost',
      `Listen 127.0.0.1:${place.port}`,
      `PidFile ${place.folder}/pid`,
      'ErrorLog "|$cat >&2"',
      `Mutex file:${place.folder} default`,
      ...modules,
      ...user,
      place.here(codeOf(await recipe(heading), 'apache')),
    ].join('\n'),
  );
  return startGateway(t, place, ['apache2', '-D', 'FOREGROUND', '-f', main]);
}

test('RFC 9068 §4: Apache takes keys from where we publish them, and what is signed by them for its API', async (t) => {
  if (!(await isBuilt(t, 'gateways/build'))) return;
  const { place, server } = await startSetting(t);
  const gateway = await startApache(t, place, 'Apache, by itself');

  assert.deepEqual(await visit(server, gateway), VISITS);
  assert.equal(await gateway.call(await issue(server, 'orders.write')), '401', 'another scope');
});

test('RFC 7662: Apache asks for each token, and sees at once that one is revoked', async (t) => {
  if (!(await isBuilt(t, 'gateways/build'))) return;
  const { place, server } = await startSetting(t);
  const gateway = await startApache(t, place, 'Apache, by asking');
  const token = await issue(server);

  assert.deepEqual(await visit(server, gateway), VISITS);
  assert.equal(await gateway.call(await issue(server, 'orders.write')), '401', 'another scope');
  assert.equal(await gateway.call(token), LET_IN);
  await revoke(server, token);
  assert.equal(await gateway.call(token), '401');
});
