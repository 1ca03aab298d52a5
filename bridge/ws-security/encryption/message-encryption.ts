// Decrypts a message (WSS 1.1.1 §9) before anything of it is read, and tells later steps which parts came encrypted. Signatures are
// verified in the decrypted message only (xml-security V1, D6): one over ciphertext covers nothing there.

import { type Envelope, readEnvelope } from '#bridge/soap/envelope.ts';
import {
  decryptXml,
  exactly,
  type KeyUnwrappers,
  unwrapSecret,
} from '#bridge/xml/encryption/decrypt.ts';
import { decryptUnder } from '#bridge/xml/encryption/decrypt-parts.ts';
import type { ContentName, TransportName } from '#bridge/xml/encryption/encryption-algorithms.ts';
import { type GraftedDocument, graft } from '#bridge/xml/encryption/graft.ts';
import { type EncryptedPart, readSharedKey } from '#bridge/xml/encryption/shared-key-shape.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { DS_NS, SAML2_NS, SAML11_NS, WSSE_NS, XENC_NS } from '#bridge/xml/namespaces.ts';
import type { XmlLimits } from '#bridge/xml/parser/limits.ts';
import { childrenNamed, type ExpandedName } from '#bridge/xml/reader.ts';
import { isAssertion, isNamed, type XmlElement } from '#bridge/xml/tree.ts';
import { type FaultCodes, runSecurely, SecurityFailure } from '../security-failure.ts';
import { securityElements } from '../security-header.ts';

/** What it is opened with. */
export interface OpeningRules {
  readonly unwrappers: KeyUnwrappers;
  readonly limits: XmlLimits;
}

/** An envelope after decryption. */
export interface OpenedEnvelope {
  readonly envelope: Envelope;
  /** Children of the Security header that came encrypted, and the Body where what it holds did. */
  readonly confidential: ReadonlySet<XmlElement>;
  /** How the key of the message was used; absent where it has none. */
  readonly algorithms?: { readonly content: ContentName; readonly transport: TransportName };
}

/** Each costs a private key: a credential, and evidence beside it. */
const MAX_TOKENS = 2;

/** Opens the parts of a message that its one EncryptedKey lists.
 * @throws {SecurityFailure} `invalid-security`, `unsupported-algorithm` before any key is used, `failed-check` */
export async function openParts(
  envelope: Envelope,
  { unwrappers, limits }: OpeningRules,
): Promise<OpenedEnvelope> {
  const security = securityOf(envelope);
  const [key, second] = security ? childrenNamed(security, XENC_NS, 'EncryptedKey') : [];
  if (second !== undefined) throw new SecurityFailure('invalid-security', 'two keys of a message');
  if (security === undefined || key === undefined) return { envelope, confidential: new Set() };
  return runSecurely(OPENING_CODES, 'failed-check', async () => {
    const { document } = envelope;
    const shape = readSharedKey(key, document);
    if (shape.named !== key) throw new XmlFailure('encryption-shape', 'of another key');
    const { parts, transport } = shape;
    requirePlaces(parts, envelope, security);
    requireNothingInClear(envelope, security);
    const { keyBytes, name: content } = parts[0].content;
    const secret = await unwrapSecret(shape, unwrappers, exactly(keyBytes));
    const opened = decryptUnder(document, parts, { secret, removed: [key], limits });
    const algorithms = { content, transport: transport.name };
    return { ...openedEnvelope(opened, envelope), algorithms };
  });
}

/** Opens the assertions of the Security header that come with a key of their own.
 * @throws {SecurityFailure} `invalid-security`, `unsupported-algorithm`, `failed-check` */
export async function openTokens(
  envelope: Envelope,
  { unwrappers, limits }: OpeningRules,
): Promise<Envelope> {
  const security = securityOf(envelope);
  const encrypted = security ? childrenNamed(security, XENC_NS, 'EncryptedData') : [];
  if (encrypted.length === 0) return envelope;
  if (encrypted.length > MAX_TOKENS)
    throw new SecurityFailure('invalid-security', 'too many encrypted tokens');
  return runSecurely(OPENING_CODES, 'failed-check', async () => {
    const grafts = new Map<XmlElement, readonly XmlElement[]>();
    for (const each of encrypted) {
      const { root } = await decryptXml(each, unwrappers, limits);
      if (!isAssertion(root)) throw failed('no assertion in an encrypted token');
      grafts.set(each, [root]);
    }
    return readEnvelope(graft(envelope.document, grafts, limits));
  });
}

