// What Apache CXF really sent, read by our parser and judged by our verifier.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { trustPublicKey } from '#bridge/xml/keys.ts';
import { DS_NS, WSSE_NS, WSU_NS } from '#bridge/xml/namespaces.ts';
import { parseXml } from '#bridge/xml/parser.ts';
import { requiredChild, textOf } from '#bridge/xml/reader.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { verifyMessageSignature } from '#bridge/xml/verify-message.ts';

const FOLDER = fileURLToPath(new URL('captured', import.meta.url));
const CAPTURED = globSync(`${FOLDER}/*.xml`).sort();
const SIGNED = CAPTURED.filter((path) => /x509|public-key/.test(basename(path)));

/** The parts of a captured request. */
function open(path: string) {
  const document = parseXml(readFileSync(path));
  const soap = document.root.uri;
  const header = requiredChild(document.root, soap, 'Header');
  const security = requiredChild(header, WSSE_NS, 'Security');
  return { document, security, body: requiredChild(document.root, soap, 'Body') };
}

function verify({ document, security }: ReturnType<typeof open>, legacySha1: boolean) {
  const token = textOf(requiredChild(security, WSSE_NS, 'BinarySecurityToken'));
  const { publicKey } = new X509Certificate(Buffer.from(token, 'base64'));
  const signature = requiredChild(security, DS_NS, 'Signature');
  return verifyMessageSignature(document, signature, {
    selectKey: () => trustPublicKey(publicKey),
    legacySha1,
  });
}

test('CXF: there are captured requests, plain and signed', () => {
  assert.ok(CAPTURED.length > SIGNED.length);
  assert.ok(SIGNED.length > 0);
});

for (const path of CAPTURED) {
  test(`CXF: our parser reads ${basename(path)}, with a user name or a certificate in it`, () => {
    const { security } = open(path);

    const credential = path.includes('x509') || path.includes('public-key');
    const name = credential ? 'BinarySecurityToken' : 'UsernameToken';
    assert.ok(requiredChild(security, WSSE_NS, name));
  });
}

for (const path of SIGNED.filter((one) => !one.includes('sha1'))) {
  test(`CXF: our verifier accepts the signature of ${basename(path)} and names what it covers`, async () => {
    const request = open(path);
    const expected: XmlElement[] = [requiredChild(request.security, WSU_NS, 'Timestamp')];
    if (/body|public-key/.test(basename(path))) expected.push(request.body);

    const { covered } = await verify(request, false);

    // By identity: a copy elsewhere is another node.
    assert.equal(covered.size, expected.length);
    for (const element of expected) assert.ok(covered.has(element), element.local);
  });
}

test('CXF: its default signature, RSA-SHA1, is refused unless the endpoint has the dated exception', async () => {
  const request = open(`${FOLDER}/13-x509-sha1.xml`);

  await assert.rejects(verify(request, false), { reason: 'algorithm-refused' });
  assert.equal((await verify(request, true)).usedSha1, true);
});
