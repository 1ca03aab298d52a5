// CEL expressions: what they may say, what they cost at most, and that a token can never make one throw or run away.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Environment } from '@marcbachmann/cel-js';
import type { ClaimValue } from '#core/claims/claim.ts';
import type { Evaluation, ExpressionContext } from '#core/decision/expression.ts';
import {
  createExpressionCompiler,
  type ExpressionPurpose,
} from '#src/config/expressions/expression.ts';
import { registerReadings } from '#src/config/expressions/expression-readings.ts';

const compile = createExpressionCompiler();

function aContext(
  claims: Record<string, ClaimValue> = {},
  actor: ExpressionContext['actor'] = null,
): ExpressionContext {
  const subject = { issuer: 'https://idp', id: 'alice', trustedIssuer: 'idp', scopes: ['read'] };
  const requestor = { id: 'gateway', kind: 'client', method: 'none', claims: {} };
  return { subject, actor, requestor, target: { id: 'orders' }, claims };
}

function evaluate(
  source: string,
  context = aContext(),
  purpose: ExpressionPurpose = 'value',
): Evaluation {
  const compiled = compile(source, purpose);
  assert.ok('expression' in compiled, `${source}: ${JSON.stringify(compiled)}`);
  return compiled.expression.evaluate(context);
}

const claim = (value: ClaimValue): ExpressionContext => aContext({ c: value });

function refusalOf(source: string, purpose: ExpressionPurpose = 'value'): string {
  const compiled = compile(source, purpose);
  assert.ok('refusal' in compiled, `${source} was accepted`);
  return compiled.refusal;
}

