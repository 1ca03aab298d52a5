import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sourceBlock } from '#core/request/source-block.ts';

for (const [address, block] of [
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:192.0.2.1', '192.0.2.1'],
  ['2001:db8:0:7::1', '2001:db8:0:7::/64'],
  ['2001:DB8:0000:0007:ffff:ffff:ffff:ffff', '2001:db8:0:7::/64'],
  ['2001:db8::7:0:0:0:1', '2001:db8:0:7::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
  ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4::/64'],
] as const) {
  test(`RFC 4291 §2.5.4: ${address} is counted as ${block}`, () => {
    assert.equal(sourceBlock(address), block);
  });
}

test('RFC 4291 §2.5.4: neighbours of another /64 are counted apart', () => {
  assert.notEqual(sourceBlock('2001:db8:0:7::1'), sourceBlock('2001:db8:0:8::1'));
});
