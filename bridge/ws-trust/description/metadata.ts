// Metadata of an endpoint: the WSDL by GET, and by WS-Transfer Get inside mex:Metadata (WS-MetadataExchange, September 2004).

import { writeAnswer } from '#bridge/soap/answer.ts';
import { toAsciiWire } from '#bridge/xml/canonical/escape.ts';
import { element, type MarkupName, seal } from '#bridge/xml/canonical/markup.ts';
import { actionsIn } from '../agreement.ts';
import type { OpenedMessage } from '../authentication/opened-message.ts';
import {
  type AdvertisedCredential,
  type AdvertisedPort,
  type CredentialKind,
  type Endpoint,
  type FirstCredential,
  type MessageSecurity,
  metadataPathOf,
} from '../endpoint/endpoint-profile.ts';
import type { ServedPath } from '../endpoint/served-path.ts';
import { TRUST_OPERATIONS } from '../names.ts';
import { WSDL_NS, WSDL_TARGET_NS, type WsdlPort, writeWsdl } from './wsdl.ts';

const TRANSFER_GET = 'http://schemas.xmlsoap.org/ws/2004/09/transfer/Get';
const MEX_NS = 'http://schemas.xmlsoap.org/ws/2004/09/mex';
const QUERIES: ReadonlySet<string> = new Set(['wsdl', 'mex', 'singlewsdl']);

/** Where a description is asked for. */
interface DescribedAddress {
  readonly served: ServedPath;
  readonly path: string;
  /** Our public address without a slash at its end: it decides every address we publish. */
  readonly publicBase: string;
}

/** Whether a GET with this query asks for metadata. */
export function asksForMetadata({ endpoint }: ServedPath, query: string): boolean {
  return endpoint === undefined || QUERIES.has(query.replace(/^\?/, '').toLowerCase());
}

/** Whether a message is a WS-Transfer Get: no Body, and the action says so. */
export function isMetadataRequest(message: OpenedMessage): boolean {
  const actions = actionsIn(message);
  const isGet = actions.length > 0 && actions.every((action) => action === TRANSFER_GET);
  return isGet && message.envelope.payload === undefined;
}

/** The WSDL of an address. */
export type DescriptionFinder = (address: DescribedAddress) => string;

/** Finds descriptions, each written once: whoever asks is under no limit, and a long one takes more than a refusal. Below a wildcard
 * they choose the address, so there it is put into one that was written for all. */
export function createDescriptions(): DescriptionFinder {
  const written = new Map<string, string>();
  return ({ path, publicBase, served }) => {
    const { endpoint, pattern } = served;
    const key = `${publicBase}${pattern}`;
    const text = written.get(key) ?? writeDescription({ served, path: pattern, publicBase });
    written.set(key, text);
    // A segment has no character that XML would have in another form.
    return endpoint && isBelowWildcard(endpoint) ? text.replaceAll(pattern, path) : text;
  };
}

const isBelowWildcard = ({ path }: Endpoint): boolean => path.endsWith('/*');

/** The WSDL of a profile. */
function writeDescription({ served, path, publicBase }: DescribedAddress): string {
  const { endpoint, profile } = served;
  const described = endpoint ?? profile.endpoints.find((each) => metadataPathOf(each) === path);
  // Equal, character by character, to what the client calls.
  const isBelow = endpoint !== undefined && isBelowWildcard(endpoint);
  const ports = profile.ports.flatMap((port) => {
    const at = isBelow ? endpoint : profile.endpoints.find((each) => each.path === port.path);
    const terms = at && isToldAt(described, at) && termsOf(port, at);
    return terms
      ? [
          {
            ...port,
            ...terms,
            answersInCollections: at.answersInCollections,
            address: `${publicBase}${isBelow ? path : port.path}`,
          },
        ]
      : [];
  });
  const { includesTimestamp, metadataOperations = TRUST_OPERATIONS, userNameTokens } = profile;
  const operations = endpoint ? TRUST_OPERATIONS : metadataOperations;
  return toAsciiWire(writeWsdl(ports, { includesTimestamp, operations, userNameTokens }));
}

// Readers of all policies of a document, such as Apache Rampart, fall over the algorithm suite of messages that protect themselves.
const isToldAt = (asked: Endpoint | undefined, { messageSecurity }: Endpoint): boolean =>
  messageSecurity === undefined || asked?.messageSecurity !== undefined;

/** What is published of an address: what the operator lets it take. Undefined where no policy of ours can say that. */
function termsOf(
  { credential: usual = 'username' }: AdvertisedPort,
  { credentials, messageSecurity, signedParts }: Endpoint,
): Pick<WsdlPort, 'bootstrap' | 'credential' | 'messageSecurity' | 'signsBody'> | undefined {
  if (messageSecurity !== undefined)
    return { messageSecurity, credential: SIGNING[messageSecurity], signsBody: true };
  const taken = (each: CredentialKind): boolean => credentials.includes(each);
  const credential = [usual, ...FIRST_CREDENTIALS, 'security-context' as const].find(taken);
  if (credential === undefined) return undefined;
  const bootstrap = FIRST_CREDENTIALS.find(taken);
  return { credential, bootstrap, signsBody: signedParts !== 'timestamp' };
}

/** What messages come with that protect themselves. */
const SIGNING: Readonly<Record<MessageSecurity, AdvertisedCredential>> = {
  'sign-and-encrypt': 'certificate',
  'symmetric-sign-and-encrypt': 'username',
};

/** By the commonest. */
const FIRST_CREDENTIALS: readonly FirstCredential[] = [
  'username',
  'certificate',
  'tls-certificate',
  'issued-token',
];

/** The answer to a WS-Transfer Get. */
export function answerMetadata(
  { addressing, envelope }: OpenedMessage,
  description: string,
): string {
  const mex = (local: string): MarkupName => ({ prefix: 'mex', uri: MEX_NS, local });
  const section = element(
    mex('MetadataSection'),
    [
      ['Dialect', WSDL_NS],
      ['Identifier', WSDL_TARGET_NS],
    ],
    [seal(description, new Set())],
  );
  return writeAnswer(
    { version: envelope.version, addressing },
    { action: `${TRANSFER_GET}Response`, body: element(mex('Metadata'), [], [section]) },
  );
}