describe('Expression: values', () => {
  const yields: readonly (readonly [string, ExpressionContext, ClaimValue])[] = [
    ['subject.id + "@" + subject.issuer', aContext(), 'alice@https://idp'],
    ['"read" in subject.scopes', aContext(), true],
    ['requestor.id == "gateway" && target.id == "orders"', aContext(), true],
    ['actor == null', aContext(), true],
    ['actor != null && actor.id == "bob"', aContext(), false],
    [
      'actor != null && actor.id == "bob"',
      aContext({}, { ...aContext().subject, id: 'bob' }),
      true,
    ],
    ['has(actor.id)', aContext(), false],
    ['claims.c >= 3 ? "gold" : "basic"', claim(3), 'gold'],
    ['claims.c + 1', claim(3), 4],
    ['claims.c * 2.0', claim(1.5), 3],
    ['claims.c == 3.0', claim(3), true],
    ['claims.c == "3"', claim(3), false],
    ['claims.c == null', claim(null), true],
    ['claims.c.map(x, x + "!")', claim(['a', 'b']), ['a!', 'b!']],
    ['claims.c.filter(x, x.startsWith("a"))', claim(['a', 'b']), ['a']],
    ['claims.c.exists(x, x == "a")', claim(['b']), false],
    ['claims.c.all(x, x != "a")', claim(['b']), true],
    ['claims.c.exists_one(x, x == "b")', claim(['b']), true],
    ['claims.c.split(",")[1]', claim('a,b'), 'b'],
    ['claims.c.join("-")', claim(['a', 'b']), 'a-b'],
    ['claims["c"].d', claim({ d: true }), true],
    ['claims.c', claim({ d: [1, { e: null }] }), { d: [1, { e: null }] }],
    ['has(claims.c) && !has(claims.d)', claim(1), true],
    ['"c" in claims', claim(1), true],
    ['claims.exists(name, name.startsWith("c"))', claim(1), true],
    ['["a", "b"].exists(p, claims.c.exists(g, g.startsWith(p)))', claim(['bb']), true],
    ['claims.c.lowerAscii() + claims.c.upperAscii()', claim('aB'), 'abAB'],
    // A claim with one value is that value.
    ['"a" in claims.c', claim('a'), true],
    ['"a" in claims.c', claim('abc'), false],
    ['"a" in claims["c"]', claim('b'), false],
    ['3 in claims.c', claim(3), true],
    ['true in claims.c', claim(false), false],
    ['claims.c.exists(x, x == "a")', claim('a'), true],
    ['claims.c.all(x, x != "a")', claim('a'), false],
    ['claims.c.map(x, x + "!")', claim('a'), ['a!']],
    ['"a" in claims.c || claims.c == "b"', claim('b'), true],
    ['"a" in claims.c', claim({ a: 1 }), true],
    ['"a" in (has(claims.c) ? claims.c : [])', claim('a'), true],
    ['(has(claims.d) ? claims.d : claims.c).exists(x, x == "a")', claim('a'), true],
    ['"a" in (claims.c == "b" ? [] : has(claims.d) ? claims.d : claims.c)', claim('a'), true],
    ['size(claims.c)', claim('abc'), 3],
    ['size(claims.c.filter(x, true))', claim('abc'), 1],
    ['int(claims.c) + 1', claim('41'), 42],
    ['int(claims.c) + 1', claim(41.5), 42],
    ['double(claims.c)', claim('1.5e0'), 1.5],
    ['claims.c.exists(x, int(x) > 3)', claim(['1', '4']), true],
  ];

  for (const [source, context, value] of yields) {
    it(`${source} is ${JSON.stringify(value)}`, () => {
      const result = evaluate(source, context);

      assert.deepEqual(structuredClone(result), { value });
    });
  }

  it('lowerAscii changes ASCII letters only: the Kelvin sign is no k', () => {
    assert.deepEqual(evaluate('claims.c.lowerAscii() == "k"', claim('\u212a')), { value: false });
  });

  it('a requestor with one value of a claim has that value', () => {
    const context = aContext();
    const requestor = { ...context.requestor, claims: { roles: 'admin' } };

    for (const source of [
      '"admin" in requestor.claims.roles',
      'requestor.claims.roles.exists(role, role == "admin")',
    ])
      assert.deepEqual(evaluate(source, { ...context, requestor }), { value: true }, source);
  });

  it('rows that share a compiler see the same request', () => {
    const context = aContext({ c: 1 });

    assert.deepEqual(evaluate('claims.c == 1', context), { value: true });
    assert.deepEqual(evaluate('claims.c == 2', context), { value: false });
    assert.deepEqual(evaluate('claims.c == 2', aContext({ c: 2 })), { value: true });
  });

  it('claims are made lists once for a request, not at every step of a walk over one of them', () => {
    const environment = new Environment().registerVariable('claims', 'map<string, dyn>');
    const asLists = registerReadings(environment).parse('asLists(claims)');
    const claims = new Map([['a', 'one']]);

    const lists: unknown = asLists({ claims });

    assert.deepEqual(lists, new Map([['a', ['one']]]));
    assert.equal(asLists({ claims }), lists);
    assert.notEqual(asLists({ claims: new Map(claims) }), lists);
  });
});

