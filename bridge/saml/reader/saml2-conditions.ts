// Reads Conditions of SAML 2.0 (SAML Core 2.0 §2.5): every child must be understood, an unknown one refuses the token.

import { SAML2_NS, XSI_NS } from '#bridge/xml/namespaces.ts';
import { defined, resolveQName } from '#bridge/xml/reader.ts';
import {
  optionalVerifiedChild,
  type Verified,
  verifiedChild,
  verifiedChildren,
} from '#bridge/xml/signature/proof.ts';
import { attributeOf, elementsOf, type XmlElement } from '#bridge/xml/tree.ts';
import { ACTOR_CHAIN_CEILING } from '#core/delegation/actor-chain.ts';
import { DELEGATION_NS } from '../names.ts';
import { refuse } from '../refusal.ts';
import {
  instantOf,
  isPlain,
  readAudiences,
  readName,
  requireKnownChildren,
} from './element-reader.ts';
import type { SamlConditions, SamlDelegate } from './saml-assertion.ts';

/** Reads Conditions.
 * @throws {XmlFailure} reading reasons
 * @throws {ExchangeFailure} `token-type-unsupported`, `token-malformed` */
export function readSaml2Conditions(conditions: Verified<XmlElement>): SamlConditions {
  requireUnderstood(conditions);
  const proxy = optionalVerifiedChild(conditions, SAML2_NS, 'ProxyRestriction');
  const proxyCount = proxy && readProxyCount(proxy);
  const restrictions = verifiedChildren(conditions, SAML2_NS, 'AudienceRestriction');
  const delegation = optionalVerifiedChild(conditions, SAML2_NS, 'Condition');
  return {
    ...defined<Pick<SamlConditions, 'notBefore' | 'notOnOrAfter' | 'proxyCount'>>({
      proxyCount,
      notBefore: instantOf(conditions, 'NotBefore'),
      notOnOrAfter: instantOf(conditions, 'NotOnOrAfter'),
    }),
    audienceRestrictions: restrictions.map(readAudiences),
    isOneTime: optionalVerifiedChild(conditions, SAML2_NS, 'OneTimeUse') !== undefined,
    delegates: delegation ? readDelegation(delegation) : [],
  };
}

/** With their attributes. What `Condition` is, its type alone tells. */
const UNDERSTOOD: ReadonlyMap<string, readonly string[]> = new Map([
  ['AudienceRestriction', []],
  ['OneTimeUse', []],
  ['ProxyRestriction', ['Count']],
]);

// SAML Core 2.0 §2.5.1.1: a condition that is not understood leaves the validity of the assertion undetermined.
function requireUnderstood(conditions: Verified<XmlElement>): void {
  const isUnderstood = (condition: XmlElement): boolean => {
    const { local, uri } = condition;
    if (uri !== SAML2_NS) return false;
    const attributes = UNDERSTOOD.get(local);
    if (attributes === undefined) return local === 'Condition';
    const isEmpty = local !== 'OneTimeUse' || elementsOf(condition).length === 0;
    return isEmpty && isPlain(condition, attributes);
  };
  if (
    !isPlain(conditions, ['NotBefore', 'NotOnOrAfter']) ||
    !elementsOf(conditions).every(isUnderstood)
  )
    refuse('token-type-unsupported', 'a condition that is not understood');
}

// SAML Core 2.0 §2.5.1.6: an assertion made of this one has a count that is less by one, and would have to carry on the
// audiences, which the claim model cannot say: issuing without them would grant what the issuer withheld.
function readProxyCount(proxy: Verified<XmlElement>): number | undefined {
  requireKnownChildren(proxy, ['Audience']);
  const count = attributeOf(proxy, 'Count');
  if (count !== undefined && !/^\d{1,9}$/.test(count))
    refuse('token-malformed', 'ProxyRestriction has no count');
  if (verifiedChildren(proxy, SAML2_NS, 'Audience').length > 0)
    refuse(
      'token-type-unsupported',
      'the issuer restricts for whom others are made of the assertion',
    );
  return count === undefined ? undefined : Number(count);
}

function readDelegation(condition: Verified<XmlElement>): readonly SamlDelegate[] {
  const type = resolveQName(condition, attributeOf(condition, 'type', XSI_NS) ?? '');
  const isDelegation = type.uri === DELEGATION_NS && type.local === 'DelegationRestrictionType';
  if (!isDelegation || condition.attributes.length > 1)
    refuse('token-type-unsupported', 'a condition that is not understood');
  const delegates = verifiedChildren(condition, DELEGATION_NS, 'Delegate').map(readDelegate);
  if (delegates.length === 0 || delegates.length !== elementsOf(condition).length)
    refuse('token-malformed', 'a delegation that is not a list of delegates');
  if (delegates.length > ACTOR_CHAIN_CEILING)
    refuse('token-malformed', 'the chain of actors is too deep');
  requireChronological(delegates);
  return delegates;
}

function readDelegate(delegate: Verified<XmlElement>): SamlDelegate {
  if (!isPlain(delegate, ['ConfirmationMethod', 'DelegationInstant']))
    refuse('token-type-unsupported', 'a delegate that is not understood');
  if (elementsOf(delegate).length !== 1)
    refuse('token-malformed', 'a delegate has one name and nothing else');
  const name = verifiedChild(delegate, SAML2_NS, 'NameID');
  return defined<SamlDelegate>({
    name: readName(name),
    instant: instantOf(delegate, 'DelegationInstant'),
  });
}

// The last delegate is the most recent one. Where the instants say otherwise, who acts now is anybody's guess.
function requireChronological(delegates: readonly SamlDelegate[]): void {
  const instants = delegates.flatMap(({ instant }) => (instant === undefined ? [] : [instant]));
  if (instants.some((instant, index) => instant < (instants[index - 1] ?? instant)))
    refuse('token-malformed', 'the delegates are not in the order of their instants');
}
