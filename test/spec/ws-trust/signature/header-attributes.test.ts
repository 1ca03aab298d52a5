// The attributes of the Security header (WSS 1.1.1 §5-§10 and its schemas): each is read or refused, as in the Body. Those of other
// namespaces are left to whoever has a use for them (`anyAttribute`).
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { aDerivedKey, aDerivedKeyToken, WSC_13 } from '#test/support/soap/derived-key.ts';
import {
  aBinaryToken,
  aSignedMessage,
  BASE64_BINARY,
  TIMESTAMP,
  X509_PROFILE,
} from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { aDigestToken, digestUsers } from '#test/support/ws-trust/password-digest.ts';
import { anRst } from '#test/support/ws-trust/rst.ts';
import {
  anIssue,
  aSetting,
  issued,
  signed,
  toIdentifier,
  V13,
  V2005,
} from '#test/support/ws-trust/security-context.ts';
import { aPost, aWsTrustSetting, faultCodeOf, USER } from '#test/support/ws-trust/ws-trust.ts';
import { knownCertificates } from '#test/support/x509/known-certificates.ts';
import { aCertificate } from '#test/support/x509/pki.ts';

const client = await aCertificate({ name: 'CN=batch', algorithm: 'RSA' });
const PASSWORD_TYPES =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0';
const HEX_BINARY = BASE64_BINARY.replace('Base64', 'Hex');
const THUMBPRINT =
  'http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1';
const SAML_PROFILE = 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1';
const NONCE = Buffer.alloc(16, 5).toString('base64');

const direct = (attributes = '') => `<wsse:Reference URI="#bst"${attributes}></wsse:Reference>`;
const inKeyInfo = (form: string, attributes = '') =>
  `<wsse:SecurityTokenReference${attributes}>${form}</wsse:SecurityTokenReference>`;
const user = (edit: (token: string) => string) =>
  anEnvelope({
    header: `<wsse:Security>${edit(
      `${TIMESTAMP}<wsse:UsernameToken><wsse:Username>${USER.name}</wsse:Username><wsse:Password Type="${PASSWORD_TYPES}#PasswordText">${USER.password}</wsse:Password><wsse:Nonce>${NONCE}</wsse:Nonce><wsu:Created>2027-01-15T08:00:00Z</wsu:Created></wsse:UsernameToken>`,
    )}</wsse:Security>`,
    body: anRst(),
  });
const bySignature = (keyInfo: string, tokens = aBinaryToken(client), ids = ['ts', 'body']) =>
  aSignedMessage(anRst(), { by: client, keyInfo, tokens, ids });
const marked = (text: string, name: string, attribute: string): string =>
  text.replace(new RegExp(`<${name}(?=[ >])`), `$&${attribute}`);

/** Each element of the header, in a message with an attribute more. */
const ELEMENTS: Readonly<Record<string, (attribute: string) => string>> = {
  Timestamp: (attribute) => user((text) => marked(text, 'wsu:Timestamp', attribute)),
  'Created of the Timestamp': (attribute) => user((text) => marked(text, 'wsu:Created', attribute)),
  Expires: (attribute) => user((text) => marked(text, 'wsu:Expires', attribute)),
  UsernameToken: (attribute) => user((text) => marked(text, 'wsse:UsernameToken', attribute)),
  Username: (attribute) => user((text) => marked(text, 'wsse:Username', attribute)),
  Password: (attribute) => user((text) => marked(text, 'wsse:Password', attribute)),
  Nonce: (attribute) => user((text) => marked(text, 'wsse:Nonce', attribute)),
  'Created of a UsernameToken': (attribute) =>
    user((text) => text.replace('</wsse:Nonce><wsu:Created', (tag) => tag + attribute)),
  BinarySecurityToken: (attribute) =>
    bySignature(
      inKeyInfo(direct()),
      marked(aBinaryToken(client), 'wsse:BinarySecurityToken', attribute),
    ),
  'SecurityTokenReference of KeyInfo': (attribute) => bySignature(inKeyInfo(direct(), attribute)),
  'Reference of KeyInfo': (attribute) => bySignature(inKeyInfo(direct(attribute))),
  'KeyIdentifier of KeyInfo': (attribute) =>
    bySignature(
      inKeyInfo(
        `<wsse:KeyIdentifier ValueType="${X509_PROFILE}#X509v3"${attribute}>${client.der.toString('base64')}</wsse:KeyIdentifier>`,
      ),
      '',
    ),
  'Embedded of KeyInfo': (attribute) =>
    bySignature(
      inKeyInfo(`<wsse:Embedded${attribute}>${aBinaryToken(client)}</wsse:Embedded>`),
      '',
    ),
  'SecurityTokenReference of the header': (attribute) =>
    bySignature(
      inKeyInfo(direct()),
      aBinaryToken(client) + inKeyInfo(direct(), ` wsu:Id="str"${attribute}`),
      ['ts', 'body', 'str'],
    ),
};