describe('Expression: evaluation returns an error and never throws', () => {
  const fails: readonly (readonly [string, ExpressionContext, string])[] = [
    ['claims.missing', aContext(), 'no_such_key at missing'],
    ['claims.c > 1', claim('a'), 'no_such_overload at claims.c > 1'],
    ['claims.c / 0', claim(1), 'division_by_zero at claims.c / 0'],
    ['claims.c[5]', claim(['a']), 'index_out_of_bounds at claims.c[5]'],
    ['actor.id', aContext(), 'no_such_key at id'],
    ['9007199254740993', aContext(), 'the result is not a claim value'],
    ['1.0 / 0.0', aContext(), 'the result is not a claim value'],
    // What we ourselves would not read in a token.
    ['claims.c * claims.c', claim(1e200 / 3 + 0.5), 'the result is not a claim value'],
    ['claims.c * 1e300', claim(1.5), 'the result is not a claim value'],
    ['claims.c.substring(0, 1)', claim('😀'), 'the result is not a claim value'],
  ];

  for (const [source, context, error] of fails) {
    it(`${source}: ${error}`, () => {
      assert.deepEqual(evaluate(source, context), { error });
    });
  }

  // Taken for a number, it would be a low one, or one that is neither above nor below any other.
  for (const text of [
    '',
    ' 1',
    '0x10',
    '0b1',
    '0X1',
    'NaN',
    'nan',
    'inf',
    '-Infinity',
    '1_0',
    '1n',
    '१',
  ])
    it(`the text "${text}" is no number`, () => {
      for (const source of [
        'int(claims.c) < 3',
        'double(claims.c) < 0.8',
        'double(claims.c) >= 0.8',
      ])
        assert.ok('error' in evaluate(source, claim(text)), source);
    });

  // NaN is neither above nor below any bound, so a row that denies from some ratio on would let it pass.
  it('nothing is divided by zero, also where both are fractions or text', () => {
    for (const source of [
      'double(claims.c) / double(claims.c) > 0.5',
      'double(claims.c) / double(claims.c) < 0.5',
      'double(claims.c) / double(claims.c) != 1.0',
      'double(claims.c) / 0.0 > 0.5',
      '[double(claims.c) / double(claims.c)].exists(x, x > 0.5)',
      '1.5 / (double(claims.c) - 0.0) > 0.5',
      'claims.c / (claims.c + 0.5 - 0.5) > 0.5',
    ])
      for (const zero of [0, '0', '-0.0'])
        assert.ok('error' in evaluate(source, claim(zero), 'condition'), `${source} of ${zero}`);

    assert.deepEqual(evaluate('claims.c / 2.0 > 0.5', claim(1.5), 'condition'), { value: true });
    assert.deepEqual(evaluate('3.0 / double(claims.c)', claim('2')), { value: 1.5 });
  });

  it('nothing is compared that is too large for a number: of such a claim too a ratio is none', () => {
    for (const source of [
      'double(claims.c) / double(claims.c) > 0.5',
      'double(claims.c) * 10.0 / (double(claims.c) * 10.0) > 0.5',
      'double(claims.c) * 10.0 - double(claims.c) * 10.0 <= 0.5',
      'double(claims.c) * 10.0 < 0.5',
    ])
      assert.ok('error' in evaluate(source, claim('1e999'), 'condition'), source);

    const source = 'double(claims.c) * 10.0 / (double(claims.c) * 10.0) > 0.5';
    assert.ok('error' in evaluate(source, claim('1e308'), 'condition'));
    assert.deepEqual(evaluate(source, claim('1e300'), 'condition'), { value: true });
  });

  it('types are those of what is written, also where we read it otherwise', () => {
    for (const source of ['1.5 / subject.id > 1.0', 'size(claims.c) > "a"', 'int(true) > 1'])
      assert.match(refusalOf(source), /overload/);
    const source = '[claims.c / double(claims.c), 3.0].exists(x, x > 2.0)';
    assert.deepEqual(evaluate(source, claim(1.5), 'condition'), { value: true });
  });

  it('neither null nor what is too large is a list of one', () => {
    for (const value of [null, 'x'.repeat(4097), ['a', 'x'.repeat(4097)]])
      for (const source of ['"a" in claims.c', 'claims.c.exists(x, x == "b")'])
        assert.ok('error' in evaluate(source, claim(value)), source);
  });

  it('what is no claim and has one value is no list', () => {
    assert.match(refusalOf('"a" in subject.id'), /no such overload/);
    for (const source of ['"a" in claims.c.d', 'claims.c.d.exists(x, x == "a")'])
      assert.ok('error' in evaluate(source, claim({ d: 'a' })), source);
  });

  it('an error does not quote the claim, which may be a secret', () => {
    const result = evaluate('bool(claims.c)', claim('hunter2'));

    assert.deepEqual(result, { error: 'bool_conversion_error at bool(claims.c)' });
  });

  it('a claim that is too large is an error, not an absent claim', () => {
    const context = aContext({
      text: 'x'.repeat(4097),
      list: Array.from({ length: 513 }, () => 'x'),
      heavy: Array.from({ length: 500 }, () => 'x'.repeat(40)),
      deep: JSON.parse(`${'['.repeat(10)}${']'.repeat(10)}`) as ClaimValue,
      small: 'x',
    });

    for (const name of ['text', 'list', 'heavy', 'deep']) {
      assert.ok('error' in evaluate(`claims.${name} != "a"`, context), name);
      assert.ok('error' in evaluate(`!has(claims.${name})`, context), name);
      assert.ok('error' in evaluate(`claims.${name}`, context), name);
    }
    assert.deepEqual(evaluate('claims.small', context), { value: 'x' });
  });

  it('too many claims are an error for every expression', () => {
    const claims = Object.fromEntries(Array.from({ length: 257 }, (_, index) => [`c${index}`, 1]));

    assert.deepEqual(evaluate('1', aContext(claims)), { error: 'the token has too many claims' });
  });
});

