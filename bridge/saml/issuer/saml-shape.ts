// How our assertions look, as data. What they say is the same; some clients survive one spelling only (ws-trust §6).

export type SamlShapeName = 'default' | 'soap' | 'vcenter';

export interface SamlShape {
  readonly prefix: 'saml' | 'saml2';
  /** Each attribute has a FriendlyName. */
  readonly hasFriendlyNames: boolean;
  /** Values carry `xsi:type="xs:string"`, with `xs` declared on the root and listed for canonical form. */
  readonly hasTypedValues: boolean;
  /** A bearer confirmation names the one address the assertion is for. */
  readonly hasRecipient: boolean;
  /** An EncryptedKey tells its recipient as WS-Security does, not as SAML does. */
  readonly hasTokenReferences: boolean;
}

export const SAML_SHAPES: Readonly<Record<SamlShapeName, SamlShape>> = {
  default: {
    prefix: 'saml',
    hasFriendlyNames: false,
    hasTypedValues: false,
    hasRecipient: true,
    hasTokenReferences: false,
  },
  // The assertion readers of .NET refuse a Recipient that they were not told to expect.
  soap: {
    prefix: 'saml',
    hasFriendlyNames: false,
    hasTypedValues: false,
    hasRecipient: false,
    hasTokenReferences: true,
  },
  vcenter: {
    prefix: 'saml2',
    hasFriendlyNames: true,
    hasTypedValues: true,
    hasRecipient: false,
    hasTokenReferences: true,
  },
};

/** The shape of this name; a name that is none of ours means the usual one. */
export function samlShapeName(name: string | undefined): SamlShapeName {
  return name === 'soap' || name === 'vcenter' ? name : 'default';
}
