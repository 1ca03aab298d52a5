// The key of the token that is asked for (WS-Trust 1.3 §4.2, §9.2): none, a public key that the requestor proved, or a secret.

import type { MessageSignature } from '#bridge/ws-security/signature/message-signature.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { Requestor } from '#core/request/requestor.ts';
import {
  BEARER,
  type Confirmation,
  isConfirmed,
  type PublicJwk,
  type PublicKeyConfirmation,
  publicKeyBits,
} from '#core/token/confirmation.ts';
import { isCredential } from '#core/token/token-type.ts';
import { type RstRequest, targetsContext } from '../rst/rst-request.ts';
import { requireUsable } from './key-usage.ts';
import { makeSecret, type SecretAnswer, type SecretRequest } from './symmetric-key.ts';

/** What the token is bound to, and what the requestor is told of it. */
export interface ProofKey {
  readonly confirmation: Confirmation;
  /** It is only named: by a certificate in DelegateTo, or by one that its targets take without proof. */
  readonly isUnproved?: true;
  readonly secret?: SecretAnswer;
}

/** What one verified signature of the message proved. */
type ProvedSignature = Pick<
  MessageSignature,
  'coversBody' | 'coversTimestamp' | 'id' | 'tokens'
> & {
  readonly confirmation: Confirmation;
};

/** What a message proved. */
export interface Proved {
  readonly requestor: Requestor;
  readonly signatures: readonly ProvedSignature[];
  /** The key in UseKey, where its targets take it without a proof. */
  readonly vouched?: Confirmation | undefined;
}

/** A request whose entropy is open. */
type OpenedRequest = Omit<RstRequest, 'entropy'> & SecretRequest;

/** The key for a request that was held to be without contradictions.
 * @throws {ExchangeFailure} `request-malformed`, `confirmation-missing`, `operation-unsupported`
 * @throws {SecurityFailure} `unsupported-algorithm` */
export function decideProofKey(rst: OpenedRequest, proved: Proved): ProofKey {
  const key = chosenKey(rst, proved);
  requireUsable(rst.algorithms, key.confirmation);
  return key;
}

function chosenKey(rst: OpenedRequest, proved: Proved): ProofKey {
  if (rst.keyType === 'symmetric-key') return makeSecret(rst);
  if (rst.delegateTo?.key) return delegatesKey(rst.delegateTo.key, rst);
  if (rst.keyType === 'public-key') return publicKey(rst, proved);
  return { confirmation: rst.keyType === undefined ? usualKey(proved) : BEARER };
}

/** What a requestor proved. */
type HeldKeys = Pick<Requestor, 'confirmation' | 'otherKeys'>;

/** The keys that the message proves, for whoever must hold one already: that of UseKey and no other, else those of signatures or of TLS.
 * @throws {ExchangeFailure} `confirmation-missing` */
export function heldKeys(rst: RstRequest, proved: Proved): HeldKeys {
  if (rst.useKey) return { confirmation: usedKey(rst, proved).confirmation, otherKeys: [] };
  return withHeldSecrets(rst, proved, provedKeys(proved, undefined)[0] ?? BEARER);
}

/** The keys that signatures over what is asked show: one of them may be that of a token which it is asked with, whoever asks
 * (WS-Trust 1.3 §5, §9.1). */
export function endorsingKeys(signatures: Proved['signatures']): readonly Confirmation[] {
  return coveringKeys(signatures).filter(({ method }) => method === 'public-key');
}

const coveringKeys = (signatures: Proved['signatures']): readonly Confirmation[] =>
  signatures
    .filter(({ coversBody, coversTimestamp }) => coversBody && coversTimestamp)
    .map(({ confirmation }) => confirmation);

/** The keys of the requestor with the secrets that signatures show, in whichever order they stand: one of the credential, another of the
 * token that the request is about. They are shown for nothing else but that token. */