async function outcomeOf(message: string, validator = knownCertificates([client])) {
  const setting = aWsTrustSetting({ validators: [validator] });
  const answer = await setting.front.handle(aPost(message));
  return answer.status === 200 ? 'issued' : faultCodeOf(answer);
}

for (const [element, withAttribute] of Object.entries(ELEMENTS)) {
  test(`WSS 1.1.1 §5: refuses an attribute of ${element} that is not known`, async () => {
    const own = /Timestamp|Created|Expires/.test(element) ? 'wsu' : 'wsse';
    for (const attribute of [
      ' Use="urn:x"',
      ' encodingType="urn:x"',
      ` ${own}:EncodingType="urn:x"`,
    ])
      assert.equal(await outcomeOf(withAttribute(attribute)), 'wsse:InvalidSecurity', attribute);
  });

  test(`ws-trust W11: takes at ${element} what says nothing, or is of others`, async () => {
    for (const attribute of [
      '',
      ' Id="part" xml:lang="en"',
      ' xmlns:x="urn:x" x:Use="urn:x"',
      ' wsse:Usage="urn:x"',
    ])
      assert.equal(await outcomeOf(withAttribute(attribute)), 'issued', attribute);
  });
}

test('ws-trust W11: the header itself is a block of SOAP, whose attributes some clients write without a namespace', async () => {
  const message = user((text) => text).replace('<wsse:Security', '$& mustUnderstand="true"');

  assert.equal(await outcomeOf(message), 'issued');
});

/** Each element of a derived key with a place for an attribute, `@`. */
const OF_DERIVED_KEY: Readonly<Record<string, string>> = {
  DerivedKeyToken: '<c:DerivedKeyToken@',
  'Reference in a derived key': '<wsse:Reference@',
  Generation: '<c:Generation@',
  Length: '<c:Length@',
  Label: '<c:Label@',
  'Nonce of a derived key': '<c:Nonce@',
  Offset: '<c:Offset@',
};

async function outcomeOfKey(element: string, attribute: string): Promise<string> {
  const setting = aSetting();
  const context = await issued(setting);
  const start = element === 'Offset' ? 'Offset' : 'Generation';
  const children = `<c:${start}>0</c:${start}><c:Length>32</c:Length><c:Label>own</c:Label>`;
  const place = OF_DERIVED_KEY[element]?.replace('@', '') ?? '';
  const token = aDerivedKeyToken(toIdentifier(context), { children });
  const tokens = token.replace(place, `$&${attribute}`);
  const key = aDerivedKey(context.secret, { label: 'own' });
  const answer = await setting.front.handle(aPost(signed(context, anIssue(V13), { tokens, key })));
  return answer.status === 200 ? 'issued' : faultCodeOf(answer);
}

for (const element of Object.keys(OF_DERIVED_KEY)) {
  test(`WS-SecureConversation 1.3 §7: refuses an attribute of ${element} that is not known`, async () => {
    const own = element.startsWith('Reference') ? 'wsse' : 'c';
    for (const attribute of [' algorithm="urn:x"', ' Encoding="urn:x"', ` ${own}:Use="urn:x"`])
      assert.equal(await outcomeOfKey(element, attribute), 'wsse:InvalidSecurity', attribute);
  });

  test(`ws-trust W11: takes at ${element} what says nothing, or is of others`, async () => {
    for (const attribute of ['', ' xml:lang="en"', ' xmlns:x="urn:x" x:Use="urn:x"'])
      assert.equal(await outcomeOfKey(element, attribute), 'issued', attribute);
  });
}

test('WS-SecureConversation 1.3 §7: how a key is derived counts in the namespace of the element as well, as WSS4J writes it, and is said once', async () => {
  const plain = ` Algorithm="${WSC_13}/dk/p_sha1"`;
  const qualified = plain.replace('Alg', 'c:Alg');
  const outcomes: Readonly<Record<string, string>> = {
    [plain]: 'issued',
    [qualified]: 'issued',
    [qualified.replace('p_sha1', 'p_sha256')]: 'wsse:UnsupportedAlgorithm',
    [plain + qualified]: 'wsse:InvalidSecurityToken',
  };

  for (const [attribute, outcome] of Object.entries(outcomes))
    assert.equal(await outcomeOfKey('DerivedKeyToken', attribute), outcome, attribute);
});

