// Whether the key of a signature may be used, and whose it is (xml-security V7): core validates the certificate or assertion
// that names it, before any arithmetic with the key.

import { Buffer } from 'node:buffer';
import { createPublicKey, X509Certificate } from 'node:crypto';
import type { SignerTrust, TrustedSigner } from '#bridge/ws-security/message-signature.ts';
import { presentToken } from '#bridge/ws-security/presented-token.ts';
import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import type { NamedSigner } from '#bridge/ws-security/signer.ts';
import { trustPublicKey } from '#bridge/xml/keys.ts';
import { type NamedKey, nameCertificate } from '#bridge/xml/public-key.ts';
import type { XmlDocument } from '#bridge/xml/tree.ts';
import type { PublicKeyConfirmation } from '#core/confirmation.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { SecurityToken, ValidatedToken } from '#core/security-token.ts';
import type { TokenService } from '#core/token-service.ts';

/** What the decision is made with. */
export interface SignerTrustParts {
  readonly document: XmlDocument;
  readonly sts: Pick<TokenService, 'validate'>;
  /** Whether a key that is nobody's may show its possession: beside another credential, for UseKey. */
  readonly mayProvePossession: boolean;
}

/** Trust in signers, by what core says of their certificates and assertions. */
export function trustSigners(parts: SignerTrustParts): SignerTrust {
  return async (signer) => {
    switch (signer.kind) {
      case 'certificate':
        return trustCertificate(signer, parts);
      case 'assertion':
        return trustAssertion(signer, parts);
      case 'key':
        return possession(signer.key, parts);
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
  const confirmation = nameCertificate(chain[0]);
  const held = token && { token };
  try {
    const identity = await validateCredential(
      {
        type: 'x509',
        use: 'subject',
        content: { certificates: chain.map(({ raw }) => raw), proof: 'signature' },
      },
      parts,
    );
    return { key: trustPublicKey(chain[0].publicKey), confirmation, identity, ...held };
  } catch (cause) {
    const isUnknown = cause instanceof SecurityFailure && UNKNOWN.has(cause.reason);
    if (!isUnknown || !parts.mayProvePossession) throw cause;
    return { ...possession(confirmation, parts), ...held };
  }
}

async function trustAssertion(
  { token }: Named<'assertion'>,
  parts: SignerTrustParts,
): Promise<TrustedSigner> {
  const identity = await validateCredential(presentToken(parts.document, token, 'subject'), parts);
  const { confirmation } = identity;
  // Bearer, it names no key: whoever has it could sign with a key of their own (E5).
  if (confirmation.method !== 'public-key')
    throw new SecurityFailure('failed-authentication', 'the assertion names no key');
  return { key: trustPublicKey(publicKeyOf(confirmation)), confirmation, identity, token };
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
  return { key, confirmation: named };
}

/** One answer for every credential that is refused; the reason is for the audit (xml-security E9). */
async function validateCredential(
  token: SecurityToken,
  { sts }: Pick<SignerTrustParts, 'sts'>,
): Promise<ValidatedToken> {
  try {
    return await sts.validate(token);
  } catch (cause) {
    if (!(cause instanceof ExchangeFailure) || cause.reason === 'dependency-unavailable')
      throw cause;
    const { message, reason } = cause;
    throw new SecurityFailure('failed-authentication', message, { cause, reason });
  }
}
