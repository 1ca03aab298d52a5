// Apache CXF: STSClient asks for a security context by the action of WS-SecureConversation; the Java side checks what comes back.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ConfigDocument } from '#test/support/document.ts';
import { startTlsServer } from '#test/support/tls-server.ts';
import { endsOf, isBuilt } from './foreign-client.ts';

async function withContexts(document: ConfigDocument, directory: string): Promise<void> {
  const key = Buffer.alloc(32, 1).toString('base64');
  await writeFile(join(directory, 'keys/secrets.key'), key, { mode: 0o600 });
  document['keptSecrets'] = { keys: [{ key: { file: 'keys/secrets.key' } }] };
  for (const row of document.policy) row['allow'] = { ...(row['allow'] as object), types: ['sct'] };
}

test('Apache CXF: STSClient gets a security context, with its secret and its references', async (t) => {
  if (!(await isBuilt(t, 'cxf/build'))) return;
  const server = await startTlsServer(t, withContexts);

  const ends = await endsOf('run-cxf', server, { cases: 'context-*' });

  assert.deepEqual(Object.fromEntries(ends), {
    'context-soap11': 'ok context=issued',
    'context-soap12': 'ok context=issued',
  });
});
