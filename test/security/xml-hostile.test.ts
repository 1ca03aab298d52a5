// Time and size (xml-security §3, §10, C3): hostile messages are refused, or cost little, before authentication.

import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { parseXml } from '#bridge/xml/parser.ts';
import { readSignatureShape } from '#bridge/xml/signature-shape.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { verifyMessageSignature } from '#bridge/xml/verify-message.ts';
import { hostileDocuments } from '#test/support/xml/hostile.ts';
import { anRsaKey } from '#test/support/xml/keys.ts';
import { aSignedRequest } from '#test/support/xml/signed.ts';

const key = anRsaKey();
const other = anRsaKey('other');
const documents = hostileDocuments(await aSignedRequest(key));

function findSignature(element: XmlElement): XmlElement | undefined {
  if (element.local === 'Signature') return element;
  for (const child of element.children) {
    const found = typeof child === 'string' ? undefined : findSignature(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

// Coverage instruments every branch, which is no property of the code.
const LIMIT_MS = process.env['NODE_V8_COVERAGE'] === undefined ? 10 : 50;

// What happens before a signer is known: parse, shape, and SignedInfo under a key that will not fit.
async function beforeAuthentication(bytes: Uint8Array): Promise<void> {
  const document = parseXml(bytes);
  const signature = findSignature(document.root);
  if (signature === undefined) return;
  readSignatureShape(signature, { place: 'message', legacySha1: false, inclusiveC14n: false });
  await verifyMessageSignature(document, signature, { selectKey: () => other.trusted });
}

for (const [name, bytes] of documents) {
  test(`XML C3: 64 KB of ${name} are over in 10 ms`, async () => {
    let best = Number.POSITIVE_INFINITY;
    // The best of several runs: the first ones compile, and the machine has other work.
    for (let run = 0; run < 20 && best > LIMIT_MS; run += 1) {
      const start = performance.now();
      await beforeAuthentication(bytes).catch((error: unknown) => {
        assert.ok(error instanceof XmlFailure, String(error));
      });
      best = Math.min(best, performance.now() - start);
    }

    assert.ok(best <= LIMIT_MS, `${best.toFixed(1)} ms`);
  });
}
