// Writes the envelope of an answer: prefix `s:` (ws-trust W9), addressing headers only when the request had them, no
// whitespace. The canonical writer of bridge/xml does the escaping; the wire is ASCII.

import { toAsciiWire } from '#bridge/xml/canonical/escape.ts';
import {
  type AttributePair,
  element,
  type FinalXml,
  type Markup,
  type MarkupName,
} from '#bridge/xml/canonical/markup.ts';
import { writeCanonical } from '#bridge/xml/canonical/writer.ts';
import type { Addressing } from './addressing.ts';
import { WSA_2004_ANONYMOUS, WSA_2004_NS } from './namespaces.ts';
import { SOAP_SPELLING, type SoapVersion } from './soap-version.ts';

/** How the request was framed, and so its answer. */
export interface Framing {
  readonly version: SoapVersion;
  readonly addressing: Addressing | undefined;
}

/** What goes into an envelope. */
export interface AnswerParts {
  /** The action of the answer, written when the request had addressing. */
  readonly action: string;
  /** Header blocks besides addressing. */
  readonly headers?: readonly Markup[];
  /** The addressing headers where they are signed already. */
  readonly addressing?: readonly Markup[];
  readonly body: Markup | FinalXml;
  readonly bodyAttributes?: readonly AttributePair[];
  /** Namespaces of QNames in content, declared on the Envelope. */
  readonly declare?: readonly Pick<MarkupName, 'prefix' | 'uri'>[];
}

/** The name of an element of the envelope. */
export function soapName(version: SoapVersion, local: string): MarkupName {
  return { prefix: 's', uri: SOAP_SPELLING[version].namespace, local };
}

/** Writes an answer as ASCII text. Final XML in it is copied byte for byte. */
export function writeAnswer(framing: Framing, parts: AnswerParts): string {
  const { version } = framing;
  const addressing = parts.addressing ?? answerAddressing(framing, parts.action);
  const blocks = [...addressing, ...(parts.headers ?? [])];
  const header = blocks.length === 0 ? [] : [element(soapName(version, 'Header'), [], blocks)];
  const body = element(soapName(version, 'Body'), parts.bodyAttributes ?? [], [parts.body]);
  const envelope = element(soapName(version, 'Envelope'), [], [...header, body]);
  return toAsciiWire(writeCanonical(envelope, { declare: parts.declare ?? [] }).text);
}

/** The addressing headers of an answer, where the request had some; with attributes by their place, for those that are signed. */
export function answerAddressing(
  { addressing }: Framing,
  action: string,
  attributesOf: (index: number) => readonly AttributePair[] = () => [],
): readonly Markup[] {
  if (addressing === undefined) return [];
  const { messageId, namespace } = addressing;
  const headers: readonly (readonly [local: string, text: string])[] = [
    ['Action', action],
    ...(messageId === undefined ? [] : [['RelatesTo', messageId] as const]),
    // In the submission of 2004 (§3) every message has a To; in 1.0 (§3.2) one that is left out means the same.
    ...(namespace === WSA_2004_NS ? [['To', WSA_2004_ANONYMOUS] as const] : []),
  ];
  return headers.map(([local, text], index) =>
    element({ prefix: 'a', uri: namespace, local }, attributesOf(index), [text]),
  );
}
