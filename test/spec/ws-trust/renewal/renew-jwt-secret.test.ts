// Renew and Cancel of a JWT that is bound to a secret (WS-Trust 1.3 §5, §6; RFC 7800 §3.3), over a whole server: by an HMAC over the
// message, and with the secret kept. What the relying party finds in it is judged by jose.
import assert from 'node:assert/strict';
import { createPrivateKey, createSecretKey, type KeyObject } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { compactDecrypt, decodeJwt } from 'jose';
import { aCertifiedKey } from '#test/support/saml/saml.ts';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import {
  aDerivedKey,
  aDerivedKeyToken,
  aReferenceTo,
  WSC_13,
} from '#test/support/soap/derived-key.ts';
import { SIGNATURE, type SignatureWishes, signMessage } from '#test/support/soap/signed-message.ts';
import { aSecretsKey, aTimestamp } from '#test/support/ws-trust/context-message.ts';
import {
  anIssueMessage,
  aTargetMessage,
  faultOf,
  JWT,
  jwtAsXml,
  type SoapAnswer,
  sendSoap,
  type TargetOperation,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';
import { askRest } from '#test/support/ws-trust/rest.ts';
import { BILLING, TRUST_13 } from '#test/support/ws-trust/rst.ts';

const party = await aCertifiedKey();
const WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const WSU = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';

const start = (t: Ending, keepsSecrets = true): Promise<TestServer> =>
  startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    await writeFile(join(directory, 'party.crt'), party.certificatePem);
    const orders = document.relyingParties[0]?.['token'] ?? {};
    Object.assign(orders, { encryptKeysTo: { file: 'party.crt' } });
    document['wsTrust'] = { rest: { credentials: ['basic'] } };
    const renewal = { lifetimeSeconds: 3600, maxCount: 3 };
    for (const { allow } of document.policy) Object.assign(allow ?? {}, { renewal });
    if (keepsSecrets) document['keptSecrets'] = { keys: [await aSecretsKey(directory, 'secrets')] };
  });

interface Held {
  readonly jwt: string;
  readonly secret: Buffer;
}

function jwtIn(answer: SoapAnswer): string {
  const base64 = /BinarySecurityToken[^>]*>([^<]+)</.exec(tokenOf(answer))?.[1] ?? '';
  return Buffer.from(base64, 'base64').toString();
}

function heldIn(answer: SoapAnswer): Held {
  const secret = /BinarySecret[^>]*>([^<]+)</.exec(answer.text)?.[1] ?? assert.fail(answer.text);
  return { jwt: jwtIn(answer), secret: Buffer.from(secret, 'base64') };
}

async function issued(server: TestServer, user = 'bob'): Promise<Held> {
  const message = anIssueMessage({ tokenType: JWT, user }).replace('/Bearer', '/SymmetricKey');
  return heldIn(await sendSoap(server, message));
}

/** The secret that the relying party gets out of a token. */
async function secretFor({ jwt }: Held): Promise<string | undefined> {
  const { cnf } = decodeJwt<{ cnf: { jwe: string } }>(jwt);
  const { plaintext } = await compactDecrypt(cnf.jwe, createPrivateKey(party.privatePem));
  return (JSON.parse(new TextDecoder().decode(plaintext)) as { k?: string }).k;
}

const asToken = (jwt: string, id = 'jwt'): string =>
  jwtAsXml(jwt).replace('<o:BinarySecurityToken', `<o:BinarySecurityToken wsu:Id="${id}"`);
const named = (id: string, type = JWT): string =>
  aReferenceTo(id, type)
    .replaceAll('wsse:', 'o:')
    .replace('<o:SecurityTokenReference', `<o:SecurityTokenReference xmlns:o="${WSSE}"`);

interface Wishes extends Partial<SignatureWishes> {
  readonly operation?: TargetOperation;
  readonly target?: string;
  /** Tokens of the header. */
  readonly tokens?: string;
  readonly user?: string;
  readonly children?: string;
}

/** A message about a token in its target, signed with its secret, unless the test says otherwise. */
function aMessage(server: TestServer, { jwt, secret }: Held, wishes: Wishes = {}): string {
  const { children, operation = 'Renew', target, tokens = '', user, ...signature } = wishes;
  const message = aTargetMessage(operation, {
    target: target ?? asToken(jwt),
    security: `${tokens}${aTimestamp(server.clock.now())}${SIGNATURE}`,
    ...(user !== undefined && { user }),
    ...(children !== undefined && { children }),
  })
    .replace('<s:Envelope ', `<s:Envelope xmlns:wsu="${WSU}" `)
    .replace('<s:Body>', '<s:Body wsu:Id="body">')
    .replaceAll('wsse:', 'o:');
  return signMessage(message, {
    key: createSecretKey(secret),
    keyInfo: named('jwt'),
    ...signature,
  });
}

