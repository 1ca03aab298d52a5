// Message security without TLS (ws-trust §4, WS-SecurityPolicy 1.2 §7.5): a message is encrypted to us and signed, its answer is signed
// and encrypted; less is refused, and nothing falls back.

import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, test } from 'node:test';
import { WSA_2004_NS } from '#bridge/soap/namespaces.ts';
import { changeEndpoints } from '#bridge/ws-trust/endpoint/endpoint-changes.ts';
import { GENERIC_PROFILE } from '#bridge/ws-trust/endpoint/profiles.ts';
import { trustPublicKey } from '#bridge/xml/keys/trusted-key.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { verifyMessageSignature } from '#bridge/xml/signature/verify-message.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { openMessage } from '#test/support/soap/encrypted-message.ts';
import {
  ADDRESSING,
  aMessage,
  aSetting,
  bodyPart,
  client,
  ec,
  type MessageWishes,
  named,
  PATH,
  PROFILES,
  publicKeyOf,
  SIGNED,
  send,
  signaturePart,
  signing,
  stranger,
  USER_TOKEN,
  usualParts,
} from '#test/support/soap/message-security.ts';
import { TIMESTAMP } from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { aPost, aWsTrustSetting, faultCodeOf, USER } from '#test/support/ws-trust/ws-trust.ts';

describe('WS-SecurityPolicy 1.2 §7.5: a message that is encrypted to us and signed', () => {
  test('is answered without TLS, and the answer is signed by us and encrypted to who signed', async () => {
    const setting = aSetting();
    const request = aMessage();

    const answer = await send(request, setting);

    assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
    assert.equal(setting.asked[0]?.requestor.method, 'x509');
    assert.doesNotMatch(answer.body, /RequestSecurityToken|Assertion|<ds:Signature|Confirmation/);
    assert.match(answer.body, /<s:Body [^>]*><xenc:EncryptedData [^>]*Type="[^"]*#Content"/);
    assert.throws(() => openMessage(answer.body, stranger.privateKey));
    const opened = openMessage(answer.body, client.privateKey);
    const document = parseXml(Buffer.from(opened));
    const [signature, second] = named(document.root, 'Signature');
    assert.ok(signature && !second);
    const { covered } = await verifyMessageSignature(document, signature, {
      selectKey: () => trustPublicKey(publicKeyOf(signing)),
    });
    const places = [
      'Timestamp',
      'SignatureConfirmation',
      'BinarySecurityToken',
      'Action',
      'RelatesTo',
      'Body',
    ];
    assert.deepEqual(
      new Set(covered.keys()),
      new Set(places.flatMap((local) => named(document.root, local)[0] ?? [])),
    );
    assert.equal(covered.size, places.length);
    assert.match(opened, /<trust:RequestSecurityTokenResponseCollection .*<saml:Assertion /s);
    assert.match(opened, /<a:RelatesTo [^>]*>urn:uuid:1</);
  });

  test('WS-Addressing of August 2004 §3: the To of an answer is signed, whether or not it relates to a message', async () => {
    const action = `<b:Action xmlns:b="${WSA_2004_NS}" wsu:Id="action">${TRUST_13}/RST/Issue</b:Action>`;
    const id = `<b:MessageID xmlns:b="${WSA_2004_NS}" wsu:Id="message">urn:uuid:1</b:MessageID>`;
    for (const [addressing, ids] of [
      [action, ['action']],
      [`${action}${id}`, ['action', 'message']],
    ] as const) {
      const request = aMessage({ addressing, signed: ['ts', 'body', 'bst', ...ids] });

      const document = parseXml(
        Buffer.from(openMessage((await send(request)).body, client.privateKey)),
      );

      const [signature] = named(document.root, 'Signature');
      const [to] = named(document.root, 'To');
      assert.ok(signature && to);
      const { covered } = await verifyMessageSignature(document, signature, {
        selectKey: () => trustPublicKey(publicKeyOf(signing)),
      });
      assert.equal(to.uri, WSA_2004_NS);
      assert.ok(covered.has(to));
    }
  });

  test('WSS 1.1.1 §8.5: the answer confirms the very signature of its request', async () => {
    const clear: string[] = [];
    const message = aMessage({
      edit(signed) {
        clear.push(/<ds:SignatureValue>([^<]+)</.exec(signed)?.[1] ?? '');
        return signed;
      },
    });

    const opened = openMessage((await send(message)).body, client.privateKey);

    const values = [...opened.matchAll(/<wsse11:SignatureConfirmation [^>]* Value="([^"]+)"/g)];
    assert.deepEqual(
      values.map(([, value]) => value),
      clear,
    );
  });

  test('may carry a user name, encrypted and signed: then the user asks', async () => {
    const seen: object[] = [];
    const watching: TokenValidator = {
      canHandle({ content, type }) {
        if (type === 'username' && typeof content === 'object') seen.push(content);
        return false;
      },
      validate: () => assert.fail('it handles nothing'),
    };
    const setting = aSetting([watching]);

    const answer = await send(aMessage({ more: USER_TOKEN }), setting);

    assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
    assert.deepEqual(
      seen.map((content) => 'isMessageEncrypted' in content && content.isMessageEncrypted),
      [true],
    );
    assert.deepEqual(
      [setting.asked[0]?.requestor.method, setting.asked[0]?.requestor.id],
      ['username', USER.name],
    );
  });

  test('is good once: encrypted anew it is the same message, with a user name too', async () => {
    for (const more of ['', USER_TOKEN]) {
      const setting = aSetting();
      let signed = '';
      const keep = (text: string): string => (signed ||= text);

      const first = await send(aMessage({ more, edit: keep }), setting);
      const again = await send(aMessage({ more, edit: () => signed }), setting);

      assert.equal(first.status, 200, first.body);
      assert.equal(faultCodeOf(again), 'wsse:InvalidSecurity');
      assert.equal(setting.asked.length, 1);
    }
  });

  test('is read in the namespaces around it: prefixes of the envelope hold inside', async () => {
    const setting = aSetting();
    const body = anRst().replace(' xmlns:a="http://www.w3.org/2005/08/addressing"', '');
    assert.doesNotMatch(body, /xmlns:a=/);

    const answer = await send(aMessage({ body }), setting);

    assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
  });
});

