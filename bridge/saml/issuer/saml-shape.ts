// How our assertions look, as data. What they say is the same; some clients survive one spelling only (ws-trust §6).

export interface SamlShape {
  /** Of SAML 2.0; SAML 1.1 is always `saml`. Empty: it is the default namespace. */
  readonly prefix: 'saml' | 'saml2' | '';
  /** Each attribute has a FriendlyName. */
  readonly hasFriendlyNames: boolean;
  /** Values carry `xsi:type="xs:string"`, with `xs` declared on the root and listed for canonical form. */
  readonly hasTypedValues: boolean;
  /** A bearer confirmation names the one address the assertion is for. */
  readonly hasRecipient: boolean;
  /** The issuer says of what kind its name is, as it need not. */
  readonly hasIssuerFormat: boolean;
  /** Where a decision lets it, an assertion with a key leaves its audience out: some clients that sign it anew would. */
  readonly canOmitAudience: boolean;
  /** An EncryptedKey tells its recipient as WS-Security does, not as SAML does. */
  readonly hasTokenReferences: boolean;
}

/** What most clients of WS-Trust read. The assertion readers of .NET refuse a Recipient that they were not told to expect. */
const SOAP: SamlShape = {
  prefix: 'saml',
  hasFriendlyNames: false,
  hasTypedValues: false,
  hasRecipient: false,
  hasIssuerFormat: false,
  canOmitAudience: false,
  hasTokenReferences: true,
};

const DEFAULT: SamlShape = { ...SOAP, hasRecipient: true, hasTokenReferences: false };

export const SAML_SHAPES: ReadonlyMap<string, SamlShape> = new Map(
  Object.entries<SamlShape>({
    default: DEFAULT,
    soap: SOAP,
    // Its clients cut an assertion of SAML 2.0 out of the answer between `<Assertion ` and `</Assertion>`.
    adfs: { ...SOAP, prefix: '' },
    vcenter: {
      ...SOAP,
      prefix: 'saml2',
      hasFriendlyNames: true,
      hasTypedValues: true,
      hasIssuerFormat: true,
      canOmitAudience: true,
    },
  }),
);

/** The shape of this name; a name that is none of ours means the usual one. */
export const samlShape = (name = ''): SamlShape => SAML_SHAPES.get(name) ?? DEFAULT;
