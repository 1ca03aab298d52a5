// The shipped files: every example loads, and the schema that editors use is the one that is enforced.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { before, describe, it } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { parseConfig } from '#src/config/load.ts';
import { schemaText } from '#src/config/write-schema.ts';
import { issueSelfSignedCertificate } from '#src/keys/certificate.ts';
import { type Certificate, selfSigned } from '#test/support/certificate.ts';
import { aDocument, ecKeyPem, publicJwks, SECRET } from './document.ts';

const FOLDER = new URL('../../../config/', import.meta.url);

const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.yaml'));

const readText = (name: string): Promise<string> => readFile(new URL(name, FOLDER), 'utf8');

const rsaKeyPem = (): string =>
  generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();

describe('Examples', () => {
  const saml = { keyPem: rsaKeyPem(), certificate: '' };
  let tls: Certificate;

  before(async () => {
    tls = await selfSigned(['sts.example.org']);
    saml.certificate = issueSelfSignedCertificate({
      keyPem: saml.keyPem,
      commonName: 'sts.example.org',
      hosts: [],
      notBefore: Math.floor(Date.now() / 1000),
      lifetimeSeconds: 3600,
    });
  });

  // The examples name their files by what is in them.
  function contentOf(path: string): string {
    if (path.endsWith('.jwks.json')) return publicJwks();
    if (path.endsWith('audit.key')) return Buffer.alloc(32, 1).toString('base64');
    if (path.endsWith('tls/server.pem')) return tls.certPem;
    if (path.endsWith('tls/server.key')) return tls.keyPem;
    if (path.endsWith('saml.pem')) return saml.keyPem;
    if (path.endsWith('saml.crt')) return saml.certificate;
    return path.includes('rs256') ? rsaKeyPem() : ecKeyPem();
  }

  it('are there', () => assert.ok(names.length >= 2));

  for (const name of names) {
    it(`${name} loads without a warning`, async () => {
      const text = await readText(name);
      const env = Object.fromEntries(
        [...text.matchAll(/env: (\w+)/g)].map(([, key]) => [key ?? '', SECRET]),
      );

      const config = await parseConfig(text, {
        path: name,
        env,
        readFile: async (path) => contentOf(path),
      });

      assert.deepEqual(config.warnings, []);
    });

    it(`${name} names the schema for editors`, async () => {
      assert.match(await readText(name), /^# yaml-language-server: \$schema=\.\/schema\.json\n/);
    });
  }
});

describe('schema.json', () => {
  it('is what the schema in the code says', async () => {
    assert.equal(await readText('schema.json'), schemaText());
  });

  const validator = () =>
    new Ajv({ allErrors: true, strict: false }).compile(JSON.parse(schemaText()) as object);

  for (const name of names) {
    it(`accepts ${name}`, async () => {
      const validate = validator();

      validate(parse(await readText(name)));

      assert.deepEqual(validate.errors, null);
    });
  }

  it('refuses unknown keys, two choices of one, and secrets in the file', () => {
    const validate = validator();
    const wrong: object[] = [
      { ...aDocument(), user: [] },
      { ...aDocument(), store: { memory: {}, sqlite: { path: 'x' } } },
      { ...aDocument(), clients: [{ ...aDocument().clients[0], client_secret: SECRET }] },
    ];

    assert.ok(validate(aDocument()));
    for (const document of wrong) assert.equal(validate(document), false);
  });
});
