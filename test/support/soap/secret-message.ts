// An address where messages protect themselves with a secret, a client that makes one, and every choice of it open to the test.

import { createSecretKey, hash, randomBytes } from 'node:crypto';
import { changeEndpoints } from '#bridge/ws-trust/endpoint/endpoint-changes.ts';
import { GENERIC_PROFILE } from '#bridge/ws-trust/endpoint/profiles.ts';
import type { WsTrustFrontParts } from '#bridge/ws-trust/soap-front.ts';
import { createKeyUnwrapper } from '#bridge/xml/encryption/decrypt.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { aPost, aWsTrustSetting, type WsTrustSetting } from '#test/support/ws-trust/ws-trust.ts';
import { aDerivedKey, aDerivedKeyToken, aReferenceTo, NONCE, WSC_13 } from './derived-key.ts';
import {
  ENCRYPTED_KEY,
  type EncryptionWishes,
  encryptMessage,
  openParts,
  type PartWish,
} from './encrypted-message.ts';
import { ours, publicKeyOf, stranger, USER_TOKEN, usualParts } from './message-security.ts';
import { SIGNATURE, type SignatureWishes, signMessage, TIMESTAMP } from './signed-message.ts';
import { anEnvelope } from './soap.ts';

export const SECRET_PATH = '/ws-trust/message/username';
export const SECRET_PROFILES = changeEndpoints(
  [GENERIC_PROFILE],
  [{ path: SECRET_PATH, messageSecurity: 'symmetric-sign-and-encrypt' }],
);
const WSS11 = 'http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1';
export const KEY_TYPE = `${WSS11}#EncryptedKey`;

export const aSecretSetting = (
  others: readonly TokenValidator[] = [],
  parts: Partial<WsTrustFrontParts> = {},
): WsTrustSetting =>
  aWsTrustSetting({
    validators: others,
    profiles: SECRET_PROFILES,
    parts: {
      unwrappers: [createKeyUnwrapper(stranger.privateKey), createKeyUnwrapper(ours.privateKey)],
      ...parts,
    },
  });

/** Addressing that is signed, for an operation. */
export const addressingOf = (operation = 'Issue', to = SECRET_PATH): string =>
  `<a:Action wsu:Id="action">${TRUST_13}/RST/${operation}</a:Action><a:MessageID wsu:Id="message">urn:uuid:1</a:MessageID><a:To wsu:Id="to">http://sts.example.org${to}</a:To>`;

export const SECRET_SIGNED = ['ts', 'body', 'action', 'message', 'to', 'user'];

export interface SecretWishes {
  readonly secret?: Buffer;
  readonly addressing?: string;
  readonly timestamp?: string;
  readonly user?: string;
  /** More children of Security, before the signature. */
  readonly more?: string;
  readonly body?: string;
  readonly signed?: readonly string[];
  readonly signature?: Partial<SignatureWishes>;
  readonly parts?: (message: string) => readonly PartWish[];
  readonly encryption?: Partial<EncryptionWishes>;
  /** Changes the message after it was signed, and after it was encrypted. */
  readonly edit?: (signed: string) => string;
  readonly last?: (encrypted: string) => string;
}

const unchanged = (text: string): string => text;

/** A request that is signed with a secret, and encrypted under it to us. */
export function aSecretMessage(wishes: SecretWishes = {}): string {
  const { addressing = addressingOf(), body = anRst(), more = '', user = USER_TOKEN } = wishes;
  const { secret = randomBytes(32), signed = SECRET_SIGNED, timestamp = TIMESTAMP } = wishes;
  const header = `${addressing}<wsse:Security>${timestamp}${more}${user}${SIGNATURE}</wsse:Security>`;
  const clear = signMessage(anEnvelope({ header, body, bodyId: 'body' }), {
    key: createSecretKey(secret),
    keyInfo: aReferenceTo('EK', KEY_TYPE),
    ids: signed,
    ...wishes.signature,
  });
  const ready = clear.replace('<wsse:Security>', `<wsse:Security>${ENCRYPTED_KEY}`);
  return encrypted(ready, { ...wishes, secret });
}

