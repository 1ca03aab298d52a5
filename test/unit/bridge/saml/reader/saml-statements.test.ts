// Subjects and statements of an assertion: what stands once, what must be the same wherever it stands, what is not known.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import {
  type AssertionChanges,
  aSamlIssuer,
  assertRefused,
  asText,
  aValidator,
  confirmation1,
  confirmation2,
  iso,
  NOW,
  subject1,
  TOKEN_ENDPOINT,
} from '#test/support/saml/saml.ts';

const issuer = await aSamlIssuer();
const EMAIL = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';

const validate = (type: 'saml1' | 'saml2', changes: AssertionChanges = {}) =>
  aValidator([issuer.trust()]).validate(asText(type, issuer.assertion(type, changes)));

test('SAML 1.1 §2.4.2: statements about different subjects are refused', async () => {
  const other = subject1({ name: '<saml1:NameIdentifier>bob</saml1:NameIdentifier>' });
  const held = subject1({ confirmation: confirmation1('holder-of-key') });
  const named = (value: string, format = EMAIL, more = '') =>
    subject1({
      name: `<saml1:NameIdentifier Format="${format}"${more}>${value}</saml1:NameIdentifier>`,
    });
  const alice = 'alice@partner.example';
  for (const subject of [
    other,
    held,
    named('bob@partner.example'),
    named(alice, 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified'),
    named(alice, EMAIL, ' NameQualifier="urn:x"'),
  ]) {
    const authentication = `<saml1:AuthenticationStatement AuthenticationInstant="${iso(NOW)}" AuthenticationMethod="urn:x">${subject}</saml1:AuthenticationStatement>`;

    await assertRefused(() => validate('saml1', { authentication }), 'token-malformed');
  }
});

test('SAML 1.1 §2.4.2: statements about one name that is held by two keys are refused', async () => {
  const keyInfo = () => {
    const { n = '', e = '' } = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export(
      { format: 'jwk' },
    );
    const [modulus, exponent] = [n, e].map((part) =>
      Buffer.from(part, 'base64url').toString('base64'),
    );
    return `<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>${modulus}</ds:Modulus><ds:Exponent>${exponent}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>`;
  };
  const [one = '', two = ''] = [keyInfo(), keyInfo()].map((key) =>
    confirmation1('holder-of-key', key),
  );
  const about = (confirmation = '') =>
    `<saml1:AuthenticationStatement AuthenticationInstant="${iso(NOW)}" AuthenticationMethod="urn:x">${subject1({ confirmation })}</saml1:AuthenticationStatement>`;

  assert.ok(await validate('saml1', { confirmation: one, authentication: about(one) }));
  await assertRefused(
    () => validate('saml1', { confirmation: one, authentication: about(two) }),
    'token-malformed',
  );
});

test('SAML 1.1 §2.4: a statement has one subject with one name and one confirmation', async () => {
  const name = '<saml1:NameIdentifier>alice</saml1:NameIdentifier>';
  const data = '<saml1:SubjectConfirmationData/>';
  const statement = (content: string) =>
    `<saml1:AuthenticationStatement AuthenticationInstant="${iso(NOW)}" AuthenticationMethod="urn:x">${content}</saml1:AuthenticationStatement>`;
  const once = statement(subject1());

  assert.ok(await validate('saml1', { authentication: once }));
  for (const changes of [
    { name: name + name },
    { confirmation: confirmation1('bearer') + confirmation1('bearer') },
    { confirmation: confirmation1('bearer', data + data) },
    { authentication: once + once },
    { authentication: statement(subject1() + subject1()) },
    { authentication: statement('') },
    { authentication: statement(`${subject1()}<x:y xmlns:x="urn:x"/>`) },
    { authentication: once.replace('"urn:x"', '""') },
  ])
    await assertRefused(() => validate('saml1', changes), 'token-malformed');
});

test('SAML 1.1 §2.3.2: Conditions stand once', async () => {
  await assertRefused(
    () => validate('saml1', { advice: '<saml1:Conditions/>' }),
    'token-malformed',
  );
});

test('SAML 1.1 §2.4.2: an element in a Subject that is not known is refused, also where all statements have it', async () => {
  const extended = confirmation1('bearer') + '<x:Subject xmlns:x="urn:x">bob</x:Subject>';

  await assertRefused(() => validate('saml1', { confirmation: extended }), 'token-malformed');
});

test('SAML 1.1 §2.4.2.3: an element or text in a SubjectConfirmation that is not known is refused, in a bearer one too', async () => {
  for (const unknown of [
    '<x:Presenter xmlns:x="urn:x">bob</x:Presenter>',
    '<saml1:Presenter>bob</saml1:Presenter>',
    'bob',
  ])
    await assertRefused(
      () => validate('saml1', { confirmation: confirmation1('bearer', unknown) }),
      'token-malformed',
    );
});

test('SAML 1.1 §2.3.2: an assertion without statement names nobody', async () => {
  await assertRefused(
    () => validate('saml1', { authentication: '', attributes: '' }),
    'token-malformed',
  );
});

test('SAML 2.0 §2.4.1: a subject has one name, and nothing beside it but confirmations', async () => {
  const name = '<saml2:NameID>alice</saml2:NameID>';

  for (const changes of [
    { name: name + name },
    { name: `${name}<saml2:BaseID/>` },
    { name: `${name}<x:y xmlns:x="urn:x"/>` },
  ])
    await assertRefused(() => validate('saml2', changes), 'token-malformed');
});

test('SAML 2.0 §2.3.3, §2.4.1.1: Conditions and the data of a confirmation stand once', async () => {
  const data = `<saml2:SubjectConfirmationData NotOnOrAfter="${iso(NOW + 240)}" Recipient="${TOKEN_ENDPOINT}"/>`;

  for (const changes of [
    { advice: '<saml2:Conditions/>' },
    { confirmation: confirmation2('bearer', data + data) },
  ])
    await assertRefused(() => validate('saml2', changes), 'token-malformed');
});

test('SAML 2.0 §2.7.2: two authentication statements are two answers', async () => {
  const statement = `<saml2:AuthnStatement AuthnInstant="${iso(NOW)}"><saml2:AuthnContext/></saml2:AuthnStatement>`;

  assert.deepEqual((await validate('saml2', { authentication: statement })).authentication, {
    instant: NOW,
  });
  await assertRefused(
    () => validate('saml2', { authentication: statement + statement }),
    'token-malformed',
  );
});

test('SAML 2.0 §2.7.2: an authentication statement has one context with one class, and nothing that is not known', async () => {
  const statement = (content: string): AssertionChanges => ({
    authentication: `<saml2:AuthnStatement AuthnInstant="${iso(NOW)}">${content}</saml2:AuthnStatement>`,
  });
  const contextClass = '<saml2:AuthnContextClassRef>urn:x</saml2:AuthnContextClassRef>';
  const context = `<saml2:AuthnContext>${contextClass}</saml2:AuthnContext>`;

  assert.ok(await validate('saml2', statement(context)));
  for (const content of [
    '',
    contextClass,
    context + context,
    `<saml2:AuthnContext>${contextClass}${contextClass}</saml2:AuthnContext>`,
    `${context}<x:y xmlns:x="urn:x"/>`,
  ])
    await assertRefused(() => validate('saml2', statement(content)), 'token-malformed');
});

test('SAML 2.0 §2.7.2: the end of the session bounds the lifetime', async () => {
  const until = (end: number): AssertionChanges => ({
    authentication: `<saml2:AuthnStatement AuthnInstant="${iso(NOW)}" SessionNotOnOrAfter="${iso(NOW + end)}"><saml2:AuthnContext/></saml2:AuthnStatement>`,
  });

  assert.equal((await validate('saml2', until(100))).lifetime.notOnOrAfter, NOW + 100);
  assert.equal((await validate('saml2', until(-59))).lifetime.notOnOrAfter, NOW - 59);
  await assertRefused(() => validate('saml2', until(-60)), 'token-expired');
});

for (const [type, attribute] of [
  ['saml1', '<saml1:Attribute AttributeName="a" AttributeNamespace="urn:x">'],
  ['saml2', '<saml2:Attribute Name="a">'],
] as const)
  test(`SAML ${type}: an attribute without one of its names, or with an empty one, says nothing that a claim could be made of`, async () => {
    const value = `<${type}:AttributeValue>v</${type}:AttributeValue></${type}:Attribute>`;
    const names = attribute.match(/ \w+="[^"]+"/g) ?? [];

    const facts = await validate(type, { attributes: attribute + value });

    assert.deepEqual(facts.claims.at(0)?.values, ['v']);
    for (const name of names)
      for (const less of ['', name.replace(/"[^"]+"/, '""')])
        await assertRefused(
          () => validate(type, { attributes: attribute.replace(name, less) + value }),
          'token-malformed',
        );
  });

for (const [type, name] of [
  ['saml1', '<saml1:NameIdentifier>alice</saml1:NameIdentifier>'],
  ['saml2', '<saml2:NameID>alice</saml2:NameID>'],
] as const)
  test(`xml-security V11, ${type}: a signature stands in the assertion, nowhere in its parts`, async () => {
    const signature = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>';

    assert.equal((await validate(type, { name })).subject.id, 'alice');
    await assertRefused(() => validate(type, { name: name + signature }), 'token-malformed');
  });
