// Verifies an assertion with the keys of its issuer (xml-security V7, V11). KeyInfo is not even read: every trusted key is
// tried, there are few, and what an attacker writes chooses nothing (B7).

import { XmlFailure } from '#bridge/xml/failure.ts';
import type { TrustedPublicKey } from '#bridge/xml/keys/trusted-key.ts';
import { type VerifiedElement, verifyAssertion } from '#bridge/xml/signature/verify-enveloped.ts';
import type { Instant } from '#core/instant.ts';
import { refuse, rejectedAs } from '../refusal.ts';
import type { OpenedEvidence } from './saml-evidence.ts';
import type { SamlTerms } from './saml-trust.ts';

/** Each is tried on a bad signature. More than an issuer has in the middle of a rollover. */
export const MAX_TRIED_KEYS = 8;

/** Verifies the signature of the assertion by a key of its issuer.
 * @throws {ExchangeFailure} `signature-invalid`, `token-malformed` for a comment inside, `dependency-unavailable` */
export async function verifyEvidence(
  evidence: OpenedEvidence,
  terms: SamlTerms,
  now: Instant,
): Promise<VerifiedElement> {
  // Before any key is touched, and under its own reason: a comment cuts values in two (A2, CVE-2017-11427).
  if (evidence.element.commented) refuse('token-malformed', 'a comment in the assertion');
  const options = {
    legacySha1: terms.legacySha1Until !== undefined && now < terms.legacySha1Until,
    inclusiveC14n: terms.allowInclusiveC14n === true,
  };
  const verifyWith = (key: TrustedPublicKey): Promise<VerifiedElement> =>
    verifyAssertion(evidence.document, evidence.element, { ...options, selectKey: () => key });
  return rejectedAs('signature-invalid', async () => {
    const attempts: XmlFailure[] = [];
    const known = await terms.keys.signingKeys();
    const verified = await firstVerified(known, verifyWith, attempts);
    if (verified) return verified;
    const found = await terms.keys.searchKeys?.();
    const late =
      found && found !== known ? await firstVerified(found, verifyWith, attempts) : undefined;
    return late ?? refuse('signature-invalid', whyNone(attempts));
  });
}

// For our log: without it, a SHA-1 signature would look like one made with a wrong key, and the operator would look for the key.
function whyNone(attempts: readonly XmlFailure[]): string {
  const [first] = attempts;
  const isAlgorithm = attempts.every(({ reason }) => reason === 'algorithm-refused');
  return first && isAlgorithm
    ? `no key of the issuer may verify this signature: ${first.message}`
    : 'no key of the issuer made this signature';
}

async function firstVerified(
  keys: readonly TrustedPublicKey[],
  verifyWith: (key: TrustedPublicKey) => Promise<VerifiedElement>,
  attempts: XmlFailure[],
): Promise<VerifiedElement | undefined> {
  for (const key of keys.slice(0, MAX_TRIED_KEYS)) {
    try {
      return await verifyWith(key);
    } catch (cause) {
      if (!isOfAnotherKey(cause)) throw cause;
      attempts.push(cause);
    }
  }
  return undefined;
}

// All other reasons are about the signature itself, and no other key changes them.
function isOfAnotherKey(cause: unknown): cause is XmlFailure {
  return (
    cause instanceof XmlFailure &&
    (cause.reason === 'signature-invalid' || cause.reason === 'algorithm-refused')
  );
}
