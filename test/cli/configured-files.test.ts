// What a configuration may refer to is a file that ends: a pipe, a device or one without end is refused, and holds up nobody.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { lineOf } from '#test/support/server/configured-line.ts';
import { aConfigDocument } from '#test/support/server/document.ts';
import { viaduct } from '#test/support/server/process.ts';
import { serve } from '#test/support/server/served.ts';
import { createPartner, writeConfiguration } from '#test/support/server/server.ts';
import { aCertificate } from '#test/support/x509/pki.ts';

/** PEM by its form, and nothing in it. */
const EMPTY_LIST = '-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n';

const clock = { now: (): number => Math.floor(Date.now() / 1000) };

async function aDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-files-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Things that a path may lead to, and are no file to read. */
async function placeOddities(directory: string): Promise<void> {
  execFileSync('mkfifo', [join(directory, 'pipe')]);
  await mkdir(join(directory, 'folder'));
  await symlink('/dev/zero', join(directory, 'device'));
  await writeFile(join(directory, 'endless'), '');
  await truncate(join(directory, 'endless'), 16 * 1024 * 1024 + 1);
}

test('Configuration: whatever is no regular file, or too large, is a problem with its path and reason, wherever it is referred to', async (t) => {
  const directory = await aDirectory(t);
  await placeOddities(directory);
  const document = aConfigDocument();
  const [first, second] = [document.clients[0], document.trustedIssuers[0]];
  assert.ok(first && second);
  first['client_secret'] = { file: 'device' };
  const { jwt } = second;
  Object.assign(jwt as object, { jwks: { file: 'endless' } });
  document['keys'] = [
    { use: 'jwt', algorithm: 'ES256', key: { file: 'pipe' } },
    {
      use: 'saml',
      algorithm: 'RS256',
      key: { file: 'keys/rs256.pem' },
      certificate: { file: 'pipe' },
    },
  ];
  document['users'] = [{ file: 'folder' }, { file: 'pipe' }];
  document.trustedIssuers.push({
    id: 'idp',
    issuer: 'urn:idp',
    saml: {
      metadata: { file: 'pipe', certificates: [{ file: 'pipe' }] },
      audiences: ['https://sts.example.org'],
    },
  });
  const { jwks } = await createPartner(clock);
  await writeConfiguration(directory, document, jwks);

  const { code, error, out } = await viaduct(['check'], directory);

  assert.equal(code, 2, out);
  for (const [place, what] of [
    ['keys[0].key', 'the file pipe is no regular file'],
    ['keys[1].certificate', 'the file pipe is no regular file'],
    ['clients[0].client_secret', 'the file device is no regular file'],
    ['trustedIssuers[0].jwt.jwks', 'the file endless has more than 16777216 bytes'],
    ['users[0].file', 'the file folder is no regular file'],
    ['users[1].file', 'the file pipe is no regular file'],
    ['trustedIssuers[1].saml.metadata.file', 'the file pipe is no regular file'],
  ] as const)
    assert.ok(
      error.split('\n').some((line) => line.includes(place) && line.includes(what)),
      `${place}: ${what} in ${error}`,
    );
});

test('Configuration: nor is the file itself a pipe', async (t) => {
  const directory = await aDirectory(t);
  await placeOddities(directory);

  const { code, error } = await viaduct(['check', '--config', 'pipe'], directory);

  assert.equal(code, 2);
  assert.match(error, /^pipe:1:1 error CONFIG_UNREADABLE\n +the file is no regular file/);
});

test('Configuration: a pipe or a device where the store or the audit keeps its file is a problem, for check as for the start', async (t) => {
  const directory = await aDirectory(t);
  await placeOddities(directory);
  const document = aConfigDocument();
  document['store'] = { sqlite: { path: 'pipe' } };
  Object.assign(document['audit'] as object, { file: 'device' });
  const { jwks } = await createPartner(clock);
  await writeConfiguration(directory, document, jwks);

  const ends = [await viaduct(['check'], directory), await viaduct(['serve'], directory)];

  for (const { code, error } of ends) {
    assert.equal(code, 2, error);
    assert.match(error, /^ {2}store\.sqlite\.path: is no regular file$/m);
    assert.match(error, /^ {2}audit\.file: is no regular file$/m);
  }
});

test('Configuration: a reload that meets a pipe is refused, and the server goes on', async (t) => {
  const served = await serve(t);
  execFileSync('mkfifo', [join(served.directory, 'pipe')]);
  await served.edit((document) => {
    document['keys'] = [{ use: 'jwt', algorithm: 'ES256', key: { file: 'pipe' } }];
  });

  const said = await served.reload();

  assert.match(said, /not reloaded/);
  assert.match(served.server.text(), /the file pipe is no regular file/);
  assert.equal((await served.exchange()).status, 200);
});

test('Configuration: a list of revocation that no start can use is a problem for check as for the start, with its issuer and the reason', async (t) => {
  const directory = await aDirectory(t);
  const document = aConfigDocument();
  const root = await aCertificate({ name: 'CN=root', isAuthority: true });
  await writeFile(join(directory, 'root.crt'), root.pem);
  await writeFile(join(directory, 'root.crl'), EMPTY_LIST);
  document.trustedIssuers.push({
    id: 'corp',
    issuer: 'urn:corp',
    x509: {
      anchors: [{ file: 'root.crt' }],
      revocation: { lists: [{ file: 'root.crl' }] },
      subject: 'commonName',
    },
  });
  const { jwks } = await createPartner(clock);
  await writeConfiguration(directory, document, jwks);

  const ends = [await viaduct(['check'], directory), await viaduct(['serve'], directory)];

  assert.deepEqual(
    ends.map(({ code }) => code),
    [2, 2],
  );
  const line = await lineOf(directory, 'file: root.crl');
  const said = new RegExp(
    `viaduct\\.yaml:${line}:\\d+ .*\\n {2}trustedIssuers\\[1\\]\\.x509\\.revocation\\.lists\\[0\\]\\.file: has one that cannot be used: no member`,
  );
  for (const { error } of ends) assert.match(error, said);
});
