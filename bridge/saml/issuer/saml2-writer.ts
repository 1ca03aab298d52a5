// Writes SAML 2.0 assertions (SAML Core 2.0 §2) from a decision. Decides nothing.

import {
  type AttributePair,
  element,
  type Markup,
  type MarkupChild,
  SIGNATURE_PLACE,
} from '#bridge/xml/canonical/markup.ts';
import { writeDateTime } from '#bridge/xml/date-time.ts';
import { SAML2_NS, XS_NS, XSI_TYPE } from '#bridge/xml/namespaces.ts';
import type { Actor } from '#core/claims/subject.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import { assertionIdOf } from '../assertion-id.ts';
import { contextClassOf } from '../authentication-context.ts';
import { CONFIRMATION_METHODS, DELEGATION_NS, NAME_ENTITY, NAME_UNSPECIFIED } from '../names.ts';
import {
  friendlyNameOf,
  nameFormatOf,
  type WritableClaim,
  writableClaims,
} from './claim-writer.ts';
import type { SamlShape } from './saml-shape.ts';
import {
  audiencesOf,
  authenticationInstantOf,
  nameFormatOfSubject,
  recipientOf,
  type WriteInput,
  type WrittenAssertion,
  windowOf,
} from './spec-reader.ts';

type Write = (
  local: string,
  attributes: readonly AttributePair[],
  children: readonly MarkupChild[],
) => Markup;

const XS = { prefix: 'xs', uri: XS_NS };
const DELEGATION = { prefix: 'del', uri: DELEGATION_NS };

/** Writes the assertion.
 * @throws {XmlFailure} `character-illegal`
 * @throws {ExchangeFailure} `claim-missing` */
export function writeSaml2(input: WriteInput): WrittenAssertion {
  const { spec, entityId, shape } = input;
  const { prefix } = shape;
  const write: Write = (local, attributes, children) =>
    element({ prefix, uri: SAML2_NS, local }, attributes, children);
  const claims = writableClaims(spec.claims);
  const attributes = claims.map((claim) => attribute(write, claim, shape));
  const hasTypes = shape.hasTypedValues && claims.length > 0;
  return {
    apex: write(
      'Assertion',
      [
        ['ID', assertionIdOf(spec)],
        ['IssueInstant', writeDateTime(spec.issuedAt)],
        ['Version', '2.0'],
      ],
      [
        write('Issuer', shape.hasIssuerFormat ? [['Format', NAME_ENTITY]] : [], [entityId]),
        SIGNATURE_PLACE,
        subject(write, input),
        conditions(write, input),
        authnStatement(write, spec),
        ...(attributes.length === 0 ? [] : [write('AttributeStatement', [], attributes)]),
      ],
    ),
    declare: [...(spec.actors.length > 0 ? [DELEGATION] : []), ...(hasTypes ? [XS] : [])],
  };
}

function subject(write: Write, input: WriteInput): Markup {
  const { spec, keyInfo } = input;
  return write(
    'Subject',
    [],
    [
      write('NameID', [['Format', nameFormatOfSubject(spec)]], [spec.subjectName]),
      keyInfo === undefined
        ? bearerConfirmation(write, input)
        : keyConfirmation(write, input, keyInfo),
    ],
  );
}

function bearerConfirmation(write: Write, { spec, shape }: WriteInput): Markup {
  const recipient = shape.hasRecipient ? recipientOf(spec) : undefined;
  const data: AttributePair[] = [['NotOnOrAfter', writeDateTime(spec.lifetime.notOnOrAfter)]];
  if (recipient !== undefined) data.push(['Recipient', recipient]);
  return write(
    'SubjectConfirmation',
    [['Method', CONFIRMATION_METHODS.saml2.bearer]],
    [write('SubjectConfirmationData', data, [])],
  );
}

// SAML Core 2.0 §2.4.1.3. No end of its own: vCenter clients take none, and Conditions have one.
function keyConfirmation(write: Write, { shape }: WriteInput, keyInfo: Markup): Markup {
  const name = 'KeyInfoConfirmationDataType';
  const type: AttributePair = [XSI_TYPE, shape.prefix === '' ? name : `${shape.prefix}:${name}`];
  return write(
    'SubjectConfirmation',
    [['Method', CONFIRMATION_METHODS.saml2['holder-of-key']]],
    [write('SubjectConfirmationData', [type], [keyInfo])],
  );
}

// One restriction with alternatives: several restrictions would all have to be met (SAML Core 2.0 §2.5.1.4). ProxyRestriction
// and Condition stand before it: vCenter clients know no other order.
function conditions(write: Write, input: WriteInput): Markup {
  const { spec, entityId } = input;
  const audiences = audiencesOf(spec).map((audience) => write('Audience', [], [audience]));
  return write('Conditions', windowOf(spec), [
    ...proxyRestriction(write, spec),
    ...(spec.actors.length === 0 ? [] : [delegation(write, spec, entityId)]),
    ...(omitsAudience(input) ? [] : [write('AudienceRestriction', [], audiences)]),
  ]);
}

// An assertion without audience and without key would be good anywhere for whoever finds it.
const omitsAudience = ({ spec, shape }: WriteInput): boolean =>
  shape.canOmitAudience && spec.omitsAudience === true && spec.confirmation.method === 'public-key';

function proxyRestriction(write: Write, { delegations }: TokenSpec): readonly Markup[] {
  if (delegations === undefined) return [];
  return [write('ProxyRestriction', [['Count', String(delegations)]], [])];
}

// Oldest first, so the outermost actor comes last (SAML V2.0 Condition for Delegation Restriction). The instants of earlier steps
// are not known here, so all get the same one: clients sort by it, and equal instants keep the order.
function delegation(write: Write, spec: TokenSpec, entityId: string): Markup {
  const instant = writeDateTime(spec.issuedAt);
  const delegates = spec.actors
    .toReversed()
    .map((actor) =>
      element(
        { ...DELEGATION, local: 'Delegate' },
        [['DelegationInstant', instant]],
        [delegateName(write, actor, [spec.issuer, entityId])],
      ),
    );
  return write('Condition', [[XSI_TYPE, 'del:DelegationRestrictionType']], delegates);
}

function delegateName(write: Write, { id, issuer }: Actor, ownNames: readonly string[]): Markup {
  const qualifier: AttributePair[] = ownNames.includes(issuer) ? [] : [['NameQualifier', issuer]];
  return write('NameID', [['Format', NAME_UNSPECIFIED], ...qualifier], [id]);
}

// Exactly one, always (ws-trust W14).
function authnStatement(write: Write, spec: TokenSpec): Markup {
  const contextClass = contextClassOf('saml2', spec.authentication);
  return write(
    'AuthnStatement',
    [['AuthnInstant', authenticationInstantOf(spec)]],
    [write('AuthnContext', [], [write('AuthnContextClassRef', [], [contextClass])])],
  );
}

function attribute(write: Write, { name, values }: WritableClaim, shape: SamlShape): Markup {
  const names: AttributePair[] = [
    ['Name', name],
    ['NameFormat', nameFormatOf(name)],
  ];
  if (shape.hasFriendlyNames) names.push(['FriendlyName', friendlyNameOf(name)]);
  const type: AttributePair[] = shape.hasTypedValues ? [[XSI_TYPE, 'xs:string']] : [];
  return write(
    'Attribute',
    names,
    values.map((value) => write('AttributeValue', type, [value])),
  );
}
