import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createUserNameKey } from '#core/request/user-domain.ts';

const CORP = { names: ['CORP', 'corp.example'] };
const EMEA = { names: ['emea.example', 'EMEA'] };

describe('User names in domains', () => {
  test('are one name in all its spellings, and each domain has its own', () => {
    const nameKey = createUserNameKey([CORP, EMEA]);
    const keys = (names: readonly string[]) => new Set(names.map(nameKey));

    const corp = keys(['CORP\\bob', 'corp\\bob', 'bob@corp.example', 'corp.EXAMPLE\\bob']);
    const emea = keys(['EMEA\\bob', 'bob@emea.example']);

    assert.equal(corp.size, 1);
    assert.equal(emea.size, 1);
    assert.equal(keys(['CORP\\bob', 'EMEA\\bob', 'bob', 'CORP\\Bob']).size, 4);
  });

  for (const name of [
    'bob',
    'CORP\\',
    '\\bob',
    '@corp',
    'bob@',
    'CORP\\bob@corp',
    'EMEA\\CORP\\bob',
    'bob@corp@corp',
    'OTHER\\bob',
    'bob@corp.example.org',
    ' CORP\\bob',
    'CORP \\bob',
  ])
    test(`are taken as they are when they are no spelling: ${JSON.stringify(name)}`, () => {
      assert.equal(createUserNameKey([CORP, EMEA])(name), name);
    });

  test('without a domain are of the default, where there is one', () => {
    const nameKey = createUserNameKey([EMEA, { ...CORP, isDefault: true }]);

    assert.equal(nameKey('bob'), nameKey('CORP\\bob'));
    assert.notEqual(nameKey('bob'), nameKey('EMEA\\bob'));
    assert.equal(nameKey('OTHER\\bob'), 'OTHER\\bob');
  });

  test('differ by case, but in a domain that ignores it', () => {
    const nameKey = createUserNameKey([{ ...CORP, ignoresCase: true, isDefault: true }, EMEA]);
    const keys = (names: readonly string[]) => new Set(names.map(nameKey));

    assert.equal(keys(['CORP\\Bob', 'corp\\BOB', 'boB@corp.example', 'bob', 'BOB']).size, 1);
    assert.equal(keys(['EMEA\\bob', 'EMEA\\Bob', 'OTHER\\bob', 'OTHER\\Bob']).size, 4);
    assert.equal(createUserNameKey([{ ...CORP, ignoresCase: true }])('Bob'), 'Bob');
  });

  test('are compared in NFC', () => {
    const nameKey = createUserNameKey([{ names: ['REN\u00c9E'] }]);

    assert.equal(nameKey('Rene\u0301e\\rene\u0301e'), nameKey('ren\u00e9e@ren\u00e9e'));
    assert.equal(createUserNameKey()('e\u0301'), '\u00e9');
  });

  test('have a key that is its own, and that no name of another user has', () => {
    const nameKey = createUserNameKey([CORP, { ...EMEA, isDefault: true }]);
    const part = fc.constantFrom('CORP', 'corp.example', 'EMEA', 'bob', 'Bob', '\\', '@', 'x', '');
    const name = fc.array(part, { maxLength: 5 }).map((parts) => parts.join(''));
    const local = (text: string) => /([^\\@]*)(?:@[^\\@]*)?$/.exec(text)?.[1];

    fc.assert(
      fc.property(name, (text) => {
        const key = nameKey(text);
        assert.equal(nameKey(key), key);
        if (key !== text) assert.equal(local(key), local(text));
      }),
    );
  });
});
