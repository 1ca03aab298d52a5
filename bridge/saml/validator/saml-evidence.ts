// Evidence as it comes in: the wire encoding of RFC 7522 §2.1 and RFC 8693 §3, or an element of a message that was
// parsed already. What comes out is one parsed tree with the assertion in it, and nothing is trusted yet.

import { Buffer } from 'node:buffer';
import { SAML2_NS, SAML11_NS, XENC_NS } from '#bridge/xml/namespaces.ts';
import { DEFAULT_LIMITS } from '#bridge/xml/parser/limits.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { readInOrder } from '#bridge/xml/shape.ts';
import {
  attributeOf,
  elementsOf,
  isNamed,
  type XmlDocument,
  type XmlElement,
} from '#bridge/xml/tree.ts';
import type { SecurityToken } from '#core/token/security-token.ts';
import type { SamlTokenType } from '../names.ts';
import { refuse, refusedAs, rejectedAs } from '../refusal.ts';

/** An assertion inside a parsed message. The tree that will be digested is this very tree, and it is the one that is read. */
export interface SamlElement {
  readonly document: XmlDocument;
  readonly element: XmlElement;
}

/** An assertion as XML by itself, in no encoding of OAuth. */
export interface SamlXml {
  readonly xml: string;
}

/** Evidence that is for the validator of this folder. */
export interface SamlEvidence extends SecurityToken {
  readonly type: SamlTokenType;
  readonly content: string | SamlElement | SamlXml;
}

/** Decrypts an EncryptedData into a document of its own; refuses with an `XmlFailure`. */
export type AssertionDecrypter = (encryptedData: XmlElement) => Promise<XmlDocument>;

/** An assertion whose element and version fit the type. */
export interface OpenedEvidence extends SamlElement {
  /** The declared one; of an EncryptedData, which declares none, the one that was inside. */
  readonly type: SamlTokenType;
}

const MAX_ENCODED_CHARACTERS = Math.ceil(DEFAULT_LIMITS.maxBytes / 3) * 4;
const NAMESPACES: Readonly<Record<SamlTokenType, string>> = { saml1: SAML11_NS, saml2: SAML2_NS };

/** Whether the evidence is declared as an assertion and has a content that can be one. */
export function isSamlEvidence(token: SecurityToken): token is SamlEvidence {
  const { type, content } = token;
  if (type !== 'saml1' && type !== 'saml2') return false;
  if (typeof content === 'string' || 'xml' in content) return true;
  return 'document' in content && 'element' in content;
}

/** Parses or takes over the evidence, and decrypts it where it is encrypted.
 * @throws {ExchangeFailure} `token-malformed`, `token-type-unsupported` */
export async function openEvidence(
  { type, content }: SamlEvidence,
  decrypt: AssertionDecrypter | undefined,
): Promise<OpenedEvidence> {
  const { document, element } = elementOf(content);
  const encrypted = refusedAs('token-malformed', () => encryptedDataOf(type, element));
  if (encrypted === undefined) {
    requireVersion(type, element);
    return { type, document, element };
  }
  if (!decrypt) refuse('token-type-unsupported', 'no key to decrypt an assertion with');
  // A new parse with its own root: what is signed is inside, and is verified there (xml-security V1, D6).
  const inner = await rejectedAs('token-malformed', () => decrypt(encrypted));
  const isBare = encrypted === element && typeof content !== 'string';
  const found = isBare && isNamed(inner.root, SAML11_NS, 'Assertion') ? 'saml1' : type;
  requireVersion(found, inner.root);
  return { type: found, document: inner, element: inner.root };
}

function elementOf(content: SamlEvidence['content']): SamlElement {
  if (typeof content === 'string') return parseAssertion(decodeAssertion(content));
  return 'xml' in content ? parseAssertion(Buffer.from(content.xml)) : content;
}

function parseAssertion(bytes: Uint8Array): SamlElement {
  const document = refusedAs('token-malformed', () => parseXml(bytes));
  return { document, element: document.root };
}

/** Decodes base64url with or without padding, or plain base64: deployed clients send all three (RFC 7522 §2.1).
 * @throws {ExchangeFailure} `token-malformed` */
export function decodeAssertion(text: string): Uint8Array {
  if (text.length > MAX_ENCODED_CHARACTERS) refuse('token-malformed', 'the assertion is too large');
  const bytes = Buffer.from(text, 'base64');
  const url = bytes.toString('base64url');
  const padded = url.padEnd(Math.ceil(url.length / 4) * 4, '=');
  // Encoding again is the whole check: one text of each form stands for these bytes. Few clients send the last one.
  const isWhole = text === url || text === padded || text === bytes.toString('base64');
  if (text === '' || !isWhole)
    refuse('token-malformed', 'the assertion is not base64, or has wrong padding or loose bits');
  return bytes;
}

// SAML 2.0 has a wrapper of its own; WS-Trust stacks also put a bare EncryptedData where the token goes.
function encryptedDataOf(type: SamlTokenType, element: XmlElement): XmlElement | undefined {
  if (isNamed(element, XENC_NS, 'EncryptedData')) return element;
  if (type !== 'saml2' || !isNamed(element, SAML2_NS, 'EncryptedAssertion')) return undefined;
  const children = readInOrder(elementsOf(element), 'element-unexpected');
  const encrypted = children.take(XENC_NS, 'EncryptedData');
  // A key beside it could be for another content (D5).
  children.end();
  return encrypted;
}

// One type must never pass as the other: the rules that are applied are those of the declared one.
function requireVersion(type: SamlTokenType, element: XmlElement): void {
  if (!isNamed(element, NAMESPACES[type], 'Assertion'))
    refuse('token-malformed', `this is no assertion of type ${type}`);
  const isVersion =
    type === 'saml2'
      ? attributeOf(element, 'Version') === '2.0'
      : attributeOf(element, 'MajorVersion') === '1' &&
        attributeOf(element, 'MinorVersion') === '1';
  if (!isVersion) refuse('token-type-unsupported', 'the assertion is of another version');
}
