// New private keys, for `init` and `keys rotate`.
import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { keyShapeOf } from './signature-algorithm.ts';

const generate = promisify(generateKeyPair);

const RSA_BITS = 3072;

/** A new private key for `algorithm`: PKCS8 PEM. RSA keys have 3072 bits unless told otherwise.
 * @throws {Error} when we do not sign with this algorithm, or the size is below 2048 bits */
export async function generateKeyPem(algorithm: string, rsaBits = RSA_BITS): Promise<string> {
  const { curve, keyType } = keyShapeOf(algorithm);
  if (rsaBits < 2048) throw new Error('an RSA key needs 2048 bits or more');
  const { privateKey } =
    keyType === 'rsa'
      ? await generate('rsa', { modulusLength: rsaBits })
      : curve === undefined
        ? await generate('ed25519')
        : await generate('ec', { namedCurve: curve });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
