// Our own keys: `keys`, those that sign and those that decrypt.
import { z } from 'zod';
import type { Instant } from '#core/instant.ts';
import type { TokenForm } from '#core/token/token-type.ts';
import type { Entry, Loading } from '../../loading.ts';
import type { Complaint } from '../../problem.ts';
import { instant, instantOf, rule, signatureAlgorithm } from '../fields.ts';
import { secretReference } from '../secret.ts';
import { readOwnCertificate } from './own-certificate.ts';
import { decryptionKeyProblem, publicFingerprint, signingKeyProblem } from './pem.ts';

/** What a key is for: to sign tokens of a form, or to decrypt. */
export type KeyUse = TokenForm | 'encryption';

export interface SigningKeyConfig {
  readonly use: TokenForm;
  readonly algorithm: string;
  /** PKCS8. */
  readonly pem: string;
  readonly certificatePem?: string;
  /** Absent: it always has been. */
  readonly activeFrom?: Instant;
}

export interface DecryptionKeyConfig {
  /** PKCS8, RSA. */
  readonly pem: string;
  readonly certificatePem: string;
  /** From when it is published; absent: it always has been. */
  readonly activeFrom?: Instant;
}

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
    algorithm: signatureAlgorithm
      .exclude(['ES512'])
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

export const decryptionKeyEntry = z.strictObject({
  use: z.literal('encryption').describe('It decrypts what others encrypt to us.'),
  key: secretReference.describe('The private key, PKCS8 PEM: RSA of 2048 bits or more.'),
  certificate: secretReference.describe('Its certificate, PEM: what others encrypt to.'),
  activeFrom: instant.describe('From when it is published; it decrypts before.').optional(),
});

const anyKeyEntry = z.discriminatedUnion('use', [keyEntry, decryptionKeyEntry]);

export const keysSection = z
  .array(anyKeyEntry)
  .nonempty()
  .describe('Our own keys. Several of one use and algorithm roll over by activeFrom.');

type KeyEntry = z.output<typeof keyEntry>;
type DecryptionKeyEntry = z.output<typeof decryptionKeyEntry>;

/** The keys as they are used, and where each was written. */
interface WrittenKeys {
  readonly signing: readonly Entry<KeyEntry>[];
  readonly decryption: readonly Entry<DecryptionKeyEntry>[];
}

/** Resolves the keys and holds them against each other. */
export async function readKeys(written: WrittenKeys, loading: Loading) {
  const keys: Entry<SigningKeyConfig>[] = [];
  for (const entry of written.signing)
    keys.push({ value: await readKey(entry, loading), path: entry.path });
  const decryptionKeys: Entry<DecryptionKeyConfig>[] = [];
  for (const entry of written.decryption)
    decryptionKeys.push({ value: await readDecryptionKey(entry, loading), path: entry.path });
  validateSchedule(keys, ({ algorithm, use }) => `${use} ${algorithm}`, loading);
  validateSchedule(decryptionKeys, () => 'encryption', loading);
  validateSeparation([...keys, ...decryptionKeys], loading);
  const tooMany = decryptionKeys[MAX_DECRYPTION_KEYS];
  if (tooMany) loading.error(tooMany.path, TOO_MANY);
  const forSaml = keys.filter(({ value: { use } }) => use === 'saml');
  const tooManyForSaml = forSaml[MAX_SAML_KEYS];
  if (tooManyForSaml) loading.error(tooManyForSaml.path, TOO_MANY_FOR_SAML);
  return {
    keys: keys.map(({ value }) => value),
    decryptionKeys: decryptionKeys.map(({ value }) => value),
  };
}

/** Whether there is a key that signs tokens, among the uses as written. */
export function validateUses(uses: readonly string[], loading: Loading): void {
  if (uses.length > 0 && !uses.includes('jwt')) loading.error(['keys'], NO_JWT_KEY);
}

