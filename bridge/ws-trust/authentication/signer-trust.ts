// Whether the key of a signature may be used, and whose it is (xml-security V7). Core validates the certificate or token that names the
// key before anything is computed with it.

import { Buffer } from 'node:buffer';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import type {
  SignerTrust,
  TrustedSigner,
} from '#bridge/ws-security/signature/message-signature.ts';
import type { Named, NamedSigner } from '#bridge/ws-security/signature/named-signer.ts';
import {
  kindOfToken,
  presentContext,
  presentToken,
} from '#bridge/ws-security/tokens/presented-token.ts';
import type { NamedKey } from '#bridge/xml/keys/public-key.ts';
import { type TrustedPublicKey, trustPublicKey } from '#bridge/xml/keys/trusted-key.ts';
import { rootOf, type XmlDocument, type XmlElement } from '#bridge/xml/tree.ts';
import {
  isConfirmed,
  type PublicJwk,
  type PublicKeyConfirmation,
} from '#core/token/confirmation.ts';
import type { ValidatedToken } from '#core/token/security-token.ts';
import { refusedAsBadContext } from '../context-refusal.ts';
import { refusedAsFailedAuthentication, validateCredential } from './credential.ts';
import {
  asTarget,
  ENDED,
  holderOfCredential,
  holderOfTarget,
  holderOfToken,
  type SecretHolderParts,
} from './secret-holder.ts';

/** What the decision is made with. */
export interface SignerTrustParts extends SecretHolderParts {
  /** The document of the request, where it is another: an earlier message of the exchange held it. */
  readonly requestDocument?: XmlDocument | undefined;
  /** The tokens of the Security header that nothing else refers to. */
  readonly tokens: readonly XmlElement[];
  /** Whether a key that is nobody's may sign, beside another credential: the request binds a token to it (UseKey), or is about a token
   * that is bound to it. */
  readonly mayProvePossession: boolean;
}

/** Trust in signers, by what core says of their certificates and tokens. */
export function trustSigners(parts: SignerTrustParts): SignerTrust {
  let isShown = false;
  return async (signer) => {
    const trusted = await trust(signer, parts);
    if (trusted.identity !== undefined || trusted.confirmation.method !== 'public-key')
      return trusted;
    // UseKey names one key. With two, whoever likes could have us digest twice what a message has (xml-security B10).
    if (isShown) throw new SecurityFailure('failed-authentication', 'two keys that are nobody’s');
    isShown = true;
    return trusted;
  };
}

async function trust(signer: NamedSigner, parts: SignerTrustParts): Promise<TrustedSigner> {
  switch (signer.kind) {
    case 'certificate':
      return trustCertificate(signer, parts);
    case 'assertion':
      return trustAssertion(signer, parts);
    case 'jwt':
      return trustJwt(signer, parts);
    case 'key': {
      const { holder, refusal } = await heldBy(signer.key, parts);
      return holder ?? keyOfNobody(signer.key, parts, refusal);
    }
    // Messages that protect themselves have one: secret-protection.ts decides about it.
    case 'encrypted-key':
      throw new SecurityFailure('unsupported-security-token', 'a secret of nobody’s');
    case 'context':
      return trustContext(signer, parts);
  }
}

/** Reasons that say only that a certificate is nobody's here: it may be the client's own, for UseKey. */
const UNKNOWN: ReadonlySet<string> = new Set([
  'issuer-untrusted',
  'requestor-unauthenticated',
  'token-type-unsupported',
]);

async function trustCertificate(
  { chain, token }: Named<'certificate'>,
  parts: SignerTrustParts,
): Promise<TrustedSigner> {
  const { key, confirmation } = parts.certificates.keyOf(chain[0]);
  const tokens = token ? [token] : [];
  const { holder, refusal } = await heldBy(confirmation, parts);
  if (holder) return { ...holder, tokens: [...holder.tokens, ...tokens] };
  try {
    const content = { certificates: chain, proof: 'signature' };
    const identity = await validateCredential({ type: 'x509', use: 'subject', content }, parts.sts);
    parts.certificates.keep(chain[0]);
    return { key, confirmation, identity, tokens };
  } catch (cause) {
    const isUnknown = cause instanceof SecurityFailure && UNKNOWN.has(cause.reason);
    if (!isUnknown || !parts.mayProvePossession) throw refusal ?? cause;
    return { ...keyOfNobody(confirmation, parts), tokens };
  }
}

/** Who holds the one assertion in the header, where it is bound to a key. */
interface HeldBeside {
  readonly holder?: TrustedSigner;
  /** Why the assertion is no credential. */
  readonly refusal?: SecurityFailure;
}

/** KeyInfo may name the key in place of the assertion. One that is refused is held by nobody, like one that is bound to another key: else
 * whoever shows that of another beside a key of their own could tell by the answer whether it lives. In the end a token that nobody holds
 * refuses the message. */
