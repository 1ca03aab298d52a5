// Renew, Validate and Cancel of every type of token that is bound to a key, in every version of WS-Trust and SOAP, over a whole server
// (WS-Trust 1.3 §5 to §7): the key is proved, and is the same in each renewal. References are used as the answers give them.
import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { decodeJwt } from 'jose';
import type { SoapVersion } from '#bridge/soap/soap-version.ts';
import { aCertifiedKey } from '#test/support/saml/saml.ts';
import { PASSWORD, withSaml } from '#test/support/saml/saml-document.ts';
import { grantBesides } from '#test/support/server/document.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';
import { WSC_13, WSC_2005 } from '#test/support/soap/derived-key.ts';
import {
  aBinaryToken,
  aDirectReference,
  SIGNATURE,
  signMessage,
} from '#test/support/soap/signed-message.ts';
import { anEnvelope, SOAP_VERSIONS } from '#test/support/soap/soap.ts';
import { endingOfSuite } from '#test/support/suite.ts';
import { aSecretsKey, aTimestamp } from '#test/support/ws-trust/context-message.ts';
import {
  faultOf,
  isValid,
  JWT,
  jwtIn,
  SAML1,
  SAML2,
  type SoapAnswer,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';
import { anAppliesTo, anRst, TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import { aUserNameToken } from '#test/support/ws-trust/ws-trust.ts';
import { aCertificate } from '#test/support/x509/pki.ts';

const holder = await aCertificate({ name: 'CN=nobody here', algorithm: 'RSA' });
const party = await aCertifiedKey();

type KeyName = 'PublicKey' | 'SymmetricKey';
interface Version {
  readonly trust: string;
  readonly soap: SoapVersion;
}
interface Held {
  readonly token: string;
  /** Absent where the token is bound to the key of a certificate. */
  readonly secret?: Buffer;
  /** How the token is named in the message that holds it. */
  readonly reference: string;
}

const VERSIONS: readonly Version[] = [TRUST_13, TRUST_2005].flatMap((trust) =>
  SOAP_VERSIONS.map((soap) => ({ trust, soap })),
);
const login = (name: string): string => aUserNameToken({ name, password: PASSWORD });

function heldIn(answer: SoapAnswer): Held {
  const [, reference = ''] =
    /:RequestedAttachedReference>(.*)<\/\w+:RequestedAttachedReference>/.exec(answer.text) ?? [];
  const [, secret] = /:BinarySecret[^>]*>([^<]+)</.exec(answer.text) ?? [];
  return {
    token: tokenOf(answer),
    ...(secret !== undefined && { secret: Buffer.from(secret, 'base64') }),
    reference,
  };
}

/** What the token says of its key, its subject and its audience. */
function keptParts({ token, secret }: Held): readonly unknown[] {
  if (token.includes('SecurityContextToken')) return [secret];
  if (token.includes('BinarySecurityToken')) {
    const { aud, cnf, sub } = decodeJwt<{ cnf: Record<string, unknown> }>(jwtIn(token));
    return [aud, sub, cnf['x5t#S256'], secret];
  }
  const kept = [
    /<saml:Audience>[^<]*</,
    /<saml:NameI[^>]*>[^<]*</,
    /:cm:holder-of-key["<]/,
    secret ? /<xenc:EncryptedKey/ : /<ds:X509Certificate>[^<]*(?=<.*<\/saml:SubjectConfirmation)/,
  ].map((pattern) => pattern.exec(token)?.[0] ?? assert.fail(`${pattern.source}: ${token}`));
  return [...kept, secret];
}

describe('ws-trust §3.4: tokens that are bound to a key', () => {
  let server: TestServer;
  const ending = endingOfSuite();
  before(async () => {
    server = await startServer(ending, async (document, directory) => {
      await withSaml(document, directory);
      await writeFile(join(directory, 'party.crt'), party.certificatePem);
      const [orders] = document.relyingParties;
      Object.assign(orders?.['token'] ?? {}, { encryptKeysTo: { file: 'party.crt' } });
      document['keptSecrets'] = { keys: [await aSecretsKey(directory, 'secrets')] };
      const types = ['saml1', 'saml2', 'jwt', 'sct'];
      grantBesides(document, { types, renewal: { lifetimeSeconds: 3600, maxCount: 3 } });
    });
  });

  const send = (
    soap: SoapVersion,
    header: string,
    body: string,
    sign?: (text: string) => string,
  ) => {
    const security = `<wsse:Security>${header}${sign ? aTimestamp(server.clock.now()) + SIGNATURE : ''}</wsse:Security>`;
    const message = anEnvelope({ version: soap, header: security, body, bodyId: 'body' });
    return sendSoap(server, sign ? sign(message) : message);
  };

  function issue({ trust, soap }: Version, tokenType: string, key: KeyName): Promise<SoapAnswer> {
    const isPublic = key === 'PublicKey';
    const useKey = isPublic ? `<t:UseKey>${aDirectReference()}</t:UseKey>` : '';
    const children = `<t:TokenType>${tokenType}</t:TokenType><t:KeyType>${trust}/${key}</t:KeyType>${anAppliesTo()}${useKey}`;
    const body = anRst({ trust, children });
    if (!isPublic) return send(soap, login('bob'), body);
    return send(soap, login('bob') + aBinaryToken(holder), body, (text) =>
      signMessage(text, { key: holder.privateKey, keyInfo: aDirectReference() }),
    );
  }

  /** A request about a token, with its key proved. */
  function prove(
    operation: 'Renew' | 'Cancel',
    held: Held,
    { trust, soap }: Version,
    user = 'bob',
  ) {
    const body = anRst({
      trust,
      requestType: `${trust}/${operation}`,
      children: `<t:${operation}Target>${held.token}</t:${operation}Target>`,
    });
    const { secret, reference } = held;
    const [key, keyInfo, tokens] = secret
      ? [createSecretKey(secret), reference, '']
      : [holder.privateKey, aDirectReference(), aBinaryToken(holder)];
    return send(soap, login(user) + tokens, body, (text) => signMessage(text, { key, keyInfo }));
  }

  function unproved(
    operation: 'Renew' | 'Cancel',
    { token }: Held,
    version: Version,
    user: string,
  ) {
    const { trust, soap } = version;
    const children = `<t:${operation}Target>${token}</t:${operation}Target>`;
    return send(
      soap,
      login(user),
      anRst({ trust, requestType: `${trust}/${operation}`, children }),
    );
  }

  const CONTEXT = 'a security context';
  /** What is told of a cancelled token: where its secret signs, it is no key any more. */
  const DEAD = {
    PublicKey: 'InvalidSecurityToken',
    SymmetricKey: 'FailedAuthentication',
    sct: 'BadContextToken',
  } as const;
  for (const tokenType of [SAML1, SAML2, JWT, CONTEXT])
    for (const key of tokenType === CONTEXT
      ? (['SymmetricKey'] as const)
      : (['PublicKey', 'SymmetricKey'] as const))
      for (const version of VERSIONS)
        test(`WS-Trust 1.3 §5 to §7: ${tokenType}, ${key}: renewed twice with its key, validated, cancelled (${version.trust}, SOAP ${version.soap})`, async () => {
          const wsc = version.trust === TRUST_13 ? WSC_13 : WSC_2005;
          const isContext = tokenType === CONTEXT;
          const held = heldIn(await issue(version, isContext ? `${wsc}/sct` : tokenType, key));
          server.clock.advance(1);

          const first = await prove('Renew', held, version);
          assert.equal(first.status, 200, first.text);
          server.clock.advance(1);
          const second = await prove('Renew', heldIn(first), version);
          assert.equal(second.status, 200, second.text);
          const last = heldIn(second);
          const valid = await isValid(server, last.token, 'bob');
          const bare = await unproved('Renew', last, version, 'bob');
          const stranger = await unproved('Cancel', last, version, 'dave');
          const still = await isValid(server, last.token, 'bob');
          server.clock.advance(1);
          // Whoever asks: the key is the right.
          const cancelled = await prove('Cancel', last, version, 'dave');

          assert.deepEqual(keptParts(heldIn(first)), keptParts(held));
          assert.deepEqual(keptParts(last), keptParts(held));
          assert.ok(second.text.includes(`:KeyType>${version.trust}/${key}<`));
          assert.equal(faultOf(bare), isContext ? 'BadContextToken' : 'InvalidSecurityToken');
          assert.equal(faultOf(stranger), isContext ? 'BadContextToken' : 'RequestFailed');
          assert.deepEqual([valid, still], [true, true]);
          assert.equal(cancelled.status, 200, cancelled.text);
          assert.match(cancelled.text, /:RequestedTokenCancelled>/);
          for (const each of [held, heldIn(first), last])
            assert.equal(await isValid(server, each.token, 'bob'), false);
          server.clock.advance(1);
          assert.equal(faultOf(await prove('Renew', last, version)), DEAD[isContext ? 'sct' : key]);
        });
});
