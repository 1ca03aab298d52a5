// Start tags in canonical form, for parsed and for built elements alike (Exclusive XML Canonicalization 1.0 §3,
// Canonical XML 1.0 §2.3). One routine serves verifying and writing, so the two cannot drift apart.

import { compareCodePoints } from '../characters.ts';
import { XmlFailure } from '../failure.ts';
import { escapeAttribute } from './escape.ts';

interface TagName {
  readonly prefix: string;
  readonly uri: string;
  readonly local: string;
}

interface TagAttribute extends TagName {
  readonly value: string;
}

/** What a start tag is written from. */
export interface TagSource extends TagName {
  readonly attributes: readonly TagAttribute[];
}

/** A namespace binding: the prefix is `''` for the default namespace. */
export type Binding = readonly [prefix: string, uri: string];

/** Output under way: the text so far and the namespaces its open ancestors have rendered. */
export interface CanonicalOutput {
  text: string;
  readonly maxLength: number;
  readonly rendered: Map<string, string>;
  /** What open tags have rendered, innermost last: one stack for the whole walk, so that most tags allocate nothing. */
  readonly undo: RenderedBinding[];
}

interface RenderedBinding {
  readonly prefix: string;
  readonly uri: string;
  readonly previous: string | undefined;
}

/** An empty output with its cap.
 * The cap counts UTF-16 units while writing: namespace nodes repeat on siblings, so small input can grow large. */
export function createOutput(maxLength: number): CanonicalOutput {
  return { text: '', maxLength, rendered: new Map(), undo: [] };
}

/** Writes a start tag with the namespaces it needs, plus `extra` bindings if they are not rendered yet. Returns the
 * mark its end tag goes back to.
 * @throws {XmlFailure} `canonical-too-large` */
export function openTag(
  output: CanonicalOutput,
  element: TagSource,
  extra: readonly Binding[],
): number {
  if (output.text.length > output.maxLength) {
    throw new XmlFailure('canonical-too-large', 'canonical form too large');
  }
  const mark = output.undo.length;
  need(output, element.prefix, element.uri);
  for (const { prefix, uri } of element.attributes) if (prefix !== '') need(output, prefix, uri);
  for (const [prefix, uri] of extra) need(output, prefix, uri);
  const declarations = mark === output.undo.length ? '' : declarationText(output.undo.slice(mark));
  output.text += `<${qualifiedName(element)}${declarations}${attributeText(element.attributes)}>`;
  return mark;
}

/** Writes the end tag and takes back what its start tag rendered. */
export function closeTag(output: CanonicalOutput, element: TagSource, mark: number): void {
  const { rendered, undo } = output;
  output.text += `</${qualifiedName(element)}>`;
  while (undo.length > mark) {
    const last = undo.pop();
    if (last === undefined) break;
    if (last.previous === undefined) rendered.delete(last.prefix);
    else rendered.set(last.prefix, last.previous);
  }
}

function need({ rendered, undo }: CanonicalOutput, prefix: string, uri: string): void {
  if (prefix === 'xml') return;
  const previous = rendered.get(prefix);
  // Not rendered counts as bound to nothing, for the default namespace only.
  if (previous === uri || (previous === undefined && prefix === '' && uri === '')) return;
  undo.push({ prefix, uri, previous });
  rendered.set(prefix, uri);
}

function qualifiedName({ prefix, local }: TagName): string {
  return prefix === '' ? local : `${prefix}:${local}`;
}

function declarationText(bindings: RenderedBinding[]): string {
  if (bindings.length > 1)
    bindings.sort((left, right) => compareCodePoints(left.prefix, right.prefix));
  let text = '';
  for (const { prefix, uri } of bindings) {
    text += `${prefix === '' ? ' xmlns' : ` xmlns:${prefix}`}="${escapeAttribute(uri)}"`;
  }
  return text;
}

function attributeText(attributes: readonly TagAttribute[]): string {
  const inOrder = attributes.length > 1 ? attributes.toSorted(compareAttributes) : attributes;
  let text = '';
  for (const attribute of inOrder) {
    text += ` ${qualifiedName(attribute)}="${escapeAttribute(attribute.value)}"`;
  }
  return text;
}

function compareAttributes(left: TagAttribute, right: TagAttribute): number {
  if (left.uri === right.uri) return compareCodePoints(left.local, right.local);
  return compareCodePoints(left.uri, right.uri);
}