async function heldBy(named: NamedKey, parts: SignerTrustParts): Promise<HeldBeside> {
  const [token, second] = parts.tokens.filter((each) => kindOfToken(each)?.startsWith('saml'));
  if (token === undefined || second !== undefined) return {};
  const evidence = presentToken(parts.document, token, 'subject');
  try {
    const identity = await validateCredential(evidence, parts.sts, parts.certificates);
    const isBound = identity.confirmation.method === 'public-key';
    if (!isBound || !isConfirmed(identity.confirmation, named)) return {};
    return {
      holder: { key: keyOf(named.jwk), confirmation: named, identity, tokens: [token] },
    };
  } catch (cause) {
    // That it is over it says itself, and its holder is to know it.
    if (!(cause instanceof SecurityFailure) || ENDED.has(cause.reason)) throw cause;
    return { refusal: cause };
  }
}

async function trustAssertion(
  { token }: Named<'assertion'>,
  parts: SignerTrustParts,
): Promise<TrustedSigner> {
  const evidence = presentToken(documentOf(token, parts), token, 'subject');
  if (parts.mayProveSecret) {
    const { confirmation } = await refusedAsFailedAuthentication(() =>
      parts.sts.validate(asTarget(evidence)),
    );
    if (confirmation.method === 'symmetric-key') return holderOfToken(evidence, token, parts);
  }
  try {
    const identity = await validateCredential(evidence, parts.sts, parts.certificates);
    if (identity.confirmation.method === 'symmetric-key')
      return await holderOfCredential(identity, token, parts);
    return { ...holderOfKey(identity, token, parts), identity };
  } catch (cause) {
    const isForOthers =
      cause instanceof SecurityFailure && cause.reason === 'token-audience-mismatch';
    if (!isForOthers || !parts.mayProvePossession) throw cause;
    // It is the token that the request is about: its key shows the right to it, beside another credential.
    const target = await refusedAsFailedAuthentication(() => parts.sts.validate(evidence));
    return holderOfKey(target, token, parts);
  }
}

function holderOfKey(
  { confirmation }: ValidatedToken,
  token: XmlElement,
  parts: SignerTrustParts,
): TrustedSigner {
  // A bearer assertion names no key: whoever has it could sign with a key of their own (E5).
  if (confirmation.method !== 'public-key')
    throw new SecurityFailure('failed-authentication', 'the assertion names no key');
  return { key: keyNamedBy(confirmation, parts), confirmation, tokens: [token] };
}

// A JWT that signs is no credential: its secret shows the right to renew or cancel it.
async function trustJwt({ token }: Named<'jwt'>, parts: SignerTrustParts): Promise<TrustedSigner> {
  if (!parts.mayProveSecret)
    throw new SecurityFailure(
      'unsupported-security-token',
      'a JWT that is no target signs nothing',
    );
  const evidence = presentToken(documentOf(token, parts), token, 'lifecycle');
  return holderOfTarget(evidence, token, parts);
}

const documentOf = (
  token: XmlElement,
  { document, requestDocument }: SignerTrustParts,
): XmlDocument => (requestDocument?.root === rootOf(token) ? requestDocument : document);

async function trustContext(
  { name, token }: Named<'context'>,
  parts: SignerTrustParts,
): Promise<TrustedSigner> {
  if (!parts.takesContexts && !parts.mayProveSecret)
    throw new SecurityFailure('failed-authentication', 'a context is no credential here');
  const holder = await refusedAsBadContext(() =>
    holderOfToken(presentContext(name, 'subject'), token, parts),
  );
  // Else whoever knows a name could tell by it which contexts there are.
  const detail = 'signed with another secret than that of the context';
  const unproved = new SecurityFailure('bad-context-token', detail, {
    reason: 'signature-invalid',
  });
  return { refusal: { unproved }, ...holder };
}

function keyNamedBy(
  { jwk, certificate }: PublicKeyConfirmation,
  { certificates }: SignerTrustParts,
): TrustedPublicKey {
  if (certificate !== undefined) {
    const der = Buffer.from(certificate, 'base64');
    const known = certificates.recall(der);
    return known
      ? certificates.keyOf(known).key
      : trustPublicKey(new X509Certificate(der).publicKey);
  }
  if (jwk === undefined)
    throw new SecurityFailure('failed-authentication', 'the assertion holds no key');
  return keyOf(jwk);
}

const keyOf = (jwk: PublicJwk): TrustedPublicKey =>
  trustPublicKey(createPublicKey({ key: { ...jwk }, format: 'jwk' }));

/** A key that is nobody's that we know: the signature shows possession of it, and no identity. */
function keyOfNobody(
  named: NamedKey,
  { mayProvePossession }: SignerTrustParts,
  refusal?: SecurityFailure,
): TrustedSigner {
  if (!mayProvePossession)
    throw refusal ?? new SecurityFailure('failed-authentication', 'a key that is nobody’s');
  return { key: keyOf(named.jwk), confirmation: named, tokens: [] };
}