const status = async (server: TestServer, { jwt }: Held): Promise<string | undefined> => {
  const { text } = await sendSoap(server, aTargetMessage('Validate', { target: jwtAsXml(jwt) }));
  return /\/status\/(\w+)</.exec(text)?.[1];
};

const PROOFS = [
  ['in RenewTarget', () => ({})],
  ['in the header', ({ jwt }: Held) => ({ tokens: asToken(jwt), target: named('jwt') })],
  [
    'in RenewTarget, with a key derived of it',
    ({ secret }: Held) => ({
      tokens: aDerivedKeyToken(named('jwt')),
      key: aDerivedKey(secret) as KeyObject,
      keyInfo: named('dkt', `${WSC_13}/dk`),
    }),
  ],
] as const;

/** The same claims, but for what each token has of its own. */
function assertLonger(held: Held, renewed: Held): void {
  const [before, after] = [decodeJwt(held.jwt), decodeJwt(renewed.jwt)];
  assert.ok(Number(after.exp) > Number(before.exp));
  assert.notEqual(after.jti, before.jti);
  const { cnf, exp, iat, jti, nbf } = before;
  assert.deepEqual({ ...after, cnf, exp, iat, jti, nbf }, { ...before, nbf });
}

test('WS-Trust 1.3 §5: whoever proves the secret of a JWT renews it, and again', async (t) => {
  const server = await start(t);
  for (const [where, wishes] of PROOFS)
    await t.test(where, async () => {
      const held = await issued(server);

      server.clock.advance(1);
      const first = await sendSoap(server, aMessage(server, held, wishes(held)));
      assert.equal(first.status, 200, first.text);
      const renewed = heldIn(first);
      server.clock.advance(1);
      const second = await sendSoap(server, aMessage(server, renewed, wishes(renewed)));

      assert.equal(second.status, 200, second.text);
      const again = heldIn(second);
      for (const each of [held, renewed, again]) {
        assert.deepEqual(each.secret, held.secret);
        assert.equal(await secretFor(each), held.secret.toString('base64url'));
      }
      assertLonger(held, again);
      assert.ok(first.text.includes('KeySize>256<'));
      assert.ok(first.text.includes(`KeyType>${TRUST_13}/SymmetricKey<`));
    });
});

test('WS-Trust 1.3 §5: one that was made in the REST form is renewed over SOAP, and no other way', async (t) => {
  const server = await start(t);
  const members = { appliesTo: BILLING, keyType: 'SymmetricKey' };
  const { body } = await askRest(server, '/ws-trust/token/jwt', { user: 'bob', body: members });
  const jwt = String(body['token']);
  const held = { jwt, secret: Buffer.from(String(body['secret']), 'base64') };

  const { status } = await askRest(server, '/ws-trust/renew', {
    user: 'bob',
    body: { token: jwt, tokenType: 'jwt' },
  });
  const renewed = await sendSoap(server, aMessage(server, held));

  assert.equal(status, 400);
  assert.equal(renewed.status, 200, renewed.text);
  assert.equal(await secretFor(heldIn(renewed)), held.secret.toString('base64url'));
});

test('WS-Trust 1.3 §6: whoever proves the secret of a JWT may cancel it, whoever asks with it', async (t) => {
  const server = await start(t);
  const held = await issued(server);
  const message = aMessage(server, held, { operation: 'Cancel', user: 'carol' });
  const bare = aTargetMessage('Cancel', { target: jwtAsXml(held.jwt), user: 'carol' });

  const refused = await sendSoap(server, bare);
  const before = await status(server, held);
  const cancelled = await sendSoap(server, message);

  assert.equal(faultOf(refused), 'RequestFailed');
  assert.equal(before, 'valid');
  assert.equal(cancelled.status, 200, cancelled.text);
  assert.equal(await status(server, held), 'invalid');
});

