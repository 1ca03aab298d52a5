// What stands encrypted in the Security header: how much is opened, and what may come out.
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { openParts, openTokens } from '#bridge/ws-security/encryption/message-encryption.ts';
import { readSecurityHeader } from '#bridge/ws-security/security-header.ts';
import { seal } from '#bridge/xml/canonical/markup.ts';
import { toWireBytes } from '#bridge/xml/canonical/writer.ts';
import { createKeyUnwrapper } from '#bridge/xml/encryption/decrypt.ts';
import { createRecipient, encryptXml } from '#bridge/xml/encryption/encrypt.ts';
import { SAML2_NS, SAML11_NS } from '#bridge/xml/namespaces.ts';
import { DEFAULT_LIMITS } from '#bridge/xml/parser/limits.ts';
import { ENCRYPTED_KEY, encryptMessage } from '#test/support/soap/encrypted-message.ts';
import { aBinaryToken } from '#test/support/soap/signed-message.ts';
import { anEnvelope, envelopeOf } from '#test/support/soap/soap.ts';
import { aCertificate } from '#test/support/x509/pki.ts';
import { refusedWith } from '../refused-with.ts';

const ours = await aCertificate({ algorithm: 'RSA' });
const rules = { unwrappers: [createKeyUnwrapper(ours.privateKey)], limits: DEFAULT_LIMITS };

const publicKey = createPublicKey(ours.certificate.publicKey.toString('pem'));

/** Any text, encrypted to us with a key of its own. */
function encrypted(xml: string): string {
  const data = encryptXml(seal(xml, new Set()), createRecipient({ publicKey }));
  return toWireBytes(data).toString('latin1');
}

const open = async (...children: readonly string[]) =>
  openTokens(
    envelopeOf(anEnvelope({ header: `<wsse:Security>${children.join('')}</wsse:Security>` })),
    rules,
  );
const assertion = (id: string, namespace = SAML2_NS) =>
  `<Assertion xmlns="${namespace}" ${namespace === SAML2_NS ? 'ID' : 'AssertionID'}="${id}"></Assertion>`;

test('SAML Token Profile 1.1.1 §3.3: a credential and evidence beside it may be encrypted, of either version', async () => {
  const envelope = await open(
    encrypted(assertion('_one')),
    encrypted(assertion('_two', SAML11_NS)),
  );

  assert.deepEqual(
    readSecurityHeader(envelope)?.tokens.map(({ local, uri }) => [uri, local]),
    [
      [SAML2_NS, 'Assertion'],
      [SAML11_NS, 'Assertion'],
    ],
  );
  assert.deepEqual([...envelope.document.ids.keys()], ['_one', '_two']);
});

test('xml-security D2: refuses a third encrypted token before a key is used', async () => {
  const tokens = ['_one', '_two', '_three'].map((id) => encrypted(assertion(id)));

  await assert.rejects(open(...tokens), refusedWith('invalid-security'));
});

for (const [what, xml] of [
  ['a user name', '<UsernameToken xmlns="urn:x"></UsernameToken>'],
  ['an Assertion of another vocabulary', '<Assertion xmlns="urn:x"></Assertion>'],
  ['another element of SAML', `<AttributeStatement xmlns="${SAML2_NS}"></AttributeStatement>`],
  ['a Timestamp', '<Timestamp xmlns="urn:x"></Timestamp>'],
] as const)
  test(`xml-security D6: refuses ${what} that was encrypted as if it were an assertion`, async () => {
    await assert.rejects(open(encrypted(xml)), refusedWith('failed-check'));
  });

test('xml-security V4: refuses an assertion in ciphertext with the id of another', async () => {
  await assert.rejects(
    open(encrypted(assertion('_one')), assertion('_one')),
    refusedWith('failed-check'),
  );
});

test('WSS 1.1.1 §5: of two Security headers nothing is opened', async () => {
  const envelope = envelopeOf(
    anEnvelope({
      header: `<wsse:Security>${encrypted(assertion('_one'))}</wsse:Security><wsse:Security/>`,
    }),
  );

  assert.equal(await openTokens(envelope, rules), envelope);
});

const PARTS = {
  Signature: '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"></ds:Signature>',
  UsernameToken: '<wsse:UsernameToken></wsse:UsernameToken>',
  BinarySecurityToken: aBinaryToken(ours),
  'Assertion of SAML 2.0': assertion('_one'),
  'Assertion of SAML 1.1': assertion('_one', SAML11_NS),
};
/** The part of a header whose Body is encrypted, too. */
const openPart = (text: string, plain = text) => {
  const body = '<x xmlns="urn:x"></x>';
  const header = `<wsse:Security>${ENCRYPTED_KEY}${text}</wsse:Security>`;
  const message = anEnvelope({ header, body });
  const parts = [
    { text, plain, type: 'Element' },
    { text: body, type: 'Content' },
  ] as const;
  return openParts(envelopeOf(encryptMessage(message, { publicKey, parts })), rules);
};
for (const [what, text] of Object.entries(PARTS))
  test(`WSS 1.1.1 §9: ${what} may be a part of a message that is encrypted, and is known to have been`, async () => {
    const { confidential, envelope } = await openPart(text);

    const [part, ...others] = [...confidential].filter((element) => element !== envelope.body);
    assert.ok(part && others.length === 0);
    assert.ok(confidential.has(envelope.body));
    assert.ok(what.startsWith(part.local));
    assert.equal(part.parent, envelope.headers[0]?.element);
  });

for (const [what, text] of [
  ['a Timestamp', '<wsu:Timestamp></wsu:Timestamp>'],
  ['an Assertion of another vocabulary', '<Assertion xmlns="urn:x"></Assertion>'],
  ['a signature of another vocabulary', '<Signature xmlns="urn:x"></Signature>'],
] as const)
  test(`xml-security D6: refuses ${what} as an encrypted part of the header`, async () => {
    await assert.rejects(openPart(text), refusedWith('failed-check'));
  });

test('xml-security D6: refuses an encrypted part of the header that is nothing, is text, or is two', async () => {
  const { Signature } = PARTS;

  for (const plain of ['', 'text', Signature + Signature, `${Signature}text`])
    await assert.rejects(openPart(Signature, plain), refusedWith('failed-check'));
});
