// The endpoint profiles (ws-trust §6): our own addresses, and those of AD FS, vCenter and WSO2.

import type { TrustVersion } from '../names.ts';
import {
  type AdvertisedPort,
  type CredentialKind,
  type Endpoint,
  type EndpointProfile,
  type MessageSecurity,
  metadataPathOf,
  type OptionalEndpoint,
} from './endpoint-profile.ts';

const ANY: readonly CredentialKind[] = [
  'username',
  'certificate',
  'issued-token',
  'bearer-token',
  'tls-certificate',
];

/** Who may ask where messages protect themselves: whoever signs, or a user in whose name they come. A secret is nobody's. */
export const MESSAGE_CREDENTIALS: Readonly<Record<MessageSecurity, readonly CredentialKind[]>> = {
  'sign-and-encrypt': ['username', 'certificate'],
  'symmetric-sign-and-encrypt': ['username'],
};

const USUAL = {
  optional: [],
  metadataPaths: [],
  defaultTokenType: 'saml1',
  tellsAppliesTo: true,
  tellsRenewing: true,
  includesTimestamp: true,
  faultTimestamps: 'with-addressing',
  userNameTokens: 'SignedSupportingTokens',
} as const satisfies Partial<EndpointProfile>;

// A client that looks a port up by its address takes the last one that has it: so each port has its own.
const GENERIC_PORTS: readonly AdvertisedPort[] = [
  { name: 'TransportUT_Port', path: '/ws-trust', soap: '1.1', trust: '1.3' },
  { name: 'TransportUT_Soap12_Port', path: '/ws-trust/soap12', soap: '1.2', trust: '1.3' },
  { name: 'TransportUT_2005_Port', path: '/ws-trust/2005', soap: '1.1', trust: '2005/02' },
  {
    name: 'TransportUT_2005_Soap12_Port',
    path: '/ws-trust/2005/soap12',
    soap: '1.2',
    trust: '2005/02',
  },
];

/** An address for messages that protect themselves. */
function withoutTls(
  name: string,
  path: string,
  messageSecurity: MessageSecurity,
): OptionalEndpoint {
  return {
    endpoint: { path, credentials: MESSAGE_CREDENTIALS[messageSecurity], messageSecurity },
    port: { name, path, soap: '1.2', trust: '1.3' },
  };
}

export const GENERIC_PROFILE: EndpointProfile = {
  ...USUAL,
  endpoints: GENERIC_PORTS.map(({ path }) => ({ path, credentials: ANY })),
  metadataPaths: GENERIC_PORTS.map(metadataPathOf),
  optional: [
    withoutTls('X509_Port', '/ws-trust/message', 'sign-and-encrypt'),
    withoutTls('UT_Port', '/ws-trust/message/username', 'symmetric-sign-and-encrypt'),
    {
      endpoint: { path: '/ws-trust/context', credentials: ['username', 'security-context'] },
      port: {
        name: 'TransportSCT_Port',
        path: '/ws-trust/context',
        soap: '1.2',
        trust: '1.3',
        credential: 'security-context',
      },
    },
  ],
  ports: GENERIC_PORTS,
};

const ADFS = '/adfs/services/trust';
const MIXED = { soap: '1.2', signedParts: 'timestamp' } as const;

/** The ports of one version, as AD FS names them. On the mixed ones TLS protects the Body, and a signature covers the
 * Timestamp. What wants Kerberos or triple DES is not among them. */
function adfsPorts(folder: '2005' | '13', trust: TrustVersion): readonly AdvertisedPort[] {
  const suffix = `WSTrustBinding_IWSTrust${folder === '13' ? '13' : 'Feb2005'}Async`;
  const at = `${ADFS}/${folder}`;
  const issued = { ...MIXED, trust, credential: 'issued-token' } as const;
  return [
    { name: `UserName${suffix}`, path: `${at}/usernamemixed`, soap: '1.2', trust },
    {
      ...MIXED,
      name: `Certificate${suffix}`,
      path: `${at}/certificatemixed`,
      trust,
      credential: 'certificate',
    },
    {
      name: `CertificateTransport${suffix}`,
      path: `${at}/certificatetransport`,
      soap: '1.2',
      trust,
      credential: 'tls-certificate',
    },
    { ...issued, name: `IssuedToken${suffix}`, path: `${at}/issuedtokenmixedasymmetricbasic256` },
    {
      ...issued,
      name: `IssuedToken${suffix}Sha256`,
      path: `${at}/issuedtokenmixedasymmetricbasic256sha256`,
    },
    ...['', 'sha256'].map((hash) => ({
      ...issued,
      keyType: 'SymmetricKey' as const,
      name: `IssuedTokenSymmetric${suffix}${hash === '' ? '' : 'Sha256'}`,
      path: `${at}/issuedtokenmixedsymmetricbasic256${hash}`,
    })),
  ];
}

const ADFS_PORTS = [...adfsPorts('2005', '2005/02'), ...adfsPorts('13', '1.3')];

/** The integrated logins of Windows. We have no Kerberos: nothing is taken there, and nothing published of it, but a client that
 * still knows the address gets a fault that it understands. */
const ADFS_INTEGRATED: readonly Endpoint[] = ['2005', '13'].flatMap((folder) =>
  ['windows', 'windowsmixed', 'windowstransport', 'kerberosmixed'].map((name) => ({
    path: `${ADFS}/${folder}/${name}`,
    credentials: [],
  })),
);

export const ADFS_PROFILE: EndpointProfile = {
  ...USUAL,
  // Windows serves paths so, and clients have them as somebody once typed them.
  ignoresCase: true,
  tokenShape: 'adfs',
  defaultKeyType: 'symmetric-key',
  tellsRenewing: false,
  endpoints: [
    ...ADFS_PORTS.map(({ path, credential = 'username', signedParts }) => ({
      path,
      credentials: [credential],
      ...(signedParts && { signedParts }),
    })),
    ...ADFS_INTEGRATED,
  ],
  metadataPaths: [`${ADFS}/mex`],
  // As a service of WCF does.
  faultTimestamps: 'once-authenticated',
  // As there. ADAL for Node takes the last operation of a binding for the one that issues, others take the first.
  metadataOperations: ['Issue'],
  ports: ADFS_PORTS,
  // Where its clients look for it.
  userNameTokens: 'SignedEncryptedSupportingTokens',
};

const VCENTER = '/sts/STSService';

export const VCENTER_PROFILE: EndpointProfile = {
  ...USUAL,
  endpoints: [VCENTER, `${VCENTER}/*`].map((path) => ({ path, credentials: ANY })),
  ports: [{ name: 'STSService_Port', path: VCENTER, soap: '1.1', trust: '1.3' }],
  defaultTokenType: 'saml2',
  tokenShape: 'vcenter',
  tellsAppliesTo: false,
  includesTimestamp: false,
  faultTimestamps: 'never',
};

const WSO2 = '/services/wso2carbon-sts';

export const WSO2_PROFILE: EndpointProfile = {
  ...USUAL,
  endpoints: [{ path: WSO2, credentials: ANY }],
  ports: [{ name: 'wso2carbon-stsHttpsSoap12Endpoint', path: WSO2, soap: '1.2', trust: '1.3' }],
  tellsCancelledTwice: true,
  faultTimestamps: 'always',
};
