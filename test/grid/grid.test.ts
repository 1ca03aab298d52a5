// The product's promise: every subject token type becomes every token type, on every front.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { decodeJwt } from 'jose';
import { parseXml } from '#bridge/xml/parser.ts';
import { attributeOf } from '#bridge/xml/tree.ts';
import { TOKEN_TYPES, type TokenType } from '#core/token-type.ts';
import { ACCESS_TOKEN_TYPE } from '#test/support/document.ts';
import { ALL_TYPES, type SamlWorld, withSaml } from '#test/support/saml-document.ts';
import { type FormValues, startServer, type TestServer } from '#test/support/server.ts';

type IssuedType = (typeof ALL_TYPES)[number];

interface World extends SamlWorld {
  readonly server: TestServer;
}

let world: World;
let serial = 0;

const uriOf = (type: TokenType): string => TOKEN_TYPES[type].uri ?? '';
const encoded = (text: string): string => Buffer.from(text).toString('base64url');

async function issued(requested: IssuedType): Promise<string> {
  const { body, text } = await world.server.exchange({ requested_token_type: uriOf(requested) });
  assert.equal(typeof body['access_token'], 'string', text);
  return String(body['access_token']);
}

/** A row for each subject: how its token is made, and who the new token must be about. */
const SUBJECTS: readonly {
  readonly name: string;
  readonly type: TokenType;
  readonly sub: string;
  readonly make: () => string | Promise<string>;
}[] = [
  {
    name: 'foreign jwt',
    type: 'jwt',
    sub: 'partner:alice',
    make: () => world.server.partner.sign(),
  },
  {
    name: 'foreign id_token',
    type: 'id_token',
    sub: 'partner:alice',
    make: () => world.server.partner.sign({ scope: undefined }),
  },
  {
    name: 'foreign saml1',
    type: 'saml1',
    sub: 'partner-saml:alice@partner.example',
    make: () => encoded(world.partner.assertion('saml1', { id: `_g${serial++}` })),
  },
  {
    name: 'foreign saml2',
    type: 'saml2',
    sub: 'partner-saml:alice@partner.example',
    make: () => encoded(world.partner.assertion('saml2', { id: `_g${serial++}` })),
  },
  {
    name: 'own access_token',
    type: 'access_token',
    sub: 'partner:alice',
    make: () => issued('access_token'),
  },
  { name: 'own jwt', type: 'jwt', sub: 'partner:alice', make: () => issued('jwt') },
  { name: 'own id_token', type: 'id_token', sub: 'partner:alice', make: () => issued('id_token') },
  { name: 'own saml1', type: 'saml1', sub: 'partner:alice', make: () => issued('saml1') },
  { name: 'own saml2', type: 'saml2', sub: 'partner:alice', make: () => issued('saml2') },
];

const SAML_VERSIONS = { saml1: ['MajorVersion', '1'], saml2: ['Version', '2.0'] } as const;

function subjectOf(type: IssuedType, token: string): string {
  if (type !== 'saml1' && type !== 'saml2') return decodeJwt(token).sub ?? '';
  const text = Buffer.from(token, 'base64url');
  const { root } = parseXml(text);
  const [name, value] = SAML_VERSIONS[type];
  assert.equal(attributeOf(root, name), value);
  return /<[\w:]*Name(?:ID|Identifier)[^>]*>([^<]*)</.exec(text.toString())?.[1] ?? '';
}

suite('Grid: OAuth token exchange', () => {
  const steps: (() => Promise<unknown>)[] = [];
  after(async () => {
    for (const step of steps) await step();
  });

  before(async () => {
    let saml: SamlWorld | undefined;
    const server = await startServer(
      { after: (step) => void steps.push(step) },
      async (document, directory) => {
        saml = await withSaml(document, directory);
      },
    );
    if (!saml) throw new Error('the SAML half was not set up');
    world = { ...saml, server };
  });

  for (const subject of SUBJECTS) {
    for (const requested of ALL_TYPES) {
      test(`RFC 8693 §2.1: ${subject.name} becomes ${requested}`, async () => {
        const form: FormValues = {
          subject_token: await subject.make(),
          subject_token_type: uriOf(subject.type),
          requested_token_type: uriOf(requested),
        };

        const { status, body, text } = await world.server.exchange(form);

        assert.equal(status, 200, text);
        assert.equal(body['issued_token_type'], uriOf(requested));
        const isBearer = uriOf(requested) === ACCESS_TOKEN_TYPE || requested === 'jwt';
        assert.equal(body['token_type'], isBearer ? 'Bearer' : 'N_A');
        assert.equal(subjectOf(requested, String(body['access_token'])), subject.sub);
      });
    }
  }
});
