// UseKey (WS-Trust 1.3 §4.2): the key that the token shall be bound to. It names one and proves nothing.

import { X509Certificate } from 'node:crypto';
import { eitherAttribute } from '#bridge/ws-security/known-attributes.ts';
import { X509_V3 } from '#bridge/ws-security/names.ts';
import { kindOfToken } from '#bridge/ws-security/tokens/presented-token.ts';
import {
  type ReferenceScope,
  resolveReference,
} from '#bridge/ws-security/tokens/token-reference.ts';
import { parseBase64 } from '#bridge/xml/base64.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { readKeyInfo, readKeyValue, readRsaKeyValue } from '#bridge/xml/keys/key-info.ts';
import { nameCertificate } from '#bridge/xml/keys/public-key.ts';
import { DS_NS, WSSE_NS } from '#bridge/xml/namespaces.ts';
import { optionalChild, textOf } from '#bridge/xml/reader.ts';
import { attributeOf, elementsOf, isNamed, type XmlElement } from '#bridge/xml/tree.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { PublicKeyConfirmation } from '#core/token/confirmation.ts';

/** The key that is asked for. */
export interface RequestedKey {
  /** The Id of the signature that is to prove it. */
  readonly signatureId?: string;
  /** Absent: the key of that signature, or of the assertion in the header. */
  readonly key?: PublicKeyConfirmation;
  /** The token of the header that it refers to. */
  readonly token?: XmlElement;
}

/** Reads UseKey: a KeyInfo, a bare key as some clients write it, a reference to a token of the header, or nothing but `@Sig`.
 * @throws {XmlFailure} `key-refused` for a key we cannot tell or that is too weak; reasons of reading
 * @throws {SecurityFailure} `security-token-unavailable`, `invalid-security-token`
 * @throws {ExchangeFailure} `operation-unsupported` */
export function readUseKey(useKey: XmlElement, scope: ReferenceScope): RequestedKey {
  const signatureId = readSignatureId(useKey);
  const [form, second] = elementsOf(useKey);
  if (second !== undefined) throw new XmlFailure('element-repeated', `two in ${useKey.local}`);
  if (form === undefined && signatureId === undefined)
    throw new XmlFailure('element-missing', `${useKey.local} is empty`);
  return {
    ...(form && readForm(form, scope)),
    ...(signatureId !== undefined && { signatureId }),
  };
}

// A URI by the standard, the bare Id in what vCenter clients send.
function readSignatureId(useKey: XmlElement): string | undefined {
  const text = eitherAttribute(useKey, 'Sig');
  const id = text?.startsWith('#') ? text.slice(1) : text;
  if (id === '') throw new XmlFailure('text-malformed', 'Sig is empty');
  return id;
}

function readForm(form: XmlElement, scope: ReferenceScope): RequestedKey {
  if (isNamed(form, WSSE_NS, 'SecurityTokenReference')) return readReference(form, scope);
  if (isNamed(form, WSSE_NS, 'BinarySecurityToken')) return { key: certificateKey(form) };
  if (isNamed(form, DS_NS, 'KeyValue')) return { key: readKeyValue(form) };
  if (isNamed(form, DS_NS, 'RSAKeyValue')) return { key: readRsaKeyValue(form) };
  if (!isNamed(form, DS_NS, 'KeyInfo')) throw unsupported(form.local);
  const reference = optionalChild(form, WSSE_NS, 'SecurityTokenReference');
  if (reference === undefined) return { key: readKeyInfo(form) };
  if (elementsOf(form).length > 1) throw new XmlFailure('element-unexpected', 'two keys in UseKey');
  return readReference(reference, scope);
}

function readReference(reference: XmlElement, scope: ReferenceScope): RequestedKey {
  const token = resolveReference(reference, scope);
  return kindOfToken(token) === 'x509' ? { token, key: certificateKey(token) } : { token };
}

function certificateKey(token: XmlElement): PublicKeyConfirmation {
  // Of a path or a bundle, which certificate is meant is open.
  if (attributeOf(token, 'ValueType') !== X509_V3) throw unsupported('another token');
  const der = parseBase64(textOf(token));
  try {
    return nameCertificate(new X509Certificate(der));
  } catch (cause) {
    throw cause instanceof XmlFailure ? cause : new XmlFailure('key-refused', 'no certificate');
  }
}

function unsupported(what: string): ExchangeFailure {
  return new ExchangeFailure('operation-unsupported', `${what} in UseKey`);
}
