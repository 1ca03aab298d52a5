// Writes SOAP faults (SOAP 1.1 §4.4, SOAP 1.2 Part 1 §5.4) in the one form that old clients read (ws-trust W12):
// 1.1 with unqualified faultcode and faultstring; 1.2 with one prefixed Subcode and one Text. No detail, no whitespace.

import { element, type Markup, type MarkupName, seal } from '#bridge/xml/canonical/markup.ts';
import { writeCanonical } from '#bridge/xml/canonical/writer.ts';
import { XML_NS } from '#bridge/xml/namespaces.ts';
import { type Framing, soapName, writeAnswer } from './answer.ts';
import { WSA_2004_NS, WSA_NS } from './namespaces.ts';

/** A fault. The reason is a fixed sentence: never a text of the failure. */
export interface SoapFault {
  /** Whose mistake it is, or what SOAP itself refuses. */
  readonly party: 'Sender' | 'Receiver' | 'MustUnderstand' | 'VersionMismatch';
  /** The code of the standard that refuses. */
  readonly code: MarkupName;
  readonly reason: string;
}

const FAULT_ACTIONS: Readonly<Record<string, string>> = {
  [WSA_NS]: `${WSA_NS}/soap/fault`,
  [WSA_2004_NS]: `${WSA_2004_NS}/fault`,
};
const LANGUAGE: MarkupName = { prefix: 'xml', uri: XML_NS, local: 'lang' };

/** Writes a fault as ASCII text, with these header blocks besides addressing. */
export function writeFault(
  framing: Framing,
  fault: SoapFault,
  headers: readonly Markup[] = [],
): string {
  const { addressing, version } = framing;
  const action = FAULT_ACTIONS[addressing?.namespace ?? WSA_NS] ?? '';
  const declare = [fault.code];
  if (version === '1.1')
    return writeAnswer(framing, { action, headers, body: fault11(fault), declare });
  // Apache CXF reads the prefixes of the Envelope only where there is a Header: that of the code is declared on the Fault.
  const { text } = writeCanonical(fault12(fault), { declare });
  // `s` too, a second time and with the same meaning: a fault is not signed, so nobody minds what it declares.
  return writeAnswer(framing, { action, headers, body: seal(text, new Set()) });
}

function fault11({ party, code, reason }: SoapFault): Markup {
  // Here the code stands in the place of Sender and Receiver; the two codes of SOAP itself have no other place.
  const isOfSoap = party === 'MustUnderstand' || party === 'VersionMismatch';
  const faultcode = isOfSoap ? `s:${party}` : qualified(code);
  return element(
    soapName('1.1', 'Fault'),
    [],
    [
      element({ prefix: '', uri: '', local: 'faultcode' }, [], [faultcode]),
      element({ prefix: '', uri: '', local: 'faultstring' }, [], [reason]),
    ],
  );
}

function fault12({ party, code, reason }: SoapFault): Markup {
  const subcode = element(name12('Subcode'), [], [value12(qualified(code))]);
  return element(
    name12('Fault'),
    [],
    [
      element(name12('Code'), [], [value12(`s:${party}`), subcode]),
      element(name12('Reason'), [], [element(name12('Text'), [[LANGUAGE, 'en']], [reason])]),
    ],
  );
}

const qualified = ({ prefix, local }: MarkupName): string => `${prefix}:${local}`;
const name12 = (local: string): MarkupName => soapName('1.2', local);
const value12 = (text: string): Markup => element(name12('Value'), [], [text]);
