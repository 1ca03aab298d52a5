// What Apache Rampart really signed, judged by our verifier: both files are as STSClient sent them (cases `x509-wso2` and
// `x509-sha1`). The key is gone; its certificate is in them.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readEnvelope } from '#bridge/soap/envelope.ts';
import { readSecurityHeader } from '#bridge/ws-security/security-header.ts';
import { trustPublicKey } from '#bridge/xml/keys.ts';
import { parseXml } from '#bridge/xml/parser.ts';
import { textOf } from '#bridge/xml/reader.ts';
import { verifyMessageSignature } from '#bridge/xml/verify-message.ts';

const textIn = (name: string): string =>
  readFileSync(new URL(`captured/${name}.xml`, import.meta.url), 'utf8');

async function verify(text: string, legacySha1: boolean) {
  const envelope = readEnvelope(parseXml(Buffer.from(text)));
  const security = readSecurityHeader(envelope);
  assert.ok(security?.timestamp);
  const [token] = security.tokens;
  const [signature] = security.signatures;
  assert.ok(token && signature);
  const { publicKey } = new X509Certificate(Buffer.from(textOf(token), 'base64'));
  const { covered, usedSha1 } = await verifyMessageSignature(envelope.document, signature, {
    selectKey: () => trustPublicKey(publicKey),
    legacySha1,
  });
  return { covered, usedSha1, wanted: [security.timestamp.element, envelope.body] };
}

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
