// Reads a verified SAML 2.0 assertion (SAML Core 2.0 §2). Encrypted names and attributes, BaseID and statements of
// unknown type are left out: an assertion that has them is refused.

import { DS_NS, SAML2_NS } from '#bridge/xml/namespaces.ts';
import { defined } from '#bridge/xml/reader.ts';
import {
  optionalVerifiedChild,
  type Verified,
  verifiedChild,
  verifiedChildren,
} from '#bridge/xml/signature/proof.ts';
import { attributeOf, isNamed, isWhitespace, type XmlElement } from '#bridge/xml/tree.ts';
import { confirmationMethodOf } from '../names.ts';
import { refuse } from '../refusal.ts';
import { readSaml2Attributes } from './attribute-reader.ts';
import {
  instantOf,
  isPlain,
  nonEmptyAttribute,
  readName,
  requiredInstant,
  requireKnownChildren,
  uriOf,
} from './element-reader.ts';
import {
  NO_CONDITIONS,
  type SamlAssertion,
  type SamlAuthentication,
  type SamlConfirmation,
} from './saml-assertion.ts';
import { readSaml2Conditions } from './saml2-conditions.ts';

/** Reads the assertion.
 * @throws {XmlFailure} reading reasons
 * @throws {ExchangeFailure} `token-type-unsupported`, `token-malformed` */
export function readSaml2(assertion: Verified<XmlElement>): SamlAssertion {
  requireKnownChildren(assertion, [
    'Issuer',
    'Signature',
    'Subject',
    'Conditions',
    'Advice',
    'AuthnStatement',
    'AttributeStatement',
  ]);
  const subject = verifiedChild(assertion, SAML2_NS, 'Subject');
  refuseEncrypted(subject, 'EncryptedID');
  requireKnownChildren(subject, ['NameID', 'SubjectConfirmation']);
  const name = optionalVerifiedChild(subject, SAML2_NS, 'NameID');
  const conditions = optionalVerifiedChild(assertion, SAML2_NS, 'Conditions');
  return defined<SamlAssertion>({
    id: nonEmptyAttribute(assertion, 'ID'),
    issueInstant: requiredInstant(assertion, 'IssueInstant'),
    name: name && readName(name),
    confirmations: verifiedChildren(subject, SAML2_NS, 'SubjectConfirmation').map(readConfirmation),
    conditions: conditions ? readSaml2Conditions(conditions) : NO_CONDITIONS,
    authentication: readAuthentication(assertion),
    attributes: verifiedChildren(assertion, SAML2_NS, 'AttributeStatement').flatMap((statement) => {
      refuseEncrypted(statement, 'EncryptedAttribute');
      return readSaml2Attributes(statement);
    }),
  });
}

function refuseEncrypted(parent: Verified<XmlElement>, local: string): void {
  if (optionalVerifiedChild(parent, SAML2_NS, local))
    refuse('token-type-unsupported', `${local} is not supported`);
}

function readConfirmation(element: Verified<XmlElement>): SamlConfirmation {
  requireKnownChildren(element, ['BaseID', 'NameID', 'EncryptedID', 'SubjectConfirmationData']);
  const namesAttester = ['BaseID', 'NameID', 'EncryptedID'].some(
    (local) => optionalVerifiedChild(element, SAML2_NS, local) !== undefined,
  );
  const data = optionalVerifiedChild(element, SAML2_NS, 'SubjectConfirmationData');
  const method = confirmationMethodOf('saml2', nonEmptyAttribute(element, 'Method'));
  if (!data) return { method, namesAttester, isUnderstood: true, hasData: false, keyInfos: [] };
  return {
    method,
    namesAttester,
    isUnderstood: isUnderstood(data),
    hasData: true,
    ...defined<Partial<SamlConfirmation>>({
      notBefore: instantOf(data, 'NotBefore'),
      notOnOrAfter: instantOf(data, 'NotOnOrAfter'),
      recipient: attributeOf(data, 'Recipient'),
      inResponseTo: attributeOf(data, 'InResponseTo'),
    }),
    keyInfos: verifiedChildren(data, DS_NS, 'KeyInfo'),
  };
}

const DATA_ATTRIBUTES = ['Address', 'InResponseTo', 'NotBefore', 'NotOnOrAfter', 'Recipient'];
const DATA_TYPES = ['SubjectConfirmationDataType', 'KeyInfoConfirmationDataType'];

// SAML Core 2.0 §2.4.1.2: anything may stand in the data, text too, and what we do not know may say who is to present the assertion.
const isUnderstood = (data: Verified<XmlElement>): boolean =>
  isPlain(data, DATA_ATTRIBUTES, DATA_TYPES) &&
  data.children.every((child) =>
    typeof child === 'string' ? isWhitespace(child) : isNamed(child, DS_NS, 'KeyInfo'),
  );

function readAuthentication(assertion: Verified<XmlElement>): SamlAuthentication | undefined {
  // Two would be two answers to one question, and a reader of either would be right.
  const statement = optionalVerifiedChild(assertion, SAML2_NS, 'AuthnStatement');
  if (!statement) return undefined;
  requireKnownChildren(statement, ['SubjectLocality', 'AuthnContext']);
  const context = verifiedChild(statement, SAML2_NS, 'AuthnContext');
  const contextClass = optionalVerifiedChild(context, SAML2_NS, 'AuthnContextClassRef');
  return defined<SamlAuthentication>({
    instant: requiredInstant(statement, 'AuthnInstant'),
    contextClass: contextClass && uriOf(contextClass),
    sessionNotOnOrAfter: instantOf(statement, 'SessionNotOnOrAfter'),
  });
}
