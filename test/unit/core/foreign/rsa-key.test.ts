import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRsaKey } from '#core/foreign/rsa-key.ts';

const ODD = [0xc1, 0x03];

for (const [what, modulus, exponent, is] of [
  ['65537', ODD, [1, 0, 1], true],
  ['3', ODD, [3], true],
  ['the longest exponent', ODD, [0xff, 0xff, 0xff, 0xff], true],
  ['one octet more', ODD, [1, 0, 0, 0, 1], false],
  ['the exponent 1', ODD, [1], false],
  ['an even exponent', ODD, [1, 0], false],
  ['no exponent', ODD, [], false],
  ['an even modulus', [0xc1, 0x02], [1, 0, 1], false],
  ['no modulus', [], [1, 0, 1], false],
] as const)
  test(`RFC 8017 §3.1: ${what} ${is ? 'is taken for' : 'makes no'} RSA key`, () => {
    assert.equal(isRsaKey(new Uint8Array(modulus), new Uint8Array(exponent)), is);
  });
