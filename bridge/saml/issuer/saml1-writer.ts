// Writes SAML 1.1 assertions (SAML 1.1 §2) from a decision. Decides nothing. Actors have no place in them.

import {
  type AttributePair,
  element,
  type Markup,
  type MarkupChild,
  SIGNATURE_PLACE,
} from '#bridge/xml/canonical/markup.ts';
import { writeDateTime } from '#bridge/xml/date-time.ts';
import { SAML11_NS } from '#bridge/xml/namespaces.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import { assertionIdOf } from '../assertion-id.ts';
import { contextClassOf } from '../authentication-context.ts';
import { CONFIRMATION_METHODS } from '../names.ts';
import { splitName, type WritableClaim, writableClaims } from './claim-writer.ts';
import {
  audiencesOf,
  authenticationInstantOf,
  nameFormatOfSubject,
  type WriteInput,
  type WrittenAssertion,
  windowOf,
} from './spec-reader.ts';

const write = (
  local: string,
  attributes: readonly AttributePair[],
  children: readonly MarkupChild[],
): Markup => element({ prefix: 'saml', uri: SAML11_NS, local }, attributes, children);

/** Writes the assertion.
 * @throws {XmlFailure} `character-illegal`
 * @throws {ExchangeFailure} `claim-missing` */
export function writeSaml1(input: WriteInput): WrittenAssertion {
  const { spec, entityId } = input;
  const attributes = writableClaims(spec.claims).map(attribute);
  const apex = write(
    'Assertion',
    [
      ['AssertionID', assertionIdOf(spec)],
      ['IssueInstant', writeDateTime(spec.issuedAt)],
      ['Issuer', entityId],
      ['MajorVersion', '1'],
      ['MinorVersion', '1'],
    ],
    [
      conditions(spec),
      authenticationStatement(input),
      ...(attributes.length === 0
        ? []
        : [write('AttributeStatement', [], [subject(input), ...attributes])]),
      SIGNATURE_PLACE,
    ],
  );
  return { apex, declare: [] };
}

function conditions(spec: TokenSpec): Markup {
  const audiences = audiencesOf(spec).map((audience) => write('Audience', [], [audience]));
  return write('Conditions', windowOf(spec), [
    write('AudienceRestrictionCondition', [], audiences),
  ]);
}

function subject({ spec, keyInfo }: WriteInput): Markup {
  const name = write('NameIdentifier', [['Format', nameFormatOfSubject(spec)]], [spec.subjectName]);
  const uri = CONFIRMATION_METHODS.saml1[keyInfo === undefined ? 'bearer' : 'holder-of-key'];
  const method = write('ConfirmationMethod', [], [uri]);
  const confirmation = keyInfo === undefined ? [method] : [method, keyInfo];
  return write('Subject', [], [name, write('SubjectConfirmation', [], confirmation)]);
}

// Exactly one, always (ws-trust W14).
function authenticationStatement(input: WriteInput): Markup {
  const { spec } = input;
  return write(
    'AuthenticationStatement',
    [
      ['AuthenticationInstant', authenticationInstantOf(spec)],
      ['AuthenticationMethod', contextClassOf('saml1', spec.authentication)],
    ],
    [subject(input)],
  );
}

function attribute({ name, values }: WritableClaim): Markup {
  const split = splitName(name);
  return write(
    'Attribute',
    [
      ['AttributeName', split.name],
      ['AttributeNamespace', split.namespace],
    ],
    values.map((value) => write('AttributeValue', [], [value])),
  );
}
