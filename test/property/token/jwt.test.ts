import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ExchangeFailure } from '#core/failure.ts';
import { parseStrictObject } from '#src/tokens/jwt/jws/strict-json.ts';
import { aForeignIssuer, part } from '#test/support/jwt/jwt.ts';
import { trustIn, validating } from '#test/support/jwt/jwt-terms.ts';

const partner = await aForeignIssuer();
const validate = validating({ trusted: [trustIn(partner)] });

async function isRefused(text: string): Promise<boolean> {
  try {
    await validate(text);
    return false;
  } catch (error) {
    assert.ok(error instanceof ExchangeFailure, String(error));
    return true;
  }
}

// What JSON.parse gives back unchanged and a token may hold.
const aJsonValue = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value));

test('Property: any text is refused, by an ExchangeFailure and nothing else', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.tuple(fc.string(), fc.string(), fc.string()).map((parts) => parts.map(part).join('.')),
    fc
      .tuple(aJsonValue, aJsonValue, fc.uint8Array())
      .map(([header, claims, signature]) => [header, claims, signature].map(part).join('.')),
  );

  await fc.assert(fc.asyncProperty(text, isRefused), { numRuns: 500 });
});

test('Property: one changed character anywhere in a good token makes it bad', async () => {
  const token = await partner.sign({ act: { sub: 'bob' }, scope: 'a b' });
  const change = fc.record({
    at: fc.nat(token.length - 1),
    to: fc.constantFrom(
      ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.= '.split(''),
    ),
  });

  await fc.assert(
    fc.asyncProperty(change, async ({ at, to }) => {
      fc.pre(token[at] !== to);
      return isRefused(`${token.slice(0, at)}${to}${token.slice(at + 1)}`);
    }),
    { numRuns: 500 },
  );
});

test('Property: a signed claims set of any content yields facts or an ExchangeFailure, never a crash', async () => {
  const name = fc.constantFrom(
    'act',
    'may_act',
    'cnf',
    'scope',
    'scp',
    'aud',
    'exp',
    'nbf',
    'iat',
    'jti',
    'amr',
    'acr',
  );
  const claims = fc.dictionary(fc.oneof(name, fc.string()), fc.jsonValue({ maxDepth: 3 }));

  await fc.assert(
    fc.asyncProperty(claims, async (members) => {
      await isRefused(await partner.sign(members as Record<string, string>));
    }),
    { numRuns: 300 },
  );
});

const aMemberName = fc.string().filter((name) => name !== '__proto__');

test('Property: strict JSON reads what JSON.parse reads, when no name is written twice', () => {
  const integer = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
  const leaf = fc.oneof(fc.string({ unit: 'grapheme' }), integer, fc.boolean(), fc.constant(null));
  const value = fc.oneof(leaf, fc.array(leaf), fc.dictionary(aMemberName, leaf));

  fc.assert(
    fc.property(fc.dictionary(aMemberName, value), fc.constantFrom(0, 2), (object, indent) => {
      const text = JSON.stringify(object, undefined, indent);
      const members = parseStrictObject(new TextEncoder().encode(text), 'it');
      assert.deepEqual([...members], Object.entries(JSON.parse(text) as object));
    }),
  );
});

const escaped = (name: string): string =>
  [...Array(name.length).keys()]
    .map((at) => `\\u${name.charCodeAt(at).toString(16).padStart(4, '0')}`)
    .join('');

test('Property: a name written twice is refused at any place, however it is spelled', () => {
  const name = aMemberName.filter((text) => text.isWellFormed());
  const wrap = fc.constantFrom('{"x":@}', '{"x":[1,@]}', '{"x":{"y":[[@]]}}', '@');

  fc.assert(
    fc.property(name, fc.boolean(), wrap, aJsonValue, (twice, isEscaped, outer, between) => {
      const second = isEscaped ? `"${escaped(twice)}"` : JSON.stringify(twice);
      const inner = `{${JSON.stringify(twice)}:1,"${twice.length}-other":${between}, ${second} :2}`;
      const text = outer.replace('@', () => inner);
      assert.throws(() => parseStrictObject(new TextEncoder().encode(text), 'it'), {
        reason: 'token-malformed',
      });
    }),
  );
});
