// Names of SAML 1.1 and 2.0 (SAML Core 2.0 §8, SAML 1.1 §7) and of the profiles beside them.

/** The token types of this folder. */
export type SamlTokenType = 'saml1' | 'saml2';

/** SAML V2.0 Condition for Delegation Restriction. */
export const DELEGATION_NS = 'urn:oasis:names:tc:SAML:2.0:conditions:delegation';
/** Where WS-Federation stacks of 2009 and later say who stated an attribute first. */
export const CLAIMS_2009_NS = 'http://schemas.xmlsoap.org/ws/2009/09/identity/claims';

export const NAME_UNSPECIFIED = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified';
export const NAME_ENTITY = 'urn:oasis:names:tc:SAML:2.0:nameid-format:entity';

export const ATTRIBUTE_BASIC = 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic';
export const ATTRIBUTE_URI = 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri';
export const ATTRIBUTE_UNSPECIFIED = 'urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified';

/** Whether a text may stand where SAML wants a URI, which is an absolute one (SAML Core 2.0 §1.3.2): readers of .NET refuse another. */
export const isAbsoluteUri = (text: string): boolean => /^[A-Za-z][A-Za-z0-9+.-]*:\S+$/.test(text);

/** How an attesting entity shows that the assertion is theirs. */
export type ConfirmationMethod = 'bearer' | 'holder-of-key' | 'sender-vouches';

export const CONFIRMATION_METHODS: Readonly<
  Record<SamlTokenType, Readonly<Record<ConfirmationMethod, string>>>
> = {
  saml1: {
    bearer: 'urn:oasis:names:tc:SAML:1.0:cm:bearer',
    'holder-of-key': 'urn:oasis:names:tc:SAML:1.0:cm:holder-of-key',
    'sender-vouches': 'urn:oasis:names:tc:SAML:1.0:cm:sender-vouches',
  },
  saml2: {
    bearer: 'urn:oasis:names:tc:SAML:2.0:cm:bearer',
    'holder-of-key': 'urn:oasis:names:tc:SAML:2.0:cm:holder-of-key',
    'sender-vouches': 'urn:oasis:names:tc:SAML:2.0:cm:sender-vouches',
  },
};

/** The confirmation method of a URI, undefined when we know none of that name in this version. */
export function confirmationMethodOf(
  type: SamlTokenType,
  uri: string,
): ConfirmationMethod | undefined {
  const methods = CONFIRMATION_METHODS[type];
  const names = ['bearer', 'holder-of-key', 'sender-vouches'] as const;
  return names.find((name) => methods[name] === uri);
}
