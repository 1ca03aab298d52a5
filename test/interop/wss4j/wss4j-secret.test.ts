// WSS4J makes a secret, signs and encrypts a request with it or with keys derived of it, and decrypts and verifies our answer, under the rules
// of the Basic Security Profile (WSS 1.1.1 §7.7, §8, §9; WS-SecurityPolicy 1.2 §7.4).
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createKeyUnwrapper } from '#bridge/xml/encryption/decrypt.ts';
import { aFolder, isBuilt } from '#test/interop/foreign-client.ts';
import { ours } from '#test/support/soap/message-security.ts';
import { SECRET_PATH, SECRET_PROFILES } from '#test/support/soap/secret-message.ts';
import { anEnvelope, SOAP_VERSIONS } from '#test/support/soap/soap.ts';
import { anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { aPost, aWsTrustSetting, faultCodeOf, USER } from '#test/support/ws-trust/ws-trust.ts';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('run-secret', import.meta.url));
const ADDRESSING = `<a:Action>${TRUST_13}/RST/Issue</a:Action>`;

const aSetting = () =>
  aWsTrustSetting({
    profiles: SECRET_PROFILES,
    now: Math.floor(Date.now() / 1000),
    parts: { unwrappers: [createKeyUnwrapper(ours.privateKey)] },
  });

const FORMS = SOAP_VERSIONS.flatMap((version) =>
  (version === '1.2' ? ['secret', 'derived', 'derived-2005'] : ['secret']).map((form) => ({
    version,
    form,
  })),
);

test('WSS4J: a request under a secret is accepted, and it decrypts and verifies our answer', async (t) => {
  if (!(await isBuilt(t, 'cxf/build'))) return;
  const { write } = await aFolder(t);
  const certificate = await write('ours.crt', ours.pem);
  for (const { form, version } of FORMS)
    await t.test(`SOAP ${version}, ${form}`, async () => {
      const clear = await write(
        'clear.xml',
        anEnvelope({ version, header: ADDRESSING, body: anRst() }),
      );
      const request = await write('request.xml', '');
      const words = ['request', form, certificate, USER.name, USER.password, clear, request];
      const made = await run(PROGRAM, words);
      const printed = (what: string): string =>
        new RegExp(`^${what} (\\S+)$`, 'm').exec(made.stdout)?.[1] ?? '';
      const [name, secret] = [printed('name'), printed('secret')];
      const message = await readFile(request, 'utf8');
      assert.doesNotMatch(message, /RequestSecurityToken|SignatureValue|UsernameToken/);
      const setting = aSetting();
      const sent = { soap: version, path: SECRET_PATH, isSecure: false };

      const answer = await setting.front.handle(aPost(message, sent));

      assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
      assert.equal(setting.asked[0]?.requestor.id, USER.name);
      const file = await write('answer.xml', answer.body);
      const { stdout } = await run(PROGRAM, ['answer', secret, name, file]);
      const lines = stdout.trim().split('\n').toSorted();
      assert.deepEqual(lines, [
        'by a secret',
        `confirmed ${printed('signature')}`,
        'encrypted Body',
        'encrypted Signature',
        'encrypted SignatureConfirmation',
        'payload RequestSecurityTokenResponseCollection',
        'signed Action',
        'signed Body',
        'signed SignatureConfirmation',
        'signed Timestamp',
      ]);

      if (form === 'derived-2005' || version === '1.1') return;
      const again = await setting.front.handle(aPost(message, sent));
      assert.equal(faultCodeOf(again), 'wsse:InvalidSecurity');
      const other = Buffer.from(secret, 'base64').reverse().toString('base64');
      await assert.rejects(run(PROGRAM, ['answer', other, name, file]), /WSSecurityException/);
    });
});
