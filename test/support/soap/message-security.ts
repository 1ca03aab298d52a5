// An address where messages protect themselves, a client that signs and encrypts, and every choice of it open to the test.

import { createPublicKey, type KeyObject } from 'node:crypto';
import { changeEndpoints } from '#bridge/ws-trust/endpoint/endpoint-changes.ts';
import { GENERIC_PROFILE } from '#bridge/ws-trust/endpoint/profiles.ts';
import type { WsTrustFrontParts } from '#bridge/ws-trust/soap-front.ts';
import { createKeyUnwrapper } from '#bridge/xml/encryption/decrypt.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { TIMESTAMP } from '#test/support/soap/signed-message.ts';
import { anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import {
  aPost,
  aWsTrustSetting,
  USER,
  type WsTrustSetting,
} from '#test/support/ws-trust/ws-trust.ts';
import { knownCertificates } from '#test/support/x509/known-certificates.ts';
import { aCertificate, type TestCertificate } from '#test/support/x509/pki.ts';
import { createKeySigner } from '#test/support/xml/signer.ts';
import {
  ENCRYPTED_KEY,
  type EncryptionWishes,
  encryptMessage,
  type PartWish,
} from './encrypted-message.ts';
import {
  aBinaryToken,
  aDirectReference,
  RSA_SHA256,
  SIGNATURE,
  type SignatureWishes,
  signMessage,
} from './signed-message.ts';
import { anEnvelope } from './soap.ts';

export const client = await aCertificate({ name: 'CN=batch', algorithm: 'RSA' });
export const ec = await aCertificate({ name: 'CN=batch' });
export const stranger = await aCertificate({ name: 'CN=batch', algorithm: 'RSA' });
export const ours = await aCertificate({ name: 'CN=sts encryption', algorithm: 'RSA' });
export const signing = await aCertificate({ name: 'CN=sts signing', algorithm: 'RSA' });
export const publicKeyOf = ({ certificate }: TestCertificate): KeyObject =>
  createPublicKey(certificate.toString('pem'));

export const PATH = '/ws-trust/message';
export const PROFILES = changeEndpoints(
  [GENERIC_PROFILE],
  [{ path: PATH, messageSecurity: 'sign-and-encrypt' }],
);

export const signer = createKeySigner({ algorithm: RSA_SHA256, key: signing.privateKey });
export const aSetting = (
  others: readonly TokenValidator[] = [],
  parts: Partial<WsTrustFrontParts> = {},
): WsTrustSetting =>
  aWsTrustSetting({
    validators: [...others, knownCertificates([client, ec])],
    profiles: PROFILES,
    parts: {
      unwrappers: [createKeyUnwrapper(stranger.privateKey), createKeyUnwrapper(ours.privateKey)],
      signAnswer: () => ({ signer, certificate: signing.der }),
      ...parts,
    },
  });

const ACTION = `<a:Action wsu:Id="action">${TRUST_13}/RST/Issue</a:Action>`;
export const ADDRESSING = `${ACTION}<a:MessageID wsu:Id="message">urn:uuid:1</a:MessageID><a:To wsu:Id="to">http://sts.example.org/ws-trust/message</a:To>`;
export const USER_TOKEN = `<wsse:UsernameToken wsu:Id="user"><wsse:Username>${USER.name}</wsse:Username><wsse:Password>${USER.password}</wsse:Password></wsse:UsernameToken>`;
export const SIGNED = ['ts', 'body', 'action', 'message', 'to', 'bst'];

export interface MessageWishes {
  readonly certificate?: TestCertificate;
  readonly addressing?: string;
  /** More children of Security. */
  readonly more?: string;
  readonly body?: string;
  readonly signed?: readonly string[];
  readonly signature?: Partial<SignatureWishes>;
  /** The certificate in the header; absent: as a token. */
  readonly token?: string;
  /** What is encrypted; absent: signature, Body and a user name where there is one. */
  readonly parts?: (message: string) => readonly PartWish[];
  readonly encryption?: Partial<EncryptionWishes>;
  /** Changes the message after it was signed, and after it was encrypted. */
  readonly edit?: (signed: string) => string;
  readonly last?: (encrypted: string) => string;
}

export const bodyPart = (message: string): PartWish => {
  const [, text = ''] = /<s:Body[^>]*>(.*)<\/s:Body>/s.exec(message) ?? [];
  return { text, type: 'Content' };
};
export const signaturePart = (message: string): PartWish => {
  const [text = ''] = /<ds:Signature .*?<\/ds:Signature>/s.exec(message) ?? [];
  return { text, type: 'Element' };
};
const userPart = (message: string): readonly PartWish[] =>
  message.includes(USER_TOKEN) ? [{ text: USER_TOKEN, type: 'Element' }] : [];
export const usualParts = (message: string): readonly PartWish[] => [
  signaturePart(message),
  bodyPart(message),
  ...userPart(message),
];

function aSignedMessage(wishes: MessageWishes): string {
  const { addressing = ADDRESSING, body = anRst(), certificate = client, more = '' } = wishes;
  const usual = more.includes('wsu:Id="user"') ? [...SIGNED, 'user'] : SIGNED;
  const { token = aBinaryToken(certificate) } = wishes;
  const security = `${token}${TIMESTAMP}${SIGNATURE}${more}`;
  const header = `${addressing}<wsse:Security>${security}</wsse:Security>`;
  const signed = signMessage(anEnvelope({ header, body, bodyId: 'body' }), {
    key: certificate.privateKey,
    keyInfo: aDirectReference(),
    ids: wishes.signed ?? usual,
    ...wishes.signature,
  });
  return signed.replace('<wsse:Security>', `<wsse:Security>${ENCRYPTED_KEY}`);
}

const unchanged = (text: string): string => text;

export function aMessage(wishes: MessageWishes = {}): string {
  const { edit = unchanged, encryption, last = unchanged, parts = usualParts } = wishes;
  const ready = edit(aSignedMessage(wishes));
  const publicKey = publicKeyOf(ours);
  return last(encryptMessage(ready, { publicKey, parts: parts(ready), ...encryption }));
}

export const send = (message: string, setting = aSetting(), path = PATH) =>
  setting.front.handle(aPost(message, { path, isSecure: false }));

export const named = (element: XmlElement, local: string): readonly XmlElement[] =>
  element.children.flatMap((child) =>
    typeof child === 'string'
      ? []
      : [...(child.local === local ? [child] : []), ...named(child, local)],
  );
