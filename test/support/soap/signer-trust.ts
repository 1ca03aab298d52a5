// Trust in the signers of one message, over a core that says what a test has it say.
import { hash } from 'node:crypto';
import { createCertificateMemory } from '#bridge/ws-security/tokens/certificate-memory.ts';
import type { CredentialService } from '#bridge/ws-trust/authentication/credential.ts';
import {
  type SignerTrustParts,
  trustSigners,
} from '#bridge/ws-trust/authentication/signer-trust.ts';
import { WSSE_NS, WSU_NS } from '#bridge/xml/namespaces.ts';
import { elementsOf } from '#bridge/xml/tree.ts';
import type { Confirmation } from '#core/token/confirmation.ts';
import type { SecurityToken } from '#core/token/security-token.ts';
import { aValidatedToken } from '#test/support/core.ts';
import { parse } from '#test/support/xml/refusal.ts';

export const ASSERTION = '<a:Assertion xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a"/>';
export const BEARER: Confirmation = { method: 'bearer' };

interface HeaderWishes
  extends Partial<
    Pick<
      SignerTrustParts,
      | 'mayProvePossession'
      | 'mayProveSecret'
      | 'takesContexts'
      | 'takesOwnSharedSecrets'
      | 'findSecret'
    >
  > {
  /** What tokens are bound to, but certificates; bearers, unless a test says otherwise. */
  readonly confirmation?: Confirmation;
  /** Whose they are, in the words of core. */
  readonly trustedIssuer?: string;
  /** What core says of credentials. */
  readonly refusal?: Error;
  /** What it says of certificates that are only named. */
  readonly refusalOfNamed?: Error;
  /** What is kept of tokens, and so known. */
  readonly secret?: Buffer;
}

/** The signers of a header with these tokens, and what core was asked. */
export function aSignersHeader(tokens: string, wishes: HeaderWishes = {}) {
  const { confirmation = BEARER, refusal, refusalOfNamed, secret, ...others } = wishes;
  const { trustedIssuer = 'partner', ...may } = others;
  const document = parse(`<h xmlns:wsse="${WSSE_NS}" xmlns:wsu="${WSU_NS}">${tokens}</h>`);
  const elements = elementsOf(document.root);
  const certificates = createCertificateMemory();
  const asked: SecurityToken[] = [];
  const validate: CredentialService['validate'] = async (token) => {
    asked.push(token);
    const { content, type, use } = token;
    const isNamed = typeof content === 'object' && 'proof' in content && content.proof === 'named';
    if (isNamed && refusalOfNamed) throw refusalOfNamed;
    const bound = type === 'x509' ? BEARER : confirmation;
    return aValidatedToken({ type, use, trustedIssuer, confirmation: bound });
  };
  const sts: CredentialService = {
    validate,
    async validateCredential(token) {
      const identity = await validate(token);
      if (refusal) throw refusal;
      return identity;
    },
    findSecret: async () =>
      secret && {
        method: 'symmetric-key',
        thumbprint: hash('sha256', secret, 'base64url'),
        secret: { base64: secret.toString('base64'), sizeBits: 256 },
      },
    useCredentials: async () => undefined,
  };
  const trust = trustSigners({
    document,
    sts,
    tokens: elements,
    mayProvePossession: false,
    mayProveSecret: false,
    takesContexts: false,
    certificates,
    ...may,
  });
  return { asked, certificates, document, elements, trust };
}
