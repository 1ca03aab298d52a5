// The header of a JWT (RFC 7515 §4): it may name a key of its issuer; it may never bring one, or say where to get one.
import { ExchangeFailure } from '#core/failure.ts';
import type { JsonMembers } from './strict-json.ts';

/** Refused whatever they say: `jwk` and `x5c` bring the attacker's key, `jku` and `x5u` make us fetch (RFC 8725 §3.10),
 * `crit` and `b64` change what is signed, `cty` announces a nested token, `zip` and `enc` belong to encryption. */
const REFUSED = ['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64', 'cty', 'zip', 'enc'] as const;

const MAX_KID_CHARACTERS = 512;

/** What a header says about its key. */
interface KeyHint {
  readonly alg: string;
  readonly kid: string | undefined;
}

/** Reads the key hint of a header and holds its algorithm against the issuer's list (RFC 8725 §3.1).
 * @throws {ExchangeFailure} `token-malformed`, `signature-invalid` when the issuer does not sign with this algorithm */
export function keyHintOf(header: JsonMembers, algorithms: readonly string[]): KeyHint {
  const refused = REFUSED.find((name) => header.has(name));
  if (refused !== undefined)
    throw new ExchangeFailure('token-malformed', `the JWT header has ${refused}`);
  const alg = header.get('alg');
  const kid = header.get('kid');
  if (typeof alg !== 'string') throw new ExchangeFailure('token-malformed', 'alg is not a string');
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > MAX_KID_CHARACTERS))
    throw new ExchangeFailure('token-malformed', 'kid is not a string of a sane length');
  if (!algorithms.includes(alg))
    throw new ExchangeFailure('signature-invalid', 'alg is not on the list of this issuer');
  return { alg, kid };
}
