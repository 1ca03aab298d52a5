// The children of a RequestSecurityToken by name: each known, each once (WS-Trust 1.3 §3.1, §4, §9; 1.4 §4, §8).

import { XmlFailure } from '#bridge/xml/failure.ts';
import { requireEmpty, trimmedTextOf } from '#bridge/xml/reader.ts';
import { elementsOf, isAssertion, type XmlElement } from '#bridge/xml/tree.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { keyTypeOf } from '../keys/key-type.ts';
import { IDENTITY_NS, POLICY_NAMESPACES, TRUST_14_NS, type TrustNames } from '../names.ts';
import { requireKnownAttributes, requireKnownAttributesWithin } from './parameter-attributes.ts';

const TRUST_PARAMETERS = [
  'RequestType',
  'TokenType',
  'Claims',
  'Lifetime',
  'AllowPostdating',
  'Renewing',
  'OnBehalfOf',
  'Issuer',
  'AuthenticationType',
  'KeyType',
  'KeySize',
  'Entropy',
  'UseKey',
  'SignWith',
  'EncryptWith',
  'SignatureAlgorithm',
  'CanonicalizationAlgorithm',
  'EncryptionAlgorithm',
  'ComputedKeyAlgorithm',
  'Encryption',
  'ProofEncryption',
  'DelegateTo',
  'Forwardable',
  'Delegatable',
  'Participants',
  'RenewTarget',
  'CancelTarget',
  'ValidateTarget',
  'BinaryExchange',
  'SignChallenge',
  'SignChallengeResponse',
  'RequestKET',
  'KeyExchangeToken',
  'Authenticator',
] as const;
/** Not in February 2005. ActAs is of 1.4; without a key it is also seen in this namespace. */
const TRUST_13_PARAMETERS = ['SecondaryParameters', 'KeyWrapAlgorithm', 'ActAs'] as const;
const TRUST_14_PARAMETERS = [
  'ActAs',
  'InteractiveChallenge',
  'InteractiveChallengeResponse',
] as const;
const POLICY_PARAMETERS = ['AppliesTo', 'Policy', 'PolicyReference'] as const;
/** The answer may have a text for people of what the token says, and need not (Identity Selector Interoperability 1.5). */
const IDENTITY_PARAMETERS = ['RequestDisplayToken'] as const;
/** What a relying party's policy may say for the requestor (WS-Trust 1.3 §4.1). */
const SECONDARY_PARAMETERS: ReadonlySet<string> = new Set([
  'TokenType',
  'KeyType',
  'KeySize',
  'Claims',
  'SignWith',
  'EncryptWith',
  'SignatureAlgorithm',
  'CanonicalizationAlgorithm',
  'EncryptionAlgorithm',
  'KeyWrapAlgorithm',
  'ComputedKeyAlgorithm',
]);

/** To be there is all that these say. */
const EMPTY: ReadonlySet<string> = new Set(['AllowPostdating', 'RequestDisplayToken']);

export type ParameterName =
  | (typeof TRUST_PARAMETERS)[number]
  | (typeof TRUST_13_PARAMETERS)[number]
  | (typeof TRUST_14_PARAMETERS)[number]
  | (typeof POLICY_PARAMETERS)[number]
  | (typeof IDENTITY_PARAMETERS)[number];

/** The ones that hold a token, or a reference to one. */
export const TOKEN_PARAMETERS = [
  'OnBehalfOf',
  'ActAs',
  'RenewTarget',
  'ValidateTarget',
  'CancelTarget',
] as const satisfies readonly ParameterName[];

/** The ones that hold a key, or a reference to one. */
export const KEY_PARAMETERS = [
  'UseKey',
  'DelegateTo',
  'Encryption',
  'ProofEncryption',
] as const satisfies readonly ParameterName[];

