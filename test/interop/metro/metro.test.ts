// Eclipse Metro (WSIT), whose own client of a token service follows the policies of our WSDL, which it asks for by WS-MetadataExchange.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { endsOf, isBuilt } from '#test/interop/foreign-client.ts';
import { aCertifiedKey } from '#test/support/saml/saml.ts';
import type { ConfigDocument } from '#test/support/server/document.ts';
import { reservedPort } from '#test/support/server/reserved-port.ts';
import { startTlsServer, type TlsServer } from '#test/support/server/tls-server.ts';
import { aSecretsKey } from '#test/support/ws-trust/context-message.ts';
import { BILLING } from '#test/support/ws-trust/rst.ts';
import { withCertifiedClient } from '#test/support/x509/certified-client.ts';

const CONTEXT = '/ws-trust/context';

/** The relying party that the program is itself, as a service on Metro. */
function withService(document: ConfigDocument, address: string): void {
  document.relyingParties.push({
    id: 'service',
    appliesTo: [address],
    requestors: 'any',
    token: {
      type: 'saml2',
      algorithm: 'RS256',
      lifetimeSeconds: 600,
      encryptKeysTo: { file: 'party.crt' },
      // It knows no other OAEP.
      encryption: { keyTransport: 'rsa-oaep-mgf1p' },
    },
  });
  document.policy.push({
    id: 'users-to-service',
    requestor: { principal: { issuer: 'self' } },
    subject: { issuer: 'self' },
    target: 'service',
    allow: { types: ['saml1', 'saml2'], lifetimeSeconds: 300 },
  });
}

/** The profiles whose addresses it calls, security contexts, and a relying party with a certificate for secrets. */
async function withMetroEstate(document: ConfigDocument, directory: string): Promise<void> {
  const { certificatePem, privatePem } = await aCertifiedKey();
  await writeFile(join(directory, 'party.crt'), certificatePem);
  await writeFile(join(directory, 'party.key'), privatePem, { mode: 0o600 });
  const [orders] = document.relyingParties;
  const token = { ...(orders?.['token'] as object), encryptKeysTo: { file: 'party.crt' } };
  Object.assign(orders ?? {}, { token });
  await withCertifiedClient(document, directory);
  document['keptSecrets'] = { keys: [await aSecretsKey(directory, 'secrets')] };
  document.relyingParties.push({
    id: 'here',
    appliesTo: [`${String(document['issuer'])}${CONTEXT}`],
    audiences: ['here'],
    requestors: 'any',
    token: { type: 'saml2', algorithm: 'RS256', lifetimeSeconds: 600 },
    scopes: ['orders.read'],
  });
  for (const row of document.policy) {
    const allow = { ...(row['allow'] as object), types: ['saml1', 'saml2', 'sct'] };
    Object.assign(row, { target: ['orders', 'here'], allow });
  }
  const signsBody = {
    path: '/adfs/services/trust/2005/certificatemixed',
    signedParts: 'timestamp-and-body',
  };
  document['wsTrust'] = { profiles: ['adfs', 'wso2'], endpoints: [{ path: CONTEXT }, signsBody] };
}

/** What an operator can do for clients on Metro, the first for as long as they need it. */
async function withConcessions(document: ConfigDocument, directory: string): Promise<void> {
  await withMetroEstate(document, directory);
  const legacySha1Until = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
  const endpoints = [
    { path: CONTEXT, legacySha1Until },
    { path: '/ws-trust/soap12', answersInCollections: true },
  ];
  document['wsTrust'] = { endpoints };
}

async function metroEndsOf(
  server: TlsServer,
  options: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const file = (name: string): string => join(server.directory, name);
  const ends = await endsOf('metro/run', server, {
    'client-cert': file('client.crt'),
    'client-key': file('client.key'),
    'rp-cert': file('party.crt'),
    'rp-key': file('party.key'),
    ...options,
  });
  return Object.fromEntries(ends);
}

