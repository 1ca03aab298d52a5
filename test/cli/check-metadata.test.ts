// `check` and `serve` over the metadata of trusted issuers: what cannot be used is told before the first assertion comes.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { requireUsableMetadata } from '#src/app/trust/usable-metadata.ts';
import { loadConfigFiles } from '#src/config/load.ts';
import { aCertifiedKey, iso, PARTNER } from '#test/support/saml/saml.ts';
import { descriptor, entity, idp, signedMetadata } from '#test/support/saml/saml-metadata.ts';
import { lineOf } from '#test/support/server/configured-line.ts';
import { aConfigDocument } from '#test/support/server/document.ts';
import { viaduct } from '#test/support/server/process.ts';
import { createPartner, writeConfiguration } from '#test/support/server/server.ts';

const clock = { now: (): number => Math.floor(Date.now() / 1000) };
const signer = await aCertifiedKey();
const issuer = await aCertifiedKey();
const nine = await Promise.all(Array.from({ length: 9 }, () => aCertifiedKey()));
const good = entity(idp(descriptor(issuer) + descriptor(signer)));
const ended = entity(idp(descriptor(issuer)), `validUntil="${iso(clock.now() - 86_400)}"`);

async function configured(t: TestContext, source: object, xml: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-metadata-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const document = aConfigDocument();
  document.trustedIssuers.push({
    id: 'partner-saml',
    issuer: PARTNER,
    saml: {
      metadata: { ...source, certificates: [{ file: 'signer.pem' }] },
      audiences: ['https://localhost:8443'],
    },
  });
  document['fetch'] = { allowedHosts: ['127.0.0.1'] };
  const { jwks } = await createPartner(clock);
  await writeConfiguration(directory, document, jwks);
  await writeFile(join(directory, 'signer.pem'), signer.certificatePem);
  await writeFile(join(directory, 'idp.xml'), xml);
  return directory;
}

const FILE = { file: 'idp.xml' };

async function servedMetadata(t: TestContext, xml: string): Promise<object> {
  const server = createServer((_, response) => response.end(xml));
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

const unusable: readonly (readonly [name: string, xml: string, said: RegExp])[] = [
  ['that is not signed', good, /element-missing: no Signature/],
  ['signed by a stranger', signedMetadata(good, issuer), /signature-invalid: /],
  ['of another entity', signedMetadata(good.replace(PARTNER, 'urn:x'), signer), /another entity/],
  ['without a signing key', signedMetadata(entity(idp('')), signer), /no usable signing key/],
  [
    'with more keys than are tried',
    signedMetadata(entity(idp(nine.map((key) => descriptor(key)).join(''))), signer),
    /too-complex: 9 signing keys, and 8 at most/,
  ],
  ['that is none', '<x/>', /no metadata/],
  ['that is no XML', 'metadata', /cannot be used: /],
];

for (const [name, xml, said] of unusable)
  test(`SAML Metadata §3: refuses a configuration with a metadata file ${name}`, async (t) => {
    const { config } = await loadConfigFiles(join(await configured(t, FILE, xml), 'viaduct.yaml'));

    await assert.rejects(requireUsableMetadata(config, clock.now()), (cause: Error) => {
      assert.match(
        cause.message,
        /CONFIG_KEY\n {2}trustedIssuers\[1\]\.saml\.metadata\.file: cannot/,
      );
      assert.match(cause.message, said);
      return true;
    });
  });

test('SAML Metadata §3: check and serve refuse metadata that is not signed', async (t) => {
  const directory = await configured(t, FILE, good);

  const checked = await viaduct(['check'], directory);
  const served = await viaduct(['serve', '--config', 'viaduct.yaml'], directory);

  assert.equal(checked.code, 2, checked.out);
  assert.equal(served.code, 2);
  const line = await lineOf(directory, 'file: idp.xml');
  const said = new RegExp(
    `viaduct\\.yaml:${line}:\\d+ error CONFIG_KEY\\n {2}trustedIssuers\\[1\\]\\.saml\\.metadata\\.file: cannot be used`,
  );
  for (const { error } of [checked, served]) assert.match(error, said);
});

test('SAML Metadata §2.3.2: check warns of a metadata file that is no longer valid, and --live fails', async (t) => {
  const directory = await configured(t, FILE, signedMetadata(ended, signer));

  const plain = await viaduct(['check'], directory);
  const live = await viaduct(['check', '--live'], directory);

  assert.equal(plain.code, 0, plain.error);
  const line = await lineOf(directory, 'file: idp.xml');
  const said = new RegExp(
    `:${line}:\\d+ warning CONFIG_KEY\\n.*metadata\\.file: was valid until \\d{4}-`,
  );
  assert.match(plain.error, said);
  assert.equal(live.code, 1);
  assert.match(live.error, /failed trusted issuer partner-saml \(metadata\): .*valid until/);
});

const BOUNDED = { maxLifetimeSeconds: 14 * 86_400 };
const endingIn = (days: number): string =>
  signedMetadata(
    entity(idp(descriptor(issuer)), `validUntil="${iso(clock.now() + days * 86_400)}"`),
    signer,
  );

for (const [what, xml, said] of [
  ['without an end', signedMetadata(good, signer), /says no validUntil/],
  ['that ends too late', endingIn(15), /valid for longer than 1209600 seconds/],
] as const)
  test(`SAML Metadata §2.3: where its lifetime is bounded, check refuses a file ${what}, and --live an address`, async (t) => {
    const file = await configured(t, { ...FILE, ...BOUNDED }, xml);
    const address = await configured(t, { ...(await servedMetadata(t, xml)), ...BOUNDED }, '');

    const checked = await viaduct(['check'], file);
    const live = await viaduct(['check', '--live'], address);

    assert.equal(checked.code, 2, checked.out);
    assert.match(checked.error, /trustedIssuers\[1\]\.saml\.metadata\.file: cannot be used/);
    assert.equal(live.code, 1, live.out);
    for (const { error } of [checked, live]) assert.match(error, said);
  });

test('SAML Metadata §2.3: where its lifetime is bounded, metadata that ends in time is good, within the skew of who made it', async (t) => {
  const SECOND = 1 / 86_400;
  for (const xml of [endingIn(13), endingIn(14 + 50 * SECOND)])
    for (const source of [FILE, await servedMetadata(t, xml)]) {
      const directory = await configured(t, { ...source, ...BOUNDED }, xml);

      const { code, out, error } = await viaduct(['check', '--live'], directory);

      assert.equal(code, 0, error);
      assert.match(out, /good +trusted issuer partner-saml \(metadata\): .* valid until /);
    }
});

test('SAML Metadata §2.4.1: check --live verifies metadata and tells of its keys, from a file and an address', async (t) => {
  const xml = signedMetadata(good, signer);
  for (const source of [FILE, await servedMetadata(t, xml)]) {
    const { code, out, error } = await viaduct(
      ['check', '--live'],
      await configured(t, source, xml),
    );

    assert.equal(code, 0, error);
    assert.match(out, /good +trusted issuer partner-saml \(metadata\): .* 2 signing keys, without/);
  }
});

test('SAML Metadata §3: check --live fails on metadata at an address that a stranger has signed', async (t) => {
  const source = await servedMetadata(t, signedMetadata(good, issuer));
  const directory = await configured(t, source, '');

  const { code, error } = await viaduct(['check', '--live'], directory);

  assert.equal(code, 1);
  assert.match(error, /failed trusted issuer partner-saml \(metadata\): /);
});
