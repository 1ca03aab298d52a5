// What Microsoft's WCF really sent, read by our readers and judged by our verifier (captured/README.md).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readEnvelope } from '#bridge/soap/envelope.ts';
import { bodyOverTls } from '#bridge/ws-security/encryption/protected-body.ts';
import { readSecurityHeader } from '#bridge/ws-security/security-header.ts';
import { readRst } from '#bridge/ws-trust/rst/read-rst.ts';
import { trustSecretKey } from '#bridge/xml/keys/trusted-key.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { verifyMessageSignature } from '#bridge/xml/signature/verify-message.ts';
import { aSetting, contextIn, V13, V2005 } from '#test/support/ws-trust/security-context.ts';
import { aPost } from '#test/support/ws-trust/ws-trust.ts';
import { certificateIn, verifyCaptured } from '../captured-signature.ts';

const textIn = (name: string): string =>
  readFileSync(new URL(`captured/${name}.xml`, import.meta.url), 'utf8');

function open(text: string) {
  const envelope = readEnvelope(parseXml(Buffer.from(text)));
  const security = readSecurityHeader(envelope);
  const [signature] = security?.signatures ?? [];
  assert.ok(security?.timestamp && signature);
  return { envelope, security, signature, timestamp: security.timestamp };
}

/** Of the session, as both sides computed them; and of its second renewal. */
const SECRET = 'cETSRdyydC8ucU7MVesTwkI9hd94HvnESO5c93xsuoU=';
const RENEWED_SECRET = 'mujPrm/QoWrLynZclgaFEDsRhf2BTaKsP7lcuQu0cPs=';

function verifyBySecret({ envelope, signature }: ReturnType<typeof open>, secret: string) {
  return verifyMessageSignature(envelope.document, signature, {
    selectKey: () => trustSecretKey(Buffer.from(secret, 'base64')),
    legacySha1: false,
  });
}

test('WCF: its certificate signs the Timestamp and To, and not the Body', async () => {
  const text = textIn('certificate');

  const { covered, usedSha1, wanted } = await verifyCaptured({
    text,
    certificate: certificateIn(text),
  });

  const [timestamp, body] = wanted;
  assert.ok(timestamp && body);
  assert.ok(covered.has(timestamp));
  assert.equal(covered.has(body), false);
  assert.deepEqual([...covered.keys()].map(({ local }) => local).sort(), ['Timestamp', 'To']);
  assert.equal(usedSha1, false);
});

for (const [what, from, to] of [
  ['Timestamp', /<u:Expires>2/, '<u:Expires>3'],
  ['To', '/13/certificatemixed', '/2005/certificatemixed'],
] as const)
  test(`WCF: its signature does not verify over another ${what}`, async () => {
    const text = textIn('certificate').replace(from, to);

    assert.notEqual(text, textIn('certificate'));
    await assert.rejects(verifyCaptured({ text, certificate: certificateIn(text) }), {
      reason: 'digest-mismatch',
    });
  });

test('WCF: Basic256, its default, means RSA-SHA1, which is refused but under the dated exception', async () => {
  const text = textIn('certificate-sha1');
  const signed = { text, certificate: certificateIn(text) };

  await assert.rejects(verifyCaptured(signed), { reason: 'algorithm-refused' });
  assert.equal((await verifyCaptured({ ...signed, legacySha1: true })).usedSha1, true);
});

for (const [name, version] of [
  ['context-issue', V13],
  ['context-issue-2005', V2005],
] as const)
  test(`WCF: ${name} gets a context for the address that was called`, async () => {
    const path = '/ws-trust/context';
    const address = `https://sts.example.org${path}`;
    const setting = aSetting({ standsFor: address, path });

    const answer = await setting.front.handle(aPost(Buffer.from(textIn(name)), { path }));

    assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
    assert.ok(answer.body.includes('/CK/PSHA1<'), answer.body);
    assert.ok(contextIn(answer.body, version).identifier);
    assert.deepEqual(setting.asked.at(-1)?.targets, [{ kind: 'applies-to', value: address }]);
  });

for (const [name, secret, other] of [
  ['context-used', SECRET, RENEWED_SECRET],
  ['context-renew', SECRET, RENEWED_SECRET],
  ['context-cancel', RENEWED_SECRET, SECRET],
] as const)
  test(`WCF: ${name} is signed with the secret of its context, over the Timestamp alone`, async () => {
    const opened = open(textIn(name));

    const { covered } = await verifyBySecret(opened, secret);

    // By identity: a copy elsewhere is another node.
    assert.deepEqual(new Set(covered.keys()), new Set([opened.timestamp.element]));
    await assert.rejects(verifyBySecret(opened, other), { reason: 'signature-invalid' });
  });

for (const [name, operation, target] of [
  ['context-renew', 'Renew', 'renewTarget'],
  ['context-cancel', 'Cancel', 'cancelTarget'],
] as const)
  test(`WCF: ${name} is about a context, by its name`, () => {
    const { envelope, security } = open(textIn(name));

    const { rst } = readRst(bodyOverTls(envelope, true), security.tokens);

    assert.equal(rst.operation, operation);
    assert.equal(rst[target]?.type, 'sct');
    assert.equal(rst.entropy?.kind, operation === 'Renew' ? 'nonce' : undefined);
  });
