// Messages that WSS4J signs, one for each way to name a certificate (X.509 Certificate Token Profile 1.1.1 §3.2), with and
// without STR-Transform (WSS 1.1.1 §8.3): accepted, and refused once anything signed is changed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseCertificate } from '#src/trust/x509/certificate.ts';
import { createCertificateFinder } from '#src/trust/x509/certificate-finder.ts';
import { createX509Validator } from '#src/trust/x509/x509-validator.ts';
import { isBuilt } from '#test/interop/foreign-client.ts';
import { OWN_ISSUER } from '#test/support/core.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anRst } from '#test/support/ws-trust/rst.ts';
import { aPost, aWsTrustSetting, corpRules, faultCodeOf } from '#test/support/ws-trust/ws-trust.ts';
import { aCertificate, anAuthority, type TestCertificate } from '#test/support/x509/pki.ts';
import { anX509Trust } from '#test/support/x509/x509-trust.ts';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('run', import.meta.url));
const FORMS = [
  'direct',
  'pki-path',
  'issuer-serial',
  'subject-key-identifier',
  'thumbprint',
  'key-identifier',
];
const ACCEPTED = FORMS.flatMap((form) => [form, `${form}-transformed`]);

/** A front over the real validator of certificates, at the time it is. */
function aSetting(root: TestCertificate, known: readonly TestCertificate[]) {
  const clock = { now: () => Math.floor(Date.now() / 1000) };
  const trusted = [anX509Trust([root])];
  return aWsTrustSetting({
    rules: corpRules(),
    validators: [createX509Validator({ issuer: OWN_ISSUER, trusted, clock })],
    parts: {
      clock,
      findCertificate: createCertificateFinder(known.map(({ pem }) => parseCertificate(pem))),
    },
  });
}

async function signedMessages(t: TestContext, { pem, privateKeyPem }: TestCertificate) {
  const folder = await mkdtemp(join(tmpdir(), 'wss4j-'));
  t.after(() => rm(folder, { recursive: true }));
  const write = async (name: string, text: string) => {
    await writeFile(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const message = anEnvelope({ header: '', body: anRst() });
  await run(PROGRAM, [
    'SignedMessages',
    await write('client.crt', pem),
    await write('client.key', privateKeyPem),
    await write('message.txt', message),
    folder,
  ]);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.xml'));
  const texts = names.map(
    async (name): Promise<[string, string]> => [
      name.replace('.xml', ''),
      await readFile(join(folder, name), 'utf8'),
    ],
  );
  return new Map(await Promise.all(texts));
}

test('WSS4J: a signature is accepted however it names its certificate', async (t) => {
  if (!(await isBuilt(t, 'cxf/build'))) return;
  const root = await anAuthority({ name: 'CN=Root, O="Corp, Inc"', algorithm: 'RSA' });
  const client = await aCertificate({ name: 'CN=batch', issuer: root, algorithm: 'RSA' });
  const messages = await signedMessages(t, client);

  assert.deepEqual([...messages.keys()].toSorted(), [...ACCEPTED, 'key-value'].toSorted());
  for (const name of ACCEPTED) {
    await t.test(name, async () => {
      const message = messages.get(name) ?? '';
      const setting = aSetting(root, [client]);

      const answer = await setting.front.handle(aPost(message));

      assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
      assert.equal(setting.asked[0]?.requestor.id, 'batch');
      const changed = message.replace('billing.example', 'orders.example');
      const refused = await aSetting(root, [client]).front.handle(aPost(changed));
      assert.equal(faultCodeOf(refused), 'wsse:FailedCheck');
    });
  }

  await t.test('a bare key is nobody’s', async () => {
    const answer = await aSetting(root, [client]).front.handle(
      aPost(messages.get('key-value') ?? ''),
    );
    assert.equal(faultCodeOf(answer), 'trust:FailedAuthentication');
  });

  await t.test('a certificate that is only named must be known', async () => {
    for (const form of ['issuer-serial', 'subject-key-identifier', 'thumbprint']) {
      const answer = await aSetting(root, []).front.handle(aPost(messages.get(form) ?? ''));
      assert.equal(faultCodeOf(answer), 'trust:FailedAuthentication', form);
    }
  });

  await t.test(
    'STR-Transform: another token in the place of the signed one is refused',
    async () => {
      const twin = await aCertificate({ name: 'CN=batch', issuer: root, algorithm: 'RSA' });
      const message = (messages.get('direct-transformed') ?? '').replace(
        client.der.toString('base64'),
        twin.der.toString('base64'),
      );
      const answer = await aSetting(root, [client]).front.handle(aPost(message));
      assert.equal(faultCodeOf(answer), 'trust:FailedAuthentication');
    },
  );
});
