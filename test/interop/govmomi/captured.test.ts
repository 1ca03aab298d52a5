// What the Go SDK of vCenter really signed, judged by our verifier (captured/README.md).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { certificateIn, verifyCaptured } from '../captured-signature.ts';

const textIn = (name: string): string =>
  readFileSync(new URL(`captured/${name}.xml`, import.meta.url), 'utf8');

/** The certificate of whom an assertion confirms by key. */
function certificateOfHolder(text: string): string {
  const [, certificate = ''] =
    /SubjectConfirmationData .*?X509Certificate>([^<]+)</.exec(text) ?? [];
  return certificate;
}

const verify = (text: string) =>
  verifyCaptured({ text, certificate: certificateIn(text) || certificateOfHolder(text) });

for (const name of ['holder-of-key', 'user-and-key', 'by-token'])
  test(`govmomi: its signature verifies, over Timestamp and Body (${name})`, async () => {
    const { covered, wanted } = await verify(textIn(name));

    assert.deepEqual(new Set(covered.keys()), new Set(wanted));
  });

test('govmomi: its signature does not verify over another Body', async () => {
  const changed = textIn('holder-of-key').replace('Allow="true"', 'Allow="false"');

  assert.notEqual(changed, textIn('holder-of-key'));
  await assert.rejects(verify(changed), { reason: 'digest-mismatch' });
});

for (const name of ['act-as', 'renew'])
  test(`govmomi: it signs an assertion in the Body as it would write it, which is not what it sends (${name})`, async () => {
    await assert.rejects(verify(textIn(name)), { reason: 'digest-mismatch' });
  });
