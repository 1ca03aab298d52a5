// The algorithms of the answer (WS-Trust 1.3 §9.2): whoever asked for one is told what was used, which is what was asked for
// (`requested-algorithms.ts`). Others are told nothing: clients read answers by position.

import type { Markup } from '#bridge/xml/canonical/markup.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import { formOf } from '#core/token/token-type.ts';
import type { TrustNames } from '../names.ts';
import type { RequestedAlgorithms } from '../rst/rst-request.ts';
import { trustElement } from './response.ts';

/** SignWith and EncryptWith, as they were asked for. */
export function writeKeyUsage(
  trust: TrustNames,
  { signWith, encryptWith }: RequestedAlgorithms,
): Markup[] {
  return written(trust, [
    ['SignWith', signWith],
    ['EncryptWith', encryptWith],
  ]);
}

/** The algorithms that were asked for and used. */
export function writeUsedAlgorithms(
  trust: TrustNames,
  { signature, encryption, canonicalization, keyWrap }: RequestedAlgorithms,
  spec: Pick<TokenSpec, 'encryption' | 'keyEncryption' | 'type'>,
): Markup[] {
  const isWrapped = spec.encryption !== undefined || spec.keyEncryption !== undefined;
  return written(trust, [
    ['SignatureAlgorithm', signature],
    ['EncryptionAlgorithm', spec.encryption && encryption],
    // A JWT has no canonical form.
    ['CanonicalizationAlgorithm', formOf(spec.type) === 'saml' ? canonicalization : undefined],
    ['KeyWrapAlgorithm', isWrapped ? keyWrap : undefined],
  ]);
}

function written(
  trust: TrustNames,
  algorithms: readonly (readonly [local: string, uri: string | undefined])[],
): Markup[] {
  return algorithms.flatMap(([local, uri]) =>
    uri === undefined ? [] : [trustElement(trust, local, [uri])],
  );
}
