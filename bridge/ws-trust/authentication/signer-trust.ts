// Whether the key of a signature may be used, and whose it is (xml-security V7): core validates the certificate or assertion
// that names it, before any arithmetic with the key.

import { Buffer } from 'node:buffer';
import { createPublicKey, hash, X509Certificate } from 'node:crypto';
import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import type {
  SignerTrust,
  TrustedSigner,
} from '#bridge/ws-security/signature/message-signature.ts';
import type { Named, NamedSigner } from '#bridge/ws-security/signature/named-signer.ts';
import type { CertificateMemory } from '#bridge/ws-security/tokens/certificate-memory.ts';
import {
  kindOfToken,
  presentContext,
  presentToken,
} from '#bridge/ws-security/tokens/presented-token.ts';
import type { NamedKey } from '#bridge/xml/keys/public-key.ts';
import {
  type TrustedPublicKey,
  trustPublicKey,
  trustSecretKey,
} from '#bridge/xml/keys/trusted-key.ts';
import { rootOf, type XmlDocument, type XmlElement } from '#bridge/xml/tree.ts';
import { isConfirmed, type PublicJwk, type PublicKeyConfirmation } from '#core/confirmation.ts';
import { withKnownSecret } from '#core/ledger/known-secret.ts';
import { SELF, type SecurityToken, type ValidatedToken } from '#core/security-token.ts';
import { refusedAsBadContext } from './context-refusal.ts';
import {
  type CredentialService,
  refusedAsFailedAuthentication,
  validateCredential,
} from './credential.ts';

/** What the decision is made with. */
export interface SignerTrustParts {
  readonly document: XmlDocument;
  /** That of the request, where it is another: an earlier message of an exchange held it. */
  readonly requestDocument?: XmlDocument | undefined;
  readonly sts: CredentialService;
  /** The tokens of the Security header that nothing else refers to. */
  readonly tokens: readonly XmlElement[];
  /** Whether a key that is nobody's may show its possession: beside another credential, for UseKey or a token in the Body. */
  readonly mayProvePossession: boolean;
  /** Whether the secret of a token that the request is about may be shown, where that token is no credential. */
  readonly mayProveSecret: boolean;
  /** Whether contexts are credentials. */
  readonly takesContexts: boolean;
  /** Whether tokens of ours are credentials whose secret their relying party has too. */
  readonly takesOwnSharedSecrets?: boolean | undefined;
  readonly findSecret?: SecretFinder | undefined;
  readonly certificates: CertificateMemory;
}

/** A token that is bound to a secret, and was found good. */
interface HeldToken {
  readonly identity: ValidatedToken;
  readonly document: XmlDocument;
  readonly element: XmlElement;
}

/** The secret that a token is bound to, where we can know it; undefined where we cannot. */
export type SecretFinder = (held: HeldToken) => Promise<Uint8Array | undefined>;

/** Trust in signers, by what core says of their certificates and assertions. */
export function trustSigners(parts: SignerTrustParts): SignerTrust {
  let isShown = false;
  return async (signer) => {
    const trusted = await trust(signer, parts);
    if (trusted.identity !== undefined || trusted.confirmation.method !== 'public-key')
      return trusted;
    // UseKey names one. With two, whoever likes could have us digest twice what a message has (xml-security B10).
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
    case 'key':
      return (await heldBy(signer.key, parts)) ?? possession(signer.key, parts);
    // Where a message protects itself with one, somebody else decides.
    case 'encrypted-key':
      throw new SecurityFailure('unsupported-security-token', 'a secret of nobody’s');
    case 'context':
      return trustContext(signer, parts);
  }
}

/** Refusals of a certificate that say no more than that it is nobody's: it may be the client's own, for UseKey. */
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
  const held = await heldBy(confirmation, parts);
  if (held) return { ...held, tokens: [...held.tokens, ...tokens] };
  try {
    const identity = await validateCredential(
      {
        type: 'x509',
        use: 'subject',
        content: { certificates: chain, proof: 'signature' },
      },
      parts.sts,
    );
    parts.certificates.keep(chain[0]);
    return { key, confirmation, identity, tokens };
  } catch (cause) {
    const isUnknown = cause instanceof SecurityFailure && UNKNOWN.has(cause.reason);
    if (!isUnknown || !parts.mayProvePossession) throw cause;
    return { ...possession(confirmation, parts), tokens };
  }
}

/** The holder of the one assertion of the header, where its key is this one: KeyInfo may name the key and not the assertion. */
async function heldBy(
  named: NamedKey,
  parts: SignerTrustParts,
): Promise<TrustedSigner | undefined> {
  const [token, second] = parts.tokens.filter((each) => kindOfToken(each)?.startsWith('saml'));
  if (token === undefined || second !== undefined) return undefined;
  const evidence = presentToken(parts.document, token, 'subject');
  const identity = await validateCredential(evidence, parts.sts, parts.certificates);
  const isBound = identity.confirmation.method === 'public-key';
  if (!isBound || !isConfirmed(identity.confirmation, named)) return undefined;
  return { key: keyOf(named.jwk), confirmation: named, identity, tokens: [token] };
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
    if (confirmation.method === 'symmetric-key') return trustSecret(evidence, token, parts);
  }
  try {
    const identity = await validateCredential(evidence, parts.sts, parts.certificates);
    if (identity.confirmation.method === 'symmetric-key')
      return await holderOfSecret(requireUnshared(identity, parts), token, parts);
    return { ...holderOfKey(identity, token, parts), identity };
  } catch (cause) {
    const isNone = cause instanceof SecurityFailure && cause.reason === 'token-audience-mismatch';
    if (!isNone || !parts.mayProvePossession) throw cause;
    // No credential, it is a token that the request is about: its key shows the right to it, beside another credential.
    return holderOfKey(
      await refusedAsFailedAuthentication(() => parts.sts.validate(evidence)),
      token,
      parts,
    );
  }
}

