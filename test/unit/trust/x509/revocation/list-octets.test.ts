// The octets of a list of revocation (RFC 5280 §5.1, X.690 §10): entries as they must be, and everything that is none.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { DerFailure } from '#src/trust/x509/der.ts';
import { parseRevocationList } from '#src/trust/x509/revocation/crl.ts';
import { aSequence } from '#test/support/x509/der.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

const ALGORITHM = hex('300a 0608 2a8648ce3d040302');
const NAME = hex('300f 310d 300b 0603 550403 0c04 526f6f74');
const TIME = hex('170d 3236303130313030303030305a');
const NEXT = hex('170d 3336303130313030303030305a');
const SIGNATURE = hex('0303 00 0102');
const REASON = hex('300a 0603 551d15 0403 0a0101');

/** A list with these octets where its entries and extensions are. */
const aListWith = (...rest: readonly Uint8Array[]): Buffer =>
  aSequence(aSequence(hex('020101'), ALGORITHM, NAME, TIME, NEXT, ...rest), ALGORITHM, SIGNATURE);

const aListOf = (...entries: readonly Uint8Array[]): Buffer => aListWith(aSequence(...entries));
const integer = (octets: Uint8Array): Buffer =>
  Buffer.concat([Buffer.of(2, octets.byteLength), octets]);
const anEntry = (serial: Uint8Array, ...rest: readonly Uint8Array[]): Buffer =>
  aSequence(integer(serial), TIME, ...rest);

const valueOf = (octets: Uint8Array): bigint => BigInt(`0x${Buffer.from(octets).toString('hex')}`);
const serials = fc.uint8Array({ minLength: 1, maxLength: 20 });

describe('RFC 5280 §5.1.2.6: the entries of a list', () => {
  test('name whom they name and nobody else', () => {
    // Some end with the same octets, as those of one authority may.
    const ending = fc.tuple(fc.uint8Array({ maxLength: 4 }), fc.constantFrom('', '00', '010203'));
    const serial = fc.oneof(
      serials,
      ending.map(([octets, end]) => Buffer.concat([octets, hex(end), Buffer.of(7)])),
    );
    const property = fc.property(fc.array(serial), fc.array(serial), (named, others) => {
      const { revoked } = parseRevocationList(aListOf(...named.map((one) => anEntry(one))));
      const expected = new Set(named.map(valueOf));

      for (const value of [...named, ...others].map(valueOf))
        assert.equal(revoked?.has(value) === true, expected.has(value), value.toString(16));
    });

    fc.assert(property);
  });

  for (const [what, written, value] of [
    ['with zeros before it', '0000ff', 0xffn],
    ['that is negative, as that of a certificate is read', 'ff', 0xffn],
    ['that is zero', '00', 0n],
    ['of 200 octets', '01'.repeat(200), valueOf(hex('01'.repeat(200)))],
  ] as const)
    test(`may have a serial number ${what}`, () => {
      const octets = hex(written);
      const tag = octets.byteLength < 0x80 ? '02' : '0281';
      const header = Buffer.concat([hex(tag), Buffer.of(octets.byteLength)]);

      const { revoked } = parseRevocationList(aListOf(aSequence(header, octets, TIME)));

      assert.ok(revoked?.has(value));
      assert.ok(!revoked?.has(value + 1n));
      assert.ok(!revoked?.has(value + 0x1000000n));
    });

  test('may name one twice, and give a reason', () => {
    const entry = anEntry(hex('0102'), aSequence(REASON));

    const { revoked } = parseRevocationList(aListOf(entry, entry));

    assert.ok(revoked?.has(0x0102n));
  });
});

const anExtension = (text: string): Buffer => anEntry(hex('05'), aSequence(hex(text)));

