// Distinguished names (RFC 4514, RFC 5280 §7.1), finding certificates by name, and DER that is none.
import '#test/support/x509/reflect-metadata.ts';

import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import * as x509 from '@peculiar/x509';
import fc from 'fast-check';
import {
  type Certificate,
  extendedKeyUsages,
  keyUsages,
  parseCertificate,
  subjectKeyIdentifier,
} from '#src/trust/x509/certificate.ts';
import { createCertificateFinder } from '#src/trust/x509/certificate-finder.ts';
import { DerFailure, membersOf, readDer } from '#src/trust/x509/der.ts';
import { isSameName, parseName, writeName } from '#src/trust/x509/distinguished-name.ts';
import { parseListHead, parseRevocationList } from '#src/trust/x509/revocation/crl.ts';
import { aSequence } from '#test/support/x509/der.ts';
import { aCertificate, anAuthority, aRevocationList } from '#test/support/x509/pki.ts';

const parsed = (text: string) => parseName(text) ?? assert.fail(`no name: ${text}`);

describe('RFC 4514', () => {
  for (const [left, right] of [
    ['CN=Batch, O=Corp', 'cn=batch,o=CORP'],
    ['CN="Corp, Inc"', 'CN=Corp\\, Inc'],
    ['CN=Corp\\2C Inc', 'CN=Corp\\, Inc'],
    ['CN=L\\C3\\A9a', 'CN=Léa'],
    ['E=a@b.c', '1.2.840.113549.1.9.1=#16056140622e63'],
    ['OID.2.5.4.3=x', 'CN=x'],
    ['S=Bavaria', 'ST=Bavaria'],
    ['CN=a+OU=b', 'OU=b+CN=a'],
    ['CN=a  b', 'CN=a b'],
    ['CN=  a  ,  O=b ', 'CN=a,O=b'],
    ['CN=a\\  ', 'CN=a\\ '],
  ] as const) {
    test(`${left} is ${right}`, () => assert.ok(isSameName(parsed(left), parsed(right))));
  }

  for (const [left, right] of [
    ['CN=a,O=b', 'O=b,CN=a'],
    ['CN=a,O=b', 'CN=a+O=b'],
    ['CN=a\\,O=b', 'CN=a,O=b'],
    ['CN=a', 'OU=a'],
    ['CN=a', 'CN=a,O=b'],
    ['CN="a,O=b"', 'CN=a,O=b'],
    ['CN=\ufeffa', 'CN=a'],
    ['CN=a\u2028b', 'CN=a b'],
    // To fold combining characters takes the square of their number.
    [`CN=${'A'.repeat(257)}`, `CN=${'a'.repeat(257)}`],
  ] as const) {
    test(`${left} is not ${right}`, () => assert.ok(!isSameName(parsed(left), parsed(right))));
  }

  for (const text of [
    '',
    'x',
    'XX=a',
    'CN=a,',
    'CN=a\\',
    'CN=a"b',
    'CN=#zz',
    'CN=#0c05',
    'CN=\\ff',
    `CN=${'a'.repeat(4094)}`,
    Array(33).fill('CN=a').join(','),
    Array(33).fill('CN=a').join('+'),
  ]) {
    test(`${text || 'nothing'} is no name`, () => assert.equal(parseName(text), undefined));
  }

  test('what is written is read back', () => {
    const types = fc.constantFrom('2.5.4.3', '2.5.4.10', '1.2.840.113549.1.9.1', '1.2.3.4');
    const attribute = fc
      .tuple(types, fc.string({ unit: 'grapheme', minLength: 1 }))
      .map(([type, value]) => ({ type, value }));
    fc.assert(
      fc.property(
        fc.array(fc.array(attribute, { minLength: 1, maxLength: 2 }), {
          minLength: 1,
          maxLength: 16,
        }),
        (name) => assert.deepEqual(parseName(writeName(name)), name),
      ),
    );
  });
});

