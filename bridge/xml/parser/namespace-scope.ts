// Which prefix stands for which namespace while a document is read (Namespaces in XML 1.0 §2 and §6).

import { isNamespaceUri } from '../characters.ts';
import { XmlFailure } from '../failure.ts';
import { XML_NS, XMLNS_NS } from '../namespaces.ts';
import type { NamespaceDeclaration } from '../tree.ts';

/** The bindings in force at the place that is read. A map of all of them: looking up the tree again and again would let a deep
 * document of many prefixes cost the square of its size. */
export class NamespaceScope {
  readonly #uris = new Map<string, string | undefined>([
    ['', ''],
    ['xml', XML_NS],
  ]);
  readonly #hidden: (string | undefined)[] = [];

  /** Puts the declarations of a start tag in force. */
  enter(declarations: readonly NamespaceDeclaration[]): void {
    for (const { prefix, uri } of declarations) {
      this.#hidden.push(this.#uris.get(prefix));
      this.#uris.set(prefix, uri);
    }
  }

  /** Takes them back at its end tag; tags are left in the order opposite to that in which they were entered. */
  leave(declarations: readonly NamespaceDeclaration[]): void {
    // Most tags have none, and this runs for each.
    if (declarations.length === 0) return;
    for (const { prefix } of declarations.toReversed()) this.#uris.set(prefix, this.#hidden.pop());
  }

  /** The namespace of a prefix; that of `''` is the default namespace.
   * @throws {XmlFailure} `not-well-formed` when the prefix is not declared here */
  uriOf(prefix: string): string {
    const uri = this.#uris.get(prefix);
    if (uri === undefined) throw new XmlFailure('not-well-formed', 'undeclared prefix');
    return uri;
  }
}

/** A namespace declaration as it may stand on a start tag.
 * @throws {XmlFailure} `namespace-refused` for a reserved prefix or name, an undeclared prefix (Namespaces in XML 1.0 §3, §5), and
 * a name that is no plain absolute URI (A5, A7) */
export function toDeclaration(prefix: string, uri: string): NamespaceDeclaration {
  if (prefix === 'xml' || prefix === 'xmlns')
    throw new XmlFailure('namespace-refused', 'declaration of a reserved prefix');
  if (uri === XML_NS || uri === XMLNS_NS)
    throw new XmlFailure('namespace-refused', 'another prefix for a reserved namespace');
  if (!(prefix === '' && uri === '') && !isNamespaceUri(uri))
    throw new XmlFailure('namespace-refused', 'form of a namespace name');
  return { prefix, uri };
}
