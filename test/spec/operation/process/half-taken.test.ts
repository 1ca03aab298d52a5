// A reload is taken as a whole or not at all.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createApp } from '#src/app.ts';
import { loadConfigFiles } from '#src/config/load.ts';
import { aConfigDocument } from '#test/support/server/document.ts';
import { createPartner, writeConfiguration } from '#test/support/server/server.ts';
import { selfSigned } from '#test/support/x509/certificate.ts';

/** How many keys are published. */
const publishedKeys = (url: string, ca: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const options = { ca, servername: 'localhost', headers: { host: 'sts.example.org' } };
    request(`${url}/jwks`, options, (response) => {
      let text = '';
      response.on('data', (part: Buffer) => (text += part.toString()));
      response.on('end', () => resolve((JSON.parse(text) as { keys: object[] }).keys.length));
    })
      .on('error', reject)
      .end();
  });

test('Reload: where TLS does not take the certificate, everything else stays as it was', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-half-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const { certPem, keyPem } = await selfSigned(['localhost']);
  await writeFile(join(directory, 'tls.crt'), certPem);
  await writeFile(join(directory, 'tls.key'), keyPem, { mode: 0o600 });
  const document = aConfigDocument();
  const tls = { certificate: { file: 'tls.crt' }, key: { file: 'tls.key' } };
  Object.assign(document['listeners'] as object, { public: { address: '127.0.0.1:0', tls } });
  const { jwks } = await createPartner({ now: () => Math.floor(Date.now() / 1000) });
  const path = await writeConfiguration(directory, document, jwks);
  const { config } = await loadConfigFiles(path);
  const app = await createApp(config);
  t.after(() => app.stop());
  const { publicUrl } = await app.listen();
  const { public: open } = config.listeners;
  const prepared = await app.prepare({
    ...config,
    keys: config.keys.slice(0, 1),
    relyingParties: [],
    policy: [],
    listeners: {
      ...config.listeners,
      public: { ...open, tls: { clientCertificates: 'none', certificatePem: 'x', keyPem } },
    },
  });

  assert.throws(() => prepared.commit());

  assert.equal(await publishedKeys(publicUrl, certPem), 2);
  assert.match(app.metrics(), /^sts_config_generation 1$/m);
});
