// The shipped files: every example loads, and the schema that editors use is the one that is enforced.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { before, describe, it } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { parseConfig } from '#src/config/load.ts';
import { schemaText } from '#src/config/write-schema.ts';
import { type Certificate, selfSigned } from '#test/support/x509/certificate.ts';
import {
  aDocument,
  certificatePem,
  ecKeyPem,
  publicJwks,
  rsaKeyPem,
  SECRET,
  userFile,
} from './document.ts';

const FOLDER = new URL('../../../config/', import.meta.url);

const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.yaml'));

const readText = (name: string): Promise<string> => readFile(new URL(name, FOLDER), 'utf8');

/** Those that the examples name. */
const USERS = ['batch-import', 'solution-backup'];

const REVOCATION_LIST = '-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n';

describe('Examples', () => {
  const samlKey = rsaKeyPem();
  const encryptionKey = rsaKeyPem();
  const certificates = { own: certificatePem(samlKey), other: certificatePem(rsaKeyPem()) };
  let tls: Certificate;

  before(async () => {
    const texts = await Promise.all(names.map(readText));
    const hosts = texts.flatMap((text) => /^issuer: https:\/\/([^\s:/]+)/m.exec(text)?.[1] ?? []);
    tls = await selfSigned(hosts);
  });

  // The examples name their files by what is in them.
  const CONTENTS: readonly (readonly [string, () => string])[] = [
    ['.jwks.json', publicJwks],
    ['.metadata.xml', () => '<EntityDescriptor/>'],
    ['refresh.key', () => Buffer.alloc(32, 2).toString('base64')],
    ['secrets.key', () => Buffer.alloc(32, 3).toString('base64')],
    ['audit.key', () => Buffer.alloc(32, 1).toString('base64')],
    ['tls/server.pem', () => tls.certPem],
    ['tls/server.key', () => tls.keyPem],
    ['saml.pem', () => samlKey],
    ['saml.crt', () => certificates.own],
    ['encryption.pem', () => encryptionKey],
    ['encryption.crt', () => certificatePem(encryptionKey)],
    ['.crt', () => certificates.other],
    ['.crl', () => REVOCATION_LIST],
    ['users.yaml', () => userFile(...USERS)],
    ['rs256.pem', rsaKeyPem],
    ['.pem', ecKeyPem],
  ];

  const contentOf = (path: string): string =>
    CONTENTS.find(([ending]) => path.endsWith(ending))?.[1]() ?? '';

  it('are there', () => {
    const profiles = ['adfs', 'fmn5', 'minimal', 'redis', 'vcenter', 'viaduct'];
    assert.deepEqual(
      names.toSorted(),
      profiles.map((name) => `${name}.example.yaml`),
    );
  });

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
