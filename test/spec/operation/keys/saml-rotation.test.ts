// The next key for assertions as `keys rotate --use saml` makes it, in a server that runs: in the metadata before it signs, the old one
// there as long as its assertions live.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { readSamlMetadata } from '#bridge/saml/metadata/metadata.ts';
import { trustPublicKey } from '#bridge/xml/keys/trusted-key.ts';
import { SAML2_TYPE, withSaml } from '#test/support/saml/saml-document.ts';
import { grantBesides, ISSUER } from '#test/support/server/document.ts';
import { viaduct } from '#test/support/server/process.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';
import {
  AFTER_EXPIRY,
  anIssueMessage,
  aTargetMessage,
  isValid,
  SAML2,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';

const PATH = '/FederationMetadata/2007-06/FederationMetadata.xml';
const LIFETIME_SECONDS = 300;
const PUBLISH_AHEAD_SECONDS = 3600;

const certificateText = (pem: string): string => new X509Certificate(pem).raw.toString('base64');

/** The certificates of the metadata, which is read as whoever trusts one of our keys reads it. */
async function published(server: TestServer, trustedPem: string): Promise<readonly string[]> {
  const { text } = await server.get(PATH);
  const signers = [trustPublicKey(new X509Certificate(trustedPem).publicKey)];
  const terms = { entityId: ISSUER, signers, skewSeconds: 0 };
  await readSamlMetadata(text, terms, server.clock.now());
  const [, role = ''] = /<RoleDescriptor(.*)<\/RoleDescriptor>/s.exec(text) ?? [];
  return [...role.matchAll(/<ds:X509Certificate>([^<]+)</g)].map(([, found = '']) => found);
}

async function issue(server: TestServer): Promise<string> {
  const { body, text } = await server.exchange({ requested_token_type: SAML2_TYPE });
  assert.equal(typeof body['access_token'], 'string', text);
  return String(body['access_token']);
}

const signerOf = (assertion: string): string | undefined =>
  /<ds:X509Certificate>([^<]+)</.exec(Buffer.from(assertion, 'base64url').toString())?.[1];

const isTaken = async (server: TestServer, assertion: string): Promise<boolean> =>
  (await server.exchange({ subject_token: assertion, subject_token_type: SAML2_TYPE })).status ===
  200;

/** The next key, by the command; its certificate. The clock of the test server is another than that of the command. */
async function rotate(server: TestServer): Promise<string> {
  const { directory } = server;
  const rotated = await viaduct(['keys', 'rotate', '--use', 'saml'], directory);
  assert.equal(rotated.code, 0, rotated.error);
  const path = join(directory, 'viaduct.yaml');
  const document = parse(await readFile(path, 'utf8')) as { keys: Record<string, unknown>[] };
  const entry = document.keys.at(-1) ?? {};
  entry['activeFrom'] = new Date((server.clock.now() + PUBLISH_AHEAD_SECONDS) * 1000).toISOString();
  await writeFile(path, stringify(document));
  return readFile(join(directory, (entry['certificate'] as { file: string }).file), 'utf8');
}

test('Rotation: the next certificate is in the federation metadata before it signs, the old one as long as its assertions live', async (t) => {
  let oldPem = '';
  const server = await startServer(t, async (document, directory) => {
    oldPem = (await withSaml(document, directory)).ours.certificatePem;
  });
  const before = await issue(server);
  const newPem = await rotate(server);
  const [old, next] = [certificateText(oldPem), certificateText(newPem)];

  await server.reload();
  assert.deepEqual(await published(server, oldPem), [old, next]);
  assert.equal(signerOf(await issue(server)), old, 'it signs before others know it');

  server.clock.advance(PUBLISH_AHEAD_SECONDS - LIFETIME_SECONDS + 10);
  const last = await issue(server);
  assert.equal(signerOf(last), old);
  server.clock.advance(LIFETIME_SECONDS - 10);
  await server.reload();
  const first = await issue(server);
  assert.equal(signerOf(first), next);
  assert.deepEqual(await published(server, newPem), [next, old]);
  server.clock.advance(5);
  assert.deepEqual(
    [await isTaken(server, before), await isTaken(server, last), await isTaken(server, first)],
    [false, true, true],
  );

  server.clock.advance(3600);
  await server.reload();
  assert.deepEqual(await published(server, newPem), [next]);
});

test('Rotation: an assertion whose certificate is published no longer is renewed after its end where it may be, and cancelled', async (t) => {
  const server = await startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    grantBesides(document, {
      renewal: { lifetimeSeconds: 28_800, maxCount: 5, afterExpiry: true },
    });
  });
  const target = tokenOf(
    await sendSoap(
      server,
      anIssueMessage({ user: 'carol', tokenType: SAML2, children: AFTER_EXPIRY }),
    ),
  );
  const newPem = await rotate(server);
  await server.reload();
  server.clock.advance(PUBLISH_AHEAD_SECONDS + 3600);
  await server.reload();
  assert.deepEqual(await published(server, newPem), [certificateText(newPem)]);

  const renewed = await sendSoap(server, aTargetMessage('Renew', { user: 'carol', target }));
  const before = await isValid(server, tokenOf(renewed));
  const cancelled = await sendSoap(server, aTargetMessage('Cancel', { user: 'carol', target }));

  assert.deepEqual([before, cancelled.status], [true, 200], cancelled.text);
  assert.equal(await isValid(server, tokenOf(renewed)), false);
});
