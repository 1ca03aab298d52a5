// Our own keys: which one signs now, which are published, and when that changes. SAML and JWT keys are apart.
import type { KeyObject } from 'node:crypto';
import type { JWK } from 'jose';
import { ExchangeFailure } from '#core/failure.ts';
import { type Clock, earliest, type Instant } from '#core/instant.ts';
import type { TokenForm } from '#core/token/token-type.ts';
import { nextPhaseChange, phasesAt, supersededAt } from './rollover.ts';
import { createSamlSigner, requireSamlAlgorithm, type SamlSigner } from './saml-signer.ts';
import { type KeyEntry, loadSigningKey, type SigningKey } from './signing-key.ts';

interface JwtSigningKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly key: KeyObject;
}

/** When a key was superseded, where it is published no longer: what it verifies was issued before. */
interface Superseded {
  readonly signedBefore?: Instant;
}

/** What there is to tell of one key. */
interface ListedKey extends Pick<SigningKey, 'use' | 'algorithm' | 'kid' | 'activeFrom'> {
  readonly phase: 'active' | 'next';
}

export interface KeyRing {
  /** The key of this algorithm that signs at `now`: the one with the latest start. Never falls back to another.
   * @throws {Error} when there is none: the configuration promised one */
  jwtSigningKey(algorithm: string, now: Instant): JwtSigningKey;
  /** The keys whose public half is to be published: active first, then next, then superseded inside the overlap. Fresh copies, for a
   * reader that may change them. */
  privateJwks(now: Instant): { readonly keys: JWK[] };
  /** Whether others find the key of this id in what is published at `now`; undefined: it is none of ours. */
  isPublished(kid: string, now: Instant): boolean | undefined;
  /** The key that verifies one of our own tokens for us: superseded ones too, for longer than they are published.
   * @throws {ExchangeFailure} `signature-invalid` */
  verificationKey(wanted: {
    readonly kid: string | undefined;
    readonly alg: string;
  }): Promise<KeyObject>;
  /** When the key of this id was superseded, where it is published no longer. */
  signedBefore(kid: string | undefined): Instant | undefined;
  /** The signer of assertions at `now`, of one algorithm where several are configured.
   * @throws {Error} when there is none */
  samlSigner(now: Instant, algorithm?: string): SamlSigner;
  /** Certificates to publish in metadata, in the order of `privateJwks`. */
  samlCertificates(now: Instant): readonly string[];
  /** Certificates that verify our own assertions for us: superseded ones too, for longer than they are published. */
  samlVerificationCertificates(
    now: Instant,
  ): readonly (Superseded & { readonly certificatePem: string })[];
  /** Which keys sign, and which will: of each use and algorithm the active one first. */
  list(now: Instant): readonly ListedKey[];
  /** When any of the answers changes next; undefined: never. */
  nextChange(now: Instant): Instant | undefined;
}

interface RingSettings {
  readonly clock: Clock;
  /** How long a superseded key stays published: the longest token life plus skew, or more. */
  readonly overlapSeconds: number;
  /** How long a superseded key verifies our own tokens for us: a token that has ended can still be renewed, or cancelled with all that was
   * made from it. Absent: as long as it is published. */
  readonly verifySeconds?: number;
}

async function loadAll(entries: readonly KeyEntry[]): Promise<readonly SigningKey[]> {
  return Promise.all(
    entries.map(async (entry, index) => {
      try {
        if (entry.use === 'saml') requireSamlAlgorithm(entry.algorithm);
        return await loadSigningKey(entry);
      } catch (cause) {
        const detail = cause instanceof Error ? cause.message : 'it cannot be imported';
        throw new Error(`keys[${index}] (${entry.use}, ${entry.algorithm}): ${detail}`, { cause });
      }
    }),
  );
}

function validateRing(keys: readonly SigningKey[]): void {
  const kids = new Set(keys.map(({ kid }) => kid));
  // One key for two purposes or algorithms lets a signature of one stand for the other (RFC 8725 §3.1).
  if (kids.size < keys.length) throw new Error('keys: the same key is configured twice');
  const starts = new Set(keys.map((key) => `${key.use} ${key.algorithm} ${key.activeFrom}`));
  if (starts.size < keys.length)
    throw new Error('keys: two keys of one use and algorithm start at the same time');
}

/** Keys that take turns: of one use and one algorithm. */
function groupsOf(keys: readonly SigningKey[], use: TokenForm): readonly (readonly SigningKey[])[] {
  const own = keys.filter((key) => key.use === use);
  const algorithms = [...new Set(own.map(({ algorithm }) => algorithm))];
  return algorithms.map((algorithm) => own.filter((key) => key.algorithm === algorithm));
}

/** What is active or published when, of all groups. */
interface Schedule {
  readonly published: (use: TokenForm, now: Instant) => readonly SigningKey[];
  readonly active: (use: TokenForm, now: Instant, algorithm?: string) => SigningKey;
  readonly nextChange: (now: Instant) => Instant | undefined;
}

