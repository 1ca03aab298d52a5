// KeyType SymmetricKey (WS-Trust 1.3 §4.4, ws-trust §3.2): the decision table, the sizes, and what is refused.
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { createHmac, createSecretKey, hash } from 'node:crypto';
import { test } from 'node:test';
import { computePSha1 } from '#bridge/ws-security/encryption/p-sha1.ts';
import { toWireBytes } from '#bridge/xml/canonical/writer.ts';
import { createKeyUnwrapper, type KeyUnwrappers } from '#bridge/xml/encryption/decrypt.ts';
import { createRecipient, encryptKey } from '#bridge/xml/encryption/encrypt.ts';
import type { SymmetricKeyConfirmation } from '#core/token/confirmation.ts';
import { aRelyingParty } from '#test/support/core.ts';
import { SOAP_VERSIONS } from '#test/support/soap/soap.ts';
import { anAppliesTo, anRst, BILLING, TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import {
  anIssueRequest,
  aSecurityHeader,
  aWsTrustSetting,
  billingRules,
  faultCodeOf,
} from '#test/support/ws-trust/ws-trust.ts';
import { anRsaKey } from '#test/support/xml/keys.ts';
import { edited } from '#test/support/xml/tamper.ts';

const child = (name: string, content: string | number = '') => `<t:${name}>${content}</t:${name}>`;
const entropy = (bytes: Uint8Array, type?: string, trust = TRUST_13): string => {
  const attribute = type === undefined ? '' : ` Type="${trust}/${type}"`;
  const text = Buffer.from(bytes).toString('base64');
  return child('Entropy', `<t:BinarySecret${attribute}>${text}</t:BinarySecret>`);
};
const nonce = (bytes: Uint8Array, trust = TRUST_13) => entropy(bytes, 'Nonce', trust);
const bytes = (length: number) => Buffer.alloc(length, 'entropy');

interface Asked {
  readonly children?: string;
  readonly trust?: string;
  readonly soap?: '1.1' | '1.2';
  readonly unwrappers?: KeyUnwrappers;
}

async function ask({ children = '', trust = TRUST_13, soap = '1.2', unwrappers }: Asked) {
  const setting = aWsTrustSetting({ parts: { unwrappers } });
  const key = child('KeyType', `${trust}/SymmetricKey`);
  const body = anRst({ trust, children: anAppliesTo() + key + children });
  const answer = await setting.front.handle(anIssueRequest({ soap, body }));
  return { answer, setting };
}

async function issued(asked: Asked) {
  const { answer, setting } = await ask(asked);
  assert.equal(answer.status, 200, answer.body);
  const confirmation = setting.asked[0]?.confirmation as SymmetricKeyConfirmation;
  assert.equal(confirmation.method, 'symmetric-key');
  const secret = Buffer.from(confirmation.secret?.base64 ?? '', 'base64');
  assert.equal(confirmation.thumbprint, hash('sha256', secret, 'base64url'));
  const textIn = (element: string) =>
    new RegExp(`:${element}[^>]*>([^<]+)<`).exec(answer.body)?.[1];
  return { body: answer.body, secret, textIn, setting };
}

// Python: hmac.new(secret, …, sha1) by RFC 2246 §5, secret 00 01 02 …, seed c8 c7 c6 …
const VECTORS: readonly (readonly [secret: number, seed: number, bytes: number, key: string])[] = [
  [16, 16, 16, 'b9fc56e2863ba95868320d04a2ebe426'],
  [24, 24, 24, 'f93496640148892a4d5d553ffbdaec61b3e9c1688fef31d8'],
  [32, 32, 32, '02fe06101789ad3511a5e5f45148187403a894edeac26b16c306e8cdce13ad45'],
  [65, 32, 32, 'f14e1e53debf45edd496287305fc9d42d42945e1e8d8bdc0329756deb240a525'],
  [1, 1, 24, '99f11bf7764c9b9e2f2c7412e6960c719bf0c3d2c0f8b764'],
  [
    128,
    7,
    50,
    '312d13015271f1bf437d7e39f9457169f970af288cf3adba8b5a68fffaa7b498fca5ae50f7b0362313587c9e0517aa77481b',
  ],
];
for (const [secretBytes, seedBytes, length, key] of VECTORS)
  test(`RFC 2246 §5: P_SHA-1 of ${secretBytes} and ${seedBytes} bytes, as another implementation computes it`, () => {
    const secret = Uint8Array.from({ length: secretBytes }, (_, index) => index);
    const seed = Uint8Array.from({ length: seedBytes }, (_, index) => 200 - index);

    assert.equal(computePSha1(createSecretKey(secret), seed, length).toString('hex'), key);
  });

test('RFC 2246 §5: fewer bytes of P_SHA-1 are the first of more, wherever its blocks end', () => {
  const secret = createSecretKey(bytes(16));
  const whole = computePSha1(secret, bytes(16), 64);

  for (let length = 0; length <= 64; length += 1)
    assert.deepEqual(computePSha1(secret, bytes(16), length), whole.subarray(0, length));
});

for (const [trust, prefix] of [
  [TRUST_13, 'trust'],
  [TRUST_2005, 't'],
] as const)
  for (const soap of SOAP_VERSIONS) {
    test(`WS-Trust §4.4: no entropy: the secret is ours and returned whole, ${prefix}, SOAP ${soap}`, async () => {
      const { body, secret, textIn } = await issued({ trust, soap });

      assert.equal(secret.length, 32);
      const proof = `<${prefix}:RequestedProofToken><${prefix}:BinarySecret Type="${trust}/SymmetricKey">${secret.toString('base64')}</${prefix}:BinarySecret></${prefix}:RequestedProofToken>`;
      assert.ok(body.includes(proof), body);
      assert.equal(textIn('KeySize'), '256');
      assert.equal(textIn('KeyType'), `${trust}/SymmetricKey`);
      assert.doesNotMatch(body, /ComputedKey|Entropy/);
    });

    for (const size of [128, 192, 256])
      test(`WS-Trust §4.4.4: both entropies and PSHA1 at ${size} bits, ${prefix}, SOAP ${soap}`, async () => {
        const own = bytes(32);
        const computed = child('ComputedKeyAlgorithm', `${trust}/CK/PSHA1`);

        const { body, secret, textIn } = await issued({
          trust,
          soap,
          children: child('KeySize', size) + nonce(own, trust) + computed,
        });

        const theirs = Buffer.from(textIn('BinarySecret') ?? '', 'base64');
        assert.equal(theirs.length, size / 8);
        assert.equal(secret.length, size / 8);
        // The first block by hand: A(1) = HMAC(secret, seed).
        const first = createHmac('sha1', own).update(theirs).digest();
        const block = createHmac('sha1', own).update(first).update(theirs).digest();
        assert.deepEqual(secret.subarray(0, 16), block.subarray(0, 16));
        assert.ok(
          body.includes(
            `<${prefix}:RequestedProofToken><${prefix}:ComputedKey>${trust}/CK/PSHA1</${prefix}:ComputedKey></${prefix}:RequestedProofToken>`,
          ),
          body,
        );
        assert.ok(
          body.includes(`<${prefix}:Entropy><${prefix}:BinarySecret Type="${trust}/Nonce">`),
        );
        assert.equal(textIn('KeySize'), String(size));
        assert.ok(!body.includes(secret.toString('base64')), 'a computed secret is not returned');
      });
  }

for (const [what, type] of [
  ['of type SymmetricKey', 'SymmetricKey'],
  ['without type', undefined],
] as const)
  test(`WS-Trust 1.3 §3.3: a BinarySecret ${what} is the key itself, and nothing is returned`, async () => {
    for (const length of [16, 24, 32]) {
      const { body, secret, textIn } = await issued({ children: entropy(bytes(length), type) });

      assert.deepEqual(secret, bytes(length));
      assert.doesNotMatch(body, /RequestedProofToken|BinarySecret|Entropy/);
      assert.equal(textIn('KeySize'), String(length * 8));
    }
  });

for (const trust of [TRUST_13, TRUST_2005])
  test(`ws-trust §3.2: the Type of a BinarySecret may have the prefix of WS-Trust (${trust})`, async () => {
    const children = nonce(bytes(32), trust).replace(' Type=', ' t:Type=');

    const { body, secret } = await issued({ trust, children });

    assert.notDeepEqual(secret, bytes(32));
    assert.ok(body.includes(`${trust}/CK/PSHA1<`), body);
  });

test('ws-trust §3.2: two requests never get one secret', async () => {
  const children = nonce(bytes(32));

  const [first, second] = [await issued({ children }), await issued({ children })];

  assert.notDeepEqual(first.secret, second.secret);
});

test('ws-trust §3.2: the secret is on no record', async () => {
  const { secret, setting } = await issued({ children: entropy(bytes(32), 'SymmetricKey') });

  const records = JSON.stringify(setting.audit.records);
  assert.match(records, /symmetric-key/);
  for (const encoding of ['base64', 'base64url', 'hex'] as const)
    assert.ok(!records.includes(secret.toString(encoding)));
});

const REFUSED: readonly (readonly [what: string, children: string, code?: string])[] = [
  ...[0, 7, 64, 127, 255, 257, 512, 4096].map((size): readonly [string, string] => [
    `KeySize ${size}`,
    child('KeySize', size),
  ]),
  ['KeySize 0 with entropy', child('KeySize', 0) + nonce(bytes(32))],
  ['PSHA1 with empty entropy', nonce(bytes(0))],
  ['PSHA1 with entropy of one byte', nonce(bytes(1))],
  ['PSHA1 with entropy one byte short', nonce(bytes(31))],
  ['PSHA1 at 192 bits with 16 bytes', child('KeySize', 192) + nonce(bytes(16))],
  ['an empty secret', entropy(bytes(0), 'SymmetricKey')],
  ['a secret of one byte', entropy(bytes(1), 'SymmetricKey')],
  ['a secret of 20 bytes', entropy(bytes(20), 'SymmetricKey')],
  ['a secret longer than KeySize', child('KeySize', 128) + entropy(bytes(32), 'SymmetricKey')],
  ['entropy without end', nonce(bytes(257))],
  ['empty Entropy', child('Entropy')],
  [
    'two secrets in Entropy',
    entropy(bytes(32)).replace(/<t:BinarySecret>.*<\/t:BinarySecret>/, '$&$&'),
  ],
  ['something else in Entropy', entropy(bytes(32)).replaceAll('BinarySecret', 'OtherSecret')],
  [
    'a secret of another namespace in Entropy',
    entropy(bytes(32)).replace(/<(\/?)t:BinarySecret/g, `<$1BinarySecret`),
  ],
  ['text in Entropy', child('Entropy', 'AAAA')],
  ['entropy that is no base64', child('Entropy', '<t:BinarySecret>*</t:BinarySecret>')],
  [
    'an element inside BinarySecret',
    child('Entropy', '<t:BinarySecret>AA<x xmlns="urn:x"/>AA</t:BinarySecret>'),
  ],
  [
    'a BinarySecret of two types',
    nonce(bytes(32)).replace(' Type=', ` t:Type="${TRUST_13}/SymmetricKey" Type=`),
  ],
  [
    'an AsymmetricKey by a prefixed type',
    entropy(bytes(32), 'AsymmetricKey').replace(' Type=', ' t:Type='),
    'trust:BadRequest',
  ],
  ['UseKey beside a secret', '<t:UseKey Sig="#s"/>'],
  ['two Entropy', nonce(bytes(32)) + nonce(bytes(32))],
  ['an AsymmetricKey as entropy', entropy(bytes(32), 'AsymmetricKey'), 'trust:BadRequest'],
  [
    'an EncryptedKey that we have no key for',
    child('Entropy', '<x:EncryptedKey xmlns:x="http://www.w3.org/2001/04/xmlenc#"/>'),
    'trust:BadRequest',
  ],
  [
    'CK/HASH',
    nonce(bytes(32)) + child('ComputedKeyAlgorithm', `${TRUST_13}/CK/HASH`),
    'trust:BadRequest',
  ],
];
for (const [what, children, code = 'trust:InvalidRequest'] of REFUSED)
  test(`ws-trust §3.2: SymmetricKey refuses ${what}`, async () => {
    const { answer, setting } = await ask({ children });

    assert.equal(faultCodeOf(answer), code);
    assert.deepEqual(setting.asked, [], 'nothing was decided');
    assert.deepEqual(setting.errors, []);
  });

test('ws-trust §3.2: a target that has no certificate for secrets gets none', async () => {
  const relyingParties = [aRelyingParty({ id: 'billing', appliesTo: [BILLING] })];
  const setting = aWsTrustSetting({ rules: billingRules({ relyingParties }) });
  const body = anRst({ children: anAppliesTo() + child('KeyType', `${TRUST_13}/SymmetricKey`) });

  const answer = await setting.front.handle(anIssueRequest({ body }));

  assert.equal(faultCodeOf(answer), 'trust:InvalidScope');
});

const ours = anRsaKey();
const unwrappers = [createKeyUnwrapper(ours.privateKey)];
const encryptedTo = ({ publicKey }: Pick<typeof ours, 'publicKey'>, secret: Uint8Array): string =>
  toWireBytes(encryptKey(secret, createRecipient({ publicKey }))).toString('latin1');

for (const trust of [TRUST_13, TRUST_2005])
  test(`WS-Trust 1.3 §4.1: entropy that comes as EncryptedKey to us is mixed with ours, in ${trust}: the target of the token must not see what somebody encrypted to us`, async () => {
    for (const length of [16, 24, 32]) {
      const size = child('KeySize', length * 8);
      const children = size + child('Entropy', encryptedTo(ours, bytes(length)));
      const { secret, textIn } = await issued({ children, trust, unwrappers });

      const own = Buffer.from(textIn('BinarySecret') ?? '', 'base64');
      assert.equal(own.length, length);
      assert.deepEqual(
        secret,
        Buffer.from(computePSha1(createSecretKey(bytes(length)), own, length)),
      );
      assert.notDeepEqual(secret, bytes(length));
      assert.equal(textIn('ComputedKey'), `${trust}/CK/PSHA1`);
    }
  });

const good = encryptedTo(ours, bytes(32));
const BAD_KEYS: readonly (readonly [what: string, encryptedKey: string])[] = [
  ['a key for another recipient', encryptedTo(anRsaKey('other'), bytes(32))],
  ['a changed value', edited(good, /CipherValue>..../, 'CipherValue>AAAA')],
  ['another digest', edited(good, 'xmlenc#sha256', 'xmlenc#sha512')],
  [
    'RSA 1.5',
    edited(
      good,
      'http://www.w3.org/2009/xmlenc11#rsa-oaep',
      'http://www.w3.org/2001/04/xmlenc#rsa-1_5',
    ),
  ],
  [
    'a list of what it opens',
    edited(good, '</xenc:EncryptedKey>', '<xenc:ReferenceList/></xenc:EncryptedKey>'),
  ],
  ['an empty secret', encryptedTo(ours, bytes(0))],
  ['a secret of one byte', encryptedTo(ours, bytes(1))],
  ['a secret of 20 bytes', encryptedTo(ours, bytes(20))],
];
test('XML E9: an EncryptedKey as entropy that does not open, or holds no key, is refused with one answer, and nothing is decided', async () => {
  const answers: string[] = [];
  for (const [what, encryptedKey] of BAD_KEYS) {
    const { answer, setting } = await ask({ children: child('Entropy', encryptedKey), unwrappers });

    assert.equal(faultCodeOf(answer), 'trust:InvalidRequest', what);
    assert.deepEqual([setting.asked, setting.errors], [[], []], what);
    answers.push(answer.body);
  }

  assert.equal(new Set(answers).size, 1);
});

test('ws-trust §3.2: nobody who is not authenticated makes us use a private key', async () => {
  const asked = { count: 0 };
  const counting: KeyUnwrappers = [
    {
      unwrap() {
        asked.count += 1;
        return Promise.resolve(bytes(32));
      },
    },
  ];
  const setting = aWsTrustSetting({ parts: { unwrappers: counting } });
  const body = anRst({
    children: `${anAppliesTo()}${child('KeyType', `${TRUST_13}/SymmetricKey`)}${child('Entropy', good)}`,
  });
  const wrong = { name: 'alice', password: 'wrong' };

  const refused = await setting.front.handle(
    anIssueRequest({ body, header: aSecurityHeader('', wrong) }),
  );
  const before = asked.count;
  const granted = await setting.front.handle(anIssueRequest({ body }));

  assert.equal(faultCodeOf(refused), 'trust:FailedAuthentication');
  assert.deepEqual([before, asked.count, granted.status], [0, 1, 200]);
});
