// KeyType SymmetricKey in the REST form (ws-trust §3.2): the secret is ours; it comes to who asks beside the token, and to the relying
// party in it. What the relying party finds in a JWT is judged by jose.
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { compactDecrypt, decodeJwt } from 'jose';
import { createKeyUnwrapper, decryptKey } from '#bridge/xml/encryption/decrypt.ts';
import { XENC_NS } from '#bridge/xml/namespaces.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { isNamed, type XmlElement } from '#bridge/xml/tree.ts';
import { aCertifiedKey } from '#test/support/saml/saml.ts';
import type { Answer, TestServer } from '#test/support/server/server.ts';
import { aSecretsKey } from '#test/support/ws-trust/context-message.ts';
import {
  askRest,
  issueRest,
  type RestAsking,
  startRestServer,
} from '#test/support/ws-trust/rest.ts';
import { BILLING } from '#test/support/ws-trust/rst.ts';

const party = await aCertifiedKey();
const SYMMETRIC = { body: { appliesTo: BILLING, keyType: 'SymmetricKey' } };

let server: TestServer;
const endings: (() => Promise<unknown>)[] = [];
before(async () => {
  const ending = { after: (step: () => Promise<unknown>) => endings.push(step) };
  server = await startRestServer(ending, async (document, directory) => {
    document['keptSecrets'] = { keys: [await aSecretsKey(directory, 'secrets')] };
    await writeFile(join(directory, 'party.crt'), party.certificatePem);
    const token = document.relyingParties[0]?.['token'] ?? {};
    Object.assign(token, { encryptKeysTo: { file: 'party.crt' } });
  });
});
after(async () => {
  for (const step of endings.toReversed()) await step();
});

function encryptedKeyIn(element: XmlElement): XmlElement | undefined {
  if (isNamed(element, XENC_NS, 'EncryptedKey')) return element;
  for (const child of element.children) {
    const found = typeof child === 'string' ? undefined : encryptedKeyIn(child);
    if (found) return found;
  }
  return undefined;
}

/** The secret that the relying party gets out of a token, base64. */
async function secretIn(token: string): Promise<string> {
  const key = createPrivateKey(party.privatePem);
  if (token.startsWith('eyJ')) {
    const { cnf } = decodeJwt<{ cnf: { jwe: string } }>(token);
    assert.deepEqual(Object.keys(cnf), ['jwe']);
    const { plaintext } = await compactDecrypt(cnf.jwe, key);
    const { k = '' } = JSON.parse(new TextDecoder().decode(plaintext)) as { k?: string };
    return Buffer.from(k, 'base64url').toString('base64');
  }
  const encrypted = encryptedKeyIn(parseXml(Buffer.from(token)).root);
  assert.ok(encrypted, token);
  const bounds = { minBytes: 32, maxBytes: 32 };
  const secret = await decryptKey(encrypted, [createKeyUnwrapper(key)], bounds);
  return Buffer.from(secret).toString('base64');
}

const query = (type: string, keyType = 'SymmetricKey'): string =>
  `/ws-trust/token/${type}?appliesTo=${encodeURIComponent(BILLING)}&keyType=${encodeURIComponent(keyType)}`;

async function assertSecret({ body }: Pick<Answer, 'body'>): Promise<void> {
  assert.equal(body['keyType'], 'SymmetricKey', JSON.stringify(body));
  assert.equal(body['keySizeBits'], 256);
  const secret = String(body['secret']);
  assert.equal(Buffer.from(secret, 'base64').length, 32);
  assert.equal(await secretIn(String(body['token'])), secret);
}

