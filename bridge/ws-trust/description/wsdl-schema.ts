// The schema part of our WSDL: the outermost elements of each version, open inside. Enough for tools that build calls, and
// nothing that has to be fetched.

import { element, type Markup, type MarkupName } from '#bridge/xml/canonical/markup.ts';
import { XS_NS } from '#bridge/xml/namespaces.ts';
import type { TrustNames } from '../names.ts';

/** The schema of one version. */
export function writeSchema({ namespace, prefix, version }: TrustNames): Markup {
  const openType = `${prefix}:RequestSecurityTokenType`;
  const declared = (name: string, type: string): Markup =>
    element(xs('element'), [
      ['name', name],
      ['type', type],
    ]);
  const collection =
    version === '1.3'
      ? [
          declared(
            'RequestSecurityTokenResponseCollection',
            `${prefix}:RequestSecurityTokenResponseCollectionType`,
          ),
          collectionType(prefix),
        ]
      : [];
  return element(
    xs('schema'),
    [
      ['elementFormDefault', 'qualified'],
      ['targetNamespace', namespace],
    ],
    [
      declared('RequestSecurityToken', openType),
      declared('RequestSecurityTokenResponse', openType),
      ...collection,
      requestType(),
    ],
  );
}

function requestType(): Markup {
  return complexType(
    'RequestSecurityTokenType',
    [
      element(xs('any'), [
        ['maxOccurs', 'unbounded'],
        ['minOccurs', '0'],
        ['namespace', '##any'],
        ['processContents', 'lax'],
      ]),
    ],
    [
      element(xs('attribute'), [
        ['name', 'Context'],
        ['type', 'xs:anyURI'],
      ]),
    ],
  );
}

function collectionType(prefix: string): Markup {
  return complexType(
    'RequestSecurityTokenResponseCollectionType',
    [
      element(xs('element'), [
        ['maxOccurs', 'unbounded'],
        ['ref', `${prefix}:RequestSecurityTokenResponse`],
      ]),
    ],
    [],
  );
}

function complexType(
  name: string,
  content: readonly Markup[],
  attributes: readonly Markup[],
): Markup {
  const open = element(xs('anyAttribute'), [
    ['namespace', '##other'],
    ['processContents', 'lax'],
  ]);
  const sequence = element(xs('sequence'), [], content);
  return element(xs('complexType'), [['name', name]], [sequence, ...attributes, open]);
}

function xs(local: string): MarkupName {
  return { prefix: 'xs', uri: XS_NS, local };
}
