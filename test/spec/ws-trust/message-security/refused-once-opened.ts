// What is refused once a message under a secret is open, before its sender has shown the secret.
import { Buffer } from 'node:buffer';
import { createSecretKey, randomBytes } from 'node:crypto';
import {
  aDerivedKey,
  aDerivedKeyToken,
  aReferenceTo,
  NONCE,
} from '#test/support/soap/derived-key.ts';
import {
  bodyPart,
  client,
  publicKeyOf,
  signaturePart,
  signing,
  USER_TOKEN,
} from '#test/support/soap/message-security.ts';
import {
  aSecretMessage,
  KEY_TYPE,
  type SecretWishes,
  withDerivedKeys,
} from '#test/support/soap/secret-message.ts';
import { aBinaryToken, aDirectReference, HMAC_SHA1 } from '#test/support/soap/signed-message.ts';

export type Row = readonly [what: string, detail: string, wishes: SecretWishes];

export const secret = randomBytes(32);
export const otherSecret = randomBytes(32);
export const userPart = { text: USER_TOKEN, type: 'Element' } as const;
export const BY_HASH = `<wsse:SecurityTokenReference><wsse:KeyIdentifier ValueType="${KEY_TYPE}SHA1">AAAA</wsse:KeyIdentifier></wsse:SecurityTokenReference>`;
export const EK = aReferenceTo('EK', KEY_TYPE);
/** Another secret in the place of the one that is there, or beside it. */
export const anotherKey = (): string =>
  /<xenc:EncryptedKey .*?<\/xenc:EncryptedKey>/s.exec(
    aSecretMessage({ secret: otherSecret }),
  )?.[0] ?? '';

