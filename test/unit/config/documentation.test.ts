// The documentation of the configuration: each of its examples loads, and each section has one.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { configSchema } from '#src/config/schema.ts';
import { schemaText } from '#src/config/write-schema.ts';
import { type Certificate, selfSigned } from '#test/support/x509/certificate.ts';
import {
  aDocument,
  certificatePem,
  ecKeyPem,
  parseText,
  publicJwks,
  rsaKeyPem,
  SECRET,
  userFile,
} from './document.ts';

const SECRET_KEY = Buffer.alloc(32, 7).toString('base64');

const TEXT = await readFile(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
const BLOCKS = [...TEXT.matchAll(/^```yaml\n(.*?)^```$/gms)].map(
  ([, block = '']) => parse(block) as Readonly<Record<string, unknown>>,
);

type Entry = Readonly<Record<string, unknown>>;

const nameOf = (entry: Entry): unknown => entry['id'] ?? entry['client_id'];

/** What an example speaks of and does not show. */
function surroundings(): Readonly<Record<string, unknown>> {
  const document = aDocument();
  const saml = { file: 'keys/saml.pem' };
  const billing = { id: 'billing', audiences: ['billing'], requestors: 'any' };
  return {
    ...document,
    keys: [
      ...document.keys,
      { use: 'jwt', algorithm: 'RS256', key: { file: 'keys/rs256.pem' } },
      { use: 'saml', algorithm: 'RS256', key: saml, certificate: { file: 'keys/saml.crt' } },
      {
        use: 'encryption',
        key: { file: 'keys/encryption.pem' },
        certificate: { file: 'keys/encryption.crt' },
      },
    ],
    users: [{ file: 'users.yaml' }],
    relyingParties: [...document.relyingParties, { ...billing, token: { type: 'jwt' } }],
    policy: [],
  };
}

/** An example in its surroundings: entries that it shows replace those of the same id. */
function completed(block: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const document: Record<string, unknown> = { ...surroundings(), ...block };
  for (const section of ['trustedIssuers', 'clients', 'relyingParties']) {
    const shown = (block[section] ?? []) as readonly Entry[];
    const around = surroundings()[section] as readonly Entry[];
    const names = shown.map(nameOf);
    document[section] = [...shown, ...around.filter((entry) => !names.includes(nameOf(entry)))];
  }
  return document;
}

describe('docs/configuration.md', () => {
  const samlKey = rsaKeyPem();
  const encryptionKey = rsaKeyPem();
  const certificate = certificatePem(rsaKeyPem());
  let tls: Certificate;

  before(async () => {
    tls = await selfSigned(['sts.example.org']);
  });

  for (const [index, block] of BLOCKS.entries()) {
    it(`example ${String(index + 1)} (${Object.keys(block).join(', ')}) loads without a warning`, async () => {
      const { warnings } = await parseText(stringify(completed(block)), {
        files: {
          'keys/jwt-next.pem': ecKeyPem(),
          'keys/rs256.pem': rsaKeyPem(),
          'keys/saml.pem': samlKey,
          'keys/saml.crt': certificatePem(samlKey),
          'keys/encryption.pem': encryptionKey,
          'keys/encryption.crt': certificatePem(encryptionKey),
          'tls/server.pem': tls.certPem,
          'tls/server.key': tls.keyPem,
          'partner.crt': certificate,
          'partner-next.crt': certificate,
          'metadata.crt': certificate,
          'corp-root.crt': certificate,
          'corp-issuing.crt': certificate,
          'old-client.crt': certificate,
          'corp.crl': '-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n',
          'billing.crt': certificate,
          'orders-api.jwks.json': publicJwks(),
          'users.yaml': userFile('batch-import', 'portal-service', 'helpdesk'),
          'keys/refresh.key': SECRET_KEY,
          'keys/secrets.key': SECRET_KEY,
          'keys/secrets-next.key': Buffer.alloc(32, 4).toString('base64'),
        },
        env: { REDIS_PASSWORD: SECRET, SENTINEL_PASSWORD: SECRET },
      });

      assert.deepEqual(warnings, []);
    });
  }

  it('shows every section', () => {
    const shown = new Set(BLOCKS.flatMap((block) => Object.keys(block)));

    assert.deepEqual([...shown].toSorted(), Object.keys(configSchema.shape).toSorted());
  });

  it('names every key of the schema, as code', () => {
    const code = [...TEXT.matchAll(/```yaml\n(.*?)```|`([^`\n]+)`/gs)]
      .map(([, block, span]) => block ?? span)
      .join('\n');

    const missing = keysOf(JSON.parse(schemaText()) as SchemaNode)
      .filter((key) => !new RegExp(`(?<!\\w)${key}(?!\\w)`).test(code))
      .toSorted();

    assert.deepEqual([...new Set(missing)], []);
  });
});

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly allOf?: readonly SchemaNode[];
  readonly items?: SchemaNode;
}

/** The keys of a schema, at any depth. */
function keysOf(node: SchemaNode): readonly string[] {
  const { allOf = [], anyOf = [], items, oneOf = [], properties = {} } = node;
  const below = [...Object.values(properties), ...anyOf, ...oneOf, ...allOf];
  return [
    ...Object.keys(properties),
    ...[...below, ...(items ? [items] : [])].flatMap((each) => keysOf(each)),
  ];
}
