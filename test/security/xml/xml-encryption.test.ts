// XML Encryption (xml-security §7, D1-D6): what is refused before a key is used, and the one failure after it.

import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv, generateKeyPairSync, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { seal } from '#bridge/xml/canonical/markup.ts';
import { toWireBytes } from '#bridge/xml/canonical/writer.ts';
import { createKeyUnwrapper, decryptKey, decryptXml } from '#bridge/xml/encryption/decrypt.ts';
import { createRecipient, encryptKey, encryptXml } from '#bridge/xml/encryption/encrypt.ts';
import type { ContentName, TransportName } from '#bridge/xml/encryption/encryption-algorithms.ts';
import { XmlFailure, type XmlFailureReason } from '#bridge/xml/failure.ts';
import { x509KeyInfo } from '#bridge/xml/keys/key-info.ts';
import { DS_NS, SAML2_NS, XENC_NS } from '#bridge/xml/namespaces.ts';
import { requiredChild, textOf } from '#bridge/xml/reader.ts';
import { signEnveloped } from '#bridge/xml/signature/sign.ts';
import { verifyAssertion } from '#bridge/xml/signature/verify-enveloped.ts';
import { anEcKey, anRsaKey } from '#test/support/xml/keys.ts';
import { assertRefused, assertRejected, parse } from '#test/support/xml/refusal.ts';
import { anAssertionMarkup } from '#test/support/xml/signed.ts';
import { cut, edited } from '#test/support/xml/tamper.ts';

const issuer = anRsaKey();
const party = anRsaKey('party');
const unwrapper = createKeyUnwrapper(party.privateKey);
const final = await signEnveloped(anAssertionMarkup(), { ...issuer, id: '_a1' });
const encrypted = toWireBytes(
  encryptXml(final, createRecipient({ publicKey: party.publicKey })),
).toString('latin1');

async function decryptText(text: string) {
  return decryptXml(parse(text).root, [unwrapper]);
}

for (const content of ['aes128-gcm', 'aes192-gcm', 'aes256-gcm'] satisfies ContentName[]) {
  for (const transport of ['rsa-oaep-sha256', 'rsa-oaep-mgf1p'] satisfies TransportName[]) {
    test(`XML §7: an assertion survives ${content} with ${transport}, and its signature verifies in the new parse`, async () => {
      const recipient = createRecipient({ publicKey: party.publicKey, content, transport });

      const document = await decryptText(
        toWireBytes(encryptXml(final, recipient)).toString('latin1'),
      );

      assert.equal(document.root.parent, undefined);
      const { element } = await verifyAssertion(document, document.root, {
        selectKey: () => issuer.trusted,
      });
      assert.equal(element, document.root);
    });
  }
}

test('XML §7: the default for a new relying party is AES-256-GCM with OAEP and SHA-256', () => {
  assert.match(encrypted, /xmlenc11#aes256-gcm/);
  assert.match(encrypted, /xmlenc11#rsa-oaep"/);
  assert.match(encrypted, /xmlenc11#mgf1sha256/);
});

test('XML §7: the recipient must hold an RSA key of sufficient size', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });

  assertRefused(() => createRecipient({ publicKey: anEcKey().publicKey }), 'key-refused');
  assertRefused(() => createRecipient({ publicKey: weak.publicKey }), 'key-refused');
  assertRefused(() => createKeyUnwrapper(weak.privateKey), 'key-refused');
  assertRefused(() => createKeyUnwrapper(party.publicKey), 'key-refused');
  assertRefused(() => createKeyUnwrapper(anEcKey().privateKey), 'key-refused');
});

const key = cut(encrypted, 'xenc:EncryptedKey');
const cipherData = cut(key, 'xenc:CipherData');
const retrieval = `<ds:RetrievalMethod URI="#k"></ds:RetrievalMethod>`;
const OAEP = 'http://www.w3.org/2009/xmlenc11#rsa-oaep"';
const AES = 'http://www.w3.org/2009/xmlenc11#aes256-gcm';

