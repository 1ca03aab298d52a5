import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBase64, writeBase64 } from '#bridge/xml/base64.ts';
import { parseDateTime, writeDateTime } from '#bridge/xml/date-time.ts';
import {
  childrenNamed,
  optionalChild,
  requiredChild,
  resolveQName,
  textOf,
  trimmedTextOf,
} from '#bridge/xml/reader.ts';
import { elementsOf } from '#bridge/xml/tree.ts';
import { assertRefused, parse } from '#test/support/xml/refusal.ts';

test('XML V12: text is joined and kept as written', () => {
  const { root } = parse('<a> x<![CDATA[y]]>&amp; \n</a>');

  assert.equal(textOf(root), ' xy& \n');
  assert.equal(trimmedTextOf(root), 'xy&');
});

test('XML V12: space is taken off the ends of a text, and off nothing else', () => {
  const ends = '\t\n\r ';
  for (const [text, trimmed] of [
    ['', ''],
    [' ', ''],
    ['x', 'x'],
    [`${ends}x${ends}y${ends}`, `x\t\n\n y`],
    ['\u00a0x\u2003', '\u00a0x\u2003'],
  ])
    assert.equal(trimmedTextOf(parse(`<a>${text}</a>`).root), trimmed);
});

test('XML V12: text with an element child is an error', () => {
  assertRefused(() => textOf(parse('<a>admin<b/>.evil</a>').root), 'text-malformed');
});

test('XML V12: element content with text is an error', () => {
  assertRefused(() => elementsOf(parse('<a>x<b/></a>').root), 'element-unexpected');
});

test('XML V12: children are found by namespace and local name, never by prefix', () => {
  const { root } = parse('<a xmlns:p="u:1"><p:b/><q:b xmlns:q="u:1"/><p:b xmlns:p="u:2"/><b/></a>');

  assert.equal(childrenNamed(root, 'u:1', 'b').length, 2);
  assert.equal(requiredChild(root, 'u:2', 'b').prefix, 'p');
  assert.equal(optionalChild(root, 'u:3', 'b'), undefined);
});

test('XML A1: two candidates are refused instead of choosing one', () => {
  const { root } = parse('<a><b/><b/></a>');

  assertRefused(() => requiredChild(root, '', 'b'), 'element-repeated');
  assertRefused(() => optionalChild(root, '', 'b'), 'element-repeated');
  assertRefused(() => requiredChild(root, '', 'c'), 'element-missing');
});

test('XML V12: a QName in content is resolved in the scope of its element', () => {
  const { root } = parse('<a xmlns="u:d" xmlns:p="u:p"/>');

  assert.deepEqual(resolveQName(root, 'p:x'), { uri: 'u:p', local: 'x' });
  assert.deepEqual(resolveQName(root, 'x'), { uri: 'u:d', local: 'x' });
  for (const text of ['q:x', 'p:', ':x', 'p:x:y', '', 'p x']) {
    assertRefused(() => resolveQName(root, text), 'text-malformed');
  }
});

test('XML B14: base64 has one spelling per value', () => {
  assert.equal(parseBase64(' aGk=\n').toString(), 'hi');
  assert.equal(writeBase64(Buffer.from('hi')), 'aGk=');
  assert.equal(parseBase64('').length, 0);
  for (const text of ['aGk', 'aGl=', 'aGk==', 'aGk=aGk=', 'a-_k', 'aG!k=', 'aGk=\u00a0', 'a']) {
    assertRefused(() => parseBase64(text), 'text-malformed');
  }
});

test('XML E2: instants are UTC, with any fraction', () => {
  const expected = Date.UTC(2026, 1, 28, 23, 59, 58) / 1000;

  for (const tail of ['Z', '.1Z', '.123456789Z', '+00:00', '.5+00:00']) {
    assert.equal(parseDateTime(`2026-02-28T23:59:58${tail}`), expected);
  }
  assert.equal(parseDateTime('0099-01-01T00:00:00Z'), -59042995200);
  assert.equal(writeDateTime(expected), '2026-02-28T23:59:58.000Z');
});

test('ws-trust W7: every day of four hundred years is written and read as the runtime does it', () => {
  for (const day of [...Array(146_097).keys(), 2_932_896]) {
    const instant = day * 86_400 + ((day * 7919) % 86_400);
    const text = new Date(instant * 1000).toISOString();
    if (writeDateTime(instant) !== text) assert.equal(writeDateTime(instant), text);
    if (parseDateTime(text) !== instant) assert.equal(parseDateTime(text), instant);
  }
  assert.equal(writeDateTime(-1), '1969-12-31T23:59:59.000Z');
  assert.equal(writeDateTime(1.5), '1970-01-01T00:00:01.500Z');
  assert.throws(() => writeDateTime(Number.NaN), RangeError);
});

test('XML E2: other zones, local time and instants that do not exist are refused', () => {
  const refused = [
    '2026-02-28T23:59:58',
    '2026-02-28T23:59:58+01:00',
    '2026-02-28T23:59:58-00:00',
    '2026-02-30T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T23:59:60Z',
    '2026-13-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '12026-01-01T00:00:00Z',
    '-2026-01-01T00:00:00Z',
    '2026-01-01',
    '2026-01-01T00:00:00.Z',
    '',
  ];
  for (const text of refused) assertRefused(() => parseDateTime(text), 'text-malformed');
});
