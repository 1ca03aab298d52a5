// Our federation metadata (WS-Federation 1.2 §3.1): one entity with one role, the security token service. Signed, for whoever
// reads it learns which keys to believe.

import { writeEndpointReference } from '#bridge/soap/endpoint-reference.ts';
import { AUTHORIZATION_NS, TRUST_13_NS, TRUST_2005_NS } from '#bridge/ws-trust/names.ts';
import {
  type AttributePair,
  element,
  type Markup,
  type MarkupChild,
  SIGNATURE_PLACE,
} from '#bridge/xml/canonical/markup.ts';
import { toWireText } from '#bridge/xml/canonical/writer.ts';
import { writeDateTime } from '#bridge/xml/date-time.ts';
import { x509KeyInfo } from '#bridge/xml/keys/key-info.ts';
import { FEDERATION_NS, SAML2MD_NS, XSI_TYPE } from '#bridge/xml/namespaces.ts';
import { type SignOptions, signEnveloped } from '#bridge/xml/signature/sign.ts';
import type { Instant } from '#core/instant.ts';

/** What the metadata says. */
export interface FederationFacts {
  /** Our name in assertions. */
  readonly entityId: string;
  /** DER of the certificates whose keys sign assertions now, next or lately: both of a rollover are listed. */
  readonly certificates: readonly Uint8Array[];
  /** DER of the certificate to encrypt to, where we have one. */
  readonly encryptionCertificate?: Uint8Array | undefined;
  /** Public addresses where tokens are issued. */
  readonly endpoints: readonly string[];
  readonly tokenTypeUris: readonly string[];
  /** Claims that targets are given, as absolute URIs. */
  readonly claimTypeUris: readonly string[];
}

/** When it was written, until when it is good, and its own name. */
export interface FederationMoment {
  readonly id: string;
  readonly validUntil: Instant;
}

const PROTOCOLS = [TRUST_13_NS, TRUST_2005_NS, FEDERATION_NS].join(' ');
const FED = { prefix: 'fed', uri: FEDERATION_NS };

const md = (local: string, attributes: readonly AttributePair[], children: MarkupChild[]): Markup =>
  element({ prefix: '', uri: SAML2MD_NS, local }, attributes, children);
const fed = (local: string, children: readonly MarkupChild[]): Markup =>
  element({ ...FED, local }, [], children);
const auth = (local: string, attributes: readonly AttributePair[]): Markup =>
  element({ prefix: 'auth', uri: AUTHORIZATION_NS, local }, attributes);

/** The signed document. Its role has what AD FS clients look for, in the order of the schema.
 * @throws {XmlFailure} `signing-failed` */
export async function writeFederationMetadata(
  facts: FederationFacts,
  { id, validUntil }: FederationMoment,
  signing: SignOptions,
): Promise<string> {
  const apex = md(
    'EntityDescriptor',
    [
      ['ID', id],
      ['entityID', facts.entityId],
      ['validUntil', writeDateTime(validUntil)],
    ],
    [SIGNATURE_PLACE, writeRole(facts)],
  );
  // The type of the role is a QName in a value: its prefix is declared, and signed as such.
  const signed = await signEnveloped(apex, { ...signing, id, declare: [FED] });
  return toWireText(signed);
}

function writeRole(facts: FederationFacts): Markup {
  const { certificates, claimTypeUris, encryptionCertificate, endpoints, tokenTypeUris } = facts;
  return md(
    'RoleDescriptor',
    [
      [XSI_TYPE, 'fed:SecurityTokenServiceType'],
      ['protocolSupportEnumeration', PROTOCOLS],
    ],
    [
      ...certificates.map((der) => writeKey('signing', der)),
      ...(encryptionCertificate ? [writeKey('encryption', encryptionCertificate)] : []),
      fed(
        'TokenTypesOffered',
        tokenTypeUris.map((uri) => element({ ...FED, local: 'TokenType' }, [['Uri', uri]])),
      ),
      ...(claimTypeUris.length === 0
        ? []
        : [
            fed(
              'ClaimTypesOffered',
              claimTypeUris.map((uri) =>
                auth('ClaimType', [
                  ['Uri', uri],
                  ['Optional', 'true'],
                ]),
              ),
            ),
          ]),
      ...endpoints.map((address) =>
        fed('SecurityTokenServiceEndpoint', [writeEndpointReference(address)]),
      ),
    ],
  );
}

// KeyInfo with the certificate is the only child: readers stumble over an EncryptionMethod (ws-trust §10).
function writeKey(use: 'signing' | 'encryption', der: Uint8Array): Markup {
  return md('KeyDescriptor', [['use', use]], [x509KeyInfo(der)]);
}
