// wsse:UsernameToken (UsernameToken Profile 1.1.1 §3.1): text passwords and digests. Key derivation (Salt, Iteration) is left
// out.

import { parseBase64 } from '#bridge/xml/base64.ts';
import { BASE64_BINARY, WSSE_NS, WSU_NS } from '#bridge/xml/namespaces.ts';
import {
  dateTimeOf,
  optionalChild,
  requiredChild,
  textOf,
  trimmedTextOf,
} from '#bridge/xml/reader.ts';
import { attributeOf, elementsOf, isNamed, type XmlElement } from '#bridge/xml/tree.ts';
import type { Instant } from '#core/instant.ts';
import { eitherAttribute } from '../known-attributes.ts';
import { PASSWORD_DIGEST, PASSWORD_TEXT } from '../names.ts';
import { SecurityFailure } from '../security-failure.ts';

/** SHA-1 over nonce, created and password; as received. */
interface PasswordDigest {
  readonly value: Uint8Array;
  readonly nonce: Uint8Array;
  /** As it is written: the digest is over the text. */
  readonly created: string;
}

/** A user name with its password, as received. */
export interface UserNameToken {
  readonly name: string;
  /** Absent: there is a digest of it. */
  readonly password?: string;
  readonly digest?: PasswordDigest;
  /** Makes the token good once (xml-security E1). */
  readonly nonce?: Uint8Array;
  readonly created?: Instant;
}

const CHILDREN = [
  [WSSE_NS, 'Username'],
  [WSSE_NS, 'Password'],
  [WSSE_NS, 'Nonce'],
  [WSU_NS, 'Created'],
] as const;
const MAX_NONCE_BYTES = 256;

/** Reads a UsernameToken. Name and password are taken exactly as written; a comment in them never gets here (V3).
 * @throws {XmlFailure} `element-missing`, `element-repeated`, `element-unexpected`, `text-malformed`
 * @throws {SecurityFailure} `failed-authentication` without a name or a password; `unsupported-security-token` for a password
 * of another type; `authentication-bad-elements` for a digest without nonce or created */
export function readUserNameToken(token: XmlElement): UserNameToken {
  requireKnownChildren(token);
  const name = textOf(requiredChild(token, WSSE_NS, 'Username'));
  const password = optionalChild(token, WSSE_NS, 'Password');
  const nonce = readNonce(optionalChild(token, WSSE_NS, 'Nonce'));
  const createdElement = optionalChild(token, WSU_NS, 'Created');
  const created = createdElement && dateTimeOf(createdElement);
  if (password === undefined) throw unauthenticated('no password');
  // An empty password is no proof, though some directories bind with it (GHSA-2p7x-jcr3-7p2c).
  if (name === '' || textOf(password) === '') throw unauthenticated('empty name or password');
  return {
    name,
    ...(isDigest(password)
      ? { digest: readDigest(password, nonce, createdElement) }
      : { password: textOf(password) }),
    ...(nonce !== undefined && { nonce }),
    ...(created !== undefined && { created }),
  };
}

function requireKnownChildren(token: XmlElement): void {
  for (const child of elementsOf(token)) {
    if (CHILDREN.some(([uri, local]) => isNamed(child, uri, local))) continue;
    throw new SecurityFailure('unsupported-security-token', 'unknown child of UsernameToken');
  }
}

// A password without Type is text: many clients leave it out (ws-trust W11).
function isDigest(password: XmlElement): boolean {
  const type = eitherAttribute(password, 'Type') ?? PASSWORD_TEXT;
  if (type !== PASSWORD_TEXT && type !== PASSWORD_DIGEST)
    throw new SecurityFailure('unsupported-security-token', 'password of another type');
  return type === PASSWORD_DIGEST;
}

function readDigest(
  password: XmlElement,
  nonce: Uint8Array | undefined,
  created: XmlElement | undefined,
): PasswordDigest {
  // Without both it could be sent again for ever.
  if (nonce === undefined || created === undefined)
    throw new SecurityFailure('authentication-bad-elements', 'digest without nonce or created');
  return { value: parseBase64(textOf(password)), nonce, created: trimmedTextOf(created) };
}

function readNonce(element: XmlElement | undefined): Uint8Array | undefined {
  if (element === undefined) return undefined;
  const encoding = attributeOf(element, 'EncodingType') ?? BASE64_BINARY;
  const bytes = parseBase64(textOf(element));
  if (encoding !== BASE64_BINARY || bytes.byteLength === 0 || bytes.byteLength > MAX_NONCE_BYTES)
    throw new SecurityFailure('invalid-security-token', 'nonce');
  return bytes;
}

function unauthenticated(detail: string): SecurityFailure {
  return new SecurityFailure('failed-authentication', detail);
}
