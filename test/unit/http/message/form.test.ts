import assert from 'node:assert/strict';
import test from 'node:test';
import { parseForm } from '#src/http/message/form.ts';

const MALFORMED = { name: 'ExchangeFailure', reason: 'request-malformed' };

test('form: parameters come in order, decoded, with duplicates', () => {
  assert.deepEqual(parseForm('resource=https%3A%2F%2Fa&scope=a+b%2Bc&resource=b&empty='), [
    ['resource', 'https://a'],
    ['scope', 'a b+c'],
    ['resource', 'b'],
    ['empty', ''],
  ]);
});

test('form: an empty body has no parameters', () => {
  assert.deepEqual(parseForm(''), []);
});

test('form: a name may be one letter, a value empty', () => {
  assert.deepEqual(parseForm('a=1&b='), [
    ['a', '1'],
    ['b', ''],
  ]);
});

test('form: a value may hold an equals sign', () => {
  assert.deepEqual(parseForm('assertion=YWI=='), [['assertion', 'YWI==']]);
});

test('form: a plus sign is a space, also where nothing else is encoded', () => {
  assert.deepEqual(parseForm('scope=a+b'), [['scope', 'a b']]);
});

test('form: UTF-8 in percent encoding is decoded', () => {
  assert.deepEqual(parseForm('username=J%C3%B6rg'), [['username', 'Jörg']]);
});

for (const [name, text] of [
  ['a percent sign without digits', 'a=%'],
  ['a percent sign with one digit', 'a=%4'],
  ['a percent sign with other letters', 'a=%zz'],
  ['bytes that are not UTF-8', 'a=%ff'],
  ['an overlong encoding', 'a=%c0%af'],
  ['an encoded surrogate', 'a=%ed%a0%80'],
  ['a lone surrogate', 'a=\ud800'],
  ['a broken name', '%zz=a'],
  ['a parameter without an equals sign', 'a=1&b'],
  ['a parameter without a name', '=1'],
  ['an empty parameter', 'a=1&&b=2'],
  ['an ampersand at the end', 'a=1&'],
  ['NUL in a value', 'a=1%00admin'],
  ['NUL in a name', 'a%00=1'],
] as const) {
  test(`form: ${name} is refused`, () => {
    assert.throws(() => parseForm(text), MALFORMED);
  });
}

test('form: 200 parameters are the limit', () => {
  const form = (count: number) => Array.from({ length: count }, (_, i) => `p${i}=1`).join('&');

  assert.equal(parseForm(form(200)).length, 200);
  assert.throws(() => parseForm(form(201)), MALFORMED);
});
