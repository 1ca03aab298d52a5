// What gSOAP really sent, judged by our verifier (captured/README.md).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { certificateIn, verifyCaptured } from '../captured-signature.ts';

const SIGNED = readFileSync(new URL('captured/signed.xml', import.meta.url), 'utf8');

const verify = (text: string) => verifyCaptured({ text, certificate: certificateIn(text) });

test('gSOAP: its signature verifies, over Timestamp and Body', async () => {
  const { covered, wanted } = await verify(SIGNED);

  assert.deepEqual(new Set(covered.keys()), new Set(wanted));
});

test('gSOAP: its signature does not verify over another Body', async () => {
  const changed = SIGNED.replace('billing.example', 'orders.example');

  assert.notEqual(changed, SIGNED);
  await assert.rejects(verify(changed), { reason: 'digest-mismatch' });
});