function scheduleOf(keys: readonly SigningKey[], overlapSeconds: number): Schedule {
  const groups = { jwt: groupsOf(keys, 'jwt'), saml: groupsOf(keys, 'saml') };
  const phases = (use: TokenForm, now: Instant) =>
    groups[use].map((group) => phasesAt(group, now, overlapSeconds));
  return {
    published(use, now) {
      const all = phases(use, now);
      return [
        ...all.flatMap(({ active }) => active ?? []),
        ...all.flatMap(({ next }) => next),
        ...all.flatMap(({ superseded }) => superseded),
      ];
    },
    active(use, now, algorithm) {
      const key = phases(use, now)
        .flatMap(({ active }) => active ?? [])
        .find((candidate) => algorithm === undefined || candidate.algorithm === algorithm);
      if (!key) throw new Error(`no ${use} key is active for ${algorithm ?? 'any algorithm'}`);
      return key;
    },
    nextChange(now) {
      const all = [...groups.jwt, ...groups.saml];
      return earliest(all.map((group) => nextPhaseChange(group, now, overlapSeconds)));
    },
  };
}

interface VerificationKey extends Superseded {
  readonly key: SigningKey;
}

/** The keys that verify for us: for `verifySeconds` after they were superseded, of which they are published for `overlapSeconds`. */
function verificationOf(
  keys: readonly SigningKey[],
  { overlapSeconds, verifySeconds = overlapSeconds }: RingSettings,
) {
  const { published } = scheduleOf(keys, overlapSeconds);
  const { nextChange, published: verifying } = scheduleOf(
    keys,
    Math.max(verifySeconds, overlapSeconds),
  );
  const sharing = ({ algorithm, use }: SigningKey) =>
    keys.filter((other) => other.use === use && other.algorithm === algorithm);
  return {
    nextChange,
    keysAt(use: TokenForm, now: Instant): readonly VerificationKey[] {
      const known = new Set(published(use, now));
      return verifying(use, now).map((key) => {
        const signedBefore = known.has(key) ? undefined : supersededAt(key, sharing(key));
        return { key, ...(signedBefore !== undefined && { signedBefore }) };
      });
    },
  };
}

function listed(group: readonly SigningKey[], now: Instant): readonly ListedKey[] {
  const { active, next } = phasesAt(group, now, 0);
  const told = (phase: ListedKey['phase'], { activeFrom, algorithm, kid, use }: SigningKey) => ({
    phase,
    use,
    algorithm,
    kid,
    activeFrom,
  });
  return [...(active ? [told('active', active)] : []), ...next.map((key) => told('next', key))];
}

/** Imports the keys and checks that they fit together.
 * @throws {Error} naming the entry and what is wrong with it; never its content */
export async function createKeyRing(
  entries: readonly KeyEntry[],
  settings: RingSettings,
): Promise<KeyRing> {
  const keys = await loadAll(entries);
  validateRing(keys);
  const { active, nextChange, published } = scheduleOf(keys, settings.overlapSeconds);
  const verification = verificationOf(keys, settings);
  const jwtKey = (kid: string | undefined): VerificationKey | undefined =>
    verification.keysAt('jwt', settings.clock.now()).find(({ key }) => key.kid === kid);
  return {
    jwtSigningKey(algorithm, now) {
      const { kid, keyObject } = active('jwt', now, algorithm);
      return { kid, algorithm, key: keyObject };
    },
    privateJwks: (now) => ({
      keys: published('jwt', now).map(({ privateJwk }) => structuredClone(privateJwk)),
    }),
    isPublished(kid, now) {
      const key = keys.find((each) => each.kid === kid);
      return key && published(key.use, now).includes(key);
    },
    async verificationKey({ kid, alg }) {
      const key = jwtKey(kid)?.key;
      if (!key || key.algorithm !== alg)
        throw new ExchangeFailure('signature-invalid', 'no key of ours has this id and algorithm');
      return key.publicKey;
    },
    signedBefore: (kid) => jwtKey(kid)?.signedBefore,
    samlSigner: (now, algorithm) => createSamlSigner(active('saml', now, algorithm)),
    samlCertificates: (now) => published('saml', now).flatMap((key) => key.certificatePem ?? []),
    samlVerificationCertificates: (now) =>
      verification
        .keysAt('saml', now)
        .flatMap(({ key: { certificatePem }, ...superseded }) =>
          certificatePem === undefined ? [] : [{ certificatePem, ...superseded }],
        ),
    list: (now) =>
      [...groupsOf(keys, 'jwt'), ...groupsOf(keys, 'saml')].flatMap((group) => listed(group, now)),
    nextChange: (now) => earliest([nextChange(now), verification.nextChange(now)]),
  };
}
