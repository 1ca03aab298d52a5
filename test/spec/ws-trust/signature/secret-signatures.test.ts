// Messages signed with the secret of an assertion, or with a key derived of it (WSS 1.1.1 §8, WS-SecureConversation 1.3 §7): what
// proves the secret, what is refused.
import assert from 'node:assert/strict';
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { changeEndpoints } from '#bridge/ws-trust/endpoint/endpoint-changes.ts';
import { GENERIC_PROFILE } from '#bridge/ws-trust/endpoint/profiles.ts';
import { nameKey } from '#bridge/xml/keys/public-key.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { anOwnToken, aPolicyRow, aValidatedToken, NOW } from '#test/support/core.ts';
import {
  aDerivedKey,
  aDerivedKeyToken,
  aReferenceTo,
  NONCE,
  WSC_13,
  WSC_2005,
} from '#test/support/soap/derived-key.ts';
import {
  aBinaryToken,
  HMAC_SHA1,
  SIGNATURE,
  type SignatureWishes,
  signMessage,
  TIMESTAMP,
  X509_PROFILE,
} from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import {
  aPost,
  aWsTrustSetting,
  billingRules,
  faultCodeOf,
  type WsTrustSetting,
} from '#test/support/ws-trust/ws-trust.ts';
import { aCertificate } from '#test/support/x509/pki.ts';

const SECRET = Buffer.alloc(32, 42);
const secretKey = createSecretKey(SECRET);
const certificate = await aCertificate({ name: 'CN=alice', algorithm: 'RSA' });
const SAML_ID = 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLID';
const ASSERTION =
  '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_bound"></saml:Assertion>';
const TO_ASSERTION = `<wsse:SecurityTokenReference><wsse:KeyIdentifier ValueType="${SAML_ID}">_bound</wsse:KeyIdentifier></wsse:SecurityTokenReference>`;

/** Takes the assertion for what it is: bound to a secret. */
const boundTokens: TokenValidator = {
  canHandle: ({ type }) => type === 'saml2',
  validate: async ({ type, use }) =>
    aValidatedToken({ type, use, id: '_bound', confirmation: { method: 'symmetric-key' } }),
};

function aSetting(parts: Parameters<typeof aWsTrustSetting>[0] = {}): WsTrustSetting {
  const row = aPolicyRow({
    requestors: [],
    principals: { issuers: ['partner'] },
    subject: { issuers: ['partner'] },
    targets: ['billing'],
    grant: { types: ['saml2'] },
  });
  return aWsTrustSetting({
    rules: billingRules({ rows: [row] }),
    validators: [boundTokens],
    ...parts,
    parts: { findSecret: async () => SECRET, ...parts.parts },
  });
}

interface Wishes extends Partial<SignatureWishes> {
  /** What stands in the Security header before the Timestamp. */
  readonly tokens?: string;
  readonly edit?: (message: string) => string;
}

function aMessage({ tokens = ASSERTION, edit, ...wishes }: Wishes = {}): string {
  const message = anEnvelope({
    header: `<wsse:Security>${tokens}${TIMESTAMP}${SIGNATURE}</wsse:Security>`,
    body: anRst({ children: `${anAppliesTo()}<t:KeyType>${TRUST_13}/SymmetricKey</t:KeyType>` }),
    bodyId: 'body',
  });
  const signed = signMessage(message, { key: secretKey, keyInfo: TO_ASSERTION, ...wishes });
  return edit ? edit(signed) : signed;
}

/** Signed with a derived key; `children` say how it is derived. */
function aDerivedMessage(
  token: Parameters<typeof aDerivedKeyToken>[1] = {},
  key: KeyObject = aDerivedKey(SECRET),
): string {
  return aMessage({
    tokens: `${ASSERTION}${aDerivedKeyToken(TO_ASSERTION, token)}`,
    key,
    keyInfo: aReferenceTo('dkt'),
  });
}

const send = (message: string, setting = aSetting()) => setting.front.handle(aPost(message));