describe('P26: a secret in the REST form', () => {
  for (const type of ['saml1.1', 'saml2.0', 'jwt'])
    test(`WS-Trust 1.3 §4.4: ${type} by GET has the secret for its relying party, who asks has it too`, async () => {
      const spelled = 'http://docs.oasis-open.org/ws-sx/ws-trust/200512/SymmetricKey';

      const answers = [
        await askRest(server, query(type)),
        await askRest(server, query(type, spelled)),
      ];

      for (const answer of answers) {
        assert.equal(answer.status, 200, answer.text);
        assert.equal(answer.headers.get('cache-control'), 'no-store');
        await assertSecret(answer);
      }
      assert.notEqual(answers[0]?.body['secret'], answers[1]?.body['secret']);
    });

  test('by POST, and as the new token of a valid one', async () => {
    const issued = await issueRest(server, 'jwt');
    const { token, tokenType } = issued.body;
    const newToken = { tokenType: 'saml2.0', ...SYMMETRIC.body };

    const posted = await askRest(server, '/ws-trust/token/jwt', SYMMETRIC);
    const made = await askRest(server, '/ws-trust/validate', {
      body: { token, tokenType, newToken },
    });

    await assertSecret(posted);
    assert.equal(made.body['status'], 'valid', made.text);
    await assertSecret({ body: made.body['newToken'] as Record<string, unknown> });
  });

  test('a token without a secret has no member for one', async () => {
    const { body } = await issueRest(server, 'saml2');

    assert.deepEqual(Object.keys(body).toSorted(), ['keyType', 'lifetime', 'token', 'tokenType']);
  });

  for (const [what, asking] of [
    ['by GET', {}],
    ['by POST', SYMMETRIC],
  ] as const)
    test(`${what}: 406 where the client takes XML alone: an assertion without its secret would be of no use`, async () => {
      const before = (await server.auditRecords()).length;
      const path = 'body' in asking ? '/ws-trust/token/saml2' : query('saml2');
      const wished: RestAsking = { ...asking, headers: { accept: 'application/xml' } };

      const answer = await askRest(server, path, wished);

      assert.equal(answer.status, 406, answer.text);
      const records = (await server.auditRecords()).slice(before);
      assert.ok(records.every(({ outcome }) => outcome === 'refused'));
    });

  test('JSON where the client would rather have XML, and takes both', async () => {
    const headers = { accept: 'application/xml, application/json;q=0.1' };

    await assertSecret(await askRest(server, query('saml2'), { headers }));
  });

  test('who shows the token has not shown its secret: it is not renewed here, and is no evidence', async () => {
    const { body } = await askRest(server, query('jwt'));
    const { token, tokenType } = body;

    const renewed = await askRest(server, '/ws-trust/renew', { body: { token, tokenType } });
    const changed = await askRest(server, '/ws-trust/token/saml2', {
      body: { appliesTo: BILLING, onBehalfOf: { token, tokenType } },
    });
    const asBearer = await askRest(server, '/ws-trust/validate', {
      body: { token, tokenType, newToken: { tokenType: 'jwt', appliesTo: BILLING } },
    });
    const cancelled = await askRest(server, '/ws-trust/cancel', { body: { token, tokenType } });

    for (const answer of [renewed, changed, asBearer])
      assert.deepEqual([answer.status, answer.body['error']], [400, 'invalid_grant']);
    assert.equal(cancelled.status, 200, cancelled.text);
  });

  test('a key of TLS is not asked for: a password is enough, and nobody without one gets a secret', async () => {
    const nobody = await askRest(server, query('jwt'), { user: null });
    const wrong = await askRest(server, query('jwt'), { password: 'x' });

    for (const { status, body } of [nobody, wrong]) {
      assert.equal(status, 401);
      assert.deepEqual(Object.keys(body).toSorted(), ['error', 'error_description']);
    }
  });

  test('neither audit nor log nor ledger has a secret in the clear', async () => {
    const { body } = await askRest(server, query('saml2'));
    const secret = String(body['secret']);

    const audit = JSON.stringify(await server.auditRecords());
    const rows = await readFile(join(server.directory, 'data/viaduct.db-wal'), 'latin1');

    assert.ok(audit.includes('symmetric-key'));
    assert.ok(rows.includes('"sealed":"'));
    for (const text of [audit, rows]) {
      assert.equal(text.includes(secret), false);
      assert.equal(text.includes(Buffer.from(secret, 'base64').toString('base64url')), false);
    }
  });
});
