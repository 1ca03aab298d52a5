import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guessVersion, readSoapHttpHeaders } from '#bridge/soap/content-type.ts';
import { contentTypeOf } from '#bridge/soap/soap-version.ts';
import { refusedAs } from '#test/support/core.ts';

const read = (contentType: string, soapaction?: string) =>
  readSoapHttpHeaders({
    'content-type': contentType,
    ...(soapaction !== undefined && { soapaction }),
  });

const accepted = [
  ['text/xml', { version: '1.1' }],
  ['text/xml; charset=utf-8', { version: '1.1' }],
  ['Text/XML;charset="UTF-8"', { version: '1.1' }],
  ['text/xml; charset="utf-8";', { version: '1.1' }],
  ['text/xml; charset=utf8', { version: '1.1' }],
  ['application/soap+xml; charset="UTF8"', { version: '1.2' }],
  ['application/soap+xml', { version: '1.2' }],
  ['application/soap+xml; charset=utf-8', { version: '1.2' }],
  ['application/soap+xml;action="urn:a;b"', { version: '1.2', action: 'urn:a;b' }],
  ['application/soap+xml; action=urn:a; charset=utf-8', { version: '1.2', action: 'urn:a' }],
  ['text/xml; action="urn:a"', { version: '1.1' }],
  ['text/xml \t; charset=utf-8', { version: '1.1' }],
  ['text/xml; charset="utf\\-8"', { version: '1.1' }],
  ['application/soap+xml; action="urn:a\\"b\\\\c"', { version: '1.2', action: 'urn:a"b\\c' }],
  ['application/soap+xml; action=""', { version: '1.2' }],
] as const;
for (const [contentType, expected] of accepted)
  test(`RFC 9110 §8.3: reads ${contentType}`, () => {
    assert.deepEqual(read(contentType), expected);
  });

for (const contentType of [
  '',
  'text/html',
  'application/xml',
  'multipart/related; type="text/xml"',
  'text/xml; charset=iso-8859-1',
  'text/xml; charset=utf-16',
  'text/xml; charset=utf--8',
  'text/xml; charset=utf-80',
  'text/xml; charset=xutf8',
  'text/xml; Charset=utf-16',
  'text/xml; charset=utf-8; charset=utf-7',
  'text/xml; charset=utf-7; charset=utf-8',
  'application/soap+xml; action=urn:a; action=urn:b',
  'text/xml; charset',
  'text/xml, application/soap+xml',
  'text/xml; a="',
  `text/xml; a="${'x'.repeat(2000)}"`,
])
  test(`RFC 9110 §8.3: refuses ${contentType.slice(0, 60) || 'no content type'}`, () => {
    assert.throws(() => read(contentType), refusedAs('request-malformed'));
  });

const actions = [
  ['"urn:a"', 'urn:a'],
  ['urn:a', 'urn:a'],
  ['""', undefined],
  ['', undefined],
] as const;
for (const [value, expected] of actions)
  test(`ws-trust W11: SOAPAction ${value || 'empty'} is read`, () => {
    assert.equal(read('text/xml', value).soapAction, expected);
  });

test('SOAP 1.1 §6.1.1: refuses a SOAPAction with a stray quote, and two of them', () => {
  for (const stray of ['"urn:a', 'urn:a"b"', '"a"urn:b', '"urn:a"b"'])
    assert.throws(() => read('text/xml', stray), refusedAs('request-malformed'), stray);
  assert.throws(
    () => readSoapHttpHeaders({ 'content-type': 'text/xml', soapaction: ['urn:a', 'urn:b'] }),
    refusedAs('request-malformed'),
  );
});

test('xml-security C3: header values longer than 1024 characters are refused', () => {
  const long = 'x'.repeat(1024);

  assert.equal(read('text/xml', long).soapAction, long);
  assert.throws(() => read('text/xml', `${long}x`), refusedAs('request-malformed'));
});

test('ws-trust W1: an answer names its charset, in the type of the version', () => {
  assert.equal(contentTypeOf('1.1'), 'text/xml; charset=utf-8');
  assert.equal(contentTypeOf('1.2'), 'application/soap+xml; charset=utf-8');
});

test('ws-trust W1: a message that cannot be read is answered in the version of its content type', () => {
  assert.equal(guessVersion({ 'content-type': 'application/soap+xml; charset=x' }), '1.2');
  assert.equal(guessVersion({ 'content-type': 'Application/SOAP+XML' }), '1.2');
  assert.equal(guessVersion({ 'content-type': 'text/xml' }), '1.1');
  assert.equal(guessVersion({ 'content-type': 'text/xml; a="application/soap+xml"' }), '1.1');
  assert.equal(guessVersion({ 'content-type': ['application/soap+xml'] }), '1.1');
  assert.equal(guessVersion({}), '1.1');
});
