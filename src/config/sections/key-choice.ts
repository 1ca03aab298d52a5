// Whether there is a key for what shall be signed: another algorithm is never taken instead.
import type { SigningKeyConfig } from '../config.ts';
import type { Entry, Loading } from '../loading.ts';
import type { Complaint } from '../problem.ts';

/** A key as far as it decides what can be signed. */
export type WrittenKey = Pick<SigningKeyConfig, 'use' | 'algorithm'>;

/** Holds a signature that is wanted against the keys as written. */
export function validateKey(
  { value, path }: Entry<WrittenKey>,
  keys: readonly WrittenKey[],
  loading: Loading,
): void {
  const { use, algorithm } = value;
  if (!keys.some((key) => key.use === use && key.algorithm === algorithm))
    loading.error(path, keyless(value));
}

const keyless = ({ use, algorithm }: WrittenKey): Complaint => ({
  code: 'CONFIG_KEY',
  what: `there is no key of use ${use} for ${algorithm}`,
  why: 'another algorithm is never taken instead: the relying party may not accept it',
  fix: `add a key of use ${use} for ${algorithm}, or name the algorithm of a key that is there`,
});
