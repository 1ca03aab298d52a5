// Entropy (WS-Trust 1.3 §4.1): what the requestor adds to the secret, or the secret itself.

import { eitherAttribute } from '#bridge/ws-security/known-attributes.ts';
import { parseBase64 } from '#bridge/xml/base64.ts';
import { decryptKey, type KeyUnwrappers } from '#bridge/xml/encryption/decrypt.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { XENC_NS } from '#bridge/xml/namespaces.ts';
import { onlyChild, textOf } from '#bridge/xml/reader.ts';
import { isNamed, type XmlElement } from '#bridge/xml/tree.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { TRUST_13_NS, TRUST_2005_NS, type TrustNames } from '../names.ts';

/** A `nonce` is mixed with ours; a `secret` is to be the key itself. */
export interface KnownEntropy {
  readonly kind: 'nonce' | 'secret';
  readonly bytes: Uint8Array;
}

/** Entropy as it came: an `encrypted` one is a nonce that is not open yet. */
export type RequestedEntropy =
  | KnownEntropy
  | { readonly kind: 'encrypted'; readonly encryptedKey: XmlElement };

const KINDS: ReadonlyMap<string, KnownEntropy['kind']> = new Map(
  [TRUST_13_NS, TRUST_2005_NS].flatMap((base) => [
    [`${base}/Nonce`, 'nonce'],
    [`${base}/SymmetricKey`, 'secret'],
  ]),
);
/** Twice the largest key, with room: more adds nothing, and HMAC hashes it first. */
const MAX_BYTES = 256;

/** Reads the entropy.
 * @throws {ExchangeFailure} `operation-unsupported` for a private key
 * @throws {XmlFailure} `element-missing`, `element-repeated`, `element-unexpected`, `text-malformed` */
export function readEntropy(entropy: XmlElement, trust: TrustNames): RequestedEntropy {
  const secret = onlyChild(entropy);
  if (isNamed(secret, XENC_NS, 'EncryptedKey')) return { kind: 'encrypted', encryptedKey: secret };
  if (!isNamed(secret, trust.namespace, 'BinarySecret'))
    throw new XmlFailure('element-unexpected', `${secret.local} in Entropy`);
  // Without a type it is the key itself (WS-Trust 1.3 §3.3).
  const kind = KINDS.get(eitherAttribute(secret, 'Type') ?? `${TRUST_13_NS}/SymmetricKey`);
  if (kind === undefined) throw unsupported('BinarySecret of another type');
  const bytes = parseBase64(textOf(secret));
  if (bytes.length > MAX_BYTES) throw new XmlFailure('text-malformed', 'entropy is too long');
  return { kind, bytes };
}

/** Opens what is encrypted to us. It is mixed with ours, never the key itself: an EncryptedKey may be captured, and as the key of a token it
 * would be open to whoever the token is for. Its length is judged with that of all entropy.
 * @throws {ExchangeFailure} `operation-unsupported` without a key of ours
 * @throws {XmlFailure} `encryption-shape`, `algorithm-refused`, `text-malformed`, `decryption-failed` */
export async function openEntropy(
  entropy: RequestedEntropy | undefined,
  unwrappers: KeyUnwrappers | undefined,
): Promise<KnownEntropy | undefined> {
  if (entropy?.kind !== 'encrypted') return entropy;
  if (!unwrappers) throw unsupported('EncryptedKey');
  const lengths = { minBytes: 0, maxBytes: MAX_BYTES };
  return { kind: 'nonce', bytes: await decryptKey(entropy.encryptedKey, unwrappers, lengths) };
}

function unsupported(what: string): ExchangeFailure {
  return new ExchangeFailure('operation-unsupported', `${what} as entropy`);
}
