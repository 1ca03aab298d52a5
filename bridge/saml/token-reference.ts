// How other messages refer to an assertion (SAML Token Profile 1.1 §3.3, ws-trust §3.3): the data of a
// SecurityTokenReference. Who writes the element is not of this folder.

import type { SamlTokenType } from './names.ts';

/** A key identifier for an assertion. */
export interface SamlTokenReference {
  /** `wsse11:TokenType` of the SecurityTokenReference. */
  readonly tokenType: string;
  /** `ValueType` of the KeyIdentifier. */
  readonly valueType: string;
  /** The text of the KeyIdentifier: the bare id. */
  readonly assertionId: string;
}

const PROFILE = 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile';

const REFERENCES: Readonly<Record<SamlTokenType, Omit<SamlTokenReference, 'assertionId'>>> = {
  saml1: {
    tokenType: `${PROFILE}-1.1#SAMLV1.1`,
    valueType: `${PROFILE}-1.0#SAMLAssertionID`,
  },
  saml2: { tokenType: `${PROFILE}-1.1#SAMLV2.0`, valueType: `${PROFILE}-1.1#SAMLID` },
};

/** The reference to an assertion by its id. */
export function samlTokenReference(type: SamlTokenType, assertionId: string): SamlTokenReference {
  return { ...REFERENCES[type], assertionId };
}
