// Whether the key of a signature may be used, and whose it is (xml-security V7): core validates the certificate or assertion
// that names it, before any arithmetic with the key.

import { Buffer } from 'node:buffer';
import { createPublicKey, hash, X509Certificate } from 'node:crypto';
import type { CertificateMemory } from '#bridge/ws-security/certificate-memory.ts';
import type { SignerTrust, TrustedSigner } from '#bridge/ws-security/message-signature.ts';
import { kindOfToken, presentToken } from '#bridge/ws-security/presented-token.ts';
import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import type { NamedSigner } from '#bridge/ws-security/signer.ts';
import { trustPublicKey, trustSecretKey } from '#bridge/xml/keys.ts';
import type { NamedKey } from '#bridge/xml/public-key.ts';
import type { XmlDocument, XmlElement } from '#bridge/xml/tree.ts';
import { isConfirmed, type PublicKeyConfirmation } from '#core/confirmation.ts';
import { withKnownSecret } from '#core/known-secret.ts';
import type { ValidatedToken } from '#core/security-token.ts';
import { type CredentialService, validateCredential } from './credential.ts';

/** What the decision is made with. */
export interface SignerTrustParts {
  readonly document: XmlDocument;
  readonly sts: CredentialService;
  /** The tokens of the Security header that nothing else refers to. */
  readonly tokens: readonly XmlElement[];
  /** Whether a key that is nobody's may show its possession: beside another credential, for UseKey. */
  readonly mayProvePossession: boolean;
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
  return async (signer) => {
    switch (signer.kind) {
      case 'certificate':
        return trustCertificate(signer, parts);
      case 'assertion':
        return trustAssertion(signer, parts);
      case 'key':
        return (await heldBy(signer.key, parts)) ?? possession(signer.key, parts);
      case 'context':
        throw new SecurityFailure('security-token-unavailable', 'no context of this name');
    }
  };
}

type Named<Kind extends NamedSigner['kind']> = Extract<NamedSigner, { readonly kind: Kind }>;

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
  const identity = await validateCredential(evidence, parts.sts);
  const isBound = identity.confirmation.method === 'public-key';
  if (!isBound || !isConfirmed(identity.confirmation, named)) return undefined;
  const key = trustPublicKey(createPublicKey({ key: { ...named.jwk }, format: 'jwk' }));
  return { key, confirmation: named, identity, tokens: [token] };
}

async function trustAssertion(
  { token }: Named<'assertion'>,
  parts: SignerTrustParts,
): Promise<TrustedSigner> {
  const identity = await validateCredential(
    presentToken(parts.document, token, 'subject'),
    parts.sts,
  );
  const { confirmation } = identity;
  if (confirmation.method === 'symmetric-key') return holderOfSecret(token, identity, parts);
  // Bearer, it names no key: whoever has it could sign with a key of their own (E5).
  if (confirmation.method !== 'public-key')
    throw new SecurityFailure('failed-authentication', 'the assertion names no key');
  return {
    key: trustPublicKey(publicKeyOf(confirmation)),
    confirmation,
    identity,
    tokens: [token],
  };
}

// WS-Trust 1.3 §4.4: the secret was made for the holder and the relying party. Where that is us, or we have kept it, we can tell.
async function holderOfSecret(
  element: XmlElement,
  identity: ValidatedToken,
  { document, findSecret }: SignerTrustParts,
): Promise<TrustedSigner> {
  const secret = await findSecret?.({ identity, document, element });
  if (secret === undefined)
    throw new SecurityFailure('failed-authentication', 'the secret of the assertion is not known');
  const thumbprint = hash('sha256', secret, 'base64url');
  return {
    key: trustSecretKey(secret),
    confirmation: { method: 'symmetric-key', thumbprint },
    identity: withKnownSecret(identity, thumbprint),
    tokens: [element],
  };
}

function publicKeyOf({ jwk, certificate }: PublicKeyConfirmation) {
  if (certificate !== undefined)
    return new X509Certificate(Buffer.from(certificate, 'base64')).publicKey;
  if (jwk === undefined)
    throw new SecurityFailure('failed-authentication', 'the assertion holds no key');
  return createPublicKey({ key: { ...jwk }, format: 'jwk' });
}

function possession(named: NamedKey, { mayProvePossession }: SignerTrustParts): TrustedSigner {
  if (!mayProvePossession)
    throw new SecurityFailure('failed-authentication', 'a key that is nobody’s');
  const key = trustPublicKey(createPublicKey({ key: { ...named.jwk }, format: 'jwk' }));
  return { key, confirmation: named, tokens: [] };
}
