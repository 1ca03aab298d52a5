// Our own signing keys: `keys`.
import { z } from 'zod';
import type { SigningKeyConfig } from '../config.ts';
import type { Entry, Loading } from '../loading.ts';
import type { Complaint } from '../problem.ts';
import { instant, instantOf, rule } from './fields.ts';
import { certificateProblem, publicFingerprint, signingKeyProblem } from './pem.ts';
import { secretReference } from './secret.ts';

const SAML_ALGORITHMS: ReadonlySet<string> = new Set(['RS256', 'ES256']);

/** Whether assertions are signed with an algorithm. */
export const isSamlAlgorithm = (algorithm: string): boolean => SAML_ALGORITHMS.has(algorithm);

/** That an algorithm is none for assertions. */
export const notForSaml = rule({
  code: 'CONFIG_INVALID_VALUE',
  what: 'is not an algorithm for SAML',
  why: 'XML signatures are made with rsa-sha256 or ecdsa-sha256',
  fix: 'use RS256 or ES256',
});

export const keyEntry = z
  .strictObject({
    use: z.enum(['jwt', 'saml']).describe('What it signs. JWT and SAML never share a key.'),
    algorithm: z
      .enum([
        'ES256',
        'ES384',
        'RS256',
        'RS384',
        'RS512',
        'PS256',
        'PS384',
        'PS512',
        'Ed25519',
        'EdDSA',
      ])
      .describe('For SAML, RS256 means rsa-sha256 and ES256 ecdsa-sha256.'),
    key: secretReference.describe('The private key, PKCS8 PEM.'),
    certificate: secretReference.describe('Its certificate, PEM. SAML needs one.').optional(),
    activeFrom: instant.describe('When it starts to sign; it is published before.').optional(),
  })
  .refine(({ use, algorithm }) => use === 'jwt' || isSamlAlgorithm(algorithm), notForSaml)
  .refine(
    ({ use, certificate }) => use === 'jwt' || certificate !== undefined,
    rule({
      code: 'CONFIG_MISSING',
      what: 'a SAML key needs its certificate',
      why: 'relying parties know a SAML issuer by its certificate',
      fix: 'add certificate: { file: … }',
    }),
  );

export const keysSection = z
  .array(keyEntry)
  .nonempty()
  .describe('Our signing keys. Several of one algorithm roll over by activeFrom.');

type KeyEntry = z.output<typeof keyEntry>;

/** Resolves the keys and holds them against each other. */
export async function buildKeys(
  entries: readonly Entry<KeyEntry>[],
  loading: Loading,
): Promise<readonly SigningKeyConfig[]> {
  const keys: Entry<SigningKeyConfig>[] = [];
  for (const entry of entries) {
    keys.push({ value: await buildKey(entry, loading), path: entry.path });
  }
  validateSchedule(keys, loading);
  validateSeparation(keys, loading);
  return keys.map(({ value }) => value);
}

/** Whether there is a key that signs tokens, among the keys as written. */
export function validateUses(
  keys: readonly Pick<SigningKeyConfig, 'use'>[],
  loading: Loading,
): void {
  const hasOnlySaml = keys.length > 0 && keys.every(({ use }) => use === 'saml');
  if (hasOnlySaml) loading.error(['keys'], NO_JWT_KEY);
}

async function buildKey(
  { value, path }: Entry<KeyEntry>,
  loading: Loading,
): Promise<SigningKeyConfig> {
  const { use, algorithm, key, certificate, activeFrom } = value;
  const pem = await loading.read(key, [...path, 'key']);
  const problem = pem === '' ? undefined : signingKeyProblem(pem, algorithm);
  if (problem) loading.error([...path, 'key'], problem);
  const certificatePem = certificate && (await loading.read(certificate, [...path, 'certificate']));
  if (certificatePem !== undefined && certificatePem !== '') {
    const mismatch = certificateProblem(certificatePem, pem);
    if (mismatch) loading.error([...path, 'certificate'], mismatch);
  }
  return {
    use,
    algorithm,
    pem,
    ...(certificatePem !== undefined && { certificatePem }),
    ...(activeFrom !== undefined && { activeFrom: instantOf(activeFrom) }),
  };
}

// Of two keys that start together it is open which one signs.
function validateSchedule(keys: readonly Entry<SigningKeyConfig>[], loading: Loading): void {
  const seen = new Set<string>();
  for (const { value, path } of keys) {
    const slot = `${value.use} ${value.algorithm} ${String(value.activeFrom ?? 0)}`;
    if (seen.has(slot)) loading.error(path, SAME_START);
    seen.add(slot);
  }
}

// One key for two formats: a signature over one could be passed off as a signature over the other.
function validateSeparation(keys: readonly Entry<SigningKeyConfig>[], loading: Loading): void {
  const uses = new Map<string, SigningKeyConfig['use']>();
  for (const { value, path } of keys) {
    const name = publicFingerprint(value.pem);
    if (name === undefined) continue;
    if (uses.has(name)) loading.error([...path, 'key'], REUSED);
    uses.set(name, value.use);
  }
}

const NO_JWT_KEY: Complaint = {
  code: 'CONFIG_MISSING',
  what: 'there is no key of use jwt',
  why: 'no token could be signed',
  fix: 'add { use: jwt, algorithm: ES256, key: { file: … } }',
};

const SAME_START: Complaint = {
  code: 'CONFIG_DUPLICATE',
  what: 'another key has the same use, algorithm and activeFrom',
  why: 'it would be open which of the two signs',
  fix: 'give the newer one an activeFrom in the future, or remove one',
};

const REUSED: Complaint = {
  code: 'CONFIG_INSECURE',
  what: 'this key is in the list already',
  why: 'one key serves one use and one algorithm, or a signature could be passed off as another',
  fix: 'make a key of its own for each entry',
};
