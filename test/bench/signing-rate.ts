// The physical limit: how much CPU one signature takes with nothing around it.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

const ROUNDS = { RS256: 300, ES256: 3000 } as const;

export type SignatureAlgorithm = keyof typeof ROUNDS;

function keyFor(algorithm: SignatureAlgorithm): KeyObject {
  return algorithm === 'RS256'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    : generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

/** CPU microseconds of one signature over a token of usual size. */
export function signatureMicroseconds(algorithm: SignatureAlgorithm): number {
  const key = keyFor(algorithm);
  const bytes = Buffer.alloc(600, 'a');
  const round = (): void => void sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' });
  for (let warmUp = 0; warmUp < 50; warmUp++) round();
  const before = process.cpuUsage();
  for (let done = 0; done < ROUNDS[algorithm]; done++) round();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / ROUNDS[algorithm];
}
