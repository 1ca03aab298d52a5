// Endpoint profiles (ws-trust §6): paths, credentials, defaults and wire habits of the products that clients were written for.
// A profile is data; it has no code of its own.

import type { SoapVersion } from '#bridge/soap/soap-version.ts';
import type { Instant } from '#core/instant.ts';
import type { TrustVersion } from './names.ts';

/** How a requestor may prove itself: a user name with its password, in the message or as HTTP Basic; the message signed with the
 * key of its certificate, or TLS with that key; the message signed with the key that an assertion names, or with the secret of a
 * security context; a bearer token. */
export type CredentialKind =
  | 'username'
  | 'basic'
  | 'certificate'
  | 'tls-certificate'
  | 'issued-token'
  | 'bearer-token'
  | 'security-context';

/** The ones that our policies describe. */
export type AdvertisedCredential = Exclude<CredentialKind, 'basic' | 'bearer-token'>;
/** The ones of them that a security context can be asked for with. */
export type FirstCredential = Exclude<AdvertisedCredential, 'security-context'>;

/** How messages protect themselves: signed with the key of a certificate, and encrypted to the other side's; or all with a secret that
 * the client makes and encrypts to us, with a user name inside (WS-SecurityPolicy 1.2 §7.5, §7.4). */
export type MessageSecurity = 'sign-and-encrypt' | 'symmetric-sign-and-encrypt';

/** One address. A path that ends in `/*` stands for one more segment, such as a tenant. */
export interface Endpoint {
  readonly path: string;
  /** Of several in one message, the one that stands first here is the requestor's; all must be on the list. */
  readonly credentials: readonly CredentialKind[];
  /** What a signature must cover (ws-trust §4): `timestamp` where TLS protects the Body and the clients of the binding sign
   * nothing more. Absent: Timestamp and Body. */
  readonly signedParts?: 'timestamp' | 'timestamp-and-body';
  /** Until then message signatures with SHA-1 are taken too, and audited. */
  readonly legacySha1Until?: Instant;
  /** Messages are encrypted to us and signed, and so are answers; TLS is not asked for. Absent: TLS protects them. */
  readonly messageSecurity?: MessageSecurity;
  /** Whether bearer tokens that we issued are credentials: whoever was shown one could come with it. */
  readonly takesOwnBearerTokens?: boolean;
  /** Whether a signed request to issue is answered by a challenge that must be signed (WS-Trust 1.3 §8.3). */
  readonly signChallenge?: boolean;
}

/** One port of the WSDL: an address, and the versions that are advertised for it. Every address takes every version. */
export interface AdvertisedPort {
  readonly name: string;
  readonly path: string;
  readonly soap: SoapVersion;
  readonly trust: TrustVersion;
  /** The credential whose policy is published for it; absent: a user name. */
  readonly credential?: AdvertisedCredential;
  /** As in {@link Endpoint}. */
  readonly signedParts?: 'timestamp';
  /** The kind of key that an issued token must have; absent: a public key. */
  readonly keyType?: 'SymmetricKey';
}

interface OptionalEndpoint {
  readonly endpoint: Endpoint;
  readonly port: AdvertisedPort;
}

export interface EndpointProfile {
  readonly id: string;
  readonly endpoints: readonly Endpoint[];
  /** Served only where the operator names them: for messages that protect themselves, and for those of security contexts. */
  readonly optional: readonly OptionalEndpoint[];
  /** Paths that answer with the WSDL only. */
  readonly metadataPaths: readonly string[];
  readonly ports: readonly AdvertisedPort[];
  /** Issued where neither the request nor the relying party says a type that goes over SOAP. */
  readonly defaultTokenType: 'saml1' | 'saml2';
  /** The key of an assertion where a request says nothing of it, if its relying parties can be given one; absent: none. */
  readonly defaultKeyType?: 'symmetric-key';
  /** The relying party meant when a request names none. */
  readonly defaultTarget?: string;
  readonly jwtCarrier: 'binary-security-token' | 'token-wrapper';
  /** How assertions must look. */
  readonly tokenShape?: 'vcenter';
  /** Whether an answer tells for whom the token is when the request did not. */
  readonly tellsAppliesTo: boolean;
  /** Whether an answer carries a Timestamp when the request did: the policy says IncludeTimestamp. */
  readonly includesTimestamp: boolean;
  /** Whether a fault does as well, unless the request is known to have none. Apache Rampart throws one without a Security header away,
   * code and reason; other clients count the text nodes of a fault (ws-trust W12). */
  readonly faultsIncludeTimestamp: boolean;
  /** How the policies over TLS call a user name, where their language has both words. TLS signs and encrypts either way, but Apache
   * Rampart sends no user name for the second. */
  readonly userNameTokens: 'SignedSupportingTokens' | 'SignedEncryptedSupportingTokens';
}

const ANY: readonly CredentialKind[] = [
  'username',
  'certificate',
  'issued-token',
  'bearer-token',
  'tls-certificate',
];

/** Who may ask where messages protect themselves: whoever signs, or a user in whose name they come. A secret is nobody's. */
const MESSAGE_CREDENTIALS: Readonly<Record<MessageSecurity, readonly CredentialKind[]>> = {
  'sign-and-encrypt': ['username', 'certificate'],
  'symmetric-sign-and-encrypt': ['username'],
};