const refusals: readonly [
  title: string,
  search: string | RegExp,
  replacement: string,
  reason: XmlFailureReason,
][] = [
  ['XML D1: refuses AES-CBC', AES, `${XENC_NS}aes256-cbc`, 'algorithm-refused'],
  ['XML D1: refuses triple DES', AES, `${XENC_NS}tripledes-cbc`, 'algorithm-refused'],
  ['XML D2: refuses RSA 1.5', OAEP, `${XENC_NS}rsa-1_5"`, 'algorithm-refused'],
  [
    'XML D4: refuses OAEP with another digest',
    'xmlenc#sha256',
    'xmlenc#sha512',
    'algorithm-refused',
  ],
  ['XML D4: refuses OAEP with another MGF', 'mgf1sha256', 'mgf1sha1', 'algorithm-refused'],
  ['XML D4: refuses OAEP without its MGF', /<xenc11:MGF.*<\/xenc11:MGF>/, '', 'algorithm-refused'],
  [
    'XML D4: refuses OAEP without its digest',
    /<ds:DigestMethod.*<\/ds:DigestMethod>/,
    '',
    'algorithm-refused',
  ],
  ['XML D4: refuses mgf1p with SHA-256', OAEP, `${XENC_NS}rsa-oaep-mgf1p"`, 'algorithm-refused'],
  [
    'XML D4: refuses OAEP parameters',
    '<ds:DigestMethod',
    '<xenc:OAEPparams>AA==</xenc:OAEPparams><ds:DigestMethod',
    'encryption-shape',
  ],
  [
    'XML D4: refuses content in the digest method',
    '</ds:DigestMethod>',
    '<x></x></ds:DigestMethod>',
    'encryption-shape',
  ],
  ['XML D5: refuses two keys', key, key + key, 'encryption-shape'],
  ['XML D5: refuses a key outside KeyInfo', key, '', 'encryption-shape'],
  ['XML D5: refuses a RetrievalMethod instead of the key', key, retrieval, 'encryption-shape'],
  ['XML D5: refuses a RetrievalMethod beside the key', key, key + retrieval, 'encryption-shape'],
  ['XML D5: refuses no KeyInfo', cut(encrypted, 'ds:KeyInfo'), '', 'encryption-shape'],
  [
    'XML D5: refuses a list of what the key opens',
    '</xenc:EncryptedKey>',
    '<xenc:ReferenceList></xenc:ReferenceList></xenc:EncryptedKey>',
    'encryption-shape',
  ],
  [
    'XML B8: refuses a CipherReference',
    cipherData,
    '<xenc:CipherData><xenc:CipherReference URI="http://169.254.169.254/"></xenc:CipherReference></xenc:CipherData>',
    'encryption-shape',
  ],
  [
    'XML §7: refuses two cipher values',
    '</xenc:CipherValue>',
    '</xenc:CipherValue><xenc:CipherValue></xenc:CipherValue>',
    'encryption-shape',
  ],
  [
    'XML §7: refuses encryption properties',
    '</xenc:EncryptedData>',
    '<xenc:EncryptionProperties></xenc:EncryptionProperties></xenc:EncryptedData>',
    'encryption-shape',
  ],
  [
    'XML §7: refuses parameters of the content method',
    AES,
    `${AES}"><x></x></xenc:EncryptionMethod><xenc:EncryptionMethod Algorithm="${AES}`,
    'encryption-shape',
  ],
  [
    'XML §7: refuses content of another type',
    `${XENC_NS}Element`,
    `${XENC_NS}Content`,
    'encryption-shape',
  ],
  [
    'XML §7: refuses an unknown attribute',
    '<xenc:EncryptedKey',
    '<xenc:EncryptedKey x="1"',
    'encryption-shape',
  ],
  [
    'XML §7: refuses an unknown attribute on a cipher value',
    '<xenc:CipherValue',
    '<xenc:CipherValue x="1"',
    'encryption-shape',
  ],
  ['XML B14: refuses loose base64', '<xenc:CipherValue>', '<xenc:CipherValue>-', 'text-malformed'],
  [
    'XML §7: refuses an element of another name',
    /xenc:EncryptedData/g,
    'xenc:Other',
    'encryption-shape',
  ],
];

