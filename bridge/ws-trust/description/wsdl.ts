// Writes the WSDL 1.1 of a profile (ws-trust §5): the operations for each version, a port with an address of its own for
// each version of SOAP and WS-Trust, and the policy that each wants.

import { writeEndpointReference } from '#bridge/soap/endpoint-reference.ts';
import { WSA_NS } from '#bridge/soap/namespaces.ts';
import type { SoapVersion } from '#bridge/soap/soap-version.ts';
import { element, type Markup, type MarkupName } from '#bridge/xml/canonical/markup.ts';
import { writeCanonical } from '#bridge/xml/canonical/writer.ts';
import { WSU_NS, XS_NS } from '#bridge/xml/namespaces.ts';
import type {
  AdvertisedPort,
  FirstCredential,
  MessageSecurity,
} from '../endpoint/endpoint-profile.ts';
import {
  actionsOf,
  isAnsweredInCollection,
  TRUST_13_NS,
  TRUST_NAMES,
  type TrustNames,
  type TrustOperation,
  wsp,
} from '../names.ts';
import { type PolicyTerms, policyIdOf, suffixOf, writePolicy } from './wsdl-policy.ts';
import { writeSchema } from './wsdl-schema.ts';

/** A port with its public address. */
export interface WsdlPort extends Omit<AdvertisedPort, 'path' | 'signedParts'> {
  readonly address: string;
  /** Whether a signature must cover the Body besides the Timestamp. */
  readonly signsBody: boolean;
  /** How messages protect themselves, in place of TLS. */
  readonly messageSecurity?: MessageSecurity | undefined;
  /** Whether in 1.3 all answers are collections. */
  readonly answersInCollections?: boolean | undefined;
  /** What a security context is asked for with at this address. */
  readonly bootstrap?: FirstCredential | undefined;
}

/** What the policies of all ports say alike. */
export interface WsdlHabits extends Pick<PolicyTerms, 'includesTimestamp' | 'userNameTokens'> {
  readonly operations: readonly TrustOperation[];
}

export const WSDL_NS = 'http://schemas.xmlsoap.org/wsdl/';
/** Clients look the service up in this namespace, with the slash. */
export const WSDL_TARGET_NS = `${TRUST_13_NS}/`;
const HTTP_TRANSPORT = 'http://schemas.xmlsoap.org/soap/http';
const WSAM_NS = 'http://www.w3.org/2007/05/addressing/metadata';
const SOAP_BINDINGS: Readonly<Record<SoapVersion, Pick<MarkupName, 'prefix' | 'uri'>>> = {
  '1.1': { prefix: 'soap', uri: 'http://schemas.xmlsoap.org/wsdl/soap/' },
  '1.2': { prefix: 'soap12', uri: 'http://schemas.xmlsoap.org/wsdl/soap12/' },
};

/** Writes the WSDL of these ports as text whose root is `wsdl:definitions`. */
export function writeWsdl(ports: readonly WsdlPort[], habits: WsdlHabits): string {
  const versions = [...new Set(ports.map(({ trust }) => trust))].map((trust) => TRUST_NAMES[trust]);
  const terms = ports.map((port) => termsOf(port, habits));
  const portTypes = new Map(ports.map((port) => [portTypeOf(port), port]));
  const policies = new Map(terms.map((one) => [policyIdOf(one), one]));
  const definitions = element(
    wsdl('definitions'),
    [
      ['name', 'SecurityTokenService'],
      ['targetNamespace', WSDL_TARGET_NS],
    ],
    [
      ...[...policies.values()].map(writePolicy),
      element(wsdl('types'), [], versions.map(writeSchema)),
      ...versions.flatMap(writeMessages),
      ...[...portTypes.values()].map((port) => writePortType(port, habits)),
      ...ports.map((port) => writeBinding(port, habits)),
      element(wsdl('service'), [['name', 'SecurityTokenService']], ports.map(writePort)),
    ],
  );
  const declare = [
    { prefix: 'tns', uri: WSDL_TARGET_NS },
    { prefix: 'xs', uri: XS_NS },
    ...versions.map(({ prefix, namespace: uri }) => ({ prefix, uri })),
    // Declared once, at the top: some clients search the text for start tags.
    ...Object.values(SOAP_BINDINGS),
    { prefix: 'wsa10', uri: WSA_NS },
    { prefix: 'wsam', uri: WSAM_NS },
    wsp('Policy'),
    { prefix: 'wsu', uri: WSU_NS },
  ];
  return writeCanonical(definitions, { declare }).text;
}

