// Writes markup as text that is already in exclusive canonical form (xml-security S1): what is signed is what is sent.

import { Buffer } from 'node:buffer';
import {
  type Binding,
  type CanonicalOutput,
  closeTag,
  createOutput,
  openTag,
} from './canonical-tag.ts';
import { escapeText, toAsciiWire } from './escape.ts';
import {
  type FinalXml,
  isFinal,
  type Markup,
  type MarkupChild,
  type MarkupName,
  SIGNATURE_PLACE,
} from './markup.ts';

/** How to write an apex. */
export interface WriteOptions {
  /** Namespaces declared on the apex though no name there uses them, for QNames in content (S5): PrefixList material. */
  readonly declare?: readonly Pick<MarkupName, 'prefix' | 'uri'>[];
}

/** Canonical text, where a signature goes in it, and which prefixes it declares anywhere. */
export interface WrittenXml {
  readonly text: string;
  readonly signatureAt: number | undefined;
  readonly prefixes: ReadonlySet<string>;
}

const NO_BINDINGS: readonly Binding[] = Object.freeze([]);

interface WriteState {
  readonly output: CanonicalOutput;
  readonly prefixes: Set<string>;
  signatureAt: number | undefined;
}

/** Writes markup with itself as apex. */
export function writeCanonical(apex: Markup | FinalXml, options: WriteOptions = {}): WrittenXml {
  if (isFinal(apex))
    return { text: apex.canonical, signatureAt: undefined, prefixes: apex.prefixes };
  const state: WriteState = {
    // What we write has no cap of its own: its size follows from typed data.
    output: createOutput(Number.MAX_SAFE_INTEGER),
    prefixes: new Set(),
    signatureAt: undefined,
  };
  const extra: Binding[] = (options.declare ?? []).map(({ prefix, uri }) => [prefix, uri]);
  for (const [prefix] of extra) state.prefixes.add(prefix);
  writeElement(state, apex, extra);
  return { text: state.output.text, signatureAt: state.signatureAt, prefixes: state.prefixes };
}

/** The text to send: ASCII, characters above U+007F as numeric references (S6, ws-trust W8). */
export function toWireText(xml: Markup | FinalXml): string {
  return toAsciiWire(writeCanonical(xml).text);
}

/** The same as bytes. */
export function toWireBytes(xml: Markup | FinalXml): Buffer {
  return Buffer.from(toWireText(xml), 'latin1');
}

function writeElement(state: WriteState, element: Markup, extra: readonly Binding[]): void {
  const { output, prefixes } = state;
  prefixes.add(element.prefix);
  if (extra.length > 0 || element.attributes.some(isPrefixed)) {
    for (const { prefix } of element.attributes) if (prefix !== '') prefixes.add(prefix);
    requireOneMeaning(element, extra);
  }
  const mark = openTag(output, element, extra);
  for (const child of element.children) writeChild(state, child);
  closeTag(output, element, mark);
}

function writeChild(state: WriteState, child: MarkupChild): void {
  const { output } = state;
  if (typeof child === 'string') output.text += escapeText(child);
  else if (child === SIGNATURE_PLACE) markSignature(state);
  else if (isFinal(child)) writeFinal(state, child);
  else writeElement(state, child, NO_BINDINGS);
}

// Final text was canonical on its own. It stays so in here only if nothing around it has rendered one of its prefixes:
// canonical form would leave the inner declaration out, and a signature over the outer element would not verify.
function writeFinal(
  { output, prefixes }: WriteState,
  { canonical, prefixes: inner }: FinalXml,
): void {
  for (const prefix of inner) {
    const outer = output.rendered.get(prefix);
    if (outer !== undefined && !(prefix === '' && outer === '')) {
      throw new Error(`prefix "${prefix}" is declared around and inside final XML`);
    }
    prefixes.add(prefix);
  }
  output.text += canonical;
}

function markSignature(state: WriteState): void {
  if (state.signatureAt !== undefined) throw new Error('two places for a signature');
  if (state.output.rendered.has('ds'))
    throw new Error('prefix "ds" is declared around the signature');
  state.signatureAt = state.output.text.length;
}

const isPrefixed = ({ prefix }: MarkupName): boolean => prefix !== '';

// One prefix with two meanings in one tag cannot be written.
function requireOneMeaning(element: Markup, extra: readonly Binding[]): void {
  const meanings = new Map([[element.prefix, element.uri]]);
  const prefixed = element.attributes.filter(isPrefixed);
  for (const [prefix, uri] of [
    ...prefixed.map((name): Binding => [name.prefix, name.uri]),
    ...extra,
  ]) {
    if ((meanings.get(prefix) ?? uri) !== uri)
      throw new Error(`one prefix for two namespaces on ${element.local}`);
    meanings.set(prefix, uri);
  }
}
