// KeyType PublicKey over the whole front (WS-Trust 1.3 §4.2, ws-trust §3.2): a password says who asks, a signature of the message
// shows the key; what shows nothing is refused.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { nameCertificate, nameKey } from '#bridge/xml/keys/public-key.ts';
import {
  aBinaryToken,
  aDirectReference,
  aKeyValue,
  aSignedMessage,
  type SignatureWishes,
} from '#test/support/soap/signed-message.ts';
import { anAppliesTo, anRst, TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import {
  anIssueRequest,
  aPost,
  aUserNameToken,
  aWsTrustSetting,
  billingRules,
  faultCodeOf,
  type WsTrustSetting,
} from '#test/support/ws-trust/ws-trust.ts';
import { knownCertificates } from '#test/support/x509/known-certificates.ts';
import { aCertificate, type TestCertificate } from '#test/support/x509/pki.ts';

const holder = await aCertificate({ name: 'CN=holder', algorithm: 'RSA' });
const other = await aCertificate({ name: 'CN=holder', algorithm: 'RSA' });
const DS = 'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"';
const certified = (of: TestCertificate) => nameCertificate(new X509Certificate(of.der));
const bare = nameKey(new X509Certificate(holder.der).publicKey);
const x509Data = (of: TestCertificate): string =>
  `<ds:KeyInfo ${DS}><ds:X509Data><ds:X509Certificate>${of.der.toString('base64')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`;
const keyValue = (of: TestCertificate): string => `<ds:KeyInfo ${DS}>${aKeyValue(of)}</ds:KeyInfo>`;
const useKey = (content: string, sig = ''): string =>
  `<t:UseKey${sig && ` Sig="${sig}"`}>${content}</t:UseKey>`;

interface Wishes extends Partial<SignatureWishes> {
  readonly useKey: string;
  readonly keyType?: string;
  readonly more?: string;
  readonly trust?: string;
  readonly edit?: (message: string) => string;
}

/** Alice's password, a certificate that nobody knows, and a signature with its key. */
function aMessage({
  useKey: named,
  keyType = 'PublicKey',
  more = '',
  trust = TRUST_13,
  edit,
  ...wishes
}: Wishes) {
  const children = `${anAppliesTo()}<t:KeyType>${trust}/${keyType}</t:KeyType>${named}${more}`;
  const tokens = aUserNameToken() + aBinaryToken(holder);
  const signed = aSignedMessage(anRst({ trust, children }), { by: holder, tokens, ...wishes });
  return edit ? edit(signed) : signed;
}

const send = (message: string, setting: WsTrustSetting) => setting.front.handle(aPost(message));

for (const trust of [TRUST_13, TRUST_2005])
  for (const [what, named, expected] of [
    ['X509Data', useKey(x509Data(holder)), certified(holder)],
    ['KeyValue', useKey(keyValue(holder)), bare],
    ['a reference to the header', useKey(aDirectReference()), certified(holder)],
    ['Sig alone', useKey('', '#SIG-1'), certified(holder)],
    ['Sig, the bare Id', useKey('', 'SIG-1'), certified(holder)],
    ['both', useKey(x509Data(holder), '#SIG-1'), certified(holder)],
  ] as const)
    test(`WS-Trust §4.2: UseKey with ${what} binds the token, ${trust.slice(-6)}`, async () => {
      const setting = aWsTrustSetting();

      const answer = await send(aMessage({ useKey: named, trust }), setting);

      assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
      assert.deepEqual(setting.asked[0]?.confirmation, expected);
      assert.match(answer.body, new RegExp(`:KeyType>${trust}/PublicKey<`));
      assert.doesNotMatch(answer.body, /RequestedProofToken|Entropy|KeySize/);
      assert.equal(setting.audit.records.at(-1)?.confirmation, 'public-key');
    });

test('ws-trust §3.2: the key of a signature by a bare KeyValue is shown too', async () => {
  const setting = aWsTrustSetting();
  const message = aMessage({
    useKey: useKey(keyValue(holder)),
    keyInfo: aKeyValue(holder),
    // What nothing refers to would be refused.
    edit: (text) => text.replace(aBinaryToken(holder), ''),
  });

  const answer = await send(message, setting);

  assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
  assert.deepEqual(setting.asked[0]?.confirmation, bare);
});

const CONTRADICTORY = 'trust:InvalidRequest';
const UNPROVED = 'trust:InvalidSecurityToken';
for (const [what, message, code] of [
  ['the key of another', aMessage({ useKey: useKey(x509Data(other)) }), UNPROVED],
  ['the bare key of another', aMessage({ useKey: useKey(keyValue(other)) }), UNPROVED],
  ['a Sig that names no signature', aMessage({ useKey: useKey('', '#SIG-9') }), UNPROVED],
  ['a Sig that names the Timestamp', aMessage({ useKey: useKey('', '#ts') }), UNPROVED],
  [
    'a Sig that names a signature elsewhere',
    aMessage({
      useKey: useKey('', '#SIG-2'),
      edit: (text) =>
        text.replace(
          '</s:Header>',
          `<w:x xmlns:w="urn:x">${/<ds:Signature .*<\/ds:Signature>/.exec(text)?.[0].replace('SIG-1', 'SIG-2') ?? ''}</w:x></s:Header>`,
        ),
    }),
    UNPROVED,
  ],
  [
    'a signature over the Timestamp alone',
    aMessage({ useKey: useKey(x509Data(holder)), ids: ['ts'] }),
    'trust:AuthenticationBadElements',
  ],
  [
    'a signature over the Body alone',
    aMessage({ useKey: useKey(x509Data(holder)), ids: ['body'] }),
    'trust:AuthenticationBadElements',
  ],
  [
    'a UseKey that was changed after signing',
    aMessage({
      useKey: useKey(x509Data(holder)),
      edit: (text) => text.replace(x509Data(holder), x509Data(other)),
    }),
    'wsse:FailedCheck',
  ],
  [
    'a signature that is not by the key of its certificate',
    aMessage({ useKey: useKey(x509Data(holder)), key: other.privateKey }),
    'trust:FailedAuthentication',
  ],
  [
    'no signature',
    aMessage({
      useKey: useKey(x509Data(holder)),
      edit: (text) =>
        text.replace(/<ds:Signature .*<\/ds:Signature>/, '').replace(aBinaryToken(holder), ''),
    }),
    UNPROVED,
  ],
  [
    'UseKey with Bearer',
    aMessage({ useKey: useKey('', '#SIG-1'), keyType: 'Bearer' }),
    CONTRADICTORY,
  ],
  [
    'UseKey with SymmetricKey',
    aMessage({ useKey: useKey('', '#SIG-1'), keyType: 'SymmetricKey' }),
    CONTRADICTORY,
  ],
  [
    'Entropy with PublicKey',
    aMessage({
      useKey: useKey('', '#SIG-1'),
      more: `<t:Entropy><t:BinarySecret Type="${TRUST_13}/Nonce">${Buffer.alloc(32).toString('base64')}</t:BinarySecret></t:Entropy>`,
    }),
    CONTRADICTORY,
  ],
  ...[0, 7, 256, 4096].map(
    (size) =>
      [
        `KeySize ${size} for a key of 2048 bits`,
        aMessage({ useKey: useKey('', '#SIG-1'), more: `<t:KeySize>${size}</t:KeySize>` }),
        CONTRADICTORY,
      ] as const,
  ),
  // Without UseKey the signature is a credential, and nobody knows the certificate.
  ['no UseKey', aMessage({ useKey: '' }), 'trust:FailedAuthentication'],
] as const)
  test(`ws-trust §3.2: PublicKey refuses ${what}`, async () => {
    const setting = aWsTrustSetting();

    const answer = await send(message, setting);

    assert.equal(faultCodeOf(answer), code, JSON.stringify(setting.audit.records));
    assert.deepEqual(setting.asked, []);
    assert.deepEqual(setting.errors, []);
  });

test('senderConstraint: a key that a signature proved is enough, a bearer is not', async () => {
  const [row] = billingRules().rows;
  assert.ok(row);
  const rows = [{ ...row, grant: { ...row.grant, senderConstraint: true } }];
  const settingOf = () => aWsTrustSetting({ rules: billingRules({ rows }) });

  const proved = await send(aMessage({ useKey: useKey(x509Data(holder)) }), settingOf());
  const bearer = await settingOf().front.handle(anIssueRequest());

  assert.equal(proved.status, 200, proved.body);
  assert.equal(faultCodeOf(bearer), UNPROVED);
});

test('ws-trust §3.2: a key that was shown once is not shown by the same message again (E1)', async () => {
  const setting = aWsTrustSetting();
  const message = aMessage({ useKey: useKey(x509Data(holder)) });

  assert.equal((await send(message, setting)).status, 200);
  assert.equal(faultCodeOf(await send(message, setting)), 'wsse:InvalidSecurity');
});

const TOKEN_TO_USE =
  '<wsse:SecurityTokenReference><wsse:Reference URI="#named"></wsse:Reference></wsse:SecurityTokenReference>';
for (const [what, token] of Object.entries({
  'an assertion':
    '<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="named"/>',
  'a JWT':
    '<wsse:BinarySecurityToken wsu:Id="named" ValueType="urn:ietf:params:oauth:token-type:jwt">YWEuYmFkLmNj</wsse:BinarySecurityToken>',
  'a security context':
    '<c:SecurityContextToken wsu:Id="named" xmlns:c="http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512"><c:Identifier>urn:x</c:Identifier></c:SecurityContextToken>',
}))
  test(`WS-Trust §4.2: UseKey that refers to ${what} which signs nothing is not the key of who asks`, async () => {
    const confirmation = certified(holder);
    const subject = { issuer: 'https://sts.example.org', id: 'alice' };
    const known = knownCertificates([holder], () => ({ confirmation, claims: [], subject }));
    const setting = aWsTrustSetting({ validators: [known] });
    const children = `${anAppliesTo()}<t:KeyType>${TRUST_13}/PublicKey</t:KeyType>${useKey(TOKEN_TO_USE)}`;
    const message = aSignedMessage(anRst({ children }), {
      by: holder,
      tokens: aBinaryToken(holder) + token,
    });

    const answer = await send(message, setting);

    assert.equal(faultCodeOf(answer), UNPROVED);
    assert.deepEqual(setting.asked, []);
  });
