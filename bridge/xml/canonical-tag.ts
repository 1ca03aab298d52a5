// Start tags in canonical form, for parsed and for built elements alike (Exclusive XML Canonicalization 1.0 §3,
// Canonical XML 1.0 §2.3). One routine serves verifying and writing, so the two cannot drift apart.

import { compareCodePoints } from './characters.ts';
import { escapeAttribute } from './escape.ts';
import { XmlFailure } from './failure.ts';

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
}

/** What to restore in `rendered` when an element ends: for each prefix the value before, in reverse order. */
export type Restore = readonly (readonly [prefix: string, uri: string | undefined])[];

const NOTHING: Restore = Object.freeze([]);

/** An empty output with its cap.
 * The cap counts UTF-16 units while writing: namespace nodes repeat on siblings, so small input can grow large. */
export function createOutput(maxLength: number): CanonicalOutput {
  return { text: '', maxLength, rendered: new Map() };
}

/** Writes a start tag with the namespaces it needs, plus `extra` bindings if they are not rendered yet.
 * @throws {XmlFailure} `canonical-too-large` */
export function openTag(
  output: CanonicalOutput,
  element: TagSource,
  extra: readonly Binding[],
): Restore {
  if (output.text.length > output.maxLength) {
    throw new XmlFailure('canonical-too-large', 'canonical form too large');
  }
  const added: Binding[] = [];
  const restore: [string, string | undefined][] = [];
  const need = (prefix: string, uri: string): void => {
    // Not rendered counts as bound to nothing for the default namespace only.
    const current = output.rendered.get(prefix) ?? (prefix === '' ? '' : undefined);
    if (current === uri || prefix === 'xml') return;
    restore.push([prefix, output.rendered.get(prefix)]);
    output.rendered.set(prefix, uri);
    added.push([prefix, uri]);
  };
  need(element.prefix, element.uri);
  for (const { prefix, uri } of element.attributes) if (prefix !== '') need(prefix, uri);
  for (const [prefix, uri] of extra) need(prefix, uri);
  output.text += `<${qualifiedName(element)}${declarationText(added)}${attributeText(element)}>`;
  return restore.length === 0 ? NOTHING : restore;
}

/** Writes the end tag and takes back what its start tag rendered. */
export function closeTag(output: CanonicalOutput, element: TagSource, restore: Restore): void {
  output.text += `</${qualifiedName(element)}>`;
  for (let i = restore.length - 1; i >= 0; i -= 1) {
    const [prefix, uri] = restore[i] ?? ['', undefined];
    if (uri === undefined) output.rendered.delete(prefix);
    else output.rendered.set(prefix, uri);
  }
}

function qualifiedName({ prefix, local }: TagName): string {
  return prefix === '' ? local : `${prefix}:${local}`;
}

function declarationText(bindings: Binding[]): string {
  if (bindings.length > 1) bindings.sort(([left], [right]) => compareCodePoints(left, right));
  let text = '';
  for (const [prefix, uri] of bindings) {
    text += `${prefix === '' ? ' xmlns' : ` xmlns:${prefix}`}="${escapeAttribute(uri)}"`;
  }
  return text;
}

function attributeText({ attributes }: TagSource): string {
  const sorted = attributes.length > 1 ? attributes.toSorted(compareAttributes) : attributes;
  let text = '';
  for (const attribute of sorted) {
    text += ` ${qualifiedName(attribute)}="${escapeAttribute(attribute.value)}"`;
  }
  return text;
}

function compareAttributes(left: TagAttribute, right: TagAttribute): number {
  return compareCodePoints(left.uri, right.uri) || compareCodePoints(left.local, right.local);
}