const ISSUED_END = `ok subject=bob audience=${BILLING}`;
const AT_PORTS = ['general-13-soap12', 'general-2005-soap12', 'adfs-13', 'adfs-2005', 'wso2-13'];
const KINDS = ['bearer-saml11', 'bearer-saml2', 'symmetric-saml11', 'symmetric-saml2'];
// biome-ignore format: a line for each kind
const ISSUED = [
  ...AT_PORTS.flatMap((port) => KINDS.map((kind) => `${port}-${kind}`)),
  'general-13-soap11', 'general-2005-soap11',
  'described-mex', 'described-address', 'described-path',
  'profile-saml11', 'profile-saml2', 'symmetric-no-size', 'symmetric-128-bits', 'lifetime', 'checks',
  'x509-timestamp', 'x509-body',
];
const CALLED = KINDS.map((kind) => `call-${kind}`);
const LOST = [
  'general-2005-wrong-password',
  'general-2005-unknown-applies-to',
  'adfs-2005-unknown-applies-to',
];

test('Eclipse Metro: gets its tokens by the policies of our WSDL, and the refusals it should, and its services take the tokens', async (t) => {
  if (!(await isBuilt(t, 'metro/build'))) return;
  const service = `https://localhost:${String(await reservedPort())}/echo`;
  const server = await startTlsServer(t, async (document, directory) => {
    await withMetroEstate(document, directory);
    withService(document, service);
  });

  const ends = await metroEndsOf(server, {
    service,
    'tls-key': join(server.directory, 'tls.key'),
    colleague: 'carol',
  });

  assert.deepEqual(ends, {
    ...Object.fromEntries(ISSUED.map((name) => [name, ISSUED_END])),
    ...Object.fromEntries(
      ['general-13', 'wso2-13'].map((port) => [
        `${port}-wrong-password`,
        'fault=FailedAuthentication',
      ]),
    ),
    ...Object.fromEntries(
      ['general-13', 'adfs-13', 'wso2-13'].map((port) => [
        `${port}-unknown-applies-to`,
        'fault=InvalidScope',
      ]),
    ),
    // As AD FS does, so that clients of WCF can tell it from other faults.
    ...Object.fromEntries(
      ['adfs-13', 'adfs-2005'].map((port) => [
        `${port}-wrong-password`,
        'error=WssSoapFaultException: Invalid Security Header',
      ]),
    ),
    // It does not look whether what came is a fault.
    ...Object.fromEntries(LOST.map((name) => [name, 'error=NullPointerException'])),
    'on-behalf-of': `ok subject=carol audience=${BILLING}`,
    'act-as': `ok subject=carol audience=${BILLING} delegate=bob`,
    'act-as-saml11': 'fault=RequestFailed',
    ...Object.fromEntries(CALLED.map((name) => [name, 'ok called'])),
    'call-other-signer': 'fault=InvalidSecurityToken',
    // By HMAC-SHA1.
    context: 'fault=UnsupportedAlgorithm',
    'context-cancel': 'fault=UnsupportedAlgorithm',
    // Its UseKey is a key that signs nothing.
    'public-key': 'fault=InvalidSecurityToken',
    // It looks for a collection.
    validate: 'error=IndexOutOfBoundsException: Index 0 out of bounds for length 0',
    'validate-changed': 'error=IndexOutOfBoundsException: Index 0 out of bounds for length 0',
    'validate-2005': 'ok status=valid',
    'validate-2005-changed': 'ok status=invalid',
  });
});

test('Eclipse Metro: where the operator takes SHA-1 for a while it uses security contexts, and where answers are collections it has tokens validated', async (t) => {
  if (!(await isBuilt(t, 'metro/build'))) return;
  const server = await startTlsServer(t, withConcessions);

  const ends = await metroEndsOf(server, { cases: 'context*,validate,validate-changed' });

  assert.deepEqual(ends, {
    context: ISSUED_END,
    // Refused, for its media type names another action than its addressing does; the fault is lost.
    'context-cancel': 'error=NullPointerException',
    validate: 'ok status=valid',
    'validate-changed': 'ok status=invalid',
  });
});