async function readDecryptionKey(
  { value, path }: Entry<DecryptionKeyEntry>,
  loading: Loading,
): Promise<DecryptionKeyConfig> {
  const pem = await loading.read(value.key, [...path, 'key']);
  const problem = pem === '' ? undefined : decryptionKeyProblem(pem);
  if (problem) loading.error([...path, 'key'], problem);
  const place = { keyPem: pem, path: [...path, 'certificate'] };
  const certificatePem = await readOwnCertificate(value.certificate, place, loading);
  const { activeFrom } = value;
  return {
    pem,
    certificatePem,
    ...(activeFrom !== undefined && { activeFrom: instantOf(activeFrom) }),
  };
}

async function readKey(
  { value, path }: Entry<KeyEntry>,
  loading: Loading,
): Promise<SigningKeyConfig> {
  const { use, algorithm, key, certificate, activeFrom } = value;
  const pem = await loading.read(key, [...path, 'key']);
  const problem = pem === '' ? undefined : signingKeyProblem(pem, algorithm);
  if (problem) loading.error([...path, 'key'], problem);
  const place = { keyPem: pem, path: [...path, 'certificate'] };
  const certificatePem = certificate && (await readOwnCertificate(certificate, place, loading));
  return {
    use,
    algorithm,
    pem,
    ...(certificatePem !== undefined && { certificatePem }),
    ...(activeFrom !== undefined && { activeFrom: instantOf(activeFrom) }),
  };
}

/** Of two keys that start together it is open which one is used. */
export function validateSchedule<Key extends { readonly activeFrom?: number }>(
  keys: readonly Entry<Key>[],
  groupOf: (key: Key) => string,
  loading: Loading,
): void {
  const seen = new Set<string>();
  for (const { value, path } of keys) {
    const slot = `${groupOf(value)} ${String(value.activeFrom ?? 0)}`;
    if (seen.has(slot)) loading.error(path, SAME_START);
    seen.add(slot);
  }
}

// One key for two formats: a signature over one could be passed off as a signature over the other. One that signs and decrypts
// would sign for whoever can make us decrypt.
function validateSeparation(
  keys: readonly Entry<{ readonly pem: string }>[],
  loading: Loading,
): void {
  const names = new Set<string>();
  for (const { value, path } of keys) {
    const name = publicFingerprint(value.pem);
    if (name === undefined) continue;
    if (names.has(name)) loading.error([...path, 'key'], REUSED);
    names.add(name);
  }
}

const NO_JWT_KEY: Complaint = {
  code: 'CONFIG_MISSING',
  what: 'there is no key of use jwt',
  why: 'no token could be signed',
  fix: 'add { use: jwt, algorithm: ES256, key: { file: … } }',
};

export const MAX_DECRYPTION_KEYS = 4;

const TOO_MANY: Complaint = {
  code: 'CONFIG_INVALID_VALUE',
  what: 'there are more than four keys of use encryption',
  why: 'what is encrypted to us is tried with each of them, for whoever sends it',
  fix: 'remove those whose certificates have ended',
};

/** As many as the bridge tries for one assertion. */
export const MAX_SAML_KEYS = 8;

const TOO_MANY_FOR_SAML: Complaint = {
  code: 'CONFIG_INVALID_VALUE',
  what: 'there are more than eight keys of use saml',
  why: 'an assertion of ours is verified with each of them, and with no more than eight',
  fix: 'remove those that sign no longer and whose assertions have ended',
};

const SAME_START: Complaint = {
  code: 'CONFIG_DUPLICATE',
  what: 'another key for the same has the same activeFrom',
  why: 'it would be open which of the two is used',
  fix: 'give the newer one an activeFrom in the future, or remove one',
};

const REUSED: Complaint = {
  code: 'CONFIG_INSECURE',
  what: 'this key is in the list already',
  why: 'one key serves one use and one algorithm, or a signature could be passed off as another',
  fix: 'make a key of its own for each entry',
};
