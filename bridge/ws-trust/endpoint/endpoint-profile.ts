// What an endpoint profile says (ws-trust §6): paths, credentials, defaults and wire habits of a product that clients were written
// for. A profile is data; it has no code of its own.

import type { SoapVersion } from '#bridge/soap/soap-version.ts';
import type { Instant } from '#core/instant.ts';
import type { TrustOperation, TrustVersion } from '../names.ts';

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
  /** Whether a signature over the Timestamp alone is good once for each MessageID, and not once. Clients that send several messages
   * within a millisecond sign the same words; but so does who sends such a message again, under another MessageID. */
  readonly takesRepeatedTimestamps?: boolean;
  /** Whether a signed request to issue is answered by a challenge that must be signed (WS-Trust 1.3 §8.3). */
  readonly signChallenge?: boolean;
  /** Whether in 1.3 the answers to Renew, Validate and Cancel are collections too, as its schema has it; its WSDL has them bare. */
  readonly answersInCollections?: boolean;
  /** Whether a JWT goes out in a TokenWrapper, as it is, and not in base64 in a BinarySecurityToken. */
  readonly jwtInTokenWrapper?: boolean;
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
  /** Whether its paths, which are then in lower case, are taken in any case: as the product does that clients were written for. */
  readonly ignoresCase?: boolean;
  readonly endpoints: readonly Endpoint[];
  /** Served only where the operator names them: for messages that protect themselves, and for those of security contexts. */
  readonly optional: readonly OptionalEndpoint[];
  /** Paths that answer with the WSDL only. */
  readonly metadataPaths: readonly string[];
  /** The operations that the WSDL at those paths tells; absent: all. */
  readonly metadataOperations?: readonly TrustOperation[];
  readonly ports: readonly AdvertisedPort[];
  /** Issued where neither the request nor the relying party says a type that goes over SOAP. */
  readonly defaultTokenType: 'saml1' | 'saml2';
  /** The key of an assertion where a request says nothing of it, if its relying parties can be given one; absent: none. */
  readonly defaultKeyType?: 'symmetric-key';
  /** The relying party meant when a request names none. */
  readonly defaultTarget?: string;
  /** How assertions must look. */
  readonly tokenShape?: 'adfs' | 'vcenter';
  /** Whether an answer tells for whom the token is when the request did not. */
  readonly tellsAppliesTo: boolean;
  /** Whether an answer tells that a token cannot be renewed, though the request wished so. Windows Identity Foundation fails over any element
   * of an answer that it does not know (ID3007), and does not know this one there. */
  readonly tellsRenewing: boolean;
  /** Whether the answer to Cancel says a second time, without a namespace, that the token was cancelled: the schema of a response takes any
   * element beside those it knows, and the client of Apache Rampart looks for it there alone. */
  readonly tellsCancelledTwice?: boolean;
  /** Whether an answer carries a Timestamp when the request did: the policy says IncludeTimestamp. */
  readonly includesTimestamp: boolean;
  /** Which faults carry one as well, unless the request is known to have none. Eclipse Metro and Apache Rampart throw a fault away that
   * comes without what the policy asks for, code and reason; other clients, which have no addressing, count the text nodes of a fault
   * (ws-trust W12). `once-authenticated` is with addressing, too, and not before it is known who asks: to a client of WCF it tells whether
   * its credential was refused (`MessageSecurityException`) or what it asked for (`FaultException`). */
  readonly faultTimestamps: 'always' | 'with-addressing' | 'once-authenticated' | 'never';
  /** How the policies over TLS call a user name, where their language has both words. TLS signs and encrypts either way, but Apache
   * Rampart sends no user name for the second. */
  readonly userNameTokens: 'SignedSupportingTokens' | 'SignedEncryptedSupportingTokens';
}