for (const [what, message] of [
  ['the secret itself', aMessage()],
  ['a key derived of it by the defaults', aDerivedMessage()],
  [
    'the form of February 2005',
    aDerivedMessage({ wsc: WSC_2005, more: ` Algorithm="${WSC_2005}/dk/p_sha1"` }),
  ],
  [
    'a label, a length and an offset of its own',
    aDerivedMessage(
      {
        children: '<c:Offset>24</c:Offset><c:Length>24</c:Length><c:Label>of its own</c:Label>',
      },
      aDerivedKey(SECRET, { label: 'of its own', length: 24, from: 24 }),
    ),
  ],
  ...[16, 64].map(
    (length) =>
      [
        `a key of ${length} bytes`,
        aDerivedMessage(
          { children: `<c:Length>${length}</c:Length>` },
          aDerivedKey(SECRET, { length }),
        ),
      ] as const,
  ),
  [
    'the longest nonce, the longest label and the last offset',
    aDerivedMessage(
      {
        children: `<c:Offset>1024</c:Offset><c:Label>${'x'.repeat(256)}</c:Label>`,
        nonce: Buffer.alloc(128, 7).toString('base64'),
      },
      aDerivedKey(SECRET, {
        label: 'x'.repeat(256),
        nonce: Buffer.alloc(128, 7),
        from: 1024,
      }),
    ),
  ],
  [
    'a label outside of ASCII',
    aDerivedMessage({ children: '<c:Label>é</c:Label>' }, aDerivedKey(SECRET, { label: 'é' })),
  ],
  [
    'a generation',
    aDerivedMessage(
      { children: '<c:Generation>3</c:Generation><c:Length>20</c:Length>' },
      aDerivedKey(SECRET, { length: 20, from: 60 }),
    ),
  ],
] as const)
  test(`WS-SecureConversation 1.3 §7: a message signed with ${what} is its holder's`, async () => {
    const setting = aSetting();

    const { status, body } = await send(message, setting);

    assert.equal(status, 200, body);
    assert.equal(setting.asked[0]?.requestor.identity?.id, '_bound');
    assert.equal(setting.asked[0].requestor.confirmation.method, 'symmetric-key');
  });

for (const [what, children] of [
  ['a Length of 15', '<c:Length>15</c:Length>'],
  ['a Length of 65', '<c:Length>65</c:Length>'],
  ['a Length beyond all numbers', '<c:Length>4294967328</c:Length>'],
  ['a Length with a zero before it', '<c:Length>032</c:Length>'],
  ['a Length that is no number', '<c:Length>0x20</c:Length>'],
  ['a negative Offset', '<c:Offset>-1</c:Offset>'],
  ['an Offset beyond the bound', '<c:Offset>1025</c:Offset>'],
  ['a Generation beyond the bound', '<c:Generation>33</c:Generation>'],
  ['Offset and Generation', '<c:Generation>0</c:Generation><c:Offset>0</c:Offset>'],
  ['two Lengths', '<c:Length>32</c:Length><c:Length>32</c:Length>'],
  ['an empty Label', '<c:Label></c:Label>'],
  ['a Label without end', `<c:Label>${'x'.repeat(257)}</c:Label>`],
  ['Properties', '<c:Properties><c:Name>urn:x</c:Name></c:Properties>'],
  ['a child of another vocabulary', '<x:Label xmlns:x="urn:x">of its own</x:Label>'],
  ['two Nonces', `<c:Nonce>${NONCE.toString('base64')}</c:Nonce>`],
] as const)
  test(`WS-SecureConversation 1.3 §7: refuses a derived key with ${what}`, async () => {
    const answer = await send(aDerivedMessage({ children }));

    assert.equal(faultCodeOf(answer), 'wsse:InvalidSecurityToken');
  });

for (const [what, nonce] of [
  ['no Nonce', ''],
  ['a Nonce of 15 bytes', Buffer.alloc(15).toString('base64')],
  ['a Nonce of 129 bytes', Buffer.alloc(129).toString('base64')],
  ['a Nonce in loose base64', 'AAAAAAAAAAAAAAAAAAAAAB=='],
] as const)
  test(`WS-SecureConversation 1.3 §7: refuses a derived key with ${what}`, async () => {
    const answer = await send(aDerivedMessage({ nonce }));

    assert.equal(faultCodeOf(answer), 'wsse:InvalidSecurityToken');
  });