describe('a certificate that is only named', () => {
  test('is found by issuer and number, by the identifier of its key, by thumbprint', async () => {
    const root = await anAuthority({ name: 'CN=Root, O="Corp, Inc"' });
    const client = await aCertificate({ issuer: root, serialNumber: '00ff01' });
    const bare = await aCertificate({ issuer: root, hasKeyIdentifiers: false });
    const find = createCertificateFinder([parseCertificate(client.pem)]);
    const sha1 = (bytes: Uint8Array) => createHash('sha1').update(bytes).digest();
    const { x509, keyOctets } = parseCertificate(bare.pem);

    const found = [
      find({ by: 'issuer-serial', issuer: 'o=corp\\, inc,cn=root', serialNumber: 0xff01n }, []),
      find({ by: 'thumbprint', sha1: sha1(client.der) }, []),
      find(
        {
          by: 'subject-key-identifier',
          identifier: subjectKeyIdentifier(parseCertificate(client.pem)),
        },
        [],
      ),
    ];
    assert.deepEqual(
      found.map((each) => each?.raw.equals(client.der)),
      [true, true, true],
    );
    // One that came with the message, whose key has no identifier of its own.
    const presented = find({ by: 'subject-key-identifier', identifier: sha1(keyOctets) }, [x509]);
    assert.ok(presented?.raw.equals(bare.der));
    for (const name of [
      { by: 'issuer-serial', issuer: 'CN=Root', serialNumber: 0xff01n },
      { by: 'issuer-serial', issuer: 'O=Corp\\, Inc,CN=Root', serialNumber: 1n },
      { by: 'issuer-serial', issuer: 'nonsense', serialNumber: 0xff01n },
      { by: 'thumbprint', sha1: sha1(bare.der) },
    ] as const)
      assert.equal(find(name, []), undefined);
  });
});

describe('certificates that are known', async () => {
  const root = await anAuthority({ name: 'CN=Root' });
  const other = await anAuthority({ name: 'CN=Other' });
  const serialNumber = '05';
  const certificates = await Promise.all([
    aCertificate({ issuer: other, serialNumber }),
    ...['11', '12', '13'].map((each) => aCertificate({ issuer: root, serialNumber: each })),
    aCertificate({ issuer: root, serialNumber }),
  ]);
  const wanted = certificates.at(-1);
  if (!wanted) throw new Error('no certificate');
  const identifier = subjectKeyIdentifier(parseCertificate(wanted.pem));
  const names = [
    { by: 'issuer-serial', issuer: 'cn=ROOT', serialNumber: 5n },
    { by: 'thumbprint', sha1: createHash('sha1').update(wanted.der).digest() },
    { by: 'subject-key-identifier', identifier },
  ] as const;

  for (const name of names)
    test(`are not gone through for a message: by ${name.by}`, () => {
      let timesRead = 0;
      const watched = certificates.map(({ pem }) =>
        watch(parseCertificate(pem), () => {
          timesRead += 1;
        }),
      );
      const find = createCertificateFinder(watched);
      timesRead = 0;

      const found = find(name, []);

      assert.ok(found?.raw.equals(wanted.der));
      assert.equal(timesRead, 1);
    });

  test('go before those that come with the message, and the first of several with one identifier counts', async () => {
    const twin = await aCertificate({ issuer: root, keys: wanted.keys });
    const [first, second] = [parseCertificate(twin.pem), parseCertificate(wanted.pem)];
    const name = { by: 'subject-key-identifier', identifier } as const;

    assert.equal(createCertificateFinder([first, second])(name, [])?.raw, first.x509.raw);
    assert.equal(createCertificateFinder([second, first])(name, [])?.raw, second.x509.raw);
    assert.equal(createCertificateFinder([second])(name, [first.x509])?.raw, second.x509.raw);
  });

  test('are known still where one of them has an identifier that nobody can read', async () => {
    const extension = new x509.Extension('2.5.29.14', false, Buffer.from('0402ff', 'hex'));
    const unreadable = await aCertificate({ extensions: [extension] });
    const find = createCertificateFinder(
      [unreadable, wanted].map(({ pem }) => parseCertificate(pem)),
    );

    assert.ok(find({ by: 'subject-key-identifier', identifier }, [])?.raw.equals(wanted.der));
    const sha1 = createHash('sha1').update(unreadable.der).digest();
    assert.ok(find({ by: 'thumbprint', sha1 }, [])?.raw.equals(unreadable.der));
  });
});

/** The certificate, which tells each time anything of it is read. */
const watch = (certificate: Certificate, onRead: () => void): Certificate =>
  new Proxy(certificate, {
    get(target, name, receiver): unknown {
      onRead();
      return Reflect.get(target, name, receiver);
    },
  });

describe('certificates that came with a message', async () => {
  const root = await anAuthority({ name: 'CN=Root' });
  const client = await aCertificate({ issuer: root, serialNumber: '05' });
  const identifier = subjectKeyIdentifier(parseCertificate(client.pem));
  const names = [
    { by: 'issuer-serial', issuer: 'cn=ROOT', serialNumber: 5n },
    { by: 'thumbprint', sha1: createHash('sha1').update(client.der).digest() },
    { by: 'subject-key-identifier', identifier },
  ] as const;

  for (const name of names)
    test(`xml-security B10: are gone through once for all names that a signature has: by ${name.by}`, () => {
      let timesRead = 0;
      const presented = new Proxy([new X509Certificate(client.der)], {
        get(target, member, receiver): unknown {
          if (member === '0') timesRead += 1;
          return Reflect.get(target, member, receiver);
        },
      });
      const find = createCertificateFinder([]);

      const found = Array.from({ length: 4 }, () => find(name, presented));

      assert.ok(found.every((each) => each?.raw.equals(client.der)));
      assert.equal(timesRead, 1);
    });
});

