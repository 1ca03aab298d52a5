// Attacks on messages that protect themselves (xml-security D1-D6, E9, R20): what only decryption brings to light, and ciphertext in
// another place than its own.
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { graft, parseInPlace } from '#bridge/xml/encryption/graft.ts';
import { WSU_NS } from '#bridge/xml/namespaces.ts';
import { DEFAULT_LIMITS } from '#bridge/xml/parser/limits.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { elementsOf } from '#bridge/xml/tree.ts';
import { ENCRYPTED_KEY, encryptMessage } from '#test/support/soap/encrypted-message.ts';
import {
  ADDRESSING,
  aMessage,
  aSetting,
  bodyPart,
  client,
  type MessageWishes,
  ours,
  publicKeyOf,
  SIGNED,
  send,
  signaturePart,
  USER_TOKEN,
} from '#test/support/soap/message-security.ts';
import {
  aBinaryToken,
  aDirectReference,
  SIGNATURE,
  signMessage,
  TIMESTAMP,
} from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anRst } from '#test/support/ws-trust/rst.ts';
import { faultCodeOf } from '#test/support/ws-trust/ws-trust.ts';

// What only shows after decryption, with messages that are signed and encrypted as they should be apart from it.
const flip = (at: number) => (body: Buffer) => {
  const place = at < 0 ? body.length + at : at;
  body[place] = (body[place] ?? 0) ^ 1;
  return body;
};
const ORACLE: Readonly<Record<string, MessageWishes>> = {
  'content that is changed': { encryption: { spoil: flip(40) } },
  'R20: a tag that is changed': { encryption: { spoil: flip(-1) } },
  'a tag that is cut': { encryption: { spoil: (body) => body.subarray(0, -1) } },
  'no content at all': { encryption: { spoil: () => Buffer.alloc(0) } },
  'a key for another': { encryption: { publicKey: publicKeyOf(client) } },
  'a wrapped key that is changed': {
    encryption: { key: (text) => text.replace(/CipherValue>..../, 'CipherValue>AAAA') },
  },
  'a DOCTYPE inside': { edit: (text) => text.replace('<t:Request', '<!DOCTYPE x><t:Request') },
  'an end tag of what is around': {
    edit: (text) => text.replace('<t:Request', '</x><x><t:Request'),
    parts: (text) => [signaturePart(text), { ...bodyPart(text) }],
  },
  'a prefix that is not declared': {
    edit: (text) => text.replace('<t:RequestType', '<u:x/><t:RequestType'),
  },
  'an id that is there already': {
    edit: (text) => text.replace('<t:RequestType', '<y wsu:Id="ts"/><t:RequestType'),
  },
  'two elements in the Body': {
    edit: (text) => text.replace('</s:Body>', '<y xmlns="urn:y"/></s:Body>'),
  },
  'text in the Body': { edit: (text) => text.replace('</s:Body>', 'text</s:Body>') },
  'a comment alone in the Body': {
    edit: (text) => text.replace(/(<s:Body[^>]*>).*(?=<\/s:Body>)/s, '$1<!-- -->'),
  },
  'encryption in the Body once more': {
    edit: (text) =>
      text.replace(
        /(<s:Body[^>]*>).*(?=<\/s:Body>)/s,
        '$1<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"/>',
      ),
  },
  'a Body in the Body, beside the request': {
    edit: (text) => text.replace('</s:Body>', '<s:Body/></s:Body>'),
  },
  'another element in the place of the signature': {
    parts: (text) => [{ ...signaturePart(text), plain: '<wsse:Security/>' }, bodyPart(text)],
  },
  'two signatures in the place of one': {
    parts: (text) => {
      const part = signaturePart(text);
      return [
        { ...part, plain: `${part.text}${part.text.replace('SIG-1', 'SIG-2')}` },
        bodyPart(text),
      ];
    },
  },
  'a signature in the place of the Body': {
    parts: (text) => [signaturePart(text), { ...bodyPart(text), plain: signaturePart(text).text }],
  },
  'a bomb of elements': {
    parts: (text) => [
      signaturePart(text),
      { ...bodyPart(text), plain: `<y xmlns="urn:y">${'<z/>'.repeat(6000)}</y>` },
    ],
  },
  'depth without end': {
    parts: (text) => [
      signaturePart(text),
      { ...bodyPart(text), plain: `${'<y>'.repeat(70)}${'</y>'.repeat(70)}` },
    ],
  },
};

test('XML E9: whatever decryption brings to light is one answer, byte for byte, whoever sent it', async () => {
  const answers: [string, string][] = [];
  for (const [what, wishes] of Object.entries(ORACLE)) {
    const setting = aSetting();
    const { body, status } = await send(aMessage(wishes), setting);
    assert.equal(status, 500, what);
    assert.deepEqual([setting.asked, setting.errors], [[], []], what);
    answers.push([what, body]);
  }

  const first = answers[0]?.[1] ?? '';
  assert.match(first, /wsse:FailedCheck/);
  for (const [what, body] of answers) assert.equal(body, first, what);
});