function encrypted(signed: string, wishes: SecretWishes & { readonly secret: Buffer }): string {
  const { edit = unchanged, encryption, last = unchanged, parts = usualParts, secret } = wishes;
  const ready = edit(signed);
  const publicKey = publicKeyOf(ours);
  return last(encryptMessage(ready, { publicKey, secret, parts: parts(ready), ...encryption }));
}

/** Both keys derived of the secret, each by a token of its own. */
export function withDerivedKeys(secret: Buffer, wsc = WSC_13, length = 32): SecretWishes {
  const nonce = Buffer.alloc(16, 9);
  const ofSecret = aReferenceTo('EK', KEY_TYPE);
  const encrypting = aDerivedKeyToken(ofSecret, {
    id: 'dk-enc',
    nonce: nonce.toString('base64'),
    wsc,
  });
  return {
    secret,
    more: `${aDerivedKeyToken(ofSecret, { wsc, children: `<c:Length>${length}</c:Length>` })}${encrypting}`,
    signature: {
      key: aDerivedKey(secret, { nonce: NONCE, length }),
      keyInfo: aReferenceTo('dkt', `${wsc}/dk`),
    },
    encryption: {
      partKey: aDerivedKey(secret, { nonce }).export(),
      keyInfo: aReferenceTo('dk-enc', `${wsc}/dk`),
      key: (text) => text.replace(LIST, ''),
    },
    last: (text) => text.replace('</wsu:Timestamp>', () => `</wsu:Timestamp>${listOf(text)}`),
  };
}

export const LIST = /<xenc:ReferenceList>.*?<\/xenc:ReferenceList>/s;

/** A list of all that is encrypted in a message, to stand beside its key. */
export function listOf(message: string): string {
  const ids = [...message.matchAll(/<xenc:EncryptedData [^>]*Id="([^"]+)"/g)].map(([, id]) => id);
  const references = ids.map((id) => `<xenc:DataReference URI="#${id}"/>`).join('');
  return `<xenc:ReferenceList xmlns:xenc="http://www.w3.org/2001/04/xmlenc#">${references}</xenc:ReferenceList>`;
}

/** How an answer names the secret of its request: by the hash of what that was encrypted to. */
export function nameOfSecret(request: string): string {
  const key = /<xenc:EncryptedKey .*?<\/xenc:EncryptedKey>/s.exec(request)?.[0] ?? '';
  const wrapped = /CipherValue>([^<]+)</.exec(key)?.[1] ?? '';
  return hash('sha1', Buffer.from(wrapped, 'base64'), 'base64');
}

/** The key that an answer derives in a token of this id, or the secret where there is none. */
export function keyOfAnswer(answer: string, id: string, secret: Buffer): Buffer {
  const token = new RegExp(
    `<wsc:DerivedKeyToken [^>]*wsu:Id="${id}".*?</wsc:DerivedKeyToken>`,
    's',
  ).exec(answer);
  const value = (local: string) =>
    new RegExp(`<wsc:${local}>([^<]+)<`).exec(token?.[0] ?? '')?.[1] ?? '';
  if (!token) return secret;
  const nonce = Buffer.from(value('Nonce'), 'base64');
  return aDerivedKey(secret, {
    nonce,
    from: Number(value('Offset')),
    length: Number(value('Length')),
  }).export();
}

/** An answer in clear. */
export const openAnswer = (answer: string, secret: Buffer): string =>
  openParts(answer, keyOfAnswer(answer, 'encryption-key', secret));

export const sendSecretly = (message: string, setting = aSecretSetting(), path = SECRET_PATH) =>
  setting.front.handle(aPost(message, { path, isSecure: false }));
