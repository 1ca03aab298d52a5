// Size (xml-security §3, §10, C3): hostile messages are refused, or read as what they are, before authentication.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { readSignatureShape } from '#bridge/xml/signature/signature-shape.ts';
import { verifyMessageSignature } from '#bridge/xml/signature/verify-message.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
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

// What happens before a signer is known: parse, shape, and SignedInfo under a key that will not fit.
async function beforeAuthentication(bytes: Uint8Array): Promise<void> {
  const document = parseXml(bytes);
  const signature = findSignature(document.root);
  if (signature === undefined) return;
  readSignatureShape(signature, { place: 'message', legacySha1: false, inclusiveC14n: false });
  await verifyMessageSignature(document, signature, { selectKey: () => other.trusted });
}

const MAX_BYTES = 65 * 1024;

for (const [name, bytes] of documents) {
  test(`XML C3: 64 KB of ${name} end in a refusal or in a small tree, before anybody is authenticated`, async () => {
    // How fast is shown by the bench.
    const outcome = await beforeAuthentication(bytes).then(
      () => 'read',
      (cause: unknown) => cause,
    );

    assert.ok(bytes.length <= MAX_BYTES, `${bytes.length} bytes`);
    assert.ok(outcome === 'read' || outcome instanceof XmlFailure, String(outcome));
  });
}