/** The Security header that is opened, if there is one. */
export function securityOf(envelope: Envelope): XmlElement | undefined {
  const [first, second] = securityElements(envelope);
  // With two, whoever reads the header refuses it.
  return second === undefined ? first : undefined;
}

/** Refuses parts that may not come encrypted: elsewhere one would become an element that nobody expects to have been encrypted, or that
 * nobody looks at.
 * @throws {XmlFailure} `encryption-shape` */
export function requirePlaces(
  parts: readonly EncryptedPart[],
  { body, payload }: Envelope,
  security: XmlElement,
): void {
  const isInPlace = ({ element, type }: EncryptedPart): boolean =>
    element === payload ? type === 'content' : element.parent === security && type === 'element';
  if (!parts.every(isInPlace)) throw new XmlFailure('encryption-shape', 'a part out of place');
  const listed = new Set(parts.map(({ element }) => element));
  const all = [security, body].flatMap((parent) => childrenNamed(parent, XENC_NS, 'EncryptedData'));
  if (!all.every((element) => listed.has(element)))
    throw new XmlFailure('encryption-shape', 'a part that no key lists');
}

/** What must come encrypted in the Security header, where it is there. */
const SECRET_PARTS: readonly ExpandedName[] = [
  { uri: DS_NS, local: 'Signature' },
  { uri: WSSE_NS, local: 'UsernameToken' },
  { uri: SAML2_NS, local: 'Assertion' },
  { uri: SAML11_NS, local: 'Assertion' },
];

/** What may come encrypted there. */
const HEADER_PARTS = [...SECRET_PARTS, { uri: WSSE_NS, local: 'BinarySecurityToken' }];

// Everybody can see this much, so telling it gives nothing away, as long as no key was used. The policy is applied again to the
// decrypted message.
function requireNothingInClear({ payload }: Envelope, security: XmlElement): void {
  const clear = SECRET_PARTS.find(({ uri, local }) => childrenNamed(security, uri, local)[0]);
  if (clear) throw new SecurityFailure('invalid-security', `${clear.local} in clear`);
  if (payload && !isNamed(payload, XENC_NS, 'EncryptedData'))
    throw new SecurityFailure('invalid-security', 'the Body is not encrypted');
}

/** The envelope of what was opened, and what of it came encrypted.
 * @throws {XmlFailure} `decryption-failed`, reasons of reading */
export function openedEnvelope(document: GraftedDocument, before: Envelope): OpenedEnvelope {
  const envelope = readEnvelope(document);
  const { body, payload } = envelope;
  const confidential = new Set<XmlElement>();
  for (const [place, elements] of document.grafted) {
    if (place === before.payload) confidential.add(body);
    else if (place.local === 'EncryptedData') confidential.add(requireHeaderPart(elements));
  }
  // Decrypted once only: what is still encrypted is for somebody else, or meant to make us work.
  if (payload && isNamed(payload, XENC_NS, 'EncryptedData')) throw failed('encrypted twice');
  return { envelope, confidential };
}

function requireHeaderPart([part, second]: readonly XmlElement[]): XmlElement {
  const isPart = HEADER_PARTS.some(({ uri, local }) => part && isNamed(part, uri, local));
  if (part === undefined || second !== undefined || !isPart)
    throw failed('what was encrypted is no part of a Security header');
  return part;
}

const failed = (detail: string): XmlFailure => new XmlFailure('decryption-failed', detail);

/** All that shows only after decryption is one failure (E9). */
export const OPENING_CODES: FaultCodes = {
  'encryption-shape': 'invalid-security',
  'text-malformed': 'invalid-security',
  'algorithm-refused': 'unsupported-algorithm',
};
