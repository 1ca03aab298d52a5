// Finds the secret of a holder-of-key assertion that its issuer encrypted to us (SAML Token Profile 1.1.1 §3.5.1): the EncryptedKey of
// its confirmation. The caller has validated the assertion, and hands over the very element that was verified.

import { decryptKey, type KeyUnwrappers } from '#bridge/xml/encryption/decrypt.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { DS_NS, SAML2_NS, SAML11_NS, XENC_NS } from '#bridge/xml/namespaces.ts';
import { childrenNamed } from '#bridge/xml/reader.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';

const SUBJECT_PATHS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  [SAML2_NS]: [['Subject', 'SubjectConfirmation', 'SubjectConfirmationData']],
  // Each statement of SAML 1.1 has a subject of its own.
  [SAML11_NS]: ['AuthenticationStatement', 'AttributeStatement'].map((statement) => [
    statement,
    'Subject',
    'SubjectConfirmation',
  ]),
};

/** A secret is no longer than this, and no shorter than the smallest key we make (WS-Trust 1.3 §9.2). */
const SECRET_LENGTHS = { minBytes: 16, maxBytes: 64 };

/** Creates the finder. It answers undefined for a secret that is not there or that our keys do not open. */
export function createSecretFinder(unwrappers: KeyUnwrappers) {
  return async ({ element }: { readonly element: XmlElement }): Promise<Uint8Array | undefined> => {
    try {
      const encrypted = encryptedSecretOf(element);
      return encrypted && (await decryptKey(encrypted, unwrappers, SECRET_LENGTHS));
    } catch (cause) {
      if (cause instanceof XmlFailure) return undefined;
      throw cause;
    }
  };
}

/** The EncryptedKey of the assertion, undefined where it has none. Statements of SAML 1.1 repeat it; of two that differ, none is taken:
 * which of them the holder means is open.
 * @throws {XmlFailure} `element-repeated` */
export function encryptedSecretOf(assertion: XmlElement): XmlElement | undefined {
  const paths = SUBJECT_PATHS[assertion.uri] ?? [];
  const found = paths.flatMap((path) => descend(assertion, path)).flatMap(keysIn);
  const [first, ...others] = found;
  if (others.some((other) => textIn(other) !== (first && textIn(first))))
    throw new XmlFailure('element-repeated', 'two secrets in one assertion');
  return first;
}

const descend = (from: XmlElement, path: readonly string[]): readonly XmlElement[] =>
  path.reduce<readonly XmlElement[]>(
    (at, local) => at.flatMap((each) => childrenNamed(each, from.uri, local)),
    [from],
  );

const keysIn = (confirmation: XmlElement): readonly XmlElement[] =>
  childrenNamed(confirmation, DS_NS, 'KeyInfo').flatMap((keyInfo) =>
    childrenNamed(keyInfo, XENC_NS, 'EncryptedKey'),
  );

const textIn = (element: XmlElement): string =>
  element.children.map((child) => (typeof child === 'string' ? child : textIn(child))).join('');