test('XML D6: a signature over ciphertext covers nothing that is read', async () => {
  const setting = aSetting();
  const secret = Buffer.alloc(32, 'content key');
  const publicKey = publicKeyOf(ours);
  const security = `${ENCRYPTED_KEY}${aBinaryToken(client)}${TIMESTAMP}${SIGNATURE}`;
  const message = anEnvelope({
    header: `${ADDRESSING}<wsse:Security>${security}</wsse:Security>`,
    body: anRst(),
    bodyId: 'body',
  });
  const listed = ['ED-0', 'ED-signature'];

  const encrypted = encryptMessage(message, {
    publicKey,
    parts: [bodyPart(message)],
    listed,
    secret,
  });
  const signed = signMessage(encrypted, {
    key: client.privateKey,
    keyInfo: aDirectReference(),
    ids: SIGNED,
  });
  const parts = [{ ...signaturePart(signed), id: 'ED-signature' }];
  const answer = await send(encryptMessage(signed, { publicKey, parts, secret }), setting);

  assert.equal(faultCodeOf(answer), 'wsse:FailedCheck');
  assert.deepEqual(setting.asked, []);
});

test('XML D6: the ciphertext of another, in a message of one’s own, is read for nobody', async () => {
  const setting = aSetting();
  const victim = aMessage({ more: USER_TOKEN });
  const [key = ''] = /<xenc:EncryptedKey .*?<\/xenc:EncryptedKey>/s.exec(victim) ?? [];
  const [body = ''] = /(?<=<s:Body[^>]*>).*(?=<\/s:Body>)/s.exec(victim) ?? [];
  const mine = aMessage({
    encryption: { key: () => key },
    last: (text) => text.replace(/(?<=<s:Body[^>]*>).*(?=<\/s:Body>)/s, () => body),
  });

  const answer = await send(mine, setting);

  assert.equal(faultCodeOf(answer), 'wsse:InvalidSecurity');
  assert.deepEqual(setting.asked, []);
});

test('XML D5: encryption in encryption is not opened, though all of it is signed', async () => {
  const setting = aSetting();
  const body =
    '<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"></xenc:EncryptedData>';

  const answer = await send(aMessage({ body }), setting);

  assert.equal(faultCodeOf(answer), 'wsse:FailedCheck');
  assert.match(JSON.stringify(setting.audit.records), /encrypted twice/);
});

test('XML V4, D5: decryption must not make two of one id, nor more than a document may hold', () => {
  const wsu = `xmlns:wsu="${WSU_NS}"`;
  const document = parseXml(Buffer.from(`<r ${wsu} wsu:Id="one"><p></p><p></p></r>`));
  const [place] = elementsOf(document.root);
  assert.ok(place);
  const grafting = (text: string) => () =>
    graft(
      document,
      new Map([[place, parseInPlace(Buffer.from(text), place, DEFAULT_LIMITS)]]),
      DEFAULT_LIMITS,
    );

  assert.deepEqual([...grafting('<q wsu:Id="two"></q>')().ids.keys()], ['one', 'two']);
  assert.throws(grafting('<q wsu:Id="one"></q>'), { reason: 'id-duplicate' });
  assert.throws(grafting('<q></q>'.repeat(DEFAULT_LIMITS.maxElements - 1)), {
    reason: 'too-complex',
  });
  assert.throws(grafting('</x><x>'), { reason: 'not-well-formed' });
  assert.deepEqual([...document.ids.keys()], ['one'], 'the document of before is as it was');
});

test('XML D6: what was decrypted stands no deeper than a message may be, wherever it stands, beside others as deep', () => {
  const document = parseXml(Buffer.from('<r><s><p></p></s></r>'));
  const [around] = elementsOf(document.root);
  const [place] = around ? elementsOf(around) : [];
  assert.ok(place);
  const nested = (depth: number) => '<q>'.repeat(depth) + '</q>'.repeat(depth);
  const grafting = (text: string) => () =>
    graft(
      document,
      new Map([[place, parseInPlace(Buffer.from(text), place, DEFAULT_LIMITS)]]),
      DEFAULT_LIMITS,
    );
  const deepest = DEFAULT_LIMITS.maxDepth - 2;

  assert.equal(grafting(nested(deepest).repeat(2))().grafted.get(place)?.length, 2);
  assert.throws(grafting(nested(deepest + 1)), { reason: 'too-complex' });
});

for (const [what, from, to] of [
  [
    'another type than element and content',
    /(Type=")[^"]*#Content/,
    '$1http://www.w3.org/2009/xmlenc11#EXI',
  ],
  ['another method than the one before', 'xmlenc11#aes256-gcm', 'xmlenc11#aes128-gcm'],
] as const)
  test(`xml-security D5: a part of ${what} is not opened`, async () => {
    const setting = aSetting();

    const answer = await send(aMessage({ last: (text) => text.replace(from, to) }), setting);

    assert.equal(faultCodeOf(answer), 'wsse:InvalidSecurity');
    assert.deepEqual(setting.asked, []);
  });

test('xml-security D5: of two keys of a message none is used', async () => {
  const setting = aSetting();
  const message = aMessage({
    encryption: {
      key: (key) =>
        key +
        key.replace('"EK"', '"EK2"').replace(/<xenc:ReferenceList>.*?<\/xenc:ReferenceList>/s, ''),
    },
  });

  const answer = await send(message, setting);

  assert.equal(faultCodeOf(answer), 'wsse:InvalidSecurity');
  // It is refused as unsigned too: only the record tells that it was not opened before.
  assert.equal(setting.audit.records.at(-1)?.detail, 'two keys of a message');
});