/** Seen only once the message is open: one and the same answer for all. */
export const OPENED: readonly Row[] = [
  [
    'the secret is for another',
    'decryption-failed: decryption failed',
    { encryption: { publicKey: publicKeyOf(signing) } },
  ],
  [
    'the secret has another length',
    'decryption-failed: decryption failed',
    { secret: randomBytes(16), encryption: { partKey: secret } },
  ],
  [
    'keys are derived of a secret that can be guessed',
    'decryption-failed: decryption failed',
    withDerivedKeys(randomBytes(15)),
  ],
  [
    'keys are derived of a secret without end',
    'decryption-failed: decryption failed',
    withDerivedKeys(randomBytes(65)),
  ],
  [
    'the parts are encrypted under another key',
    'decryption-failed: decryption failed',
    { encryption: { partKey: otherSecret } },
  ],
  [
    'a tag is wrong',
    'decryption-failed: decryption failed',
    { encryption: { spoil: (body) => Buffer.concat([body.subarray(0, -1), Buffer.from([0, 0])]) } },
  ],
  [
    'a part is too short',
    'decryption-failed: decryption failed',
    { encryption: { spoil: (body) => body.subarray(0, 20) } },
  ],
  [
    'there is no signature',
    'parts of a signature without one',
    {
      parts: (text) => [bodyPart(text), userPart],
      edit: (text) => text.replace(/<ds:Signature .*?<\/ds:Signature>/s, ''),
    },
  ],
  [
    'there are two signatures',
    'not one signature',
    {
      edit: (text) =>
        text.replace(
          /<ds:Signature .*?<\/ds:Signature>/s,
          (one) => one + one.replace('SIG-1', 'SIG-2'),
        ),
    },
  ],
  [
    'it is signed with another secret',
    'signature-invalid: signature value',
    { signature: { key: createSecretKey(otherSecret) } },
  ],
  [
    'it is signed with a key derived of another secret',
    'signature-invalid: signature value',
    {
      ...withDerivedKeys(secret),
      signature: { key: aDerivedKey(otherSecret, { nonce: NONCE }), keyInfo: aReferenceTo('dkt') },
    },
  ],
  [
    'it is signed with a key derived of a derived key',
    'a token without a key',
    {
      secret,
      more: `${aDerivedKeyToken(aReferenceTo('dk2'))}${aDerivedKeyToken(EK, { id: 'dk2' })}`,
      signature: { key: aDerivedKey(aDerivedKey(secret).export()), keyInfo: aReferenceTo('dkt') },
    },
  ],
  [
    'it is signed with a certificate',
    'signed with another key',
    {
      more: aBinaryToken(client),
      signature: { key: client.privateKey, keyInfo: aDirectReference() },
    },
  ],
  [
    'it is signed with a certificate whose key is named alone',
    'signed with another key',
    {
      signature: {
        key: client.privateKey,
        keyInfo: `<ds:X509Data><ds:X509Certificate>${client.der.toString('base64')}</ds:X509Certificate></ds:X509Data>`,
      },
    },
  ],
  [
    'it is signed with the secret, and a key in the reference is named for it',
    'signed with another key',
    {
      signature: {
        keyInfo: `<wsse:SecurityTokenReference><wsse:Embedded>${anotherKey().replace('"EK"', '"EK2"')}</wsse:Embedded></wsse:SecurityTokenReference>`,
      },
    },
  ],
  [
    'it is signed with HMAC-SHA1',
    'algorithm-refused: SHA-1',
    { signature: { algorithm: HMAC_SHA1, key: createSecretKey(secret) }, secret },
  ],
  [
    'it is signed with a key that is named by its hash',
    'a KeyIdentifier that names no assertion',
    { signature: { keyInfo: BY_HASH } },
  ],
  [
    'it is signed by nobody says which key',
    'a KeyInfo that names no key',
    { signature: { keyInfo: '<ds:KeyName>EK</ds:KeyName>' } },
  ],
  [
    'the Body is changed',
    'digest-mismatch: digest of #body',
    { edit: (text) => text.replace('/Issue</t:', '/Renew</t:') },
  ],
  [
    'the Action is changed',
    'digest-mismatch: digest of #action',
    { edit: (text) => text.replace('/RST/Issue<', '/RST/Renew<') },
  ],
  [
    'the user is changed',
    'digest-mismatch: digest of #user',
    {
      edit: (text) => text.replace('>alice<', '>mallory<'),
      parts: (text) => [
        signaturePart(text),
        bodyPart(text),
        { text: USER_TOKEN.replace('>alice<', '>mallory<'), type: 'Element' },
      ],
    },
  ],
  [
    'the password is derived from',
    'unknown child of UsernameToken',
    {
      user: USER_TOKEN.replace(
        '</wsse:UsernameToken>',
        '<w:Salt xmlns:w="http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd">AAAA</w:Salt></wsse:UsernameToken>',
      ),
      parts: (text) => [signaturePart(text), bodyPart(text)],
    },
  ],
  [
    'what was encrypted is no part of a Security header',
    'decryption-failed: what was encrypted is no part of a Security header',
    {
      parts: (text) => [
        signaturePart(text),
        bodyPart(text),
        { ...userPart, plain: '<x:y xmlns:x="urn:x"/>' },
      ],
    },
  ],
  [
    'what was encrypted is another key',
    'decryption-failed: what was encrypted is no part of a Security header',
    {
      parts: (text) => [
        signaturePart(text),
        bodyPart(text),
        { ...userPart, plain: anotherKey().replace('"EK"', '"EK2"') },
      ],
    },
  ],
  [
    'what was encrypted is not well-formed',
    'decryption-failed: decryption failed',
    {
      parts: (text) => [signaturePart(text), bodyPart(text), { ...userPart, plain: '<a>' }],
    },
  ],
  [
    'an id stands twice once it is open',
    'decryption-failed: decryption failed',
    {
      parts: (text) => [
        signaturePart(text),
        bodyPart(text),
        { ...userPart, plain: USER_TOKEN.replace('"user"', '"ts"') },
      ],
    },
  ],
];
