// What Apache Rampart really signed, judged by our verifier: both files are as STSClient sent them (cases `x509-wso2` and
// `x509-sha1`).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { certificateIn, verifyCaptured } from '../captured-signature.ts';

const textIn = (name: string): string =>
  readFileSync(new URL(`captured/${name}.xml`, import.meta.url), 'utf8');
const verify = (text: string, legacySha1: boolean) =>
  verifyCaptured({ text, certificate: certificateIn(text), legacySha1 });

test('Rampart: its signature by the suite of our WSDL verifies, over Timestamp and Body', async () => {
  const { covered, usedSha1, wanted } = await verify(textIn('x509'), false);

  // By identity: a copy elsewhere is another node.
  assert.deepEqual(new Set(covered.keys()), new Set(wanted));
  assert.equal(usedSha1, false);
});

for (const [what, from, to] of [
  ['Body', 'billing.example', 'billing.evil'],
  ['Timestamp', /<wsu:Expires>2/, '<wsu:Expires>3'],
] as const)
  test(`Rampart: its signature does not verify over another ${what}`, async () => {
    const changed = textIn('x509').replace(from, to);

    assert.notEqual(changed, textIn('x509'));
    await assert.rejects(verify(changed, false), { reason: 'digest-mismatch' });
  });

test('Rampart: Basic256 means RSA-SHA1 to it, which is refused but under the dated exception', async () => {
  await assert.rejects(verify(textIn('x509-sha1'), false), { reason: 'algorithm-refused' });
  const { covered, usedSha1, wanted } = await verify(textIn('x509-sha1'), true);

  assert.equal(usedSha1, true);
  assert.deepEqual(new Set(covered.keys()), new Set(wanted));
});
