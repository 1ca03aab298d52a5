// `check` and `serve` over lists of revocation: one that has ended refuses everybody it speaks for, and is told before they come.
import '#test/support/x509/reflect-metadata.ts';

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { lineOf } from '#test/support/server/configured-line.ts';
import { aConfigDocument, type ConfigDocument } from '#test/support/server/document.ts';
import { viaduct } from '#test/support/server/process.ts';
import { createPartner, startServer, writeConfiguration } from '#test/support/server/server.ts';
import { withUserAuthority } from '#test/support/x509/certified-client.ts';
import { anAuthority, aRevocationList } from '#test/support/x509/pki.ts';

// The command has no other clock.
const NOW = Math.floor(Date.now() / 1000);
const ENDED = NOW - 60;
const root = await anAuthority({ name: 'CN=Root' });
const other = await anAuthority({ name: 'CN=Other' });
const fresh = await aRevocationList(root, { thisUpdate: NOW - 3600, nextUpdate: NOW + 3600 });
const ended = await aRevocationList(root, { thisUpdate: NOW - 3600, nextUpdate: ENDED });

const FILE = { file: 'root.crl' };

async function configured(t: TestContext, lists: readonly object[], list = ''): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-revocation-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const document = aConfigDocument();
  document['users'] = [{ file: 'users.yaml' }];
  document['fetch'] = { allowedHosts: ['127.0.0.1'] };
  await withUserAuthority(document, directory, { pem: root.pem, revocation: { lists } });
  const { jwks } = await createPartner({ now: () => NOW });
  await writeConfiguration(directory, document, jwks);
  await writeFile(join(directory, 'users.yaml'), 'users: []');
  await writeFile(join(directory, 'root.crl'), list);
  return directory;
}

async function served(t: TestContext, list: string): Promise<object> {
  const server = createServer((_, response) => response.end(list));
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/root.crl` };
}

test('RFC 5280 §5.1.2.5: check warns of a list of revocation that has ended, and --live fails', async (t) => {
  const directory = await configured(t, [FILE], ended);

  const plain = await viaduct(['check'], directory);
  const live = await viaduct(['check', '--live'], directory);

  assert.equal(plain.code, 0, plain.error);
  const line = await lineOf(directory, 'file: root.crl');
  const said = new RegExp(
    `:${line}:\\d+ warning CONFIG_KEY\\n {2}trustedIssuers\\[1\\]\\.x509\\.revocation\\.lists\\[0\\]\\.file: the list of CN=Root ended at \\d{4}-`,
  );
  assert.match(plain.error, said);
  assert.equal(live.code, 1, live.out);
  assert.match(live.error, /failed trusted issuer corp \(list of CN=Root\): it ended at /);
});

test('RFC 5280 §5.1.2.5: check says nothing of a list of revocation that is good, and --live until when', async (t) => {
  const directory = await configured(t, [FILE], fresh);

  const { code, error, out } = await viaduct(['check', '--live'], directory);

  assert.equal(code, 0, error);
  assert.doesNotMatch(error, /warning/);
  assert.match(out, /good {3}trusted issuer corp \(list of CN=Root\): good until \d{4}-\d\d-\d\dT/);
});

for (const [what, list, said] of [
  ['is good', fresh, /good {3}.*\(list at http.*\): of CN=Root, good until /],
  ['has ended', ended, /failed .*\(list at http.*\): it ended at /],
  ['is none', '<html>', /failed .*\(list at http.*\): /],
] as const)
  test(`RFC 5280 §5: check --live fetches a list of revocation that ${what}`, async (t) => {
    const directory = await configured(t, [await served(t, list)]);

    const { error, out } = await viaduct(['check', '--live'], directory);

    assert.match(out + error, said);
  });

test('Alarms: the metrics say when the first list of revocation of a trusted issuer ends', async (t) => {
  const nextUpdates = [NOW + 7200, NOW + 3600] as const;
  const server = await startServer(t, async (document, directory, clock) => {
    clock.set(NOW);
    document['users'] = [{ file: 'users.yaml' }];
    await writeFile(join(directory, 'users.yaml'), 'users: []');
    const lists = [{ file: '0.crl' }, { file: '1.crl' }];
    await withUserAuthority(document, directory, { pem: root.pem, revocation: { lists } });
    for (const [index, issuer] of [root, other].entries()) {
      const nextUpdate = nextUpdates[index] ?? 0;
      const list = await aRevocationList(issuer, { thisUpdate: NOW - 60, nextUpdate });
      await writeFile(join(directory, `${index}.crl`), list);
    }
  });

  const endTold = async (): Promise<string | undefined> => {
    const metrics = await (await fetch(`${server.managementUrl}/metrics`)).text();
    return /sts_revocation_list_not_after_seconds\{issuer="corp"\} (\d+)/.exec(metrics)?.[1];
  };
  const before = await endTold();

  const path = join(server.directory, 'viaduct.yaml');
  const document = parse(await readFile(path, 'utf8')) as ConfigDocument;
  Object.assign(document.trustedIssuers[1]?.['x509'] ?? {}, { revocation: 'none' });
  await writeFile(path, stringify(document));
  await server.reload();

  assert.equal(Number(before), nextUpdates[1]);
  assert.equal(await endTold(), undefined, 'after a reload without lists');
});
