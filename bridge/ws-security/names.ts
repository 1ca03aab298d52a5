// Identifiers of WS-Security 1.1.1 and its token profiles.

import { ENCRYPTED_KEY } from '#bridge/xml/namespaces.ts';

const WSS_2004 = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss';

/** WS-SecureConversation 1.3 and 1.4 share a namespace; February 2005 has its own. */
export const WSC_13_NS = 'http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512';
export const WSC_2005_NS = 'http://schemas.xmlsoap.org/ws/2005/02/sc';
/** The token types of a security context. */
export const CONTEXT_TYPES: readonly string[] = [`${WSC_13_NS}/sct`, `${WSC_2005_NS}/sct`];
export const PASSWORD_TEXT = `${WSS_2004}-username-token-profile-1.0#PasswordText`;
export const PASSWORD_DIGEST = `${WSS_2004}-username-token-profile-1.0#PasswordDigest`;
/** One certificate, and a path of certificates (X.509 Certificate Token Profile 1.1.1 §3.1). */
export const X509_V3 = `${WSS_2004}-x509-token-profile-1.0#X509v3`;
export const X509_PKI_PATH = `${WSS_2004}-x509-token-profile-1.0#X509PKIPathv1`;
export const X509_VALUE_TYPES: ReadonlySet<string> = new Set([
  X509_V3,
  `${WSS_2004}-x509-token-profile-1.0#X509`,
  X509_PKI_PATH,
  `${WSS_2004}-x509-token-profile-1.0#PKCS7`,
]);
/** ValueTypes of a KeyIdentifier that names a certificate (X.509 Certificate Token Profile 1.1.1 §3.2, WSS 1.1.1 §7.3). */
export const X509_SUBJECT_KEY_IDENTIFIER = `${WSS_2004}-x509-token-profile-1.0#X509SubjectKeyIdentifier`;
/** ValueType of a KeyIdentifier that names a secret which is not in the message by the hash of what it was encrypted to (WSS 1.1.1 §7.7). */
export const ENCRYPTED_KEY_SHA1 = `${ENCRYPTED_KEY}SHA1`;
/** ValueType of a JWT in a BinarySecurityToken, and the token type of the same name. */
export const JWT_VALUE_TYPE = 'urn:ietf:params:oauth:token-type:jwt';
/** How an assertion of each version is referred to (SAML Token Profile 1.1.1 §3.4): `wsse11:TokenType`, and the ValueType of a
 * KeyIdentifier that holds its ID. */
export const SAML_REFERENCES = {
  saml1: {
    tokenType: 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV1.1',
    valueType: 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.0#SAMLAssertionID',
  },
  saml2: {
    tokenType: 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV2.0',
    valueType: 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLID',
  },
} as const;
