// The one table of token types: our names, RFC 8693 §3 URIs and the URIs of WS-Trust and SAML.
// A new token type costs a row here, a validator, an issuer and a row in the grid test.

export const TOKEN_TYPES = {
  access_token: { uri: 'urn:ietf:params:oauth:token-type:access_token', wsTrust: [] },
  jwt: {
    uri: 'urn:ietf:params:oauth:token-type:jwt',
    wsTrust: ['urn:ietf:params:oauth:token-type:jwt'],
  },
  id_token: { uri: 'urn:ietf:params:oauth:token-type:id_token', wsTrust: [] },
  refresh_token: { uri: 'urn:ietf:params:oauth:token-type:refresh_token', wsTrust: [] },
  saml1: {
    uri: 'urn:ietf:params:oauth:token-type:saml1',
    wsTrust: [
      'urn:oasis:names:tc:SAML:1.0:assertion',
      'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV1.1',
    ],
  },
  saml2: {
    uri: 'urn:ietf:params:oauth:token-type:saml2',
    wsTrust: [
      'urn:oasis:names:tc:SAML:2.0:assertion',
      'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV2.0',
    ],
  },
  // A name, known on both sides (WS-SecureConversation 1.3 §2): OAuth has no word for it.
  sct: {
    uri: undefined,
    wsTrust: [
      'http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512/sct',
      'http://schemas.xmlsoap.org/ws/2005/02/sc/sct',
    ],
  },
  username: { uri: undefined, wsTrust: [] },
  x509: { uri: undefined, wsTrust: [] },
  // The authenticated requestor itself: its own credential is the evidence.
  requestor: { uri: undefined, wsTrust: [] },
} as const satisfies Record<string, { uri: string | undefined; wsTrust: readonly string[] }>;

export type TokenType = keyof typeof TOKEN_TYPES;

/** The family a token type is signed in; what a key of ours is for. */
export type TokenForm = 'jwt' | 'saml';

/** The family of a token type. */
export function formOf(type: TokenType): TokenForm {
  return type === 'saml1' || type === 'saml2' ? 'saml' : 'jwt';
}

/** Whether a token of this type can say scopes; what a context has is known to us alone. */
export function saysScopes(type: TokenType): boolean {
  return type !== 'id_token' && formOf(type) !== 'saml';
}

/** Whether it is a credential that was proved here, not a token that somebody issued: it has no id and no client of its own. */
export function isCredential(type: TokenType): boolean {
  return type === 'requestor' || type === 'username' || type === 'x509';
}

const NAMES = Object.keys(TOKEN_TYPES).filter((name): name is TokenType => name in TOKEN_TYPES);

/** The token type of an RFC 8693 §3 URI, or undefined when we know none of that name. */
export function tokenTypeOfUri(uri: string): TokenType | undefined {
  return NAMES.find((name) => TOKEN_TYPES[name].uri === uri);
}

/** The token type of a WS-Trust TokenType URI, or undefined when we know none of that name. */
export function tokenTypeOfWsTrust(uri: string): TokenType | undefined {
  return NAMES.find((name) => (TOKEN_TYPES[name].wsTrust as readonly string[]).includes(uri));
}
