// Writes signatures (xml-security S3, S4, S6, S7): enveloped into one element, or detached over parts of a message.

import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
import { writeBase64 } from '../base64.ts';
import { element, type FinalXml, type Markup, seal } from '../canonical/markup.ts';
import { type WriteOptions, writeCanonical } from '../canonical/writer.ts';
import { ds, EXC_C14N_NS } from '../namespaces.ts';
import { ENVELOPED_SIGNATURE, EXC_C14N, SHA256 } from './algorithms.ts';
import type { Signer } from './signer.ts';

/** How to sign. */
export interface SignOptions {
  readonly signer: Signer;
  /** Absent: the signature names no key. */
  readonly keyInfo?: Markup;
}

/** How to sign an element from within. */
export interface EnvelopedSignOptions extends SignOptions {
  /** The element's own ID, as its ID attribute says. */
  readonly id: string;
  /** Namespaces for QNames in content: declared on the element and listed in the PrefixList (S5). */
  readonly declare?: WriteOptions['declare'];
}

/** A part of a message to be signed by its ID. */
export interface SignedPart {
  readonly id: string;
  readonly element: Markup | FinalXml;
}

/** Signs an element that holds SIGNATURE_PLACE where its schema wants the signature. The result is final. */
export async function signEnveloped(
  apex: Markup,
  options: EnvelopedSignOptions,
): Promise<FinalXml> {
  const { id, declare = [] } = options;
  const { text, signatureAt, prefixes } = writeCanonical(apex, { declare });
  if (signatureAt === undefined) throw new Error('no place for the signature');
  const prefixList = declare.map(({ prefix }) => prefix);
  // Without the signature the text is head and tail joined: exactly what enveloped-signature leaves.
  const signedInfo = writeSignedInfo(options.signer, [
    reference(id, text, [
      transform(ENVELOPED_SIGNATURE),
      transform(EXC_C14N, prefixListOf(prefixList)),
    ]),
  ]);
  const signature = writeCanonical(await writeSignature(signedInfo, options));
  const signed = text.slice(0, signatureAt) + signature.text + text.slice(signatureAt);
  return seal(signed, new Set([...prefixes, ...signature.prefixes]));
}

/** Signs parts of a message by their IDs; the result goes into the Security header.
 * A part must be embedded as it was given: exclusive form makes its digest independent of where it stands. */
export async function signDetached(
  parts: readonly SignedPart[],
  options: SignOptions,
): Promise<Markup> {
  return writeSignature(writeSignedInfo(options.signer, parts.map(partReference)), options);
}

function partReference({ id, element: part }: SignedPart): Markup {
  return reference(id, writeCanonical(part).text, [transform(EXC_C14N)]);
}

function reference(id: string, canonical: string, transforms: readonly Markup[]): Markup {
  return element(
    ds('Reference'),
    [['URI', `#${id}`]],
    [
      element(ds('Transforms'), [], transforms),
      element(ds('DigestMethod'), [['Algorithm', SHA256]]),
      element(ds('DigestValue'), [], [hash('sha256', canonical, 'base64')]),
    ],
  );
}

function transform(algorithm: string, children: readonly Markup[] = []): Markup {
  return element(ds('Transform'), [['Algorithm', algorithm]], children);
}

function prefixListOf(prefixes: readonly string[]): readonly Markup[] {
  if (prefixes.length === 0) return [];
  const name = { prefix: 'ec', uri: EXC_C14N_NS, local: 'InclusiveNamespaces' };
  return [element(name, [['PrefixList', prefixes.join(' ')]])];
}

function writeSignedInfo(signer: Signer, references: readonly Markup[]): Markup {
  return element(
    ds('SignedInfo'),
    [],
    [
      element(ds('CanonicalizationMethod'), [['Algorithm', EXC_C14N]]),
      element(ds('SignatureMethod'), [['Algorithm', signer.algorithm]]),
      ...references,
    ],
  );
}

// SignedInfo as its own apex declares ds on itself; inside ds:Signature the same is written without (S4).
async function writeSignature(
  signedInfo: Markup,
  { signer, keyInfo }: SignOptions,
): Promise<Markup> {
  const value = await signer.sign(Buffer.from(writeCanonical(signedInfo).text));
  return element(
    ds('Signature'),
    [],
    [
      signedInfo,
      element(ds('SignatureValue'), [], [writeBase64(value)]),
      ...(keyInfo === undefined ? [] : [keyInfo]),
    ],
  );
}