const USUAL = {
  optional: [],
  metadataPaths: [],
  defaultTokenType: 'saml1',
  jwtCarrier: 'binary-security-token',
  tellsAppliesTo: true,
  includesTimestamp: true,
  faultsIncludeTimestamp: false,
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

export const GENERIC_PROFILE: EndpointProfile = {
  ...USUAL,
  id: 'generic',
  endpoints: GENERIC_PORTS.map(({ path }) => ({ path, credentials: ANY })),
  optional: [
    {
      endpoint: {
        path: '/ws-trust/message',
        credentials: MESSAGE_CREDENTIALS['sign-and-encrypt'],
        messageSecurity: 'sign-and-encrypt',
      },
      port: { name: 'X509_Port', path: '/ws-trust/message', soap: '1.2', trust: '1.3' },
    },
    {
      endpoint: {
        path: '/ws-trust/message/username',
        credentials: MESSAGE_CREDENTIALS['symmetric-sign-and-encrypt'],
        messageSecurity: 'symmetric-sign-and-encrypt',
      },
      port: { name: 'UT_Port', path: '/ws-trust/message/username', soap: '1.2', trust: '1.3' },
    },
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
  id: 'adfs',
  defaultKeyType: 'symmetric-key',
  endpoints: [
    ...ADFS_PORTS.map(({ path, credential = 'username', signedParts }) => ({
      path,
      credentials: [credential],
      ...(signedParts && { signedParts }),
    })),
    ...ADFS_INTEGRATED,
  ],
  metadataPaths: [`${ADFS}/mex`],
  ports: ADFS_PORTS,
  // Where its clients look for it.
  userNameTokens: 'SignedEncryptedSupportingTokens',
};

const VCENTER = '/sts/STSService';

export const VCENTER_PROFILE: EndpointProfile = {
  ...USUAL,
  id: 'vcenter',
  endpoints: [VCENTER, `${VCENTER}/*`].map((path) => ({ path, credentials: ANY })),
  ports: [{ name: 'STSService_Port', path: VCENTER, soap: '1.1', trust: '1.3' }],
  defaultTokenType: 'saml2',
  tokenShape: 'vcenter',
  tellsAppliesTo: false,
  includesTimestamp: false,
};

const WSO2 = '/services/wso2carbon-sts';

export const WSO2_PROFILE: EndpointProfile = {
  ...USUAL,
  id: 'wso2',
  endpoints: [{ path: WSO2, credentials: ANY }],
  ports: [{ name: 'wso2carbon-stsHttpsSoap12Endpoint', path: WSO2, soap: '1.2', trust: '1.3' }],
  faultsIncludeTimestamp: true,
};

const SEGMENT = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9])?$/;

/** A path of a profile and what stands there. */
export interface ServedPath {
  readonly profile: EndpointProfile;
  /** Absent where only metadata is served. */
  readonly endpoint?: Endpoint;
}

/** What is served at a path, or undefined. */
export function findServedPath(
  profiles: readonly EndpointProfile[],
  path: string,
): ServedPath | undefined {
  for (const profile of profiles) {
    const endpoint = profile.endpoints.find((candidate) => isPathOf(candidate.path, path));
    if (endpoint) return { profile, endpoint };
    if (profile.metadataPaths.includes(path)) return { profile };
  }
  return undefined;
}

function isPathOf(pattern: string, path: string): boolean {
  if (!pattern.endsWith('/*')) return pattern === path;
  const prefix = pattern.slice(0, -1);
  return path.startsWith(prefix) && SEGMENT.test(path.slice(prefix.length));
}

/** What an operator says of one address. */
export type EndpointChange = Pick<Endpoint, 'path'> & Partial<Endpoint>;

/** The profiles with the changes of the operator.
 * @throws {Error} for an address that no profile has */
export function changeEndpoints(
  profiles: readonly EndpointProfile[],
  changes: readonly EndpointChange[],
): readonly EndpointProfile[] {
  const served = profiles.map((profile) => withOptional(profile, changes));
  const paths = served.flatMap(({ endpoints }) => endpoints.map(({ path }) => path));
  const unknown = changes.find(({ path }) => !paths.includes(path));
  // Left alone, what was meant to be closed would stay open.
  if (unknown) throw new Error(`wsTrust.endpoints: no profile serves ${unknown.path}`);
  return served.map((profile) => ({
    ...profile,
    endpoints: profile.endpoints.map((endpoint) => {
      const change = changes.find(({ path }) => path === endpoint.path);
      const { messageSecurity } = change ?? {};
      const usual = messageSecurity ? { credentials: MESSAGE_CREDENTIALS[messageSecurity] } : {};
      return { ...endpoint, ...usual, ...change };
    }),
  }));
}

// To name the address for messages that protect themselves without saying that they do would be to open it for others.
function withOptional(
  profile: EndpointProfile,
  changes: readonly EndpointChange[],
): EndpointProfile {
  const { endpoints, optional, ports } = profile;
  const wanted = optional.filter(({ endpoint: { messageSecurity, path } }) =>
    changes.some((each) => each.path === path && each.messageSecurity === messageSecurity),
  );
  return {
    ...profile,
    endpoints: [...endpoints, ...wanted.map(({ endpoint }) => endpoint)],
    ports: [...ports, ...wanted.map(({ port }) => port)],
  };
}
