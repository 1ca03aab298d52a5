// saxes as a judge of well-formedness: its events in one list, as our tokenizer tells them.

import { SaxesParser } from 'saxes';
import { isNcName } from '#bridge/xml/characters.ts';
import { tokenize } from '#bridge/xml/parser/tokenizer.ts';

type Told = readonly [event: string, ...details: string[]];

/** What a document is made of, text in one piece wherever it comes in several. */
function createRecord() {
  const told: Told[] = [];
  return {
    told,
    push: (...event: Told) => void told.push(event),
    text: (text: string): void => {
      const [event, before] = told.at(-1) ?? [];
      if (event === 'text') told.pop();
      const whole = `${event === 'text' ? before : ''}${text}`;
      if (whole !== '') told.push(['text', whole]);
    },
  };
}

/** What saxes tells of a document.
 * @throws {Error} when it is not well-formed, or has what we never take: DOCTYPE, a processing instruction, XML 1.1 */
export function saxesEvents(text: string): readonly Told[] {
  const { told, push, text: addText } = createRecord();
  const parser = new SaxesParser({ xmlns: true, position: false });
  let depth = 0;
  const refuse = (cause: unknown): never => {
    throw new Error('refused', { cause });
  };
  parser.on('error', refuse);
  parser.on('doctype', refuse);
  parser.on('processinginstruction', refuse);
  parser.on('xmldecl', ({ version, encoding = 'UTF-8' }) => {
    if (version !== '1.0' || encoding.toUpperCase() !== 'UTF-8') refuse('declaration');
  });
  parser.on('opentag', ({ name, attributes }) => {
    depth += 1;
    const written = Object.values(attributes);
    // It takes a name for one whose parts are none.
    for (const one of [name, ...written.map((attribute) => attribute.name)])
      if (!one.split(':').every(isNcName)) refuse(one);
    push('open', name, ...written.flatMap((attribute) => [attribute.name, attribute.value]));
  });
  parser.on('closetag', () => {
    depth -= 1;
    push('close');
  });
  const inside = (piece: string): void => {
    if (depth > 0) addText(piece);
  };
  parser.on('text', inside);
  parser.on('cdata', inside);
  parser.on('comment', () => push('comment'));
  parser.write(text).close();
  return told;
}

/** What our tokenizer tells of the same document.
 * @throws {XmlFailure} as it does */
export function ownEvents(document: string): readonly Told[] {
  const { told, push, text } = createRecord();
  tokenize(document, {
    openTag: (name, attributes) =>
      push(
        'open',
        name.written,
        ...attributes.flatMap((attribute) => [attribute.name.written, attribute.value]),
      ),
    closeTag: () => push('close'),
    text,
    comment: () => push('comment'),
  });
  return told;
}
