// Whether there is a key for what shall be signed: another algorithm is never taken instead.
import type { Entry, Loading } from '../../loading.ts';
import type { Complaint } from '../../problem.ts';
import type { SigningKeyConfig } from './keys.ts';

type Signature = Pick<SigningKeyConfig, 'use' | 'algorithm'>;

/** A key as far as it decides what can be signed, and when. */
export type WrittenKey = Pick<SigningKeyConfig, 'use' | 'algorithm' | 'activeFrom'>;

/** Holds a signature that is wanted now against the keys as written. */
export function validateKey(
  { value, path }: Entry<Signature>,
  keys: readonly WrittenKey[],
  loading: Loading,
): void {
  const { use, algorithm } = value;
  const fitting = keys.filter((key) => key.use === use && key.algorithm === algorithm);
  if (fitting.length === 0) loading.error(path, keyless(value));
  else if (fitting.every(({ activeFrom = 0 }) => activeFrom > loading.now))
    loading.error(path, tooEarly(value));
}

const keyless = ({ use, algorithm }: Signature): Complaint => ({
  code: 'CONFIG_KEY',
  what: `there is no key of use ${use} for ${algorithm}`,
  why: 'another algorithm is never taken instead: the relying party may not accept it',
  fix: `add a key of use ${use} for ${algorithm}, or name the algorithm of a key that is there`,
});

const tooEarly = ({ use, algorithm }: Signature): Complaint => ({
  code: 'CONFIG_KEY',
  what: `no key of use ${use} for ${algorithm} signs yet`,
  why: 'until the activeFrom of the first one nothing could be signed',
  fix: 'remove the activeFrom of the first key: nothing is rolled over by it',
});
