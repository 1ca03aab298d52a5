// The symmetric issued-token addresses of AD FS (ws-trust §5): an assertion whose issuer encrypted a secret to us, and the message
// endorsed with that secret over its Timestamp. Against a whole server.
import assert from 'node:assert/strict';
import { createPublicKey, createSecretKey, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { seal } from '#bridge/xml/canonical/markup.ts';
import { toWireBytes } from '#bridge/xml/canonical/writer.ts';
import { createRecipient, encryptXml } from '#bridge/xml/encryption/encrypt.ts';
import {
  aCertifiedKey,
  type CertifiedKey,
  confirmation1,
  confirmation2,
} from '#test/support/saml/saml.ts';
import { type SamlWorld } from '#test/support/saml/saml-document.ts';
import { startSamlServer } from '#test/support/saml/saml-server.ts';
import { encryptedKeyOf, withSecretPartner } from '#test/support/saml/secret-partner.ts';
import type { Ending, TestServer } from '#test/support/server/server.ts';
import {
  HMAC_SHA1,
  SIGNATURE,
  type SignatureWishes,
  signMessage,
} from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anAppliesTo, anRst, BILLING, TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import { TIMESTAMP } from '#test/support/ws-trust/ws-trust.ts';

const SAML2_ID = 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLID';
const SAML1_ID = 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.0#SAMLAssertionID';
const DS = 'http://www.w3.org/2000/09/xmldsig#';

interface Setting {
  readonly server: TestServer;
  readonly saml: SamlWorld;
  readonly ours: CertifiedKey;
}

async function start(t: Ending): Promise<Setting> {
  const ours = await aCertifiedKey();
  const { server, saml } = await startSamlServer(t, (document, directory) =>
    withSecretPartner(document, directory, { ours, targetFile: 'partner.crt' }),
  );
  return { server, saml, ours };
}

const recipientOf = ({ certificatePem }: Pick<CertifiedKey, 'certificatePem'>) =>
  createRecipient({ publicKey: createPublicKey(certificatePem) });
const keyInfoOf = (secret: Uint8Array, to: Pick<CertifiedKey, 'certificatePem'>): string =>
  `<ds:KeyInfo xmlns:ds="${DS}">${encryptedKeyOf(secret, to)}</ds:KeyInfo>`;

let made = 0;

interface Wishes extends Partial<Pick<SignatureWishes, 'algorithm'>> {
  readonly type?: 'saml1' | 'saml2';
  /** What the issuer encrypts, and what the client signs with. */
  readonly secret?: Buffer;
  readonly signsWith?: Buffer;
  readonly to?: CertifiedKey;
  /** The content of the confirmation. */
  readonly keyInfo?: string;
  /** Whether the whole assertion is encrypted to us too. */
  readonly isEncrypted?: boolean;
  readonly name?: string;
  readonly trust?: string;
  readonly edit?: (message: string) => string;
}

const confirmationOf = (type: 'saml1' | 'saml2', keyInfo: string): string =>
  type === 'saml1'
    ? confirmation1('holder-of-key', keyInfo)
    : confirmation2(
        'holder-of-key',
        `<saml2:SubjectConfirmationData>${keyInfo}</saml2:SubjectConfirmationData>`,
      );

const encryptedTo = (xml: string, to: CertifiedKey): string =>
  toWireBytes(encryptXml(seal(xml, new Set()), recipientOf(to))).toString('latin1');

/** The assertion as it goes into the header, its id, and the secret in it. */
function aHeldToken({ ours, saml }: Setting, wishes: Wishes) {
  const { secret = randomBytes(32), to = ours, type = 'saml2' } = wishes;
  const id = `_held${(made += 1)}`;
  const confirmation = confirmationOf(type, wishes.keyInfo ?? keyInfoOf(secret, to));
  const assertion = saml.partner.assertion(type, { id, confirmation });
  return {
    id,
    secret,
    valueType: type === 'saml2' ? SAML2_ID : SAML1_ID,
    token: wishes.isEncrypted === true ? encryptedTo(assertion, ours) : assertion,
  };
}

function aMessage(setting: Setting, wishes: Wishes): string {
  const { algorithm, trust = TRUST_13 } = wishes;
  const { id, secret, token, valueType } = aHeldToken(setting, wishes);
  const timestamp = TIMESTAMP.replace('<wsu:Timestamp', '<wsu:Timestamp wsu:Id="ts"');
  const header = `<wsse:Security>${timestamp}${token}${SIGNATURE}</wsse:Security>`;
  const children = `${anAppliesTo(BILLING)}<t:TokenType>urn:oasis:names:tc:SAML:2.0:assertion</t:TokenType><t:KeyType>${trust}/SymmetricKey</t:KeyType>`;
  return signMessage(anEnvelope({ header, body: anRst({ trust, children }) }), {
    key: createSecretKey(wishes.signsWith ?? secret),
    keyInfo: `<wsse:SecurityTokenReference><wsse:KeyIdentifier ValueType="${valueType}">${id}</wsse:KeyIdentifier></wsse:SecurityTokenReference>`,
    ids: ['ts'],
    ...(algorithm !== undefined && { algorithm }),
  });
}

async function ask(setting: Setting, wishes: Wishes = {}) {
  const { edit = (text) => text, name = 'issuedtokenmixedsymmetricbasic256sha256' } = wishes;
  const folder = wishes.trust === TRUST_2005 ? '2005' : '13';
  const response = await fetch(`${setting.server.url}/adfs/services/trust/${folder}/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/soap+xml; charset=utf-8' },
    body: edit(aMessage(setting, wishes)),
  });
  return { status: response.status, text: await response.text() };
}

test('ws-trust §5: a secret that the issuer encrypted to us endorses the message, in SAML 1.1 and 2.0, in clear and encrypted', async (t) => {
  const setting = await start(t);

  for (const trust of [TRUST_13, TRUST_2005])
    for (const type of ['saml1', 'saml2'] as const)
      for (const isEncrypted of [false, true]) {
        const { status, text } = await ask(setting, { trust, type, isEncrypted });

        assert.equal(status, 200, `${type} ${String(isEncrypted)} ${text}`);
        assert.match(text, /partner-saml:alice/);
      }
});

test('ws-trust §5: whoever cannot show the secret is refused, and learns nothing of it', async (t) => {
  const setting = await start(t);
  const stranger = await aCertifiedKey();
  const secret = randomBytes(32);
  const rows: Readonly<Record<string, readonly [Wishes, string]>> = {
    'another secret': [{ secret, signsWith: randomBytes(32) }, 'FailedAuthentication'],
    'a secret for another recipient': [{ to: stranger }, 'FailedAuthentication'],
    'a secret that is too short': [{ secret: randomBytes(8) }, 'FailedAuthentication'],
    'a key that is no EncryptedKey': [
      { keyInfo: `<ds:KeyInfo xmlns:ds="${DS}"><ds:KeyName>k</ds:KeyName></ds:KeyInfo>` },
      'FailedAuthentication',
    ],
    'two secrets': [
      { keyInfo: keyInfoOf(secret, setting.ours) + keyInfoOf(secret, setting.ours), secret },
      'FailedAuthentication',
    ],
    'the Timestamp changed': [
      { edit: (text) => text.replace('08:05:00Z', '08:06:00Z') },
      'FailedCheck',
    ],
    'the EncryptedKey changed': [
      { edit: (text) => text.replace(/CipherValue>..../, 'CipherValue>AAAA') },
      'FailedAuthentication',
    ],
    'HMAC-SHA1 without the exception of the address': [
      { algorithm: HMAC_SHA1, name: 'issuedtokenmixedsymmetricbasic256' },
      'UnsupportedAlgorithm',
    ],
  };

  for (const [what, [wishes, code]] of Object.entries(rows)) {
    const { status, text } = await ask(setting, wishes);

    assert.equal(status, 500, what);
    assert.match(text, new RegExp(`:${code}<`), `${what}: ${text}`);
  }
});

test('xml-security E1: the endorsed message is good once', async (t) => {
  const setting = await start(t);
  let kept = '';
  const keep = (text: string): string => (kept ||= text);

  const first = await ask(setting, { edit: keep });
  const again = await ask(setting, { edit: () => kept });

  assert.deepEqual([first.status, again.status], [200, 500], first.text);
});