/** The parameters of a request. */
export interface Parameters {
  /** The one that counts: of the request itself, else of its secondary parameters. */
  readonly find: (name: ParameterName) => XmlElement | undefined;
  /** Both, where both are to be read. */
  readonly findAll: (name: ParameterName) => readonly XmlElement[];
  readonly present: ReadonlySet<ParameterName>;
}

type ParameterMap = ReadonlyMap<ParameterName, XmlElement>;

/** Takes a request apart.
 * @throws {XmlFailure} `element-repeated`, `element-unexpected`
 * @throws {ExchangeFailure} `operation-unsupported` for a child or an attribute we do not know */
export function readParameters(request: XmlElement, trust: TrustNames): Parameters {
  const primary = collect(request, trust);
  const template = primary.get('SecondaryParameters');
  const secondary: ParameterMap = template ? collect(template, trust) : new Map();
  for (const name of secondary.keys()) {
    if (!SECONDARY_PARAMETERS.has(name)) throw unsupported(`${name} as a secondary parameter`);
  }
  const defaults = withoutOtherKey(primary, secondary);
  return {
    find: (name) => primary.get(name) ?? defaults.get(name),
    findAll: (name) =>
      [primary.get(name), defaults.get(name)].filter((found) => found !== undefined),
    present: new Set([...primary.keys(), ...defaults.keys()]),
  };
}

/** What a template says of the key that its own KeyType means. */
const ABOUT_KEY: ReadonlySet<string> = new Set([
  'KeySize',
  'SignWith',
  'EncryptWith',
  'ComputedKeyAlgorithm',
]);

// The request counts first (WS-Trust 1.3 §4.1): where it wants a key of another kind, the size and use of that of the template are
// those of no key that is asked for.
function withoutOtherKey(primary: ParameterMap, secondary: ParameterMap): ParameterMap {
  const [asked, meant] = [primary.get('KeyType'), secondary.get('KeyType')];
  if (!asked || !meant || kindOf(asked) === kindOf(meant)) return secondary;
  return new Map([...secondary].filter(([name]) => !ABOUT_KEY.has(name)));
}

// Each version, and some clients, have a name of their own for one kind.
function kindOf(keyType: XmlElement): string {
  const uri = trimmedTextOf(keyType);
  return keyTypeOf(uri) ?? uri;
}

function collect(parent: XmlElement, trust: TrustNames): ParameterMap {
  requireKnownAttributes(parent);
  const found = new Map<ParameterName, XmlElement>();
  for (const child of elementsOf(parent)) {
    const name = isBareTarget(child, trust) ? 'ValidateTarget' : nameOf(child, trust);
    requireKnownAttributesWithin(child);
    if (name === undefined) throw unsupported(`unknown child ${child.local}`);
    // Other products take the last, or the first: what was meant is open.
    if (found.has(name)) throw new XmlFailure('element-repeated', `two ${name}`);
    if (EMPTY.has(name)) requireEmpty(child);
    found.set(name, child);
  }
  return found;
}

/** Whether it is the token to validate, and not a parameter that holds it: February 2005 has none for it, and Eclipse Metro writes the
 * assertion itself. */
function isBareTarget(child: XmlElement, { version }: Pick<TrustNames, 'version'>): boolean {
  return version === '2005/02' && isAssertion(child);
}

function nameOf({ uri, local }: XmlElement, trust: TrustNames): ParameterName | undefined {
  const nameIn = (names: readonly ParameterName[]) => names.find((name) => name === local);
  if (uri === TRUST_14_NS) return nameIn(TRUST_14_PARAMETERS);
  if (POLICY_NAMESPACES.has(uri)) return nameIn(POLICY_PARAMETERS);
  if (uri === IDENTITY_NS) return nameIn(IDENTITY_PARAMETERS);
  if (uri !== trust.namespace) return undefined;
  const newer = trust.version === '1.3' ? nameIn(TRUST_13_PARAMETERS) : undefined;
  return newer ?? nameIn(TRUST_PARAMETERS);
}

function unsupported(detail: string): ExchangeFailure {
  return new ExchangeFailure('operation-unsupported', detail);
}
