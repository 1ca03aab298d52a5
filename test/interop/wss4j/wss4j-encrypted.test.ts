// WSS4J signs a request and encrypts it to us, and it decrypts and verifies our answer, under the rules of the Basic Security Profile
// (WSS 1.1.1 §8, §9; ws-trust §4).
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createKeyUnwrapper } from '#bridge/xml/encryption/decrypt.ts';
import { createX509Validator } from '#src/trust/x509/x509-validator.ts';
import { aFolder, isBuilt } from '#test/interop/foreign-client.ts';
import { OWN_ISSUER } from '#test/support/core.ts';
import { PATH, PROFILES } from '#test/support/soap/message-security.ts';
import { RSA_SHA256 } from '#test/support/soap/signed-message.ts';
import { anEnvelope, SOAP_VERSIONS } from '#test/support/soap/soap.ts';
import { anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { aPost, aWsTrustSetting, corpRules, faultCodeOf } from '#test/support/ws-trust/ws-trust.ts';
import { aCertificate, anAuthority } from '#test/support/x509/pki.ts';
import { anX509Trust } from '#test/support/x509/x509-trust.ts';
import { createKeySigner } from '#test/support/xml/signer.ts';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('run', import.meta.url));
const ADDRESSING = `<a:Action>${TRUST_13}/RST/Issue</a:Action>`;

const root = await anAuthority({ name: 'CN=Root', algorithm: 'RSA' });
const client = await aCertificate({ name: 'CN=batch', issuer: root, algorithm: 'RSA' });
const ours = await aCertificate({ name: 'CN=sts encryption', algorithm: 'RSA' });
const signing = await aCertificate({ name: 'CN=sts signing', algorithm: 'RSA' });
const stranger = await aCertificate({ name: 'CN=sts signing', algorithm: 'RSA' });

/** An address where messages protect themselves, over the real validator of certificates, at the time it is. */
function aSetting() {
  const clock = { now: () => Math.floor(Date.now() / 1000) };
  const signer = createKeySigner({ algorithm: RSA_SHA256, key: signing.privateKey });
  return aWsTrustSetting({
    rules: corpRules(),
    profiles: PROFILES,
    validators: [
      createX509Validator({ issuer: OWN_ISSUER, trusted: [anX509Trust([root])], clock }),
    ],
    parts: {
      clock,
      unwrappers: [createKeyUnwrapper(ours.privateKey)],
      signAnswer: () => ({ signer, certificate: signing.der }),
    },
  });
}

async function aClientFolder(t: TestContext) {
  const { folder, write } = await aFolder(t);
  const own = [
    await write('client.crt', client.pem),
    await write('client.key', client.privateKeyPem),
  ];
  return { folder, own, write };
}

test('WSS4J: an encrypted and signed request is accepted, and it decrypts and verifies our answer', async (t) => {
  if (!(await isBuilt(t, 'cxf/build'))) return;
  const { folder, own, write } = await aClientFolder(t);
  for (const version of SOAP_VERSIONS) {
    await t.test(`SOAP ${version}`, async () => {
      const clear = anEnvelope({ version, header: ADDRESSING, body: anRst() });
      const request = join(folder, 'request.xml');
      const made = await run(PROGRAM, [
        'EncryptedMessages',
        'request',
        ...own,
        await write('ours.crt', ours.pem),
        await write('clear.xml', clear),
        request,
      ]);
      const message = await readFile(request, 'utf8');
      assert.doesNotMatch(message, /RequestSecurityToken|SignatureValue/);
      const setting = aSetting();
      const sent = { soap: version, path: PATH, isSecure: false };

      const answer = await setting.front.handle(aPost(message, sent));

      assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
      assert.equal(setting.asked[0]?.requestor.id, 'batch');
      const opened = ['answer', ...own];
      const file = await write('answer.xml', answer.body);
      const { stdout } = await run(PROGRAM, [
        'EncryptedMessages',
        ...opened,
        await write('sts.crt', signing.pem),
        file,
      ]);
      const [, signature = ''] = /^signature (\S+)$/m.exec(made.stdout) ?? [];
      const lines = stdout.trim().split('\n').toSorted();
      assert.deepEqual(lines, [
        'by CN=sts signing',
        `confirmed ${signature}`,
        'encrypted Body',
        'encrypted Signature',
        'encrypted SignatureConfirmation',
        'payload RequestSecurityTokenResponseCollection',
        'signed Action',
        'signed BinarySecurityToken',
        'signed Body',
        'signed SignatureConfirmation',
        'signed Timestamp',
      ]);

      if (version === '1.1') return;
      const again = await setting.front.handle(aPost(message, sent));
      assert.equal(faultCodeOf(again), 'wsse:InvalidSecurity');
      await assert.rejects(
        run(PROGRAM, [
          'EncryptedMessages',
          ...opened,
          await write('other.crt', stranger.pem),
          file,
        ]),
        /WSSecurityException/,
      );
      const spoiled = answer.body.replace(
        /(CipherValue>[^<]+)....(==?)?(?=<\/xenc:CipherValue><\/xenc:CipherData><\/xenc:EncryptedData><\/s:Body>)/,
        '$1AAAA',
      );
      assert.notEqual(spoiled, answer.body);
      await assert.rejects(
        run(PROGRAM, [
          'EncryptedMessages',
          ...opened,
          await write('sts.crt', signing.pem),
          await write('spoiled.xml', spoiled),
        ]),
        /WSSecurityException/,
      );
    });
  }
});