type Row = readonly [what: string, wishes: MessageWishes, code: string];

const ASSERTION =
  '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_good"></saml:Assertion>';
const REFUSED: readonly Row[] = [
  [
    'nothing is encrypted',
    { parts: () => [], encryption: { key: () => '' } },
    'wsse:InvalidSecurity',
  ],
  ['the Body is in clear', { parts: (text) => [signaturePart(text)] }, 'wsse:InvalidSecurity'],
  ['the signature is in clear', { parts: (text) => [bodyPart(text)] }, 'wsse:InvalidSecurity'],
  [
    'the user name is in clear',
    { more: USER_TOKEN, parts: (text) => [signaturePart(text), bodyPart(text)] },
    'wsse:InvalidSecurity',
  ],
  [
    'an assertion in the header is in clear',
    { more: '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_good"/>' },
    'wsse:InvalidSecurity',
  ],
  [
    'an assertion in the header, encrypted and signed',
    {
      more: ASSERTION,
      signed: [...SIGNED, '_good'],
      parts: (text) => [...usualParts(text), { text: ASSERTION, type: 'Element' }],
    },
    'wsse:UnsupportedSecurityToken',
  ],
  [
    'there is no signature',
    {
      parts: (text) => [bodyPart(text)],
      edit: (text) =>
        text
          .replace(/<ds:Signature .*?<\/ds:Signature>/s, '')
          .replace(/<wsse:Binary.*?<\/wsse:Binary\w+>/s, ''),
    },
    'wsse:FailedCheck',
  ],
  [
    'the Body is not signed',
    { signed: SIGNED.filter((id) => id !== 'body') },
    'trust:AuthenticationBadElements',
  ],
  [
    'the Timestamp is not signed',
    { signed: SIGNED.filter((id) => id !== 'ts') },
    'trust:AuthenticationBadElements',
  ],
  [
    'the Action is not signed',
    { signed: SIGNED.filter((id) => id !== 'action') },
    'trust:AuthenticationBadElements',
  ],
  [
    'To is not signed',
    { signed: SIGNED.filter((id) => id !== 'to') },
    'trust:AuthenticationBadElements',
  ],
  [
    'the certificate is not signed',
    { signed: SIGNED.filter((id) => id !== 'bst') },
    'trust:AuthenticationBadElements',
  ],
  [
    'the user name is not signed',
    { more: USER_TOKEN, signed: SIGNED },
    'trust:AuthenticationBadElements',
  ],
  ['the signer is nobody’s', { certificate: stranger }, 'trust:FailedAuthentication'],
  ['nothing can be encrypted to the signer', { certificate: ec }, 'wsse:UnsupportedSecurityToken'],
  [
    'the Body is changed',
    { edit: (text) => text.replace('/Issue</t:', '/Renew</t:') },
    'wsse:FailedCheck',
  ],
  [
    'CBC',
    { encryption: { method: 'http://www.w3.org/2001/04/xmlenc#aes256-cbc' } },
    'wsse:UnsupportedAlgorithm',
  ],
  [
    'RSA 1.5',
    {
      encryption: {
        key: (text) =>
          text.replace(
            'http://www.w3.org/2009/xmlenc11#rsa-oaep',
            'http://www.w3.org/2001/04/xmlenc#rsa-1_5',
          ),
      },
    },
    'wsse:UnsupportedAlgorithm',
  ],
  [
    'a wrapped key that is no base64',
    { encryption: { key: (text) => text.replace('CipherValue>', 'CipherValue>*') } },
    'wsse:InvalidSecurity',
  ],
  [
    'OAEP with another digest',
    { encryption: { key: (text) => text.replace('xmlenc#sha256', 'xmlenc#sha512') } },
    'wsse:UnsupportedAlgorithm',
  ],
  [
    'two keys',
    { encryption: { key: (text) => text + text.replace('"EK"', '"EK2"') } },
    'wsse:InvalidSecurity',
  ],
  [
    'a list with a part that is missing',
    { encryption: { listed: ['ED-0', 'ED-1', 'nowhere'] } },
    'wsse:InvalidSecurity',
  ],
  [
    'a part that is listed twice',
    { encryption: { listed: ['ED-0', 'ED-1', 'ED-1'] } },
    'wsse:InvalidSecurity',
  ],
  ['a Body that is not listed', { encryption: { listed: ['ED-0'] } }, 'wsse:InvalidSecurity'],
  ['a signature that is not listed', { encryption: { listed: ['ED-1'] } }, 'wsse:InvalidSecurity'],
  [
    'a signature as content, where nothing is around it',
    { parts: (text) => [{ ...signaturePart(text), type: 'Content' }, bodyPart(text)] },
    'wsse:InvalidSecurity',
  ],
  [
    'a list of what is not encrypted',
    { encryption: { listed: ['ED-0', 'ED-1', 'ts'] } },
    'wsse:InvalidSecurity',
  ],
  ['an empty list', { encryption: { listed: [] } }, 'wsse:InvalidSecurity'],
  [
    'a list without end',
    {
      encryption: { listed: ['ED-0', 'ED-1', ...Array.from({ length: 500 }, (_, at) => `x${at}`)] },
    },
    'wsse:InvalidSecurity',
  ],
  [
    'a reference to a key elsewhere',
    {
      encryption: {
        keyInfo:
          '<wsse:SecurityTokenReference><wsse:Reference URI="#bst"/></wsse:SecurityTokenReference>',
      },
    },
    'wsse:InvalidSecurity',
  ],
  [
    'a RetrievalMethod',
    { encryption: { keyInfo: '<ds:RetrievalMethod URI="#EK"/>' } },
    'wsse:InvalidSecurity',
  ],
  [
    'the Body element itself as Element, in place of what it holds',
    { parts: (text) => [signaturePart(text), { ...bodyPart(text), type: 'Element' }] },
    'wsse:InvalidSecurity',
  ],
  ['an empty Body', { body: '', parts: (text) => [signaturePart(text)] }, 'wsse:FailedCheck'],
  ['a Body that holds no element once it is decrypted', { body: 'nothing' }, 'wsse:FailedCheck'],
  [
    'a part in a header of another',
    {
      addressing: `${ADDRESSING}<x:h xmlns:x="urn:x"><x:i/></x:h>`,
      parts: (text) => [...usualParts(text), { text: '<x:i/>', type: 'Element' }],
    },
    'wsse:InvalidSecurity',
  ],
  [
    'the Timestamp encrypted',
    { parts: (text) => [...usualParts(text), { text: TIMESTAMP, type: 'Element' }] },
    'wsse:FailedCheck',
  ],
];