function holderOfKey(
  { confirmation }: ValidatedToken,
  token: XmlElement,
  parts: SignerTrustParts,
): TrustedSigner {
  // Bearer, it names no key: whoever has it could sign with a key of their own (E5).
  if (confirmation.method !== 'public-key')
    throw new SecurityFailure('failed-authentication', 'the assertion names no key');
  return { key: keyNamedBy(confirmation, parts), confirmation, tokens: [token] };
}

// No credential is made of it: its secret shows the right to renew or cancel it, beside another credential.
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

const asTarget = (evidence: SecurityToken): SecurityToken => ({ ...evidence, use: 'lifecycle' });

async function trustContext(
  { name, token }: Named<'context'>,
  parts: SignerTrustParts,
): Promise<TrustedSigner> {
  if (!parts.takesContexts && !parts.mayProveSecret)
    throw new SecurityFailure('failed-authentication', 'a context is no credential here');
  return refusedAsBadContext(() => trustSecret(presentContext(name, 'subject'), token, parts));
}

/** The holder of a context, or of an assertion that the request is about. Where the token is no credential, or is over, its secret
 * shows no more than the right to renew or cancel it, beside another credential. */
async function trustSecret(
  evidence: SecurityToken,
  element: XmlElement | undefined,
  parts: SignerTrustParts,
): Promise<TrustedSigner> {
  const { mayProveSecret, takesContexts } = parts;
  if (evidence.type === 'sct' && !takesContexts) return holderOfTarget(evidence, element, parts);
  try {
    const identity = await validateCredential(evidence, parts.sts, parts.certificates);
    return await holderOfSecret(requireUnshared(identity, parts), element, parts);
  } catch (cause) {
    if (!(cause instanceof SecurityFailure)) throw cause;
    if (!ENDED.has(cause.reason) && !(mayProveSecret && NO_CREDENTIAL.has(cause.reason)))
      throw cause;
    const holder = await holderOfTarget(evidence, element, parts);
    return mayProveSecret ? holder : { ...holder, refusal: overdue(cause) };
  }
}

// WS-SecureConversation 1.3 §9.
function overdue(cause: SecurityFailure): NonNullable<TrustedSigner['refusal']> {
  const { message, reason } = cause;
  return {
    proved: new SecurityFailure('context-renewal-needed', message, { cause, reason }),
    unproved: new SecurityFailure('bad-context-token', message, { cause, reason }),
  };
}

/** Whoever has the secret of a token, which says no more of them. */
async function holderOfTarget(
  evidence: SecurityToken,
  element: XmlElement | undefined,
  parts: SignerTrustParts,
): Promise<TrustedSigner> {
  const target = await refusedAsFailedAuthentication(() => parts.sts.validate(asTarget(evidence)));
  if (target.confirmation.method !== 'symmetric-key')
    throw new SecurityFailure('failed-authentication', 'the token is bound to no secret');
  const { key, confirmation, tokens } = await holderOfSecret(target, element, parts);
  return { key, confirmation, tokens };
}

const ENDED: ReadonlySet<string> = new Set(['token-expired', 'renewal-needed']);
const NO_CREDENTIAL: ReadonlySet<string> = new Set([...ENDED, 'token-audience-mismatch']);

// The secret of an assertion is in it for its relying party, who could sign with it in the name of whom the assertion is about. That
// of a context has nobody but its holder.
function requireUnshared(
  identity: ValidatedToken,
  { takesOwnSharedSecrets }: SignerTrustParts,
): ValidatedToken {
  const isShared = identity.trustedIssuer === SELF && identity.type !== 'sct';
  if (isShared && takesOwnSharedSecrets !== true)
    throw new SecurityFailure('failed-authentication', 'the relying party has this secret too', {
      reason: 'token-audience-mismatch',
    });
  return identity;
}

// WS-Trust 1.3 §4.4: the secret was made for the holder and the relying party. Where that is us, or we have kept it, we can tell.
async function holderOfSecret(
  identity: ValidatedToken,
  element: XmlElement | undefined,
  { document, findSecret, sts }: SignerTrustParts,
): Promise<TrustedSigner> {
  const kept = await sts.findSecret(identity);
  const secret = kept
    ? Buffer.from(kept.secret.base64, 'base64')
    : element && (await findSecret?.({ identity, document, element }));
  if (secret === undefined)
    throw new SecurityFailure('failed-authentication', 'the secret of the token is not known');
  const signer = signerWithSecret(secret, element);
  return { ...signer, identity: withKnownSecret(identity, signer.confirmation.thumbprint) };
}

/** Whoever has this secret, which came with or for the token. */
export function signerWithSecret(secret: Uint8Array, token: XmlElement | undefined) {
  const thumbprint = hash('sha256', secret, 'base64url');
  const confirmation = { method: 'symmetric-key', thumbprint } as const;
  return { key: trustSecretKey(secret), confirmation, tokens: token ? [token] : [] };
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

function possession(named: NamedKey, { mayProvePossession }: SignerTrustParts): TrustedSigner {
  if (!mayProvePossession)
    throw new SecurityFailure('failed-authentication', 'a key that is nobody’s');
  return { key: keyOf(named.jwk), confirmation: named, tokens: [] };
}