describe('a certificate that came with a message and that nobody can read', () => {
  const cutShort = Buffer.from('0402ff', 'hex');
  for (const [what, extensions] of [
    ['an extension twice', ['1.2.3.4', '1.2.3.4']],
    ['an identifier of its key that is none', ['2.5.29.14']],
  ] as const) {
    test(`is not found and hides no other: one with ${what}`, async () => {
      const client = await aCertificate();
      const unreadable = await aCertificate({
        extensions: extensions.map((oid) => new x509.Extension(oid, false, cutShort)),
      });
      const presented = [unreadable, client].map(({ der }) => new X509Certificate(der));
      const find = createCertificateFinder([]);
      const identifier = subjectKeyIdentifier(parseCertificate(client.pem));

      const found = find({ by: 'subject-key-identifier', identifier }, presented);

      assert.ok(found?.raw.equals(client.der));
    });
  }
});

describe('xml-security B10: what no certificate of a client has is not read of one of a stranger', () => {
  const sequenceOf = (count: number): Buffer =>
    aSequence(...Array.from({ length: count }, () => Buffer.from('06012a', 'hex')));

  for (const [what, wishes] of [
    ['33 parts of its name', { name: Array(33).fill('CN=a').join(',') }],
    ['33 attributes in a part of its name', { name: Array(33).fill('CN=a').join('+') }],
    [
      '65 extensions',
      {
        extensions: Array.from(
          { length: 62 },
          (_, at) => new x509.Extension(`1.2.3.${at}`, false, Buffer.alloc(0)),
        ),
      },
    ],
  ] as const)
    test(what, async () => {
      const { pem } = await aCertificate(wishes);

      assert.throws(() => parseCertificate(pem), DerFailure);
    });

  test('100 purposes', async () => {
    const extensions = [new x509.Extension('2.5.29.37', false, sequenceOf(100))];
    const { pem } = await aCertificate({ extensions });

    assert.throws(() => extendedKeyUsages(parseCertificate(pem)), DerFailure);
  });

  test('uses of its key that mean nothing', async () => {
    const bits = Buffer.from(`030500${'ff'.repeat(4)}`, 'hex');
    const extensions = [new x509.Extension('2.5.29.15', true, bits)];
    const { pem } = await aCertificate({ extensions });

    assert.equal(keyUsages(parseCertificate(pem))?.size, 16);
  });
});

describe('DER', () => {
  test('is refused when it is long-winded, indefinite, cut short or has something behind it', () => {
    for (const hex of [
      '30',
      '3080',
      '308100',
      '30820001ff',
      '3001',
      '300000',
      '1f0100',
      '30850000000000',
    ])
      assert.throws(() => readDer(Buffer.from(hex, 'hex')), DerFailure, hex);
    assert.equal(readDer(Buffer.from('0400', 'hex')).content.byteLength, 0);
    assert.throws(() => membersOf(readDer(Buffer.from('0400', 'hex'))), DerFailure);
  });

  test('RFC 5280 §5.1: whose a list is, and its end, are read without what it names', async () => {
    const root = await anAuthority();
    const [read, unread] = await Promise.all(
      [[], [new x509.Extension('1.2.3', true, Buffer.from([5, 0]))]].map(async (entryExtensions) =>
        Buffer.from(await aRevocationList(root, { revoked: [root], entryExtensions })),
      ),
    );
    assert.ok(read && unread);

    const [{ issuer, nextUpdate }, head] = [parseRevocationList(read), parseListHead(unread)];

    assert.throws(() => parseRevocationList(unread), DerFailure);
    assert.deepEqual([head.issuer, head.nextUpdate], [issuer, nextUpdate]);
  });

  test('whatever is changed in a certificate or a list, it is read or refused, and nothing else is thrown', async () => {
    const root = await anAuthority();
    const list = Buffer.from(
      (await aRevocationList(root, { revoked: [root] })).replaceAll(/-----.*-----|\n/g, ''),
      'base64',
    );
    const mutant = (bytes: Buffer) =>
      fc
        .tuple(fc.nat(bytes.length - 1), fc.nat(255))
        .map(([at, value]) =>
          Buffer.concat([bytes.subarray(0, at), Buffer.from([value]), bytes.subarray(at + 1)]),
        );
    const isRefusal = (read: () => unknown) => {
      try {
        read();
      } catch (cause) {
        assert.ok(cause instanceof DerFailure, String(cause));
      }
    };

    fc.assert(fc.property(mutant(root.der), (bytes) => isRefusal(() => parseCertificate(bytes))));
    fc.assert(fc.property(mutant(list), (bytes) => isRefusal(() => parseRevocationList(bytes))));
  });
});
