// Message security without TLS by a secret (WS-SecurityPolicy 1.2 §7.4, symmetric binding): the client makes it and encrypts it to us, all
// that is read is signed with it and encrypted under it, with a user name inside; less is refused, and nothing falls back.

import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { trustSecretKey } from '#bridge/xml/keys/trusted-key.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { verifyMessageSignature } from '#bridge/xml/signature/verify-message.ts';
import { aDerivedKey, aReferenceTo, WSC_13, WSC_2005 } from '#test/support/soap/derived-key.ts';
import { named, usualParts } from '#test/support/soap/message-security.ts';
import {
  addressingOf,
  aSecretMessage,
  aSecretSetting,
  keyOfAnswer,
  LIST,
  listOf,
  nameOfSecret,
  openAnswer,
  SECRET_PATH,
  SECRET_SIGNED,
  sendSecretly,
  withDerivedKeys,
} from '#test/support/soap/secret-message.ts';
import { BASE64_BINARY } from '#test/support/soap/signed-message.ts';
import { anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { aPost, faultCodeOf, USER } from '#test/support/ws-trust/ws-trust.ts';

const JWT = 'urn:ietf:params:oauth:token-type:jwt';
const KEY_SHA1 =
  'http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#EncryptedKeySHA1';

describe('WS-SecurityPolicy 1.2 §7.4: a message under a secret of its own, with a user name inside', () => {
  const forms = [
    ['the secret itself', (secret: Buffer) => ({ secret }), 0],
    ['derived keys', (secret: Buffer) => withDerivedKeys(secret), 2],
    // As the suites of WS-SecurityPolicy have it that are named after 256 bits.
    ['a derived key of 192 bits', (secret: Buffer) => withDerivedKeys(secret, WSC_13, 24), 2, 24],
    ['derived keys of February 2005', (secret: Buffer) => withDerivedKeys(secret, WSC_2005), 2],
  ] as const;
  for (const [what, wishesOf, derived, bytes = 32] of forms)
    test(`is answered without TLS under the same secret: ${what}`, async () => {
      const setting = aSecretSetting();
      const secret = randomBytes(32);
      const request = aSecretMessage(wishesOf(secret));
      assert.doesNotMatch(request, /RequestSecurityToken|UsernameToken|SignatureValue/);

      const answer = await sendSecretly(request, setting);

      assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
      const { requestor } = setting.asked[0] ?? {};
      assert.deepEqual([requestor?.method, requestor?.id], ['username', USER.name]);
      assert.deepEqual(requestor?.confirmation, { method: 'bearer' });
      assert.doesNotMatch(answer.body, /RequestSecurityToken|Assertion|<ds:Signature|Certificate/);
      const names = [
        ...answer.body.matchAll(/<wsse:KeyIdentifier [^>]*ValueType="([^"]+)"[^>]*>([^<]+)</g),
      ];
      for (const [, type, name] of names)
        assert.deepEqual([type, name], [KEY_SHA1, nameOfSecret(request)]);
      const tokens = answer.body.match(/<wsc:DerivedKeyToken .*?<\/wsc:DerivedKeyToken>/gs) ?? [];
      assert.equal(tokens.length, derived);
      // WS-SecureConversation 1.3 §7: of which secret, and which part of the sequence.
      for (const token of tokens)
        assert.match(token, /EncryptedKeySHA1".*<wsc:Offset>0<\/wsc:Offset><wsc:Length>/s);
      const opened = openAnswer(answer.body, secret);
      const document = parseXml(Buffer.from(opened));
      const [signature, second] = named(document.root, 'Signature');
      assert.ok(signature && !second);
      const signingKey = keyOfAnswer(opened, 'signing-key', secret);
      assert.equal(signingKey.length, bytes);
      const { covered } = await verifyMessageSignature(document, signature, {
        selectKey: () => trustSecretKey(signingKey),
      });
      const places = ['Timestamp', 'SignatureConfirmation', 'Action', 'RelatesTo', 'Body'];
      assert.deepEqual(
        new Set(covered.keys()),
        new Set(places.flatMap((local) => named(document.root, local)[0] ?? [])),
      );
      assert.match(opened, /<trust:RequestSecurityTokenResponseCollection .*<saml:Assertion /s);
    });

  test('WSS 1.1.1 §8.5: the answer confirms the very signature of its request', async () => {
    const clear: string[] = [];
    const secret = randomBytes(32);
    const message = aSecretMessage({
      secret,
      edit(signed) {
        clear.push(/<ds:SignatureValue>([^<]+)</.exec(signed)?.[1] ?? '');
        return signed;
      },
    });

    const opened = openAnswer((await sendSecretly(message)).body, secret);

    const values = [...opened.matchAll(/<wsse11:SignatureConfirmation [^>]* Value="([^"]+)"/g)];
    assert.deepEqual(
      values.map(([, value]) => value),
      clear,
    );
  });

  test('WSS 1.1.1 §9.1: the list of what is encrypted may stand beside the key', async () => {
    const setting = aSecretSetting();
    const message = aSecretMessage({
      encryption: { key: (text) => text.replace(LIST, '') },
      last: (text) => text.replace('</wsse:Security>', () => `${listOf(text)}</wsse:Security>`),
    });

    const answer = await sendSecretly(message, setting);

    assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
  });

  test('may use one derived key for both, whatever other attributes its token has', async () => {
    const secret = randomBytes(32);
    const { more = '', ...wishes } = withDerivedKeys(secret);
    const token = more.slice(
      0,
      more.indexOf('</c:DerivedKeyToken>') + '</c:DerivedKeyToken>'.length,
    );
    const message = aSecretMessage({
      ...wishes,
      more: token.replace('<c:DerivedKeyToken', '<c:DerivedKeyToken Id="ts"'),
      encryption: {
        ...wishes.encryption,
        partKey: aDerivedKey(secret).export(),
        keyInfo: aReferenceTo('dkt'),
      },
    });
    const setting = aSecretSetting();

    const answer = await sendSecretly(message, setting);

    assert.equal(answer.status, 200, JSON.stringify([setting.audit.records, setting.errors]));
    assert.match(openAnswer(answer.body, secret), /wsu:Id="signing-key".*<saml:Assertion /s);
  });

  for (const bytes of [16, 64])
    test(`may derive its keys of a secret of ${bytes} bytes`, async () => {
      const secret = randomBytes(bytes);

      const answer = await sendSecretly(aSecretMessage(withDerivedKeys(secret)));

      assert.equal(answer.status, 200);
      assert.match(openAnswer(answer.body, secret), /<saml:Assertion /);
    });

  test('may carry evidence, encrypted and signed; an assertion in its Body alone', async () => {
    const jwt = `<wsse:BinarySecurityToken wsu:Id="good" ValueType="${JWT}" EncodingType="${BASE64_BINARY}">${Buffer.from('good.a.b').toString('base64')}</wsse:BinarySecurityToken>`;
    const assertion =
      '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="good"></saml:Assertion>';
    const reference =
      '<wsse:SecurityTokenReference><wsse:Reference URI="#good"/></wsse:SecurityTokenReference>';
    const onBehalfOf = (token: string) =>
      anRst().replace('</t:RequestType>', `</t:RequestType><t:OnBehalfOf>${token}</t:OnBehalfOf>`);
    const inHeader = (token: string, isHidden: boolean) =>
      aSecretMessage({
        more: token,
        body: onBehalfOf(reference),
        signed: [...SECRET_SIGNED, 'good'],
        parts: (text) => [
          ...usualParts(text),
          ...(isHidden ? [{ text: token, type: 'Element' as const }] : []),
        ],
      });
    const inBody = aSecretMessage({ body: onBehalfOf(assertion) });
    const send = async (message: string) => {
      const setting = aSecretSetting();
      const answer = await sendSecretly(message, setting);
      return answer.status === 200 ? setting.asked[0]?.subject.type : faultCodeOf(answer);
    };

    assert.equal(await send(inHeader(jwt, true)), 'jwt');
    assert.equal(await send(inBody), 'saml2');
    assert.equal(await send(inHeader(jwt, false)), 'wsse:InvalidSecurity');
    assert.equal(await send(inHeader(assertion, true)), 'wsse:UnsupportedSecurityToken');
  });

  for (const [operation, child, status] of [
    ['Validate', 'ValidateTarget', 'status/valid'],
    ['Validate', 'ValidateTarget', 'status/invalid'],
    ['Renew', 'RenewTarget', undefined],
    ['Cancel', 'CancelTarget', undefined],
  ] as const)
    test(`asks and is answered alike: ${operation} ${status ?? 'of a token that is not ours'}`, async () => {
      const setting = aSecretSetting();
      const secret = randomBytes(32);
      const token = status === 'status/valid' ? 'good.a.b' : 'bad.a.b';
      const children = `<t:${child}><TokenWrapper>${token}</TokenWrapper></t:${child}>`;
      const body = anRst({ requestType: `${TRUST_13}/${operation}`, children });
      const message = aSecretMessage({ secret, body, addressing: addressingOf(operation) });

      const answer = await sendSecretly(message, setting);

      if (status === undefined) assert.equal(faultCodeOf(answer), 'trust:InvalidSecurityToken');
      else assert.match(openAnswer(answer.body, secret), new RegExp(`${status}<`));
    });

  test('WS-Trust 1.3 §3.4: a collection is answered under the secret too', async () => {
    const secret = randomBytes(32);
    const item = anRst({ requestType: `${TRUST_13}/BatchIssue` });
    const body = `<t:RequestSecurityTokenCollection xmlns:t="${TRUST_13}">${item}${item}</t:RequestSecurityTokenCollection>`;
    const message = aSecretMessage({ secret, body, addressing: addressingOf('BatchIssue') });
    const setting = aSecretSetting();

    const answer = await sendSecretly(message, setting);

    assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
    assert.equal(openAnswer(answer.body, secret).match(/<saml:Assertion /g)?.length, 2);
  });
});

test('WS-SecurityPolicy 1.2 §7.4: the WSDL asks for what the address takes, and other addresses do not speak of it', async () => {
  const wsdlAt = async (path: string) => {
    const request = { ...aPost('', { path }), method: 'GET', query: 'wsdl' };
    return parseXml(Buffer.from((await aSecretSetting().front.handle(request)).body));
  };
  const wsdl = await wsdlAt(SECRET_PATH);
  assert.deepEqual(named((await wsdlAt('/ws-trust')).root, 'CustomAlgorithmSuite'), []);

  const [binding, second] = named(wsdl.root, 'SymmetricBinding');

  assert.ok(binding && !second);
  assert.deepEqual(named(wsdl.root, 'AsymmetricBinding'), []);
  for (const local of [
    'ProtectionToken',
    'CustomAlgorithmSuite',
    'EncryptSignature',
    'IncludeTimestamp',
  ])
    assert.equal(named(binding, local).length, 1, local);
  const all = binding.parent;
  assert.ok(all);
  for (const local of [
    'SignedEncryptedSupportingTokens',
    'UsernameToken',
    'RequireSignatureConfirmation',
  ])
    assert.equal(named(all, local).length, 1, local);
  assert.equal(named(all, 'TransportBinding').length, 0);
  const [port] = named(wsdl.root, 'port').filter(({ attributes }) =>
    attributes.some(({ value }) => value === 'UT_Port'),
  );
  assert.ok(
    port &&
      named(port, 'address').some(({ attributes }) =>
        attributes.some(({ value }) => value.endsWith('/ws-trust/message/username')),
      ),
  );
});