export function withHeldSecrets(
  rst: Pick<RstRequest, 'cancelTarget' | 'renewTarget'>,
  proved: Proved,
  usual: Confirmation,
): HeldKeys {
  // Only we share the secret of a context: a signature with it was made for us, and is good once. So the policy of the address decides
  // what it must cover, which was required before; WCF signs the Timestamp only.
  const keys = targetsContext(rst)
    ? proved.signatures.map(({ confirmation }) => confirmation)
    : provedKeys(proved, undefined);
  const [confirmation = usual, ...others] = keys.filter(({ method }) => method === 'symmetric-key');
  return { confirmation, otherKeys: [...(proved.requestor.otherKeys ?? []), ...others] };
}

// Without KeyType a bearer token is meant; but of an assertion that is bound to a key no bearer token is made.
function usualKey({ requestor: { confirmation, identity } }: Proved): Confirmation {
  const isBoundToken =
    identity !== undefined &&
    !isCredential(identity.type) &&
    identity.confirmation.method === 'public-key';
  return isBoundToken ? confirmation : BEARER;
}

function delegatesKey(
  key: PublicKeyConfirmation,
  { keySizeBits }: Pick<OpenedRequest, 'keySizeBits'>,
): ProofKey {
  requireKeySize(keySizeBits, key.jwk);
  return { confirmation: key, isUnproved: true };
}

function publicKey(rst: OpenedRequest, proved: Proved): ProofKey {
  const key = rst.useKey ? usedKey(rst, proved) : { confirmation: proved.requestor.confirmation };
  const { confirmation } = key;
  // A password, or a bearer assertion, has no key (ws-trust §3.2).
  if (confirmation.method !== 'public-key' || confirmation.jwk === undefined)
    throw new ExchangeFailure('request-malformed', 'contradictory: a key from a bearer login');
  requireKeySize(rst.keySizeBits, confirmation.jwk);
  return key;
}

// The size of the key is what it is: a request that wants another one cannot be honoured. 0 is what some clients write for no key.
function requireKeySize(asked: number | undefined, jwk: PublicJwk | undefined): void {
  if (asked !== undefined && (jwk === undefined || asked !== publicKeyBits(jwk)))
    throw new ExchangeFailure('request-malformed', 'KeySize is not that of the key');
}

const NOT_PROVED = 'possession of the key in UseKey is not shown';

// Whoever could name the key of another would get tokens that the other can use, and that speak of them (E5). So: a signature
// of this message with that very key, over the Body that asks for it, or the key that TLS proved.
function usedKey({ useKey = {} }: Pick<RstRequest, 'useKey'>, proved: Proved): ProofKey {
  const wanted = useKey.key ?? (useKey.token && tokenKey(useKey.token, proved));
  const found = provedKeys(proved, useKey.signatureId).find(
    (confirmation) => wanted === undefined || isConfirmed(wanted, confirmation),
  );
  // The request may name a certificate where the signature came with the bare key.
  if (found) return { confirmation: wanted ?? found };
  if (proved.vouched) return { confirmation: proved.vouched, isUnproved: true };
  throw new ExchangeFailure('confirmation-missing', NOT_PROVED);
}

// An assertion of the header: its key is the one that its holder signed with. Which key a token names that vouches for no signature nobody
// has validated; it may be somebody else's.
function tokenKey(token: XmlElement, { signatures }: Proved): Confirmation {
  const found = signatures.find(({ tokens }) => tokens.includes(token));
  if (found?.confirmation.method !== 'public-key')
    throw new ExchangeFailure('confirmation-missing', NOT_PROVED);
  return found.confirmation;
}

function provedKeys(
  { requestor, signatures }: Proved,
  signatureId: string | undefined,
): readonly Confirmation[] {
  if (signatureId !== undefined)
    return coveringKeys(signatures.filter(({ id }) => id === signatureId));
  const covering = coveringKeys(signatures);
  const { confirmation } = requestor;
  // What no signature of the message made was proved below it.
  const isOfTls = !signatures.some((signature) =>
    isConfirmed(confirmation, signature.confirmation),
  );
  return isOfTls && confirmation.method === 'public-key' ? [...covering, confirmation] : covering;
}
