// Signed assertions and messages for tests, written by our own writer.

import { Buffer } from 'node:buffer';
import {
  element,
  type FinalXml,
  type Markup,
  type MarkupChild,
  type MarkupName,
  SIGNATURE_PLACE,
} from '#bridge/xml/canonical/markup.ts';
import { toWireBytes } from '#bridge/xml/canonical/writer.ts';
import { SAML2_NS, SAML11_NS, WSSE_NS, WSU_NS } from '#bridge/xml/namespaces.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { childrenNamed, requiredChild } from '#bridge/xml/reader.ts';
import {
  type SignedPart,
  type SignOptions,
  signDetached,
  signEnveloped,
} from '#bridge/xml/signature/sign.ts';
import type { XmlDocument, XmlElement } from '#bridge/xml/tree.ts';
import { TRUST_13 } from '#test/support/ws-trust/rst.ts';

export const SOAP_NS = 'http://www.w3.org/2003/05/soap-envelope';

/** A name in the SAML 2.0 assertion namespace. */
export function saml(local: string): MarkupName {
  return { prefix: 'saml', uri: SAML2_NS, local };
}

/** An unsigned SAML 2.0 assertion with a place for its signature. */
export function anAssertionMarkup(id = '_a1', subject = 'alice@example.org'): Markup {
  const audience = element(saml('Audience'), [], ['https://rp.example.org/']);
  const value = element(saml('AttributeValue'), [], ['Zoë & Söhne <"x">']);
  return element(
    saml('Assertion'),
    [
      ['ID', id],
      ['IssueInstant', '2026-01-01T00:00:00.000Z'],
      ['Version', '2.0'],
    ],
    [
      element(saml('Issuer'), [], ['urn:issuer']),
      SIGNATURE_PLACE,
      element(saml('Subject'), [], [element(saml('NameID'), [], [subject])]),
      element(
        saml('Conditions'),
        [['NotBefore', '2026-01-01T00:00:00.000Z']],
        [element(saml('AudienceRestriction'), [], [audience])],
      ),
      element(
        saml('AttributeStatement'),
        [],
        [element(saml('Attribute'), [['Name', 'role']], [value])],
      ),
    ],
  );
}

/** An unsigned SAML 1.1 assertion with a place for its signature. */
export function aSaml11Markup(id = '_a11'): Markup {
  const saml1 = (local: string): MarkupName => ({ prefix: 'saml1', uri: SAML11_NS, local });
  return element(
    saml1('Assertion'),
    [
      ['AssertionID', id],
      ['Issuer', 'urn:issuer'],
      ['MajorVersion', '1'],
    ],
    [element(saml1('Conditions')), SIGNATURE_PLACE],
  );
}

/** A signed SAML 2.0 assertion as text. */
export async function aSignedAssertion(options: SignOptions, id = '_a1'): Promise<string> {
  return (await signEnveloped(anAssertionMarkup(id), { ...options, id })).canonical;
}

/** The parts of a WS-Trust request. */
export interface RequestParts {
  readonly timestamp: Markup;
  readonly to: Markup;
  readonly body: Markup;
  readonly token: Markup;
  readonly reference: Markup;
}

const wsse = (local: string): MarkupName => ({ prefix: 'wsse', uri: WSSE_NS, local });
const wsu = (local: string): MarkupName => ({ prefix: 'wsu', uri: WSU_NS, local });
const soap = (local: string): MarkupName => ({ prefix: 's', uri: SOAP_NS, local });

/** The parts of a request, each with its wsu:Id: `ts`, `to`, `body`, `bst`, `str`. */
export function aRequest(content: readonly MarkupChild[] = []): RequestParts {
  const created = element(wsu('Created'), [], ['2026-01-01T00:00:00.000Z']);
  const expires = element(wsu('Expires'), [], ['2026-01-01T00:05:00.000Z']);
  const rst = { prefix: 'trust', uri: TRUST_13, local: 'RequestSecurityToken' };
  const to = { prefix: 'wsa', uri: 'http://www.w3.org/2005/08/addressing', local: 'To' };
  const direct = element(wsse('Reference'), [['URI', '#bst']]);
  return {
    timestamp: element(wsu('Timestamp'), [[wsu('Id'), 'ts']], [created, expires]),
    to: element(to, [[wsu('Id'), 'to']], ['https://sts.example.org/ws-trust']),
    body: element(soap('Body'), [[wsu('Id'), 'body']], [element(rst, [], content)]),
    token: element(
      wsse('BinarySecurityToken'),
      [
        [wsu('Id'), 'bst'],
        ['ValueType', 'urn:x509'],
      ],
      ['AAECAw=='],
    ),
    reference: element(wsse('SecurityTokenReference'), [[wsu('Id'), 'str']], [direct]),
  };
}

/** Timestamp, To and Body by their IDs. */
export function threeParts({ timestamp, to, body }: RequestParts): readonly SignedPart[] {
  return [
    { id: 'ts', element: timestamp },
    { id: 'to', element: to },
    { id: 'body', element: body },
  ];
}

/** Puts the parts and a signature into an envelope. */
export function anEnvelope(parts: RequestParts, signature: readonly (Markup | FinalXml)[]): Markup {
  const content = [parts.timestamp, parts.token, ...signature];
  const security = element(wsse('Security'), [[soap('mustUnderstand'), '1']], content);
  const header = element(soap('Header'), [], [parts.to, security]);
  return element(soap('Envelope'), [], [header, parts.body]);
}

/** A request whose Timestamp, To and Body are signed, as text. */
export async function aSignedRequest(options: SignOptions): Promise<string> {
  const parts = aRequest();
  const signature = await signDetached(threeParts(parts), options);
  return toWireBytes(anEnvelope(parts, [signature])).toString('latin1');
}

/** A parsed message with the places tests look at. */
export interface OpenedRequest {
  readonly document: XmlDocument;
  readonly body: XmlElement;
  readonly security: XmlElement;
  readonly signature: XmlElement;
}

/** Parses a message and finds its first Body and Signature. */
export function openRequest(text: string): OpenedRequest {
  const document = parseXml(Buffer.from(text));
  const [body] = childrenNamed(document.root, SOAP_NS, 'Body');
  const header = requiredChild(document.root, SOAP_NS, 'Header');
  const security = requiredChild(header, WSSE_NS, 'Security');
  const signature = requiredChild(security, 'http://www.w3.org/2000/09/xmldsig#', 'Signature');
  if (body === undefined) throw new Error('no Body');
  return { document, body, security, signature };
}