describe('Expression: what is refused before start', () => {
  const long = `"${'a'.repeat(1000)}"`;
  const refused: readonly (readonly [string, RegExp])[] = [
    ['1 +', /EOF/],
    [long, /longer than 1000/],
    [Array.from({ length: 120 }, () => '1').join('+'), /maxAstNodes/],
    [`${'('.repeat(40)}1${')'.repeat(40)}`, /maxDepth/],
    [`[${Array.from({ length: 101 }, () => '1').join(',')}]`, /maxListElements/],
    ['unknown', /no variable unknown/],
    ['google', /no variable google/],
    ['cel', /no variable cel/],
    ['subject.idd', /idd/],
    ['subject["idd"]', /idd/],
    ['actor.idd', /actor has no idd/],
    ['claims == claims', /by name/],
    ['[claims]', /by name/],
    ['claims.c.matches("(a+)+$")', /matches is not offered/],
    ['cel.bind(a, 1, a)', /bind is not offered/],
    ['type(1)', /type is not offered/],
    ['numeral(claims.c)', /numeral is not offered/],
    ['timestamp("2027-01-01T00:00:00Z")', /not offered/],
    ['claims.constructor', /not allowed/],
    ['claims["constructor"]', /not allowed/],
    ['claims.__proto__', /not allowed/],
    ['claims["__proto__"]', /not allowed/],
    ['claims.c.prototype', /not allowed/],
    ['"a".constructor', /not allowed/],
    ['has(claims.constructor)', /not allowed/],
    ['claims.c.map(constructor, 1)', /not allowed/],
    ['claims.c.map(claims, 1)', /has a meaning already/],
    ['claims.c.map(x, claims.c.map(x, 1))', /has a meaning already/],
    ['claims.c.exists(x, x.exists(y, y.exists(z, z == 1)))', /nested too deep/],
    ['claims.a.exists(x, claims.b.exists(y, x == y))', /too much work/],
    ['claims.c.map(a, a+a).map(b, b+b).map(c, c+c).map(d, d+d).map(e, e+e)', /too much work/],
    ['claims.c.split("").map(a, claims.c)', /too much work/],
    ['claims.c.join(claims.c)', /too much work/],
    ['b"bytes"', /type bytes/],
    ['1u', /type uint/],
    ['[1, "a"]', /same type/],
    ['1 == "a"', /no such overload/],
    ['claims.?c', /IDENTIFIER/],
  ];

  for (const [source, reason] of refused) {
    it(`${source.slice(0, 60)}: ${reason.source}`, () => {
      assert.match(refusalOf(source), reason);
    });
  }

  for (const source of [
    'claims.admin',
    '"true"',
    '1',
    'subject.id',
    'null',
    'claims.a ? claims.b : claims.c',
  ]) {
    it(`the condition ${source}: it must be bool`, () => {
      assert.match(refusalOf(source, 'condition'), /must be bool/);
    });
  }

  it('tells where', () => {
    const compiled = compile('1 == 1 && nobody', 'condition');

    assert.equal('offset' in compiled ? compiled.offset : undefined, 10);
  });
});