const dkt = (of: string, id = 'dkt') => aDerivedKeyToken(of, { id });
for (const [what, tokens] of [
  ['of itself', `${ASSERTION}${dkt(aReferenceTo('dkt'))}`],
  ['in a circle', `${ASSERTION}${dkt(aReferenceTo('dk2'))}${dkt(aReferenceTo('dkt'), 'dk2')}`],
  ['of a derived key', `${ASSERTION}${dkt(aReferenceTo('dk2'))}${dkt(TO_ASSERTION, 'dk2')}`],
] as const)
  test(`WS-SecureConversation 1.3 §7: refuses a key derived ${what}`, async () => {
    const key = aDerivedKey(SECRET);

    const answer = await send(aMessage({ tokens, key, keyInfo: aReferenceTo('dkt') }));

    assert.equal(faultCodeOf(answer), 'wsc:UnknownDerivationSource');
  });

test('xml-security B5: refuses a key derived of a certificate', async () => {
  const certified: TokenValidator = {
    canHandle: ({ type }) => type === 'x509',
    validate: async ({ use }) => aValidatedToken({ type: 'x509', use }),
  };
  const setting = aSetting({ validators: [certified] });
  const spki = certificate.certificate.publicKey.toString('pem');

  const answer = await send(
    aMessage({
      tokens: `${aBinaryToken(certificate)}${dkt(aReferenceTo('bst', `${X509_PROFILE}#X509v3`))}`,
      key: aDerivedKey(Buffer.from(spki)),
      keyInfo: aReferenceTo('dkt'),
    }),
    setting,
  );

  assert.equal(faultCodeOf(answer), 'wsc:UnknownDerivationSource');
});

test('xml-security B5: refuses a key derived of an assertion that is bound to a public key', async () => {
  const publicKey = createPublicKey(certificate.certificate.publicKey.toString('pem'));
  const bound: TokenValidator = {
    ...boundTokens,
    validate: async ({ type, use }) =>
      aValidatedToken({ type, use, id: '_bound', confirmation: nameKey(publicKey) }),
  };
  const spki = publicKey.export({ type: 'spki', format: 'der' });

  const answer = await send(
    aDerivedMessage({}, aDerivedKey(spki)),
    aSetting({ validators: [bound] }),
  );

  assert.equal(faultCodeOf(answer), 'trust:FailedAuthentication');
});

test('xml-security §5: HMAC with SHA-1 is refused, and taken and audited under the dated exception', async () => {
  const message = aMessage({ algorithm: HMAC_SHA1 });
  const until = (legacySha1Until: number) =>
    aSetting({
      profiles: changeEndpoints([GENERIC_PROFILE], [{ path: '/ws-trust', legacySha1Until }]),
    });
  const open = until(NOW + 1);

  const refused = await send(message);
  const late = await send(message, until(NOW));
  const taken = await send(message, open);

  for (const answer of [refused, late])
    assert.equal(faultCodeOf(answer), 'wsse:UnsupportedAlgorithm');
  assert.equal(taken.status, 200, taken.body);
  assert.ok(open.audit.records.some(({ detail }) => detail?.startsWith('SHA-1')));
});

