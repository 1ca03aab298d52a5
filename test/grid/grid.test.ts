// The product's promise: every subject token type becomes every token type, on every front.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import { decodeJwt } from 'jose';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { attributeOf } from '#bridge/xml/tree.ts';
import { TOKEN_TYPES, type TokenType } from '#core/token/token-type.ts';
import { ALL_TYPES, type SamlWorld } from '#test/support/saml/saml-document.ts';
import { startSamlServer } from '#test/support/saml/saml-server.ts';
import { ACCESS_TOKEN_TYPE, type ConfigDocument } from '#test/support/server/document.ts';
import type { FormValues, TestServer } from '#test/support/server/server.ts';
import { endingOfSuite } from '#test/support/suite.ts';
import { anIssueMessage, jwtAsXml, jwtIn, sendSoap } from '#test/support/ws-trust/messages.ts';

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

/** A place for their secrets, and a row that grants them. */
async function withContexts(document: ConfigDocument, directory: string): Promise<void> {
  const key = Buffer.alloc(32, 1).toString('base64');
  await writeFile(join(directory, 'keys/secrets.key'), key, { mode: 0o600 });
  document['keptSecrets'] = { keys: [{ key: { file: 'keys/secrets.key' } }] };
  document.policy = document.policy.map((row) => {
    const allow = row['allow'] as { readonly types: readonly string[] };
    return { ...row, allow: { ...allow, types: [...allow.types, 'sct'] } };
  });
}

const ending = endingOfSuite();

before(async () => {
  const { server, saml } = await startSamlServer(ending, async (document, directory) => {
    await withContexts(document, directory);
  });
  world = { ...saml, server };
});

suite('Grid: OAuth token exchange', () => {
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

/** The evidence as it goes over SOAP; an assertion is itself, all others are JWTs. */
const asXml = (type: TokenType, token: string): string =>
  type === 'saml1' || type === 'saml2'
    ? Buffer.from(token, 'base64url').toString('utf8')
    : jwtAsXml(token);

const SOAP_TYPES = ['saml1', 'saml2', 'jwt'] as const;
const tokenTypeUri = (type: (typeof SOAP_TYPES)[number]): string => TOKEN_TYPES[type].wsTrust[0];

function soapToken(type: (typeof SOAP_TYPES)[number], text: string): string {
  const [, content = ''] =
    /<trust:RequestedSecurityToken>(.*)<\/trust:RequestedSecurityToken>/s.exec(text) ?? [];
  return type === 'jwt' ? jwtIn(content) : encoded(content);
}

suite('Grid: WS-Trust Issue on behalf of', () => {
  // An ID token is a JWT here: SOAP has no name of its own for it.
  for (const subject of SUBJECTS.filter(({ name }) => name !== 'own id_token')) {
    for (const requested of SOAP_TYPES) {
      test(`WS-Trust 1.3 §9.1: ${subject.name} becomes ${requested}`, async () => {
        const onBehalfOf = asXml(subject.type, await subject.make());

        const { status, text } = await sendSoap(
          world.server,
          anIssueMessage({ onBehalfOf, tokenType: tokenTypeUri(requested) }),
        );

        assert.equal(status, 200, text);
        assert.match(
          text,
          new RegExp(`<trust:TokenType>${tokenTypeUri(requested)}</trust:TokenType>`),
        );
        assert.equal(subjectOf(requested, soapToken(requested, text)), subject.sub);
      });
    }
  }

  for (const subject of SUBJECTS.filter(({ name }) => name !== 'own id_token'))
    for (const tokenType of TOKEN_TYPES.sct.wsTrust)
      test(`WS-SecureConversation 1.3 §3: ${subject.name} becomes ${tokenType}`, async () => {
        const onBehalfOf = asXml(subject.type, await subject.make());

        // Without a KeyType: a context has a secret.
        const request = anIssueMessage({ onBehalfOf, tokenType }).replace(
          /<trust:KeyType>.*?<.trust:KeyType>/,
          '',
        );
        const { status, text } = await sendSoap(world.server, request);

        assert.equal(status, 200, text);
        assert.ok(text.includes(`<trust:TokenType>${tokenType}</trust:TokenType>`));
        assert.ok(text.includes('/ws-trust/context/'));
      });

  for (const requested of SOAP_TYPES) {
    test(`WS-Trust 1.3 §4: a user name becomes ${requested}`, async () => {
      const { status, text } = await sendSoap(
        world.server,
        anIssueMessage({ tokenType: tokenTypeUri(requested) }),
      );

      assert.equal(status, 200, text);
      assert.equal(subjectOf(requested, soapToken(requested, text)), 'bob');
    });
  }
});
