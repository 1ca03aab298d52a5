// Signers over private keys in memory, with node:crypto alone: what the product makes of a signature is held against them.

import { constants, type KeyObject, sign as signBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { Signer } from '#bridge/xml/signature/signer.ts';

const signAsync = promisify(signBytes);

function optionsOf(algorithm: string, key: KeyObject) {
  if (key.asymmetricKeyType === 'ec') return { key, dsaEncoding: 'ieee-p1363' } as const;
  if (!algorithm.endsWith('-MGF1')) return key;
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
  return { key, padding, saltLength };
}

/** A signer that signs under an identifier of XML-DSig, whatever it is. */
export function createKeySigner({
  algorithm,
  key,
}: {
  readonly algorithm: string;
  readonly key: KeyObject;
}): Signer {
  const [hash = ''] = /sha\d+/.exec(algorithm) ?? [];
  const options = optionsOf(algorithm, key);
  return { algorithm, sign: (bytes) => signAsync(hash, bytes, options) };
}
