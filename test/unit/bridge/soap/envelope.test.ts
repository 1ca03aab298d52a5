import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requireUnderstood } from '#bridge/soap/header-block.ts';
import { SOAP11_NS, SOAP12_NS } from '#bridge/soap/namespaces.ts';
import { SOAP_SPELLING } from '#bridge/soap/soap-version.ts';
import type { XmlFailureReason } from '#bridge/xml/failure.ts';
import { anEnvelope, envelopeOf, SOAP_VERSIONS } from '#test/support/soap/soap.ts';
import { assertRefused } from '#test/support/xml/refusal.ts';

for (const version of SOAP_VERSIONS) {
  const namespace = SOAP_SPELLING[version].namespace;
  const role = SOAP_SPELLING[version].roleAttribute;
  const edited = (from: string, to: string) =>
    anEnvelope({ version, header: '<h xmlns="urn:h"/>' }).replace(from, to);

  test(`SOAP ${version} §4: reads header blocks and the one child of the Body`, () => {
    const envelope = envelopeOf(anEnvelope({ version, header: '<h xmlns="urn:h"/>' }));

    assert.equal(envelope.version, version);
    assert.deepEqual(
      envelope.headers.map(({ element, mustUnderstand }) => [element.local, mustUnderstand]),
      [['h', false]],
    );
    assert.equal(envelope.body.local, 'Body');
    assert.equal(envelope.payload?.local, 'x');
    assert.equal(envelope.payload.parent, envelope.body);
  });

  test(`SOAP ${version} §4: a message without Header, and one with an empty Body`, () => {
    const envelope = envelopeOf(anEnvelope({ version, body: ' ' }));

    assert.deepEqual(envelope.headers, []);
    assert.equal(envelope.payload, undefined);
  });

  const refused: readonly (readonly [string, string, XmlFailureReason])[] = [
    ['two Bodies', edited('</s:Envelope>', '<s:Body/></s:Envelope>'), 'element-unexpected'],
    ['a Body before the real one', edited('<s:Body>', '<s:Body/><s:Body>'), 'element-unexpected'],
    ['two Headers', edited('<s:Header>', '<s:Header/><s:Header>'), 'element-unexpected'],
    [
      'a Header after the Body',
      edited('</s:Envelope>', '<s:Header/></s:Envelope>'),
      'element-unexpected',
    ],
    [
      'an element after the Body',
      edited('</s:Envelope>', '<y xmlns="urn:y"/></s:Envelope>'),
      'element-unexpected',
    ],
    ['no Body', `<s:Envelope xmlns:s="${namespace}"/>`, 'element-unexpected'],
    [
      'two children of the Body',
      edited('</s:Body>', '<y xmlns="urn:y"/></s:Body>'),
      'element-repeated',
    ],
    ['text in the Body', edited('</s:Body>', 'text</s:Body>'), 'element-unexpected'],
    ['text in the Header', edited('</s:Header>', 'text</s:Header>'), 'element-unexpected'],
    ['text in the Envelope', edited('</s:Envelope>', 'text</s:Envelope>'), 'element-unexpected'],
    [
      'a header block without a namespace',
      edited('<s:Header>', '<s:Header><h/>'),
      'element-unexpected',
    ],
    [
      'another root',
      `<s:Envelop xmlns:s="${namespace}"><s:Body/></s:Envelop>`,
      'element-unexpected',
    ],
    [
      'a Body of the other version',
      edited('<s:Body>', `<s:Body xmlns:s="${version === '1.1' ? SOAP12_NS : SOAP11_NS}">`),
      'element-unexpected',
    ],
    [
      'mustUnderstand of another form',
      edited('<h ', '<h s:mustUnderstand="yes" '),
      'text-malformed',
    ],
  ];
  for (const [what, text, reason] of refused)
    test(`SOAP ${version} §4: refuses ${what}`, () => {
      assertRefused(() => envelopeOf(text), reason);
    });

  test(`SOAP ${version} §4: refuses a block for us that must be understood and is not`, () => {
    const { headers } = envelopeOf(
      anEnvelope({ version, header: '<h xmlns="urn:h" s:mustUnderstand="1"/>' }),
    );

    requireUnderstood(headers, [{ uri: 'urn:h', local: 'h' }]);
    assert.throws(() => requireUnderstood(headers, [{ uri: 'urn:other', local: 'h' }]), {
      name: 'EnvelopeFailure',
      code: 'must-understand',
    });
  });

  test(`SOAP ${version} §4.2: a block for another node is not read`, () => {
    const header = `<h xmlns="urn:h" s:mustUnderstand="1" s:${role}="urn:somebody"/>`;

    const { headers } = envelopeOf(anEnvelope({ version, header }));

    assert.deepEqual(headers, []);
  });

  for (const ours of ['', ...SOAP_SPELLING[version].ourRoles])
    test(`SOAP ${version} §4.2: a block for the role "${ours}" is for us`, () => {
      const header = `<h xmlns="urn:h" s:${role}="${ours}"/>`;

      const { headers } = envelopeOf(anEnvelope({ version, header }));

      assert.equal(headers.length, 1);
    });
}

test('SOAP 1.2 §5.2.3: mustUnderstand is a boolean, in SOAP 1.1 §4.2.3 a digit', () => {
  for (const value of [true, false]) {
    const header = `<h xmlns="urn:h" s:mustUnderstand="${value}"/>`;

    assert.equal(envelopeOf(anEnvelope({ header })).headers[0]?.mustUnderstand, value);
    assertRefused(() => envelopeOf(anEnvelope({ version: '1.1', header })), 'text-malformed');
  }
});

test('SOAP 1.2 §5.4.7: an envelope of another namespace is a version mismatch', () => {
  const text = '<s:Envelope xmlns:s="urn:soap-3"><s:Body/></s:Envelope>';

  assert.throws(() => envelopeOf(text), { name: 'EnvelopeFailure', code: 'version-mismatch' });
});