describe('ws-trust §4: at an address with message security', () => {
  for (const [what, wishes, code] of REFUSED)
    test(`is refused: ${what}`, async () => {
      const setting = aSetting();

      const answer = await send(aMessage(wishes), setting);

      assert.equal(faultCodeOf(answer), code, JSON.stringify(setting.audit.records));
      assert.deepEqual([setting.asked, setting.errors], [[], []]);
      // One would look as if it were protected, and nobody signs a fault.
      assert.doesNotMatch(answer.body, /Timestamp/);
    });

  test('is refused: a user name over TLS, as other addresses take it', async () => {
    const setting = aSetting();
    const header = `<wsse:Security>${USER_TOKEN}</wsse:Security>`;

    const answer = await setting.front.handle(
      aPost(anEnvelope({ header, body: anRst() }), { path: PATH, isSecure: true }),
    );

    assert.equal(faultCodeOf(answer), 'wsse:InvalidSecurity');
    assert.deepEqual(setting.asked, []);
  });
});

test('ws-trust §4: other addresses take no encrypted message, and none without TLS', async () => {
  for (const isSecure of [true, false]) {
    const setting = aSetting();
    const answer = await setting.front.handle(aPost(aMessage(), { path: '/ws-trust', isSecure }));

    assert.equal(faultCodeOf(answer), 'wsse:InvalidSecurity');
    assert.deepEqual(setting.asked, []);
  }
});