for (const [title, search, replacement, reason] of refusals) {
  test(title, async () => {
    const document = parse(edited(encrypted, search, replacement));
    const untouched = { unwrap: () => assert.fail('a key was used') };

    await assertRejected(decryptXml(document.root, [untouched]), reason);
  });
}

function withCipherValue(text: string, index: 0 | 1, change: (bytes: Buffer) => Buffer): string {
  let at = -1;
  return text.replaceAll(/(<xenc:CipherValue>)([^<]*)/g, (whole, tag: string, value: string) => {
    at += 1;
    return at === index ? tag + change(Buffer.from(value, 'base64')).toString('base64') : whole;
  });
}

function flipped(offset: number) {
  return (bytes: Buffer): Buffer => {
    const copy = Buffer.from(bytes);
    const at = offset < 0 ? copy.length + offset : offset;
    copy[at] = (copy[at] ?? 0) ^ 1;
    return copy;
  };
}

async function failureOf(text: string): Promise<unknown> {
  return decryptText(text).then(
    () => assert.fail('it was decrypted'),
    (error: unknown) => error,
  );
}

test('XML E9: key, tag, content and length fail alike, and say nothing', async () => {
  const failures = [
    await failureOf(withCipherValue(encrypted, 0, flipped(0))),
    await failureOf(withCipherValue(encrypted, 0, (bytes) => bytes.subarray(1))),
    await failureOf(withCipherValue(encrypted, 0, () => Buffer.alloc(0))),
    await failureOf(withCipherValue(encrypted, 1, flipped(0))),
    await failureOf(withCipherValue(encrypted, 1, flipped(40))),
    await failureOf(withCipherValue(encrypted, 1, flipped(-1))),
    await failureOf(withCipherValue(encrypted, 1, (bytes) => bytes.subarray(0, -1))),
    await failureOf(withCipherValue(encrypted, 1, (bytes) => bytes.subarray(0, 27))),
    await failureOf(withCipherValue(encrypted, 1, () => Buffer.alloc(0))),
  ];

  for (const failure of failures) {
    assert.ok(failure instanceof XmlFailure, String(failure));
    assert.deepEqual(
      [failure.reason, failure.message, failure.cause],
      ['decryption-failed', 'decryption failed', undefined],
    );
  }
});

test('RFC 8017 §7.1.2: a wrapped key without its leading zero has a second spelling, and is refused', async () => {
  const secret = randomBytes(32);
  const recipient = createRecipient({ publicKey: party.publicKey });
  const wrap = () => toWireBytes(encryptKey(secret, recipient)).toString('latin1');
  const bytesOf = (text: string) =>
    Buffer.from(/<xenc:CipherValue>([^<]*)</.exec(text)?.[1] ?? '', 'base64');
  let wrapped = wrap();
  while (bytesOf(wrapped)[0] !== 0) wrapped = wrap();
  const shorter = wrapped.replace(
    /(<xenc:CipherValue>)[^<]*/,
    `$1${bytesOf(wrapped).subarray(1).toString('base64')}`,
  );
  const lengths = { minBytes: 32, maxBytes: 32 };
  const open = (text: string) => decryptKey(parse(text).root, [unwrapper], lengths);

  assert.deepEqual(Buffer.from(await open(wrapped)), secret);
  await assertRejected(open(shorter), 'decryption-failed');
});

test('XML §7: a content key of another length fails like any other', async () => {
  const recipient = createRecipient({ publicKey: party.publicKey });
  const short = toWireBytes(encryptKey(randomBytes(16), recipient)).toString('latin1');
  const swapped = edited(encrypted, key, short);

  await assertRejected(decryptText(swapped), 'decryption-failed');
});

test('XML D3: refuses a tag of 4 bytes, which node:crypto would take', async () => {
  const secret = randomBytes(32);
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', secret, iv);
  const sealed = Buffer.concat([cipher.update('<a></a>'), cipher.final()]);
  const body = Buffer.concat([iv, sealed, cipher.getAuthTag().subarray(0, 4)]);
  const lax = createDecipheriv('aes-256-gcm', secret, iv);
  lax.setAuthTag(body.subarray(-4));
  const wrapped = toWireBytes(
    encryptKey(secret, createRecipient({ publicKey: party.publicKey })),
  ).toString('latin1');
  const text = withCipherValue(edited(encrypted, key, wrapped), 1, () => body);

  assert.equal(Buffer.concat([lax.update(sealed), lax.final()]).toString(), '<a></a>');
  await assertRejected(decryptText(text), 'decryption-failed');
});

