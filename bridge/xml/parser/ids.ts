// Which attribute is an ID, decided by expanded names (xml-security V4). A lookalike `Id` in another namespace,
// or on an element of another vocabulary, must not become a reference target (A6).

import { XmlFailure } from '../failure.ts';
import {
  DS_NS,
  SAML2_NS,
  SAML2MD_NS,
  SAML2P_NS,
  SAML11_NS,
  WSU_NS,
  XENC_NS,
  XENC11_NS,
} from '../namespaces.ts';
import { attributeOf, type XmlElement } from '../tree.ts';

const ID_ATTRIBUTE: ReadonlyMap<string, string> = new Map([
  [SAML2_NS, 'ID'],
  [SAML2P_NS, 'ID'],
  [SAML2MD_NS, 'ID'],
  [SAML11_NS, 'AssertionID'],
  [DS_NS, 'Id'],
  [XENC_NS, 'Id'],
  [XENC11_NS, 'Id'],
]);

/** The ID an element carries by its own vocabulary (`ID`, `AssertionID` or `Id`), not counting `wsu:Id`. */
export function ownIdOf(element: XmlElement): string | undefined {
  const local = ID_ATTRIBUTE.get(element.uri);
  return local === undefined ? undefined : attributeOf(element, local);
}

/** Enters the IDs of one element into the map of its document.
 * @throws {XmlFailure} `id-duplicate` when a value is empty or seen before, also on the same element */
export function registerIds(element: XmlElement, ids: Map<string, XmlElement>): void {
  // Most elements have no attribute of such a name, and this runs for every element.
  if (
    !element.attributes.some(
      ({ local }) => local === 'Id' || local === 'ID' || local === 'AssertionID',
    )
  )
    return;
  register(ownIdOf(element), element, ids);
  register(attributeOf(element, 'Id', WSU_NS), element, ids);
}

function register(id: string | undefined, element: XmlElement, ids: Map<string, XmlElement>): void {
  if (id === undefined) return;
  if (id === '' || ids.has(id)) throw new XmlFailure('id-duplicate', `ID on ${element.local}`);
  ids.set(id, element);
}
