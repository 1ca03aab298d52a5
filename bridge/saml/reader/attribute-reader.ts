// Attributes of both versions as claims know them: one name, text values, and who stated it first.

import { SAML2_NS, SAML11_NS, XSI_NS } from '#bridge/xml/namespaces.ts';
import { defined, textOf } from '#bridge/xml/reader.ts';
import { type Verified, verifiedChildren } from '#bridge/xml/signature/proof.ts';
import { attributeOf, type XmlElement } from '#bridge/xml/tree.ts';
import { ATTRIBUTE_BASIC, ATTRIBUTE_UNSPECIFIED, ATTRIBUTE_URI, CLAIMS_2009_NS } from '../names.ts';
import { nonEmptyAttribute, requireKnownChildren } from './element-reader.ts';
import type { SamlAttribute } from './saml-assertion.ts';

/** Formats that say nothing about the name but how it is spelled. Names of any other format are kept apart by it. */
const PLAIN_FORMATS: ReadonlySet<string> = new Set([
  ATTRIBUTE_BASIC,
  ATTRIBUTE_UNSPECIFIED,
  ATTRIBUTE_URI,
]);

/** Namespaces of SAML 1.1 under which the name is complete by itself. */
export const WHOLE_NAME_NAMESPACES: ReadonlySet<string> = new Set([
  ATTRIBUTE_BASIC,
  ATTRIBUTE_URI,
  'urn:mace:shibboleth:1.0:attributeNamespace:uri',
]);

/** Reads an AttributeStatement of SAML 2.0 (SAML Core 2.0 §2.7.3).
 * @throws {XmlFailure} reading reasons */
export function readSaml2Attributes(statement: Verified<XmlElement>): readonly SamlAttribute[] {
  requireKnownChildren(statement, ['Attribute']);
  return verifiedChildren(statement, SAML2_NS, 'Attribute').map((attribute) => {
    const name = nonEmptyAttribute(attribute, 'Name');
    const format = attributeOf(attribute, 'NameFormat') ?? ATTRIBUTE_UNSPECIFIED;
    return readAttribute(attribute, PLAIN_FORMATS.has(format) ? name : `${format}/${name}`);
  });
}

/** Reads the attributes of an AttributeStatement of SAML 1.1 (SAML 1.1 §2.4.4): namespace and name are one claim URI.
 * @throws {XmlFailure} reading reasons */
export function readSaml1Attributes(statement: Verified<XmlElement>): readonly SamlAttribute[] {
  requireKnownChildren(statement, ['Subject', 'Attribute']);
  return verifiedChildren(statement, SAML11_NS, 'Attribute').map((attribute) => {
    const name = nonEmptyAttribute(attribute, 'AttributeName');
    const namespace = nonEmptyAttribute(attribute, 'AttributeNamespace');
    return readAttribute(
      attribute,
      WHOLE_NAME_NAMESPACES.has(namespace) ? name : `${namespace}/${name}`,
    );
  });
}

function readAttribute(attribute: Verified<XmlElement>, name: string): SamlAttribute {
  requireKnownChildren(attribute, ['AttributeValue']);
  const values = verifiedChildren(attribute, attribute.uri, 'AttributeValue');
  return defined<SamlAttribute>({
    name,
    originalIssuer: attributeOf(attribute, 'OriginalIssuer', CLAIMS_2009_NS),
    // Text only: structure inside a value has no place in a claim, and joining its texts would make another value.
    values: values.filter((value) => !isNil(value)).map(textOf),
  });
}

function isNil(value: Verified<XmlElement>): boolean {
  const nil = attributeOf(value, 'nil', XSI_NS);
  return nil === 'true' || nil === '1';
}