test('XML D6: authentic content is parsed anew, as strictly as any document', async () => {
  const recipient = createRecipient({ publicKey: party.publicKey });
  const doctype = seal('<!DOCTYPE a><a></a>', new Set());

  const text = toWireBytes(encryptXml(doctype, recipient)).toString('latin1');

  await assertRejected(decryptText(text), 'doctype-refused');
});

test('XML §7: proof keys travel as EncryptedKey, and their length is checked', async () => {
  const secret = randomBytes(32);
  const keyInfo = x509KeyInfo(new Uint8Array([1]));
  const recipient = createRecipient({ publicKey: party.publicKey, keyInfo });
  const { root } = parse(toWireBytes(encryptKey(secret, recipient)).toString('latin1'));

  assert.deepEqual(
    await decryptKey(root, [unwrapper], { minBytes: 32, maxBytes: 32 }),
    new Uint8Array(secret),
  );
  await assertRejected(
    decryptKey(root, [unwrapper], { minBytes: 33, maxBytes: 64 }),
    'decryption-failed',
  );
  await assertRejected(
    decryptKey(root, [unwrapper], { minBytes: 1, maxBytes: 31 }),
    'decryption-failed',
  );
  const other = createKeyUnwrapper(issuer.privateKey);
  await assertRejected(
    decryptKey(root, [other], { minBytes: 1, maxBytes: 64 }),
    'decryption-failed',
  );
});

test('XML §7: during a rollover every key of ours opens, whichever is asked first, and all are asked each time', async () => {
  const counted = (keyObject: typeof party.privateKey) => {
    const real = createKeyUnwrapper(keyObject);
    const asked = { count: 0 };
    const counting: Parameters<typeof decryptXml>[1][number] = {
      unwrap(wrapped, oaepHash) {
        asked.count += 1;
        return real.unwrap(wrapped, oaepHash);
      },
    };
    return { asked, counting };
  };
  const [old, next] = [counted(party.privateKey), counted(issuer.privateKey)];
  const { root } = parse(encrypted);
  const foreign = parse(withCipherValue(encrypted, 0, flipped(0))).root;

  await decryptXml(root, [old.counting, next.counting]);
  await decryptXml(root, [next.counting, old.counting]);
  await assertRejected(decryptXml(foreign, [old.counting, next.counting]), 'decryption-failed');

  assert.deepEqual([old.asked.count, next.asked.count], [3, 3]);
});

test('SAML Core 2.0 §2.3.4: an EncryptedData that does not tell its type holds an element', async () => {
  const untold = edited(encrypted, ` Type="${XENC_NS}Element"`, '');

  assert.equal((await decryptText(untold)).root.local, 'Assertion');
});

test('XML E9: what an unwrapper says about the key does not get out', async () => {
  const telling = { unwrap: () => Promise.reject(new XmlFailure('key-refused', 'padding')) };

  await assertRejected(decryptXml(parse(encrypted).root, [telling]), 'decryption-failed');
});

test('XML §7: an outage of the key is an outage, not a failed decryption', async () => {
  const broken = { unwrap: () => Promise.reject(new Error('HSM is gone')) };

  await assert.rejects(decryptXml(parse(encrypted).root, [broken]), /HSM is gone/);
});

test('XML D4: mgf1p without a digest method means SHA-1', async () => {
  const recipient = createRecipient({ publicKey: party.publicKey, transport: 'rsa-oaep-mgf1p' });
  const text = toWireBytes(encryptXml(final, recipient)).toString('latin1');

  const { root } = await decryptText(edited(text, /<ds:DigestMethod.*<\/ds:DigestMethod>/, ''));

  assert.equal(textOf(requiredChild(root, SAML2_NS, 'Issuer')), 'urn:issuer');
  assert.match(text, new RegExp(`${DS_NS}sha1`));
});