const move = (text: string) => {
  const body = /<s:Body.*<\/s:Body>/.exec(text)?.[0] ?? assert.fail('no Body');
  return text
    .replace(body, `<s:Body>${anRst({ children: '' })}</s:Body>`)
    .replace('<s:Header>', `<s:Header><w:x xmlns:w="urn:w">${body}</w:x>`);
};
for (const [what, message, code] of [
  [
    'R17: HMACOutputLength',
    aMessage({
      edit: (text) =>
        text.replace(/(hmac-sha256">)/, '$1<ds:HMACOutputLength>80</ds:HMACOutputLength>'),
    }),
    'wsse:InvalidSecurity',
  ],
  [
    'B6: a truncated value',
    aMessage({
      edit: (text) =>
        text.replace(/(<ds:SignatureValue>)([^<]*)/, (_, tag: string, value: string) => {
          const bytes = Buffer.from(value, 'base64').subarray(0, 10);
          return `${tag}${bytes.toString('base64')}`;
        }),
    }),
    'trust:FailedAuthentication',
  ],
  [
    'another secret',
    aMessage({ key: createSecretKey(Buffer.alloc(32)) }),
    'trust:FailedAuthentication',
  ],
  ['A1: the signed Body elsewhere', aMessage({ edit: move }), 'trust:AuthenticationBadElements'],
  ['an unsigned Timestamp', aMessage({ ids: ['body'] }), 'trust:AuthenticationBadElements'],
  ['an unsigned Body', aMessage({ ids: ['ts'] }), 'trust:AuthenticationBadElements'],
  [
    'a derived key that nothing uses',
    aMessage({ tokens: `${ASSERTION}${dkt(TO_ASSERTION)}` }),
    'wsse:UnsupportedSecurityToken',
  ],
  [
    'a derived key of a token that is not there',
    aMessage({ tokens: dkt(TO_ASSERTION), keyInfo: aReferenceTo('dkt') }),
    'wsc:UnknownDerivationSource',
  ],
  [
    'a derivation of another name',
    aDerivedMessage({ more: ' Algorithm="urn:p_md5"' }),
    'wsse:UnsupportedAlgorithm',
  ],
  [
    'a derivation of the other version',
    aDerivedMessage({ more: ` Algorithm="${WSC_2005}/dk/p_sha1"` }),
    'wsse:UnsupportedAlgorithm',
  ],
  [
    'a context that is nobody’s',
    aMessage({
      keyInfo: `<wsse:SecurityTokenReference><wsse:Reference URI="urn:uuid:1" ValueType="${WSC_13}/sct"></wsse:Reference></wsse:SecurityTokenReference>`,
      tokens: '',
    }),
    'trust:FailedAuthentication',
  ],
] as const)
  test(`WSS 1.1.1 §8: refuses a message signed with a secret: ${what}`, async () => {
    const setting = aSetting();

    const answer = await send(message, setting);

    assert.equal(faultCodeOf(answer), code);
    assert.deepEqual(setting.asked, []);
  });

test('WSS 1.1.1 §8: a secret that we cannot know is no credential', async () => {
  const setting = aSetting({ parts: { findSecret: async () => undefined } });

  const answer = await send(aMessage(), setting);

  assert.equal(faultCodeOf(answer), 'trust:FailedAuthentication');
});

test('xml-security E1: a message signed with a derived key is good once', async () => {
  const setting = aSetting();
  const message = aDerivedMessage();

  const first = await send(message, setting);
  const second = await send(message, setting);

  assert.equal(first.status, 200, first.body);
  assert.equal(faultCodeOf(second), 'wsse:InvalidSecurity');
});

test('xml-security E1: a derived key written one byte longer, of a zero, is the same key, and the message was sent', async () => {
  const setting = aSetting();
  // The 33rd byte of what is derived: HMAC fills keys up with zeros.
  const isZeroBehind = (nonce: Buffer) =>
    aDerivedKey(SECRET, { nonce, from: 32, length: 1 }).export()[0] === 0;
  const nonce = Buffer.alloc(16);
  for (let count = 0; !isZeroBehind(nonce); count += 1) nonce.writeUInt32BE(count);
  const length = '<c:Length>32</c:Length>';
  const token = { children: length, nonce: nonce.toString('base64') };
  const message = aDerivedMessage(token, aDerivedKey(SECRET, { nonce }));

  const first = await send(message, setting);
  const second = await send(message.replace(length, '<c:Length>33</c:Length>'), setting);

  assert.equal(first.status, 200, first.body);
  assert.equal(faultCodeOf(second), 'wsse:InvalidSecurity');
});

test('ws-trust §4: an assertion of ours is no credential by a secret that its relying party has too', async () => {
  const ownTokens: TokenValidator = {
    canHandle: ({ type }) => type === 'saml2',
    validate: async ({ type, use }) =>
      anOwnToken({
        type,
        use,
        id: '_bound',
        originClient: 'principal:self:alice',
        confirmation: { method: 'symmetric-key' },
      }),
  };
  const setting = aSetting({ validators: [ownTokens] });

  for (const message of [aMessage(), aDerivedMessage()])
    assert.equal(faultCodeOf(await send(message, setting)), 'trust:FailedAuthentication');
  assert.deepEqual(setting.asked, []);
});
