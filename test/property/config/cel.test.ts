// CEL under random input: no context makes an evaluation throw, no source makes the compiler throw, no result is unsafe.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { ClaimValue } from '#core/claims/claim.ts';
import type { ExpressionContext, ExpressionParty } from '#core/decision/expression.ts';
import { createExpressionCompiler } from '#src/config/expressions/expression.ts';

const compile = createExpressionCompiler();

const hostileName = fc.constantFrom(
  '__proto__',
  'constructor',
  'toString',
  'valueOf',
  'then',
  'length',
);
const name = fc.oneof(hostileName, fc.constantFrom('a', 'b', 'c'), fc.string());

const claimValue: fc.Arbitrary<ClaimValue> = fc.letrec<{ value: ClaimValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string(),
    fc.double(),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value')),
    fc.dictionary(name, tie('value')),
    fc.constant('x'.repeat(5000)),
  ),
})).value;

const party: fc.Arbitrary<ExpressionParty> = fc.record({
  issuer: fc.string(),
  id: fc.string(),
  trustedIssuer: fc.string(),
  scopes: fc.array(fc.string()),
});

const context: fc.Arbitrary<ExpressionContext> = fc.record({
  subject: party,
  actor: fc.option(party),
  requestor: fc.record({
    id: fc.string(),
    kind: fc.string(),
    method: fc.string(),
    claims: fc.dictionary(name, claimValue),
  }),
  target: fc.record({ id: fc.string() }),
  claims: fc.dictionary(name, claimValue),
});

const SOURCES = [
  'claims.a == claims.b',
  'claims.a in requestor.claims.b',
  'claims.a in claims.b',
  'claims.a.exists(x, x == claims.b)',
  'claims.a.map(x, x + claims.b)',
  'claims.a.filter(x, x.size() > 1).map(y, string(y))',
  'claims.a[claims.b]',
  'claims.a.b.c',
  'has(claims.a) ? claims.a : claims.b',
  'claims.map(k, claims[k])',
  'claims.a + claims.b',
  '-claims.a < int(claims.b)',
  'claims.a.split(claims.b)',
  'claims.a.join(",")',
  'claims.a.substring(1)',
  'actor.id == subject.id && "a" in actor.scopes',
  'double(claims.a) / double(claims.b)',
  '{"k": claims.a}',
  '[claims.a]',
] as const;

const expressions = SOURCES.map((source) => {
  const compiled = compile(source, 'value');
  assert.ok('expression' in compiled, `${source}: ${JSON.stringify(compiled)}`);
  return compiled.expression;
});

it('Expression: a random context gives a JSON value or an error, and never throws', () => {
  fc.assert(
    fc.property(context, fc.constantFrom(...expressions), (input, expression) => {
      const result = expression.evaluate(input);

      if ('value' in result) assert.doesNotThrow(() => JSON.stringify(result.value));
      else assert.equal(typeof result.error, 'string');
    }),
    { numRuns: 3000 },
  );
});

it('Expression: no evaluation leaves a trace in the prototypes of the process', () => {
  fc.assert(
    fc.property(context, fc.constantFrom(...expressions), (input, expression) => {
      const before = Reflect.ownKeys(Object.prototype).length;

      expression.evaluate(input);

      assert.equal(Reflect.ownKeys(Object.prototype).length, before);
    }),
    { numRuns: 300 },
  );
});

it('Expression: equal contexts give equal results', () => {
  fc.assert(
    fc.property(context, fc.constantFrom(...expressions), (input, expression) => {
      assert.deepEqual(expression.evaluate(input), expression.evaluate({ ...input }));
    }),
    { numRuns: 500 },
  );
});

const word = fc.oneof(
  fc.constantFrom(
    'claims',
    'subject',
    'actor',
    '.a',
    '["a"]',
    '.exists(',
    'x, ',
    ')',
    '(',
    '==',
    '+',
    '?',
    ':',
  ),
  fc.constantFrom(
    '.map(',
    'in',
    '!',
    '-',
    '1',
    '"s"',
    '&&',
    '||',
    'has(',
    '.__proto__',
    '.constructor',
    '[',
    ']',
  ),
  fc.string({ maxLength: 4 }),
);

it('Expression: a random source is accepted or refused, and never throws', () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 30 }), context, (words, input) => {
      const compiled = compile(words.join(' '), 'value');

      if ('expression' in compiled) compiled.expression.evaluate(input);
      else assert.notEqual(compiled.refusal, '');
    }),
    { numRuns: 3000 },
  );
});
