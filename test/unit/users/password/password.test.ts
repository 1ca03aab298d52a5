import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  parseEncodedPassword,
  writeEncodedPassword,
} from '#src/users/password/encoded-password.ts';
import {
  deriveScryptKey,
  hashPassword,
  MAX_PASSWORD_BYTES,
  verifyPassword,
} from '#src/users/password/password.ts';
import { LOWEST_COST } from '../a-user-store.ts';

const SALT = Buffer.alloc(16, 1).toString('base64url');
const HASH = Buffer.alloc(32, 2).toString('base64url');

test('RFC 7914 §12: derives the key of the test vector', async () => {
  const key = await deriveScryptKey({
    password: Buffer.from('pleaseletmein'),
    salt: Buffer.from('SodiumChloride'),
    lengthBytes: 64,
    cost: { N: 16384, r: 8, p: 1 },
  });

  const expected =
    '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2' +
    'd5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887';
  assert.equal(key.toString('hex'), expected);
});

test('Password: a hash verifies its own password only, and two hashes of one password differ', async () => {
  const encoded = await hashPassword('correct horse', LOWEST_COST);
  const again = await hashPassword('correct horse', LOWEST_COST);

  assert.notEqual(encoded, again);
  assert.match(encoded, /^scrypt\$16384\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
  assert.equal(await verifyPassword(encoded, 'correct horse'), true);
  assert.equal(await verifyPassword(encoded, 'correct horse '), false);
  assert.equal(await verifyPassword(encoded, 'Correct horse'), false);
});

test('Password: the standard cost is 32 MiB and three passes, and within the memory that is set', async () => {
  const encoded = await hashPassword('correct horse');

  assert.match(encoded, /^scrypt\$32768\$8\$3\$/);
  assert.equal(await verifyPassword(encoded, 'correct horse'), true);
});

test('Password: the memory that is set fits wide blocks and several passes', async () => {
  const derivation = { password: Buffer.from('x'), salt: Buffer.alloc(16), lengthBytes: 32 };

  const key = await deriveScryptKey({ ...derivation, cost: { N: 2 ** 14, r: 16, p: 4 } });

  assert.equal(key.length, 32);
});

test('RFC 8265 §4.2: composed and decomposed spellings are one password', async () => {
  const encoded = await hashPassword('caf\u00e9', LOWEST_COST);

  assert.equal(await verifyPassword(encoded, 'cafe\u0301'), true);
  assert.equal(await verifyPassword(encoded, 'cafe'), false);
});

for (const [what, password] of [
  ['an empty password', ''],
  ['more bytes than the cap', 'x'.repeat(MAX_PASSWORD_BYTES + 1)],
  ['more bytes than the cap in fewer characters', '\u00e9'.repeat(MAX_PASSWORD_BYTES / 2 + 1)],
  ['a lone surrogate', 'secret\ud800'],
] as const) {
  test(`Password: refuses ${what}, without repeating it`, async () => {
    const encoded = `scrypt$16384$8$1$${SALT}$${HASH}`;
    const isRefusal = (error: Error) =>
      /1 to 1024 bytes/.test(error.message) && !/secret|xx|\u00e9/.test(error.message);

    await assert.rejects(hashPassword(password, LOWEST_COST), isRefusal);
    await assert.rejects(verifyPassword(encoded, password), isRefusal);
  });
}

test('Password: takes as many bytes as the cap', async () => {
  const password = 'x'.repeat(MAX_PASSWORD_BYTES);

  const encoded = await hashPassword(password, LOWEST_COST);

  assert.equal(await verifyPassword(encoded, password), true);
});

test('Password: hashing at a cost that no file may name is refused', async () => {
  await assert.rejects(hashPassword('x', { N: 1024, r: 8, p: 1 }), /N must be from/);
});

for (const [encoded, problem] of [
  ['', /not of the form/],
  ['correct horse', /not of the form/],
  [`bcrypt$16384$8$1$${SALT}$${HASH}`, /not of the form/],
  [`scrypt$16384$8$1$${SALT}`, /not of the form/],
  [`scrypt$16384$8$1$${SALT}$${HASH}$x`, /not of the form/],
  [`scrypt$16384$8$1$${SALT}$${HASH}\n`, /not of the form/],
  [`scrypt$016384$8$1$${SALT}$${HASH}`, /not of the form/],
  [`scrypt$1e5$8$1$${SALT}$${HASH}`, /not of the form/],
  [`scrypt$16384$-8$1$${SALT}$${HASH}`, /not of the form/],
  [`scrypt$16384$8$1$${SALT}=$${HASH}`, /not of the form/],
  [`scrypt$8192$8$1$${SALT}$${HASH}`, /N must be from 16384 to 131072/],
  [`scrypt$262144$8$1$${SALT}$${HASH}`, /N must be from 16384 to 131072/],
  [`scrypt$16385$8$1$${SALT}$${HASH}`, /power of two/],
  [`scrypt$16384$7$1$${SALT}$${HASH}`, /r must be from 8 to 16/],
  [`scrypt$16384$17$1$${SALT}$${HASH}`, /r must be from 8 to 16/],
  [`scrypt$16384$8$5$${SALT}$${HASH}`, /p must be from 1 to 4/],
  [`scrypt$16384$8$1$c2FsdA$${HASH}`, /the salt must have 16 to 64 bytes/],
  [`scrypt$16384$8$1$${SALT}$c2FsdA`, /the hash must have 32 to 64 bytes/],
  [`scrypt$16384$8$1$${SALT}$${HASH.slice(0, -1)}J`, /the hash is not base64url/],
] as const) {
  test(`Encoded password: refuses ${JSON.stringify(encoded)}`, () => {
    assert.throws(
      () => parseEncodedPassword(encoded),
      (error: Error) => problem.test(error.message) && !error.message.includes('horse'),
    );
  });
}

test('Encoded password: what is written is read again', () => {
  const cost = fc.record(
    {
      N: fc.constantFrom(2 ** 14, 2 ** 15, 2 ** 16, 2 ** 17),
      r: fc.integer({ min: 8, max: 16 }),
      p: fc.integer({ min: 1, max: 4 }),
    },
    { noNullPrototype: true },
  );
  const bytes = (minLength: number) =>
    fc.uint8Array({ minLength, maxLength: 64 }).map((array) => Buffer.from(array));

  fc.assert(
    fc.property(cost, bytes(16), bytes(32), (costs, salt, hash) => {
      const encoded = { cost: costs, salt, hash };

      assert.deepEqual(parseEncodedPassword(writeEncodedPassword(encoded)), encoded);
    }),
  );
});

test('Encoded password: any text is read or refused with an Error, and what is read has one spelling', () => {
  const near = fc
    .array(fc.constantFrom('scrypt', '16384', '8', '1', SALT, HASH, '', '-', '0'), { maxLength: 8 })
    .map((parts) => parts.join('$'));

  fc.assert(
    fc.property(fc.oneof(fc.string(), near), (text) => {
      let parsed: ReturnType<typeof parseEncodedPassword>;
      try {
        parsed = parseEncodedPassword(text);
      } catch (error) {
        assert.ok(error instanceof Error);
        return;
      }
      assert.equal(writeEncodedPassword(parsed), text);
    }),
  );
});