for (const [version, ofVersion] of Object.entries({ 1.3: V13, 2005: V2005 }))
  test(`WS-SecureConversation ${version}: refuses an attribute of a context that is not known, and takes one of others`, async () => {
    const outcome = async (attribute: string) => {
      const setting = aSetting();
      const context = await issued(setting, ofVersion);
      const token = context.token.replace('<wsc:SecurityContextToken', `$&${attribute}`);
      const message = signed({ ...context, token }, anIssue(ofVersion));
      const answer = await setting.front.handle(aPost(message));
      return answer.status === 200 ? 'issued' : faultCodeOf(answer);
    };

    assert.equal(await outcome(' Instance="urn:x"'), 'wsse:InvalidSecurity');
    assert.equal(await outcome(' xmlns:x="urn:x" x:Use="urn:x"'), 'issued');
  });

test('UsernameToken Profile 1.1.1 §3.1: the type of a password counts, in the namespace of the element as well, and there is one', async () => {
  const qualify = (token: string) => token.replace(' Type=', ' wsse:Type=');
  const message = (token: string) =>
    anEnvelope({ header: `<wsse:Security>${token}</wsse:Security>`, body: anRst() });
  const digest = aDigestToken();
  const asText = digest.replace('PasswordDigest', 'PasswordText').replace(' Type=', ' wsse:Type=');

  const { validator } = digestUsers();
  assert.equal(await outcomeOf(message(qualify(digest)), validator), 'issued');
  assert.equal(
    await outcomeOf(message(asText), digestUsers().validator),
    'trust:FailedAuthentication',
  );
  const both = digest.replace(' Type=', ' wsse:Type="urn:x" Type=');
  assert.equal(await outcomeOf(message(both), digestUsers().validator), 'wsse:InvalidSecurity');
});

const identifier = (attributes: string, text: string) =>
  inKeyInfo(`<wsse:KeyIdentifier${attributes}>${text}</wsse:KeyIdentifier>`);

for (const [what, form] of Object.entries({
  'a certificate': identifier(
    ` ValueType="${X509_PROFILE}#X509v3" EncodingType="${HEX_BINARY}"`,
    client.der.toString('base64'),
  ),
  'a thumbprint': identifier(
    ` ValueType="${THUMBPRINT}" EncodingType="${HEX_BINARY}"`,
    hash('sha1', client.der, 'base64'),
  ),
  'a subject key identifier': identifier(
    ` ValueType="${X509_PROFILE}#X509SubjectKeyIdentifier" EncodingType="urn:x"`,
    'AAAA',
  ),
  'an assertion': identifier(
    ` ValueType="${SAML_PROFILE}.1#SAMLID" EncodingType="${HEX_BINARY}"`,
    '_good',
  ),
}))
  test(`WSS 1.1.1 §7.3: refuses an identifier of ${what} in another encoding than the one it is read in`, async () => {
    assert.equal(await outcomeOf(bySignature(form)), 'wsse:InvalidSecurityToken');
  });

for (const [what, type] of Object.entries({
  'an assertion': `${SAML_PROFILE}.1#SAMLV2.0`,
  'the id of an assertion': `${SAML_PROFILE}.0#SAMLAssertionID`,
  'a JWT': 'urn:ietf:params:oauth:token-type:jwt',
  'a security context': `${WSC_13}/sct`,
  'a derived key': `${WSC_13}/dk`,
}))
  test(`WSS 1.1.1 §7.2: refuses a reference to ${what} that names a certificate`, async () => {
    const attribute = ` ValueType="${type}"`;
    const held = `<wsse:Embedded${attribute}>${aBinaryToken(client)}</wsse:Embedded>`;

    assert.equal(
      await outcomeOf(bySignature(inKeyInfo(direct(attribute)))),
      'wsse:InvalidSecurityToken',
    );
    assert.equal(await outcomeOf(bySignature(inKeyInfo(held), '')), 'wsse:InvalidSecurityToken');
  });

test('ws-trust W11: the type of a reference may be missing, or be none that we know', async () => {
  for (const attribute of ['', ' ValueType="urn:x"', ` ValueType="${X509_PROFILE}#X509"`])
    assert.equal(await outcomeOf(bySignature(inKeyInfo(direct(attribute)))), 'issued');
});
