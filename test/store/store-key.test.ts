import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { storeKeyText } from '#src/store/store-key.ts';

/** Parts full of what could be taken for structure. */
const hostilePart = fc.string({
  unit: fc.constantFrom('a', '\0', ':', '0', '1', '2', '\ud800', '\udc00', '\ufffd'),
  maxLength: 4,
});

describe('storeKeyText', () => {
  it('gives different keys to different parts', () => {
    const parts = fc.array(hostilePart, { maxLength: 4 });
    fc.assert(
      fc.property(parts, parts, (left, right) => {
        const isSame = JSON.stringify(left) === JSON.stringify(right);
        const leftText = storeKeyText({ class: 'once', parts: left });
        const rightText = storeKeyText({ class: 'once', parts: right });

        assert.equal(leftText === rightText, isSame);
      }),
      { numRuns: 2000 },
    );
  });

  it('names the class and hides the parts', () => {
    const text = storeKeyText({ class: 'revoked', parts: ['https://issuer.example', 'id'] });

    assert.match(text, /^sts:revoked:[\w-]{43}$/);
  });

  it('stays the same from release to release, as marks outlive a restart', () => {
    const text = storeKeyText({ class: 'once', parts: ['https://issuer.example', 'id'] });

    assert.equal(text, 'sts:once:qL7C6NDwIrJIv7JMhPBFf59q8dSYDcPIcTw3hrqmJrk');
  });
});