test('ws-trust §4: the address is not there unless the operator says so', async () => {
  const setting = aWsTrustSetting({ profiles: changeEndpoints([GENERIC_PROFILE], []) });

  assert.equal((await send(aMessage(), setting)).status, 404);
});

test('WS-SecurityPolicy 1.2 §7.5: the WSDL asks for what the address takes, and other addresses do not speak of it', async () => {
  const setting = aWsTrustSetting({ profiles: PROFILES });
  const wsdlAt = async (path: string) => {
    const request = { ...aPost('', { path }), method: 'GET', query: 'wsdl' };
    return parseXml(Buffer.from((await setting.front.handle(request)).body)).root;
  };
  const [policy, second] = named(await wsdlAt(PATH), 'AsymmetricBinding');
  const usual = await wsdlAt('/ws-trust');

  assert.ok(policy && !second);
  // Apache Rampart reads every policy of a document, and knows no CustomAlgorithmSuite.
  assert.deepEqual(named(usual, 'AsymmetricBinding'), []);
  assert.deepEqual(named(usual, 'CustomAlgorithmSuite'), []);
  assert.ok(named(usual, 'port').length > 0);
  for (const local of [
    'InitiatorToken',
    'RecipientToken',
    'CustomAlgorithmSuite',
    'IncludeTimestamp',
    'EncryptSignature',
    'ProtectTokens',
  ])
    assert.equal(named(policy, local).length, 1, local);
  const all = policy.parent;
  assert.ok(all);
  assert.equal(named(all, 'RequireSignatureConfirmation').length, 1);
  assert.equal(named(all, 'TransportBinding').length, 0);
  const parts = ['SignedParts', 'EncryptedParts'].map((local) =>
    named(all, local).flatMap(({ children }) =>
      children.flatMap((child) => (typeof child === 'string' ? [] : [child.local])),
    ),
  );
  assert.deepEqual(parts, [['Body', 'Header'], ['Body']]);
});
