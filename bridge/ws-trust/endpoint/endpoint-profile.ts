// Endpoint profiles (ws-trust §6): the paths, credentials, defaults and wire habits of a product that clients were written for.
// A profile is data; it has no code of its own.

import type { SoapVersion } from '#bridge/soap/soap-version.ts';
import type { Instant } from '#core/instant.ts';
import type { TrustOperation, TrustVersion } from '../names.ts';

/** How a requestor may prove who it is. */
export type CredentialKind =
  /** A user name with its password in the message. */
  | 'username'
  /** The same as HTTP Basic. */
  | 'basic'
  /** The message is signed with the key of a certificate. */
  | 'certificate'
  /** The TLS client has the key of a certificate. */
  | 'tls-certificate'
  /** The message is signed with the key that an assertion names. */
  | 'issued-token'
  /** A token that is good in anybody's hands. */
  | 'bearer-token'
  /** The message is signed with the secret of a security context. */
  | 'security-context';

/** The credentials that the policies in our WSDL can ask for. */
export type AdvertisedCredential = Exclude<CredentialKind, 'basic' | 'bearer-token'>;
/** Those of them that a security context can be asked for with. */
export type FirstCredential = Exclude<AdvertisedCredential, 'security-context'>;

/** How messages are protected without TLS. */
export type MessageSecurity =
  /** Signed with the key of a certificate, encrypted to that of the other side (WS-SecurityPolicy 1.2 §7.5). */
  | 'sign-and-encrypt'
  /** Signed and encrypted with a secret that the client makes and encrypts to us; a user name is inside (§7.4). */
  | 'symmetric-sign-and-encrypt';

/** One address. */
export interface Endpoint {
  /** `/*` at its end stands for one more segment, such as a tenant. */
  readonly path: string;
  /** What is taken. Of several credentials in one message all must be on the list, and the one that stands first here is the requestor. */
  readonly credentials: readonly CredentialKind[];
  /** What a signature must cover (ws-trust §4). `timestamp` is for clients that sign nothing more and leave the Body to TLS. Absent:
   * Timestamp and Body. */
  readonly signedParts?: 'timestamp' | 'timestamp-and-body';
  /** Until then message signatures with SHA-1 are taken too. Each is audited. */
  readonly legacySha1Until?: Instant;
  /** Messages and answers are signed and encrypted, and TLS is not required. Absent: TLS is. */
  readonly messageSecurity?: MessageSecurity;
  /** Whether bearer tokens that we issued are credentials. A relying party that was shown one could then log in here as its subject. */
  readonly takesOwnBearerTokens?: boolean;
  /** Whether a signature over the Timestamp alone may be used again with another MessageID. Clients that send several messages within a
   * millisecond sign the same Timestamp. But a captured message can then be sent again with another MessageID. */
  readonly takesRepeatedTimestamps?: boolean;
  /** Whether a signed request to issue is answered by a challenge that must be signed first (WS-Trust 1.3 §8.3). */
  readonly signChallenge?: boolean;
  /** Whether the answers of 1.3 to Renew, Validate and Cancel come in a collection, as its schema says. Its WSDL says that they do not. */
  readonly answersInCollections?: boolean;
  /** Whether a JWT goes out as it is in a TokenWrapper. Else it goes in base64 in a BinarySecurityToken. */
  readonly jwtInTokenWrapper?: boolean;
}

/** Where Eclipse Metro looks when all it has is the address of a port. */
export const metadataPathOf = ({ path }: Pick<Endpoint, 'path'>): string => `${path}/mex`;

/** One port of the WSDL: an address, and the versions that it is told with. Every address takes every version. */
export interface AdvertisedPort {
  readonly name: string;
  readonly path: string;
  readonly soap: SoapVersion;
  readonly trust: TrustVersion;
  /** The credential that its policy asks for; absent: a user name. */
  readonly credential?: AdvertisedCredential;
  /** As in {@link Endpoint}. */
  readonly signedParts?: 'timestamp';
  /** The kind of key that an issued token must have; absent: a public key. */
  readonly keyType?: 'SymmetricKey';
}

/** An address that is served only where the operator names it. */
export interface OptionalEndpoint {
  readonly endpoint: Endpoint;
  readonly port: AdvertisedPort;
}

export interface EndpointProfile {
  /** Whether paths are taken in any case, as the product takes them. The paths of the profile are then in lower case. */
  readonly ignoresCase?: boolean;
  readonly endpoints: readonly Endpoint[];
  /** For messages without TLS, and for security contexts. */
  readonly optional: readonly OptionalEndpoint[];
  /** Paths that answer with the WSDL only; that of each optional address is served with it. */
  readonly metadataPaths: readonly string[];
  /** The operations in the WSDL at those paths; absent: all. */
  readonly metadataOperations?: readonly TrustOperation[];
  readonly ports: readonly AdvertisedPort[];
  /** What is issued where neither the request nor the relying party names a type that can go over SOAP. */
  readonly defaultTokenType: 'saml1' | 'saml2';
  /** The key of an assertion where the request says nothing of a key and all relying parties can be given a secret. Absent: no key. */
  readonly defaultKeyType?: 'symmetric-key';
  /** The id of the relying party that is meant where a request names none. */
  readonly defaultTarget?: string;
  /** How assertions must look. */
  readonly tokenShape?: 'adfs' | 'vcenter';
  /** Whether an answer has AppliesTo where the request had none. */
  readonly tellsAppliesTo: boolean;
  /** Whether an answer has Renewing where the request wished to renew the token and it cannot be renewed. Windows Identity Foundation does
   * not know that element in an answer and fails over it (ID3007). */
  readonly tellsRenewing: boolean;
  /** Whether the answer to Cancel has a second RequestedTokenCancelled, in no namespace. The client of Apache Rampart looks for that one
   * only; the schema of a response allows any further element. */
  readonly tellsCancelledTwice?: boolean;
  /** Whether an answer has a Timestamp where the request has one. The policy then says IncludeTimestamp. */
  readonly includesTimestamp: boolean;
  /** Which faults have a Timestamp, unless the request is known to have none. Eclipse Metro and Apache Rampart throw a fault without one
   * away where the policy asks for it. Clients without addressing count the text nodes of a fault (ws-trust W12), so a Timestamp is too
   * much for them. */
  readonly faultTimestamps:
    | 'always'
    /** Where the request has addressing. */
    | 'with-addressing'
    /** The same, and only once it is known who asks. By that a client of WCF tells a refused credential (`MessageSecurityException`) from
     * a refused request (`FaultException`). */
    | 'once-authenticated'
    | 'never';
  /** The word for a user name in the policies over TLS, where their language has both. TLS signs and encrypts it either way, but Apache
   * Rampart sends none for the second. */
  readonly userNameTokens: 'SignedSupportingTokens' | 'SignedEncryptedSupportingTokens';
}
