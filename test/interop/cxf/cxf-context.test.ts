// Apache CXF: STSClient asks for a security context by the action of WS-SecureConversation; the Java side checks what comes back.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { endsOf, isBuilt } from '#test/interop/foreign-client.ts';
import { aCertifiedKey } from '#test/support/saml/saml.ts';
import type { ConfigDocument } from '#test/support/server/document.ts';
import { startTlsServer } from '#test/support/server/tls-server.ts';
import { BILLING } from '#test/support/ws-trust/rst.ts';

async function withContexts(document: ConfigDocument, directory: string): Promise<void> {
  const key = Buffer.alloc(32, 1).toString('base64');
  await writeFile(join(directory, 'keys/secrets.key'), key, { mode: 0o600 });
  const { certificatePem, privatePem } = await aCertifiedKey();
  await writeFile(join(directory, 'party.crt'), certificatePem);
  await writeFile(join(directory, 'party.key'), privatePem, { mode: 0o600 });
  const [orders] = document.relyingParties;
  const token = { ...(orders?.['token'] as object), encryptKeysTo: { file: 'party.crt' } };
  Object.assign(orders ?? {}, { token });
  document.relyingParties.push({
    id: 'here',
    appliesTo: [`${String(document['issuer'])}/ws-trust/context`],
    audiences: ['here'],
    requestors: 'any',
    token: { type: 'saml2', algorithm: 'RS256', lifetimeSeconds: 600 },
    scopes: ['orders.read'],
  });
  document['wsTrust'] = { endpoints: [{ path: '/ws-trust/context' }] };
  document['keptSecrets'] = { keys: [{ key: { file: 'keys/secrets.key' } }] };
  const allow = { types: ['sct', 'saml2'], renewal: { lifetimeSeconds: 3600 } };
  for (const row of document.policy)
    Object.assign(row, {
      target: ['orders', 'here'],
      allow: { ...(row['allow'] as object), ...allow },
    });
}

test('Apache CXF: STSClient gets a security context, and uses, renews and cancels it by the policy of the port for contexts', async (t) => {
  if (!(await isBuilt(t, 'cxf/build'))) return;
  const server = await startTlsServer(t, withContexts);

  const ends = await endsOf('cxf/run', server, {
    cases: 'context-*',
    'rp-cert': join(server.directory, 'party.crt'),
    'rp-key': join(server.directory, 'party.key'),
  });

  assert.deepEqual(Object.fromEntries(ends), {
    'context-soap11': 'ok context=issued',
    'context-soap12': 'ok context=issued',
    'context-port-issue': `ok subject=bob audience=${BILLING}`,
    'context-port-over': `ok subject=bob audience=${BILLING}`,
    'context-port-over-renewed': `ok subject=bob audience=${BILLING}`,
    'context-port-renew': 'ok context=renewed',
    'context-port-named-twice': 'fault=wst:InvalidRequest',
    'context-port-cancel': 'ok context=cancelled',
    'context-port-cancelled': 'fault=wsc:BadContextToken',
  });
});