const size = `<t:KeyType>${TRUST_13}/SymmetricKey</t:KeyType><t:KeySize>128</t:KeySize>`;
const other = Buffer.alloc(32, 5);
const REFUSED = [
  ['with proof of another secret', { key: createSecretKey(other) }, 'FailedAuthentication'],
  ['with a signature that leaves out the Body', { ids: ['ts'] }, 'AuthenticationBadElements'],
  [
    'with a signature that leaves out the Timestamp',
    { ids: ['body'] },
    'AuthenticationBadElements',
  ],
  ['by another user who has the secret', { user: 'carol' }, 'RequestFailed'],
  ['to another size', { children: size }, 'UnableToRenew'],
  ['to a bearer token', { children: `<t:KeyType>${TRUST_13}/Bearer</t:KeyType>` }, 'UnableToRenew'],
  [
    'with a new secret of the requestor',
    {
      children: `<t:Entropy><t:BinarySecret>${other.toString('base64')}</t:BinarySecret></t:Entropy>`,
    },
    'BadRequest',
  ],
  ['by a reference to no token', { keyInfo: named('nowhere') }, 'SecurityTokenUnavailable'],
  [
    'by a reference that tells of another type',
    {
      keyInfo: named('jwt').replace(
        '<o:SecurityTokenReference',
        '<o:SecurityTokenReference xmlns:k="http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd" k:TokenType="http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV2.0"',
      ),
    },
    'InvalidSecurityToken',
  ],
] as const;

test('WS-Trust 1.3 §5: a JWT that is bound to a secret is not renewed', async (t) => {
  const server = await start(t);
  for (const [what, wishes, code] of REFUSED)
    await t.test(what, async () => {
      const held = await issued(server);

      const answer = await sendSoap(server, aMessage(server, held, wishes));

      assert.equal(faultOf(answer), code);
      assert.equal(await status(server, held), 'valid');
    });
});

test('WS-Trust 1.3 §5: a JWT that is bound to a secret is not renewed without proof, nor with that of another', async (t) => {
  const server = await start(t);
  const mine = await issued(server);
  const others = await issued(server);

  const bare = await sendSoap(server, aTargetMessage('Renew', { target: jwtAsXml(mine.jwt) }));
  const foreign = await sendSoap(
    server,
    aMessage(server, others, { target: asToken(mine.jwt, 'mine'), tokens: asToken(others.jwt) }),
  );

  assert.equal(faultOf(bare), 'InvalidSecurityToken');
  assert.equal(faultOf(foreign), 'InvalidSecurityToken');
});

test('WS-Trust 1.3 §5: a cancelled JWT, one with a broken signature, and one without a secret prove nothing, alike', async (t) => {
  const server = await start(t);
  const cancelled = await issued(server);
  await sendSoap(server, aMessage(server, cancelled, { operation: 'Cancel' }));
  const held = await issued(server);
  const [head = '', payload = '', signature = ''] = held.jwt.split('.');
  const bearer = jwtIn(await sendSoap(server, anIssueMessage({ tokenType: JWT })));
  const broken = {
    ...held,
    jwt: `${head}.${payload}.${signature.split('').toReversed().join('')}`,
  };

  server.clock.advance(1);
  const answers = [
    await sendSoap(server, aMessage(server, cancelled)),
    await sendSoap(server, aMessage(server, broken)),
    await sendSoap(server, aMessage(server, { ...held, jwt: bearer })),
  ];

  for (const answer of answers) assert.equal(faultOf(answer), 'FailedAuthentication');
});

test('WS-Trust 1.3 §5: where nothing is kept, a JWT that is bound to a secret is not renewed', async (t) => {
  const server = await start(t, false);
  const held = await issued(server);

  const answer = await sendSoap(server, aMessage(server, held));

  assert.equal(faultOf(answer), 'FailedAuthentication');
});

test('ws-trust §4: the secret of a JWT proves its target and is no credential', async (t) => {
  const server = await start(t);
  const held = await issued(server);
  const signs = (message: string): string =>
    signMessage(
      message
        .replace('<s:Envelope ', `<s:Envelope xmlns:wsu="${WSU}" `)
        .replace('<s:Body>', '<s:Body wsu:Id="body">'),
      { key: createSecretKey(held.secret), keyInfo: named('jwt') },
    );
  const proof = `${asToken(held.jwt)}${aTimestamp(server.clock.now())}${SIGNATURE}`;

  const asks = await sendSoap(
    server,
    signs(anIssueMessage().replace('</o:Security>', `${proof}</o:Security>`)),
  );
  const alone = await sendSoap(
    server,
    signs(
      aTargetMessage('Renew', { target: named('jwt'), security: proof }).replace(
        /<o:UsernameToken>.*<\/o:UsernameToken>/,
        '',
      ),
    ),
  );

  assert.equal(faultOf(asks), 'UnsupportedSecurityToken');
  assert.equal(faultOf(alone), 'FailedAuthentication');
});
