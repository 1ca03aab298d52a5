// Frames of messages that protect themselves: what is missing, what is there twice, what is beyond the limits, and ways to sign that TLS
// would let pass. Each is a refusal with a code, and none a mistake of ours.
import assert from 'node:assert/strict';
import { hash, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import {
  aMessage,
  aSetting,
  client,
  type MessageWishes,
  SIGNED,
  send,
} from '#test/support/soap/message-security.ts';
import { aSecretMessage, aSecretSetting, sendSecretly } from '#test/support/soap/secret-message.ts';
import { aKeyValue, RSA_SHA1 } from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anRst } from '#test/support/ws-trust/rst.ts';
import { aPost, faultCodeOf, LIMITS } from '#test/support/ws-trust/ws-trust.ts';

const JWT = `<wsse:BinarySecurityToken wsu:Id="jwt" ValueType="urn:ietf:params:oauth:token-type:jwt">${Buffer.from('aa.good.cc').toString('base64')}</wsse:BinarySecurityToken>`;
const emptied = (message: string): string =>
  message.replace(/(<s:Body[^>]*>).*(<\/s:Body>)/s, '$1$2');

for (const [what, make, ask, settingOf] of [
  ['a certificate', aMessage, send, aSetting],
  ['a secret', aSecretMessage, sendSecretly, aSecretSetting],
] as const)
  for (const [frame, message] of [
    ['no header', anEnvelope({ body: anRst() })],
    ['no Security header', anEnvelope({ header: '<x xmlns="urn:x"/>', body: anRst() })],
    ['an empty Security header', anEnvelope({ header: '<wsse:Security/>', body: anRst() })],
    [
      'two Security headers',
      make({ last: (text) => text.replace('<wsse:Security>', '<wsse:Security/><wsse:Security>') }),
    ],
    ['an empty Body', make({ last: emptied })],
    ['an empty Body that was signed so', make({ edit: emptied, parts: () => [] })],
  ] as const)
    test(`xml-security V5, V9: under ${what}, a message with ${frame} is refused, and is no mistake of ours`, async () => {
      const setting = settingOf();

      const answer = await ask(message, setting);

      assert.match(faultCodeOf(answer), /InvalidSecurity$|FailedCheck$|InvalidRequest$/);
      assert.deepEqual(setting.errors, []);
      assert.deepEqual(setting.asked, []);
    });

// Until the signature has verified there is one answer; why is for the audit.
const refused: readonly (readonly [string, MessageWishes, RegExp])[] = [
  [
    'xml-security B13: RSA-SHA1, which no address of this kind has an exception for',
    { signature: { algorithm: RSA_SHA1 } },
    /SHA-1/,
  ],
  [
    'xml-security V7: the signature of a key by its value',
    {
      token: '',
      signed: SIGNED.filter((id) => id !== 'bst'),
      signature: { keyInfo: aKeyValue(client) },
    },
    /signed with no certificate/,
  ],
  [
    'a JWT in the header that is in clear, though it is signed',
    { more: JWT, signed: [...SIGNED, 'jwt'] },
    /a token in clear/,
  ],
];
for (const [what, wishes, detail] of refused)
  test(`ws-trust §4: refuses ${what}`, async () => {
    const setting = aSetting();

    const answer = await send(aMessage(wishes), setting);

    assert.equal(faultCodeOf(answer), 'wsse:FailedCheck');
    assert.match(setting.audit.records.at(-1)?.detail ?? '', detail);
    assert.deepEqual(setting.errors, []);
    assert.deepEqual(setting.asked, []);
  });

test('X.509 Token Profile 1.1.1 §3.2: a certificate that is known may be named, and need not come along', async () => {
  const thumbprint = hash('sha1', client.der, 'base64');
  const valueType =
    'http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1';
  const message = aMessage({
    token: '',
    signed: SIGNED.filter((id) => id !== 'bst'),
    signature: {
      keyInfo: `<wsse:SecurityTokenReference><wsse:KeyIdentifier ValueType="${valueType}">${thumbprint}</wsse:KeyIdentifier></wsse:SecurityTokenReference>`,
    },
  });
  const setting = aSetting([], { findCertificate: () => new X509Certificate(client.der) });

  const answer = await send(message, setting);

  assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
  assert.equal(faultCodeOf(await send(message)), 'wsse:FailedCheck');
});

test('ws-trust §3.1: the SOAPAction of an encrypted message must agree with its Body as well', async () => {
  const setting = aSetting();
  const headers = { 'content-type': 'application/soap+xml; charset=utf-8', soapaction: '"urn:x"' };

  const answer = await setting.front.handle(
    aPost(aMessage(), { path: '/ws-trust/message', isSecure: false, headers }),
  );

  assert.equal(faultCodeOf(answer), 'trust:InvalidRequest');
});

const REQUEST_END = '</t:RequestSecurityToken>';
/** Puts something into a request that was signed without it. */
const adding = (more: string) => (message: string) =>
  message.replace(REQUEST_END, more + REQUEST_END);
const BEYOND = [
  ['too deep', `${'<x>'.repeat(70)}${'</x>'.repeat(70)}`, /deep/],
  ['of too much markup', '<x></x>'.repeat(3500), /markup/],
  [
    'with too many attributes',
    `<x${Array.from({ length: 70 }, (_, at) => ` a${String(at)}=""`).join('')}></x>`,
    /attributes/,
  ],
] as const;

for (const [what, beyond, detail] of BEYOND)
  test(`xml-security §3, C3: a Body that is ${what} is refused as it comes, and where decryption brings it out`, async () => {
    const edit = adding(beyond);
    const header = '<wsse:Security/>';
    const setting = aSetting();
    const secretly = aSecretSetting();

    const clear = aPost(anEnvelope({ header, body: edit(anRst()) }));
    const answers = [
      await setting.front.handle(clear),
      await send(aMessage({ edit }), setting),
      await sendSecretly(aSecretMessage({ edit }), secretly),
    ];

    assert.deepEqual(answers.map(faultCodeOf), [
      'trust:InvalidRequest',
      'wsse:FailedCheck',
      'wsse:FailedCheck',
    ]);
    // What comes out of a decryption has one refusal, in the audit too: without the limit it would be that of the signature.
    const details = [...setting.audit.records, ...secretly.audit.records].map(
      (record) => record.detail ?? '',
    );
    for (const [at, expected] of [detail, /decryption failed/, /decryption failed/].entries())
      assert.match(details[at] ?? '', expected);
  });

test('xml-security §3: where larger messages are taken, they may be encrypted', async () => {
  const edit = adding(`<x xmlns="urn:x">${'text '.repeat(60_000)}</x>`);
  const limits = { ...LIMITS, maxBodyBytes: 1_000_000 };
  const usual = aSetting();
  const larger = aSetting([], { limits });
  const secretly = aSecretSetting([], { limits });

  const refusedAsTooLarge = await send(aMessage({ edit }), usual);
  await send(aMessage({ edit }), larger);
  await sendSecretly(aSecretMessage({ edit }), secretly);

  assert.equal(faultCodeOf(refusedAsTooLarge), 'trust:InvalidRequest');
  // They were opened: what is refused is the signature, which knows nothing of the text.
  for (const { audit } of [larger, secretly])
    assert.match(audit.records.at(-1)?.detail ?? '', /digest/);
});
