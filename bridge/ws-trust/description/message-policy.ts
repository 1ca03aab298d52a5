// The policies of messages that protect themselves (WS-SecurityPolicy 1.2 §7.4, §7.5).

import { WSA_NS } from '#bridge/soap/namespaces.ts';
import { element, type Markup, type MarkupName } from '#bridge/xml/canonical/markup.ts';
import type { MessageSecurity } from '../endpoint/endpoint-profile.ts';
import type { TrustVersion } from '../names.ts';
import { nested, policyOf, sp, token, userNameToken, x509Token } from './policy-words.ts';

// All suites of WS-SecurityPolicy mean AES-CBC, which we refuse; those that Apache CXF has for GCM mean digests by SHA-1. With this
// one of CXF the two sides say elsewhere which algorithms they use.
const AGREED_SUITE: MarkupName = {
  prefix: 'cxf',
  uri: 'http://cxf.apache.org/custom/security-policy',
  local: 'CustomAlgorithmSuite',
};

/** What they must come with: Timestamp, Body and addressing are signed; then Body and signature are encrypted, and with a secret the user
 * name too. */
export function messageProtection(
  security: MessageSecurity,
  trust: TrustVersion,
): readonly Markup[] {
  const isSymmetric = security === 'symmetric-sign-and-encrypt';
  const body = sp(trust, 'Body');
  const addressing = sp(trust, 'Header', { attributes: [['Namespace', WSA_NS]] });
  return [
    isSymmetric ? symmetricBinding(trust) : asymmetricBinding(trust),
    ...(isSymmetric ? [userNameToken(trust, 'SignedEncryptedSupportingTokens')] : []),
    nested(trust, 'Wss11', [
      sp(trust, 'MustSupportRefThumbprint'),
      ...(isSymmetric ? [sp(trust, 'MustSupportRefEncryptedKey')] : []),
      sp(trust, 'RequireSignatureConfirmation'),
    ]),
    sp(trust, 'SignedParts', { children: [body, addressing] }),
    sp(trust, 'EncryptedParts', { children: [body] }),
  ];
}

function asymmetricBinding(trust: TrustVersion): Markup {
  return nested(trust, 'AsymmetricBinding', [
    nested(trust, 'InitiatorToken', [x509Token(trust)]),
    nested(trust, 'RecipientToken', [ourToken(trust, 'AlwaysToInitiator')]),
    ...bindingProperties(trust),
    sp(trust, 'ProtectTokens'),
    sp(trust, 'OnlySignEntireHeadersAndBody'),
  ]);
}

// The client makes a secret and encrypts it to our certificate, which neither side sends.
function symmetricBinding(trust: TrustVersion): Markup {
  return nested(trust, 'SymmetricBinding', [
    nested(trust, 'ProtectionToken', [ourToken(trust, 'Never')]),
    ...bindingProperties(trust),
    sp(trust, 'OnlySignEntireHeadersAndBody'),
  ]);
}

const bindingProperties = (trust: TrustVersion): readonly Markup[] => [
  nested(trust, 'AlgorithmSuite', [element(AGREED_SUITE)]),
  nested(trust, 'Layout', [sp(trust, 'Lax')]),
  sp(trust, 'IncludeTimestamp'),
  sp(trust, 'EncryptSignature'),
];

// We have two certificates: clients encrypt to the one in our metadata; the one that we sign with comes with the answer.
function ourToken(trust: TrustVersion, inclusion: 'AlwaysToInitiator' | 'Never'): Markup {
  const policy = policyOf([sp(trust, 'RequireThumbprintReference'), sp(trust, 'WssX509V3Token10')]);
  return token(trust, 'X509Token', { children: [policy], inclusion });
}