const MALFORMED: readonly (readonly [string, Uint8Array])[] = [
  ['that is cut short', hex('3012 020105 170d 32363031')],
  ['of indefinite length', hex('3080 020105 0000')],
  ['whose length is too long', hex('308112 020105 170d 3236303130313030303030305a')],
  ['whose length has five octets', hex('30850000000012')],
  ['whose length is more than there is', hex('3084ffffffff')],
  ['with a high tag number', hex('3f01 00')],
  ['that is no SEQUENCE', hex('0400')],
  ['that is empty', aSequence()],
  ['without a time', aSequence(integer(hex('05')))],
  ['with something else for its time', aSequence(integer(hex('05')), hex('0500'))],
  ['without a serial number', aSequence(TIME)],
  ['whose serial number has no octets', anEntry(hex(''))],
  ['whose serial number is of indefinite length', aSequence(hex('0280 05 0000'), TIME)],
  ['whose serial number is longer than the entry', aSequence(hex('027f05'))],
  ['with a member behind its extensions', anEntry(hex('05'), aSequence(REASON), hex('0500'))],
  ['with a member instead of its extensions', anEntry(hex('05'), hex('0500'))],
  ['with an octet behind its time', anEntry(hex('05'), hex('00'))],
  ['with a critical extension', anExtension('300d 0603 551d15 0101ff 0403 0a0101')],
  ['with an extension that is critical in an odd way', anExtension('300e0603551d1501020001040106')],
  ['with an extension whose BOOLEAN is empty', anExtension('300b 0603 551d15 0100 0401 06')],
  ['with an extension without OID', anExtension('3005 0600 0401 06')],
  ['with an extension that is no SEQUENCE', anExtension('0603 551d15')],
  ['with an extension without value', anExtension('3005 0603 551d15')],
  ['with an extension and more in it', anExtension('300a 0603 551d15 0401 06 0500')],
  ['with an extension twice', anEntry(hex('05'), aSequence(REASON, REASON))],
  [
    'with 65 extensions',
    anEntry(
      hex('05'),
      aSequence(
        ...Array.from({ length: 65 }, (_, at) =>
          hex(`3006 0601 ${(at + 1).toString(16).padStart(2, '0')} 0401 06`),
        ),
      ),
    ),
  ],
];

describe('RFC 5280 §5.1, X.690 §10: a list is refused whole', () => {
  for (const [what, entry] of MALFORMED)
    test(`for an entry ${what}, first or last`, () => {
      const good = anEntry(hex('07'));

      for (const entries of [[entry], [entry, good], [good, entry]])
        assert.throws(() => parseRevocationList(aListOf(...entries)), DerFailure);
    });

  for (const [what, list] of [
    ['entries in a SET', aListWith(hex('3100'))],
    ['a member behind its extensions', aListWith(aSequence(), hex('a0023000'), hex('0500'))],
    ['a member behind its signature', aSequence(aSequence(), ALGORITHM, SIGNATURE, hex('0500'))],
    ['an octet behind it', Buffer.concat([aListOf(), hex('00')])],
  ] as const)
    test(`for ${what}`, () => assert.throws(() => parseRevocationList(list), DerFailure));

  test('whatever is cut from it', () => {
    const list = aListOf(anEntry(hex('0102'), aSequence(REASON)), anEntry(hex('0304')));

    for (let length = 0; length < list.byteLength; length += 1)
      assert.throws(() => parseRevocationList(list.subarray(0, length)), DerFailure);
  });
});

// Lists are fetched in plain HTTP as well, and read before it is known who signed them.
describe('xml-security B10: eight megabytes are not read as a million members', () => {
  const million = Buffer.alloc(2_000_000, hex('0500'));

  for (const [what, list, message] of [
    ['behind the signature', aSequence(million), 'too many members'],
    ['behind the entries', aListWith(million), 'too many members'],
    ['in an entry', aListOf(anEntry(hex('05'), million)), 'no member of tag 48'],
    [
      'in an OBJECT IDENTIFIER',
      aSequence(aSequence(), aSequence(hex('06831e8480'), million), SIGNATURE),
      'OID too long',
    ],
  ] as const)
    test(what, () => assert.throws(() => parseRevocationList(list), { message }));
});
