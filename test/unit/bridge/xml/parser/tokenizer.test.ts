import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tokenize } from '#bridge/xml/parser/tokenizer.ts';
import { assertRefused } from '#test/support/xml/refusal.ts';
import { ownEvents } from '#test/support/xml/saxes.ts';

const refusals: readonly [title: string, text: string][] = [
  ['XML 1.0 §3.1: refuses attributes without a space between them', '<a b="1"c="2"/>'],
  ['XML 1.0 §3.1: refuses a space before the name of a tag', '< a/>'],
  ['XML 1.0 §3.1: refuses a space in the end of an empty tag', '<a/ >'],
  ['XML 1.0 §3.1: refuses an attribute in an end tag', '<a></a b="1">'],
  ['XML 1.0 §3.1: refuses an end tag that goes on after the name', '<a></ab>'],
  ['XML 1.0 §3.1: refuses an end tag alone', '</a>'],
  ['XML 1.0 §3.1: refuses an attribute without a value', '<a b/>'],
  ['XML 1.0 §3.1: refuses a value whose quotes differ', '<a b="1\'/>'],
  ['XML 1.0 §2.1: refuses an end in a name', '<a'],
  ['XML 1.0 §2.1: refuses an end in an attribute', '<a b="'],
  ['XML 1.0 §2.1: refuses an end in an end tag', '<a></a'],
  ['XML 1.0 §2.7: refuses an end in CDATA', '<a><![CDATA[ ]] ></a>'],
  ['XML 1.0 §2.5: refuses a comment that ends with three hyphens', '<!-- --->'],
  ['XML 1.0 §2.5: refuses a comment that is its own end', '<!-->'],
  ['XML 1.0 §2.8: refuses markup that is none', '<a><!ELEMENT a ANY></a>'],
  ['XML 1.0 §2.8: refuses a declaration without a version', '<?xml encoding="UTF-8"?><a/>'],
  ['XML 1.0 §2.8: refuses a version that is none', "<?xml version='1x0'?><a/>"],
  [
    'XML 1.0 §2.8: refuses a declaration without a space',
    '<?xml version="1.0"encoding="UTF-8"?><a/>',
  ],
  [
    'XML 1.0 §2.9: refuses another word for standalone',
    '<?xml version="1.0" standalone="maybe"?><a/>',
  ],
  ['XML 1.0 §4.1: refuses a bare ampersand', '<a>b & c</a>'],
  ['XML 1.0 §4.1: refuses a reference without an end', '<a>&amp</a>'],
  ['XML 1.0 §4.1: refuses an entity with one character for its end', '<a>&ampx</a>'],
  ['XML 1.0 §3.1: refuses a value that a letter opens and a quote ends', "<a b=c'/>"],
  ['XML 1.0 §4.1: refuses a reference without digits', '<a>&#x;</a>'],
  ['XML 1.0 §4.1: refuses a decimal reference with letters', '<a>&#1f;</a>'],
  ['XML 1.0 §4.1: refuses a reference of endless digits', `<a>&#${'9'.repeat(400)};</a>`],
  ['Namespaces in XML 1.0 §4: refuses an element whose prefix is empty', '<:a/>'],
  ['Namespaces in XML 1.0 §4: refuses an attribute whose prefix is empty', '<a :b="1"/>'],
  ['Namespaces in XML 1.0 §4: refuses a name without a local part', '<a:/>'],
];

for (const [title, text] of refusals) {
  test(title, () => {
    assertRefused(() => ownEvents(text), 'not-well-formed');
  });
}

test('XML 1.0 §2.3: tabs and line ends separate as spaces do', () => {
  assert.deepEqual(ownEvents('<a\tb = "1"\n\tc\n=\t\'2\'\r\n></a\t\n>'), [
    ['open', 'a', 'b', '1', 'c', '2'],
    ['close'],
  ]);
});

test('XML 1.0 §3.3.3: white space in a value is spaces, referenced white space stays', () => {
  const [[, , , value] = []] = ownEvents('<a b="1\t2\r\n3&#13;&#xA;&#9;4&lt;"/>');

  assert.equal(value, '1 2 3\r\n\t4<');
});

test('XML 1.0 §4.4: what a reference stands for is not read again', () => {
  assert.deepEqual(ownEvents('<a>&#38;lt;&amp;amp;</a>'), [
    ['open', 'a'],
    ['text', '&lt;&amp;'],
    ['close'],
  ]);
});

test('XML 1.0 §2.8: a declaration may name version, encoding and standalone, in either quotes', () => {
  const declarations = [
    '<?xml version="1.0"?>',
    "<?xml version='1.0' encoding='utf-8'?>",
    '<?xml\tversion = "1.0"\n standalone="no" ?>',
    '<?xml version="1.0" encoding="UTF-8" standalone=\'yes\'?>',
  ];

  for (const declaration of declarations)
    assert.deepEqual(ownEvents(`${declaration}\n<a/>`), [['open', 'a'], ['close']]);
});

test('Style §8: what the handler throws is thrown on', () => {
  const failure = new Error('from the handler');
  const fail = (): never => {
    throw failure;
  };

  assert.throws(
    () => tokenize('<a/>', { openTag: fail, closeTag: fail, text: fail, comment: fail }),
    failure,
  );
});
