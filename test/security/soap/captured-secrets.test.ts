// A secret that somebody encrypted to us, taken out of an assertion of theirs and brought as entropy of a token (WS-Trust 1.3 §4.1): what
// the target of that token reads must be no key that can be derived of the secret (WS-SecureConversation 1.3 §7). Against a whole server.
import assert from 'node:assert/strict';
import {
  constants,
  createSecretKey,
  type KeyObject,
  privateDecrypt,
  randomBytes,
} from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { aCertifiedKey, confirmation2 } from '#test/support/saml/saml.ts';
import { startSamlServer } from '#test/support/saml/saml-server.ts';
import { encryptedKeyOf, withSecretPartner } from '#test/support/saml/secret-partner.ts';
import type { Ending } from '#test/support/server/server.ts';
import { aDerivedKey, aDerivedKeyToken, aReferenceTo } from '#test/support/soap/derived-key.ts';
import { SIGNATURE, signMessage, TIMESTAMP } from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anIssueMessage, SAML2, sendSoap } from '#test/support/ws-trust/messages.ts';
import { anAppliesTo, anRst, BILLING, TRUST_13 } from '#test/support/ws-trust/rst.ts';

const ADDRESS = '/adfs/services/trust/13/issuedtokenmixedsymmetricbasic256sha256';
const SYMMETRIC = `<t:KeyType>${TRUST_13}/SymmetricKey</t:KeyType>`;
const LAST_LABEL_BYTE = 16;

/** A server that holds a secret of Alice's issuer, her assertion with it, and who reads the secrets of tokens for `orders`. */
async function start(t: Ending) {
  const [ours, target] = await Promise.all([aCertifiedKey(), aCertifiedKey()]);
  const { server, saml } = await startSamlServer(t, async (document, directory) => {
    await writeFile(join(directory, 'target.crt'), target.certificatePem);
    await withSecretPartner(document, directory, { ours, targetFile: 'target.crt' });
  });
  const secret = randomBytes(32);
  const encryptedKey = encryptedKeyOf(secret, ours);
  const keyInfo = `<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">${encryptedKey}</ds:KeyInfo>`;
  const data = `<saml2:SubjectConfirmationData>${keyInfo}</saml2:SubjectConfirmationData>`;
  const confirmation = confirmation2('holder-of-key', data);
  const assertion = saml.partner.assertion('saml2', { id: '_alice', confirmation });
  return { server, target, secret, encryptedKey, assertion };
}

type Setting = Awaited<ReturnType<typeof start>>;

/** A token of bob's with Alice's secret as entropy: our part of its secret, and the secret as its target reads it. */
async function borrow({ encryptedKey, server, target }: Setting) {
  const children = `<trust:Entropy>${encryptedKey}</trust:Entropy>`;
  const message = anIssueMessage({ tokenType: SAML2, children });
  const { status, text } = await sendSoap(server, message.replace('/Bearer<', '/SymmetricKey<'));
  assert.equal(status, 200, text);
  const value = (pattern: RegExp): Buffer => Buffer.from(pattern.exec(text)?.[1] ?? '', 'base64');
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
  return {
    entropy: value(/BinarySecret[^>]*>([^<]+)</),
    read: privateDecrypt({ key: target.privatePem, ...padding }, value(/CipherValue>([^<]+)</)),
  };
}

/** The label and nonce that these bytes are together, where they are; undefined where no label begins so. */
function labelAndNonce(seed: Buffer): { label: string; nonce: Buffer } | undefined {
  for (let at = 1; at <= LAST_LABEL_BYTE; at += 1) {
    const label = seed.toString('utf8', 0, at);
    const isLabel = /^[ -%'-;=?-~\u00a0-\ud7ff]+$/.test(label) && !label.includes('\ufffd');
    if (isLabel && Buffer.from(label).equals(seed.subarray(0, at)))
      return { label, nonce: seed.subarray(at) };
  }
  return undefined;
}

/** A message of Alice's, signed with this key, as if it were derived of her secret by this label and nonce. */
function aMessage(
  { assertion }: Setting,
  { label, nonce, key }: { label: string; nonce: Buffer; key: KeyObject },
): string {
  const derived = aDerivedKeyToken(
    '<wsse:SecurityTokenReference><wsse:KeyIdentifier ValueType="http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLID">_alice</wsse:KeyIdentifier></wsse:SecurityTokenReference>',
    { children: `<c:Label>${label}</c:Label>`, nonce: nonce.toString('base64') },
  );
  const header = `<wsse:Security>${TIMESTAMP}${assertion}${derived}${SIGNATURE}</wsse:Security>`;
  const children = `${anAppliesTo(BILLING)}<t:TokenType>${SAML2}</t:TokenType>${SYMMETRIC}`;
  return signMessage(anEnvelope({ header, body: anRst({ children }), bodyId: 'body' }), {
    key,
    keyInfo: aReferenceTo('dkt'),
  });
}

test('WS-Trust 1.3 §4.4.4, WS-SecureConversation 1.3 §7: what the target of a token reads is no key derived of the secret that was its entropy', async (t) => {
  const setting = await start(t);

  // One in three would begin with text.
  for (let round = 0; round < 24; round += 1) {
    const { entropy, read } = await borrow(setting);
    const derivation = labelAndNonce(entropy);
    if (!derivation) continue;
    const forgery = aMessage(setting, { ...derivation, key: createSecretKey(read) });
    const { status, text } = await sendSoap(setting.server, forgery, ADDRESS);
    assert.fail(`round ${String(round)}: ${String(status)} ${text}`);
  }
});

test('WS-SecureConversation 1.3 §7: with a key that its holder derived the message is good', async (t) => {
  const setting = await start(t);
  const derivation = { label: 'of her own', nonce: randomBytes(16) };
  const key = aDerivedKey(setting.secret, derivation);

  const { status, text } = await sendSoap(
    setting.server,
    aMessage(setting, { ...derivation, key }),
    ADDRESS,
  );

  assert.equal(status, 200, text);
  assert.match(text, /partner-saml:alice/);
});