// Addressing goes with SOAP 1.2: clients of 1.1 often have none, and some, as Eclipse Metro, have it only where the policy tells of it.
function termsOf(port: WsdlPort, { includesTimestamp, userNameTokens }: WsdlHabits): PolicyTerms {
  const { credential = 'username', keyType = 'PublicKey', soap } = port;
  return {
    ...port,
    credential,
    keyType,
    includesTimestamp,
    userNameTokens,
    usesAddressing: soap === '1.2',
  };
}

const REQUEST = 'RequestSecurityToken';
const RESPONSE = 'RequestSecurityTokenResponse';
const COLLECTION = 'RequestSecurityTokenResponseCollection';

type Typed = Pick<WsdlPort, 'answersInCollections' | 'credential' | 'trust'>;

// Apache CXF reads what the WSDL says, and renews a context under the action that is answered by a collection (agreement.ts).
function answerOf(port: Typed, operation: TrustOperation): string {
  const inCollections =
    port.answersInCollections === true ||
    (operation === 'Renew' && port.credential === 'security-context');
  const isCollection = isAnsweredInCollection(TRUST_NAMES[port.trust], operation, inCollections);
  return isCollection ? COLLECTION : RESPONSE;
}

function portTypeOf({ answersInCollections, credential, trust }: Typed): string {
  if (trust !== '1.3') return `STS${suffixOf(trust)}`;
  const ofContexts = credential === 'security-context' ? 'Context' : '';
  return `STS${answersInCollections ? 'Collections' : ofContexts}${suffixOf(trust)}`;
}

function writeMessages(trust: TrustNames): readonly Markup[] {
  const elements = trust.version === '1.3' ? [REQUEST, RESPONSE, COLLECTION] : [REQUEST, RESPONSE];
  return elements.map((local) =>
    element(
      wsdl('message'),
      [['name', `${local}${suffixOf(trust.version)}`]],
      [
        element(wsdl('part'), [
          ['element', `${trust.prefix}:${local}`],
          ['name', 'body'],
        ]),
      ],
    ),
  );
}

function writePortType(port: Typed, habits: WsdlHabits): Markup {
  const trust = TRUST_NAMES[port.trust];
  const action: MarkupName = { prefix: 'wsam', uri: WSAM_NS, local: 'Action' };
  const operations = habits.operations.map((operation) => {
    const { answer, request } = actionsOf(trust, operation);
    const message = (local: string): string => `tns:${local}${suffixOf(trust.version)}`;
    return element(
      wsdl('operation'),
      [['name', operation]],
      [
        element(wsdl('input'), [
          [action, request],
          ['message', message(REQUEST)],
        ]),
        element(wsdl('output'), [
          [action, answer],
          ['message', message(answerOf(port, operation))],
        ]),
      ],
    );
  });
  return element(wsdl('portType'), [['name', portTypeOf(port)]], operations);
}

function writeBinding(port: WsdlPort, habits: WsdlHabits): Markup {
  const trust = TRUST_NAMES[port.trust];
  const soap = (local: string): MarkupName => ({ ...SOAP_BINDINGS[port.soap], local });
  const body = element(soap('body'), [['use', 'literal']]);
  const operations = habits.operations.map((operation) =>
    element(
      wsdl('operation'),
      [['name', operation]],
      [
        element(soap('operation'), [
          ['soapAction', actionsOf(trust, operation).request],
          ['style', 'document'],
        ]),
        element(wsdl('input'), [], [body]),
        element(wsdl('output'), [], [body]),
      ],
    ),
  );
  const policy = `#${policyIdOf(termsOf(port, habits))}`;
  return element(
    wsdl('binding'),
    [
      ['name', bindingOf(port)],
      ['type', `tns:${portTypeOf(port)}`],
    ],
    [
      element(wsp('PolicyReference'), [['URI', policy]]),
      element(soap('binding'), [
        ['style', 'document'],
        ['transport', HTTP_TRANSPORT],
      ]),
      ...operations,
    ],
  );
}

function writePort(port: WsdlPort): Markup {
  const { address, name, soap } = port;
  return element(
    wsdl('port'),
    [
      ['binding', `tns:${bindingOf(port)}`],
      ['name', name],
    ],
    [
      element({ ...SOAP_BINDINGS[soap], local: 'address' }, [['location', address]]),
      writeEndpointReference(address, 'wsa10'),
    ],
  );
}

const bindingOf = ({ name }: WsdlPort): string => `${name}_Binding`;

function wsdl(local: string): MarkupName {
  return { prefix: 'wsdl', uri: WSDL_NS, local };
}
