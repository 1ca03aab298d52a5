// Reads a verified SAML 1.1 assertion (SAML 1.1 §2). Each statement has a subject of its own here: they must be the same.

import { DS_NS, SAML11_NS } from '#bridge/xml/namespaces.ts';
import { defined } from '#bridge/xml/reader.ts';
import {
  optionalVerifiedChild,
  type Verified,
  verifiedChild,
  verifiedChildren,
} from '#bridge/xml/signature/proof.ts';
import { elementsOf, isNamed, type XmlElement } from '#bridge/xml/tree.ts';
import { keyInfoConfirmation } from '../key-confirmation.ts';
import { confirmationMethodOf } from '../names.ts';
import { refuse } from '../refusal.ts';
import { readSaml1Attributes } from './attribute-reader.ts';
import {
  instantOf,
  isPlain,
  nonEmptyAttribute,
  readAudiences,
  readName,
  requiredInstant,
  requireKnownChildren,
  uriOf,
} from './element-reader.ts';
import {
  NO_CONDITIONS,
  type SamlAssertion,
  type SamlAuthentication,
  type SamlConditions,
  type SamlConfirmation,
  type SamlName,
} from './saml-assertion.ts';

interface StatementSubject {
  readonly name?: SamlName;
  readonly confirmations: readonly SamlConfirmation[];
}

const STATEMENTS = ['AuthenticationStatement', 'AttributeStatement'];

/** Reads the assertion.
 * @throws {XmlFailure} reading reasons
 * @throws {ExchangeFailure} `token-type-unsupported`, `token-malformed` */
export function readSaml1(assertion: Verified<XmlElement>): SamlAssertion {
  requireKnownChildren(assertion, ['Conditions', 'Advice', 'Signature', ...STATEMENTS]);
  const conditions = optionalVerifiedChild(assertion, SAML11_NS, 'Conditions');
  return {
    id: nonEmptyAttribute(assertion, 'AssertionID'),
    issueInstant: requiredInstant(assertion, 'IssueInstant'),
    ...readSubject(assertion),
    conditions: conditions ? readConditions(conditions) : NO_CONDITIONS,
    ...defined<Pick<SamlAssertion, 'authentication'>>({
      authentication: readAuthentication(assertion),
    }),
    attributes: verifiedChildren(assertion, SAML11_NS, 'AttributeStatement').flatMap(
      readSaml1Attributes,
    ),
  };
}

function readSubject(assertion: Verified<XmlElement>): StatementSubject {
  const statements = STATEMENTS.flatMap((local) => verifiedChildren(assertion, SAML11_NS, local));
  const subjects = statements.map((statement) =>
    readStatementSubject(verifiedChild(statement, SAML11_NS, 'Subject')),
  );
  const [first] = subjects;
  if (!first) refuse('token-malformed', 'the assertion has no statement');
  const text = subjectText(first);
  // Else the attributes of one would become those of another.
  if (!subjects.every((subject) => subjectText(subject) === text))
    refuse('token-malformed', 'the statements are about different subjects');
  return first;
}

function subjectText({ name, confirmations }: StatementSubject): string {
  return JSON.stringify([
    name?.value,
    name?.format,
    name?.nameQualifier,
    confirmations.map(({ isUnderstood, keyInfos, method }) => [
      method,
      isUnderstood,
      keyInfos.map(keyInfoConfirmation),
    ]),
  ]);
}

function readStatementSubject(subject: Verified<XmlElement>): StatementSubject {
  requireKnownChildren(subject, ['NameIdentifier', 'SubjectConfirmation']);
  const name = optionalVerifiedChild(subject, SAML11_NS, 'NameIdentifier');
  const confirmation = optionalVerifiedChild(subject, SAML11_NS, 'SubjectConfirmation');
  return {
    ...defined<Pick<StatementSubject, 'name'>>({ name: name && readName(name) }),
    confirmations: confirmation ? readConfirmations(confirmation) : [],
  };
}

// SAML 1.1 §2.4.2.3: one element may list several methods, which share their key.
function readConfirmations(confirmation: Verified<XmlElement>): readonly SamlConfirmation[] {
  requireKnownConfirmation(confirmation);
  const keyInfos = verifiedChildren(confirmation, DS_NS, 'KeyInfo');
  const data = optionalVerifiedChild(confirmation, SAML11_NS, 'SubjectConfirmationData');
  // A text is for some protocol of authentication; an element may say who is to present the assertion, a key too.
  const isUnderstood = data?.children.every((child) => typeof child === 'string') ?? true;
  return verifiedChildren(confirmation, SAML11_NS, 'ConfirmationMethod').map((method) => ({
    method: confirmationMethodOf('saml1', uriOf(method)),
    namesAttester: false,
    isUnderstood,
    hasData: data !== undefined,
    keyInfos,
  }));
}

// What is not understood may say who is to present the assertion.
function requireKnownConfirmation(confirmation: Verified<XmlElement>): void {
  const isKnown = (child: XmlElement): boolean =>
    isNamed(child, SAML11_NS, 'ConfirmationMethod') ||
    isNamed(child, SAML11_NS, 'SubjectConfirmationData') ||
    isNamed(child, DS_NS, 'KeyInfo');
  if (!elementsOf(confirmation).every(isKnown))
    refuse('token-malformed', 'an element of a confirmation that is not understood');
}

function readAuthentication(assertion: Verified<XmlElement>): SamlAuthentication | undefined {
  const statement = optionalVerifiedChild(assertion, SAML11_NS, 'AuthenticationStatement');
  if (!statement) return undefined;
  requireKnownChildren(statement, ['Subject', 'SubjectLocality', 'AuthorityBinding']);
  return {
    instant: requiredInstant(statement, 'AuthenticationInstant'),
    contextClass: nonEmptyAttribute(statement, 'AuthenticationMethod'),
  };
}

function readConditions(conditions: Verified<XmlElement>): SamlConditions {
  const restrictions = verifiedChildren(conditions, SAML11_NS, 'AudienceRestrictionCondition');
  const doNotCache = verifiedChildren(conditions, SAML11_NS, 'DoNotCacheCondition');
  // SAML 1.1 §2.3.2.1: a condition that is not understood leaves the validity of the assertion undetermined.
  const isUnderstood =
    isPlain(conditions, ['NotBefore', 'NotOnOrAfter']) &&
    [...restrictions, ...doNotCache].every((condition) => isPlain(condition, [])) &&
    doNotCache.every((condition) => elementsOf(condition).length === 0) &&
    restrictions.length + doNotCache.length === elementsOf(conditions).length;
  if (!isUnderstood) refuse('token-type-unsupported', 'a condition that is not understood');
  return {
    ...defined<Pick<SamlConditions, 'notBefore' | 'notOnOrAfter'>>({
      notBefore: instantOf(conditions, 'NotBefore'),
      notOnOrAfter: instantOf(conditions, 'NotOnOrAfter'),
    }),
    audienceRestrictions: restrictions.map(readAudiences),
    // SAML 1.1 §2.3.2.1.4: it may not be kept for later use, which is what OneTimeUse says.
    isOneTime: doNotCache.length > 0,
    delegates: [],
  };
}
