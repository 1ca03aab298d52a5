// Messages that WSS4J signs with the secret of a security context of ours, or derives a key of it for: accepted, and refused once
// anything signed is changed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { changeEndpoints } from '#bridge/ws-trust/endpoint/endpoint-changes.ts';
import { GENERIC_PROFILE } from '#bridge/ws-trust/endpoint/profiles.ts';
import { isBuilt } from '#test/interop/foreign-client.ts';
import { aPolicyRow } from '#test/support/core.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { aWish, type Context, issued } from '#test/support/ws-trust/security-context.ts';
import {
  aPost,
  aWsTrustSetting,
  billingRules,
  faultCodeOf,
} from '#test/support/ws-trust/ws-trust.ts';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('run', import.meta.url));
const ACCEPTED = ['derived', 'derived-2005', 'derived-short', 'secret'];

/** A front at the time it is. */
function aSetting(legacySha1Until: number) {
  const row = aPolicyRow({
    requestors: [],
    principals: { issuers: ['self'] },
    targets: ['billing'],
    grant: { types: ['sct', 'saml2'] },
  });
  const address = {
    path: '/ws-trust',
    credentials: ['username', 'security-context'],
    legacySha1Until,
  } as const;
  return aWsTrustSetting({
    now: Math.floor(Date.now() / 1000),
    rules: billingRules({ rows: [row] }),
    keepsSecrets: true,
    profiles: changeEndpoints([GENERIC_PROFILE], [address]),
  });
}

async function signedMessages(
  t: TestContext,
  { identifier, secret }: Context,
): Promise<ReadonlyMap<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'wss4j-'));
  t.after(() => rm(folder, { recursive: true }));
  const write = async (name: string, text: string) => {
    await writeFile(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  await run(PROGRAM, [
    'ContextMessages',
    await write('secret.txt', secret.toString('base64')),
    identifier,
    await write('message.txt', anEnvelope({ header: '', body: aWish() })),
    folder,
  ]);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.xml'));
  const read = names.map(async (name): Promise<[string, string]> => {
    return [name.replace('.xml', ''), await readFile(join(folder, name), 'utf8')];
  });
  return new Map(await Promise.all(read));
}

test('WSS4J: a signature with the secret of a context, or with a key derived of it, is accepted', async (t) => {
  if (!(await isBuilt(t, 'cxf/build'))) return;
  const setting = aSetting(Number.MAX_SAFE_INTEGER);
  const context = await issued(setting);
  const messages = await signedMessages(t, context);
  const send = (name: string, edit = (text: string) => text, front = setting.front) =>
    front.handle(aPost(edit(messages.get(name) ?? '')));

  assert.deepEqual([...messages.keys()].toSorted(), [...ACCEPTED, 'derived-sha1'].toSorted());
  for (const name of [...ACCEPTED, 'derived-sha1'])
    await t.test(name, async () => {
      const changed = await send(name, (text) => text.replace('billing.example', 'other.example'));
      const otherNonce = await send(name, (text) =>
        text.replace(/(Nonce>)[^<]{22}/, `$1${'A'.repeat(22)}`),
      );
      assert.equal(faultCodeOf(changed), 'wsse:FailedCheck');
      if (name !== 'secret') assert.equal(faultCodeOf(otherNonce), 'wsc:BadContextToken');

      const answer = name === 'secret' ? otherNonce : await send(name);

      assert.equal(answer.status, 200, JSON.stringify(setting.audit.records.at(-1)));
      assert.equal(setting.asked.at(-1)?.requestor.method, 'sct');
      assert.equal(faultCodeOf(await send(name)), 'wsse:InvalidSecurity');
    });

  await t.test('HMAC-SHA1 without the exception, and a context of another server', async () => {
    const other = aSetting(0).front;

    assert.equal(
      faultCodeOf(await send('derived-sha1', undefined, other)),
      'wsse:UnsupportedAlgorithm',
    );
    assert.equal(faultCodeOf(await send('derived', undefined, other)), 'wsc:BadContextToken');
  });
});
