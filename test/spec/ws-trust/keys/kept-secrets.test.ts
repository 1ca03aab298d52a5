// The keys that secrets of tokens are kept under roll over: a new one seals from its instant on, those before it open until they are
// taken away.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { withSaml } from '#test/support/saml/saml-document.ts';
import type { ConfigDocument } from '#test/support/server/document.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import {
  aContextMessage,
  aSecretsKey,
  askForContext,
  withContexts,
} from '#test/support/ws-trust/context-message.ts';
import { faultOf, sendSoap } from '#test/support/ws-trust/messages.ts';
import { contextIn, V13 } from '#test/support/ws-trust/security-context.ts';

const start = (t: Ending): Promise<TestServer> =>
  startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    await withContexts(document, directory);
  });

/** Reloads with these keys. */
async function rollTo(server: TestServer, keys: readonly object[]): Promise<void> {
  const path = join(server.directory, 'viaduct.yaml');
  const document = parse(await readFile(path, 'utf8')) as ConfigDocument;
  document['keptSecrets'] = { keys };
  await writeFile(path, stringify(document));
  await server.reload();
}

const FIRST = { key: { file: 'keys/secrets.key' } };
const at = (seconds: number): string => new Date(seconds * 1000).toISOString();

test('keptSecrets: a context lives through a new key, and ends when the key it is kept under is taken away', async (t) => {
  const server = await start(t);
  const second = await aSecretsKey(server.directory, 'second');
  const now = server.clock.now();
  const old = await askForContext(server);

  await rollTo(server, [FIRST, { ...second, activeFrom: at(now) }]);
  const young = await askForContext(server);
  const both = [
    await sendSoap(server, aContextMessage(old, now)),
    await sendSoap(server, aContextMessage(young, now)),
  ];
  await rollTo(server, [second]);
  server.clock.advance(1);
  const ended = await sendSoap(server, aContextMessage(old, now + 1));
  const lives = await sendSoap(server, aContextMessage(young, now + 1));

  for (const { status, text } of [...both, lives]) assert.equal(status, 200, text);
  assert.equal(faultOf(ended), 'BadContextToken');
});

test('keptSecrets: until its instant a new key opens and does not seal: hosts that have it not yet can go on', async (t) => {
  const server = await start(t);
  const second = await aSecretsKey(server.directory, 'second');
  const now = server.clock.now();
  await rollTo(server, [FIRST, { ...second, activeFrom: at(now + 60) }]);
  const early = await askForContext(server);
  server.clock.advance(60);
  const late = await askForContext(server);

  await rollTo(server, [FIRST]);
  const kept = await sendSoap(server, aContextMessage(early, now + 60));
  const lost = await sendSoap(server, aContextMessage(late, now + 60));

  assert.equal(kept.status, 200, kept.text);
  assert.equal(faultOf(lost), 'BadContextToken');
  assert.equal(contextIn(kept.text, V13).version, V13);
});
