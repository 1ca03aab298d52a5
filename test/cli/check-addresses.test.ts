// `check`, `serve` and a reload over `wsTrust.endpoints`: what is said of an address that is not served so is told with its place and cure.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { aConfigDocument } from '#test/support/server/document.ts';
import { viaduct } from '#test/support/server/process.ts';
import { serve } from '#test/support/server/served.ts';
import { createPartner, writeConfiguration } from '#test/support/server/server.ts';

const clock = { now: (): number => Math.floor(Date.now() / 1000) };

async function configured(t: TestContext, wsTrust: object, more = {}): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-addresses-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const document = aConfigDocument();
  Object.assign(document, more, { wsTrust });
  const { jwks } = await createPartner(clock);
  await writeConfiguration(directory, document, jwks);
  return directory;
}

const STS = '/sts/STSService';

for (const [title, wsTrust, told] of [
  [
    'a misspelt one',
    { endpoints: [{ path: '/ws-trus', credentials: ['basic'] }] },
    /UNKNOWN_REFERENCE\n {2}wsTrust\.endpoints\[0\]\.path: .*did you mean \/ws-trust\?\n.*\n {2}fix: write \/ws-trust$/m,
  ],
  [
    'one that is written as AD FS shows it',
    { profiles: ['adfs'], endpoints: [{ path: '/adfs/services/trust/13/UsernameMixed' }] },
    /did you mean \/adfs\/services\/trust\/13\/usernamemixed\?/,
  ],
  [
    'one of a profile that is off',
    { endpoints: [{ path: STS }] },
    /endpoints\[0\]\.path: is no address of a profile that is on\n.*\n {2}fix: .*wsTrust\.profiles; there are \/ws-trust, /,
  ],
  [
    'one that is there for messages that protect themselves only',
    { endpoints: [{ path: '/ws-trust/message' }] },
    /CONFLICT\n {2}wsTrust\.endpoints\[0\]\.messageSecurity: \/ws-trust\/message .*\n.*\n {2}fix: write messageSecurity: sign-and-encrypt$/m,
  ],
  [
    'one of two that clients call alike',
    { profiles: ['vcenter'], endpoints: [{ path: `${STS}/*` }] },
    /endpoints\[0\]\.path: .*both in the list, or neither is\n.*\n {2}fix: add \/sts\/STSService with/,
  ],
  [
    'repeated Timestamps where the Body is signed',
    { endpoints: [{ path: '/ws-trust', repeatedTimestamps: true }] },
    /endpoints\[0\]\.repeatedTimestamps: \/ws-trust .*no repeatedTimestamps\n/,
  ],
] as const)
  test(`wsTrust.endpoints, ${title}: check tells the place and the cure, and so does the start`, async (t) => {
    const directory = await configured(t, wsTrust);

    const ends = [await viaduct(['check'], directory), await viaduct(['serve'], directory)];

    assert.deepEqual(
      ends.map(({ code }) => code),
      [2, 2],
    );
    for (const { error } of ends) {
      assert.match(error, told);
      assert.match(error, /^viaduct\.yaml:(?!1:1 )\d+:\d+ error /);
    }
  });

test('wsTrust.endpoints: with several workers a misspelt one is told once, and the start ends as with one', async (t) => {
  const endpoints = [{ path: '/ws-trus' }];
  const directory = await configured(t, { endpoints }, { workers: 2 });

  const { code, error } = await viaduct(['serve'], directory);

  assert.equal(code, 2);
  assert.equal(error.match(/did you mean/g)?.length, 1);
  assert.match(error, /^viaduct\.yaml:\d+:\d+ error .*(?:\n {2}.*){3}\n$/);
});

test('wsTrust.endpoints: two that are wrong are told in one report', async (t) => {
  const endpoints = [{ path: '/nowhere' }, { path: '/ws-trust' }, { path: '/elsewhere' }];
  const directory = await configured(t, { endpoints });

  const { error } = await viaduct(['check'], directory);

  assert.deepEqual(
    [...error.matchAll(/endpoints\[(\d)\]/g)].map(([, index]) => index),
    ['0', '2'],
  );
});

test('wsTrust.endpoints: a reload with a misspelt address is refused with its place, and the server goes on', async (t) => {
  const served = await serve(t);
  await served.edit((document) => {
    document['wsTrust'] = { endpoints: [{ path: '/ws-trus' }] };
  });

  const said = await served.reload();

  assert.match(said, /not reloaded/);
  assert.match(served.server.text(), /did you mean \/ws-trust\?/);
  assert.equal((await served.exchange()).status, 200);
});
