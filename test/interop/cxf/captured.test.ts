// What Apache CXF really sent, read by our readers and judged by our verifier.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ADDRESSING_HEADERS, readAddressing } from '#bridge/soap/addressing.ts';
import { readSoapHttpHeaders } from '#bridge/soap/content-type.ts';
import { readEnvelope } from '#bridge/soap/envelope.ts';
import { requireUnderstood } from '#bridge/soap/header-block.ts';
import { readSecurityHeader, SECURITY_HEADERS } from '#bridge/ws-security/security-header.ts';
import { trustPublicKey } from '#bridge/xml/keys/trusted-key.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { textOf } from '#bridge/xml/reader.ts';
import { verifyMessageSignature } from '#bridge/xml/signature/verify-message.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { aValidatedToken } from '#test/support/core.ts';
import { TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import { aPost, aWsTrustSetting, billingRules } from '#test/support/ws-trust/ws-trust.ts';
import { firstCertificateOf } from '#test/support/x509/x509-trust.ts';

const FOLDER = fileURLToPath(new URL('captured', import.meta.url));
const CAPTURED = globSync(`${FOLDER}/*.xml`).sort();
const isSigned = (path: string): boolean => /x509|public-key/.test(basename(path));

function open(path: string) {
  const envelope = readEnvelope(parseXml(readFileSync(path)));
  const security = readSecurityHeader(envelope);
  assert.ok(security);
  return { envelope, security };
}

function httpHeadersOf(path: string): Readonly<Record<string, string>> {
  const lines = readFileSync(path.replace(/xml$/, 'headers'), 'ascii').trim().split('\n');
  return Object.fromEntries(
    lines.map((line): [string, string] => {
      const [name = '', value = ''] = line.split(/: (.*)/);
      return [name, value];
    }),
  );
}

function verify({ envelope, security }: ReturnType<typeof open>, legacySha1: boolean) {
  const [token] = security.tokens;
  const [signature] = security.signatures;
  assert.ok(token && signature);
  const { publicKey } = new X509Certificate(Buffer.from(textOf(token), 'base64'));
  return verifyMessageSignature(envelope.document, signature, {
    selectKey: () => trustPublicKey(publicKey),
    legacySha1,
  });
}

test('CXF: there are captured requests, with passwords and with signatures', () => {
  assert.ok(CAPTURED.some(isSigned));
  assert.ok(CAPTURED.some((path) => !isSigned(path)));
});

for (const path of CAPTURED) {
  test(`CXF: ${basename(path)} is read, and its version, action and trust namespace agree`, () => {
    const { envelope } = open(path);
    const http = readSoapHttpHeaders(httpHeadersOf(path));

    const trust = basename(path).startsWith('13-') ? TRUST_13 : TRUST_2005;
    assert.equal(envelope.payload?.uri, trust);
    assert.equal(envelope.version, http.version);
    assert.equal(http.action ?? http.soapAction, `${trust}/RST/Issue`);
    requireUnderstood(envelope.headers, [...SECURITY_HEADERS, ...ADDRESSING_HEADERS]);
  });
}

for (const path of CAPTURED.filter((one) => !isSigned(one))) {
  test(`CXF: ${basename(path)} carries a user name and password`, () => {
    const { security } = open(path);

    assert.equal(security.userName?.name, 'alice');
    assert.equal(security.userName.password, 'secret');
    assert.equal(security.timestamp === undefined, path.includes('no-timestamp'));
  });
}

for (const path of CAPTURED.filter((one) => isSigned(one) && !one.includes('sha1'))) {
  test(`CXF: the signature of ${basename(path)} verifies, over the Timestamp and what else was asked`, async () => {
    const request = open(path);
    const { timestamp } = request.security;
    const withBody = /body|public-key/.test(basename(path));

    const { covered } = await verify(request, false);

    // By identity: a copy elsewhere is another node.
    assert.ok(timestamp && covered.has(timestamp.element));
    assert.equal(covered.has(request.envelope.body), withBody);
    assert.equal(covered.size, withBody ? 2 : 1);
  });
}

test('CXF: its default signature, RSA-SHA1, is refused unless the endpoint has the dated exception', async () => {
  const request = open(`${FOLDER}/13-x509-sha1.xml`);

  await assert.rejects(verify(request, false), { reason: 'algorithm-refused' });
  assert.equal((await verify(request, true)).usedSha1, true);
});

for (const path of CAPTURED.filter((one) => one.includes('addressing'))) {
  test(`CXF: the addressing headers of ${basename(path)} are read`, () => {
    const addressing = readAddressing(open(path).envelope);

    assert.equal(addressing?.action, `${TRUST_13}/RST/Issue`);
    assert.match(addressing.messageId ?? '', /^urn:uuid:/);
  });
}

/** Takes the certificate of the capture, by its name. */
const batchClient: TokenValidator = {
  canHandle: ({ type }) => type === 'x509',
  async validate({ content, use }) {
    assert.equal(new X509Certificate(firstCertificateOf(content)).subject, 'CN=batch-client');
    return aValidatedToken({ type: 'x509', use, trustedIssuer: 'self' });
  },
};

for (const [name, method] of [
  ['13-public-key-saml2', 'public-key'],
  ['13-public-key-saml11', 'public-key'],
  ['13-symmetric-saml2', 'symmetric-key'],
  ['13-symmetric-saml11', 'symmetric-key'],
  ['13-symmetric-no-entropy', 'symmetric-key'],
  ['2005-symmetric-saml11', 'symmetric-key'],
] as const)
  test(`CXF: ${name} gets its token, bound to the key it asked for`, async () => {
    const path = `${FOLDER}/${name}.xml`;
    const { security } = open(path);
    const { relyingParties, ...others } = billingRules();
    const rules = {
      ...others,
      relyingParties: relyingParties.map((party) => ({
        ...party,
        appliesTo: ['https://rp.example/app'],
      })),
    };
    const now = security.timestamp?.created ?? 0;
    const setting = aWsTrustSetting({ rules, now, password: 'secret', validators: [batchClient] });

    const answer = await setting.front.handle(
      aPost(readFileSync(path), { headers: httpHeadersOf(path) }),
    );

    assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
    assert.equal(setting.asked[0]?.confirmation?.method, method);
  });
