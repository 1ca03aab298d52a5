// What the validator reads of a good assertion, and which assertions are not good: windows, audiences, conditions, names,
// attributes and statements, for both versions.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SamlTrust } from '#bridge/saml/validator/saml-trust.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import {
  type AssertionChanges,
  aSamlIssuer,
  asElement,
  assertRefused,
  asText,
  aValidator,
  ENTRANCES,
  iso,
  NOW,
  PARTNER,
  STS,
  subject1,
  unsignedAssertion,
  VERSIONS,
} from '#test/support/saml/saml.ts';

const issuer = await aSamlIssuer();

const validate = (
  type: 'saml1' | 'saml2',
  changes: AssertionChanges = {},
  trust: Partial<SamlTrust> = {},
) => aValidator([issuer.trust(trust)]).validate(asText(type, issuer.assertion(type, changes)));

for (const [entrance, as] of ENTRANCES) {
  for (const type of VERSIONS) {
    test(`SAML ${type} as ${entrance}: everything core wants to know is read`, async () => {
      const facts = await aValidator([issuer.trust()]).validate(as(type, issuer.assertion(type)));

      assert.deepEqual(facts, {
        type,
        use: 'subject',
        issuer: PARTNER,
        trustedIssuer: 'partner',
        id: '_a1',
        subject: {
          issuer: PARTNER,
          id: 'alice@partner.example',
          format: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
        },
        subjectPrefix: 'partner:',
        authentication: {
          instant: NOW - 60,
          methods: ['pwd'],
          contextClass:
            type === 'saml2'
              ? 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport'
              : 'urn:oasis:names:tc:SAML:1.0:am:password',
        },
        claims: [{ name: 'role', values: ['buyer'], issuer: PARTNER, originalIssuer: PARTNER }],
        scopes: [],
        issuedAt: NOW - 30,
        lifetime: { notBefore: NOW - 30, notOnOrAfter: type === 'saml2' ? NOW + 240 : NOW + 300 },
        confirmation: { method: 'bearer' },
        audiences: [STS],
        actors: [],
      });
    });
  }
}

test('SAML validate: it handles assertions as text or element, and nothing else', () => {
  const validator = aValidator([]);
  const of = (type: string, content: string | object) =>
    validator.canHandle({ type, use: 'subject', content } as Parameters<
      typeof validator.canHandle
    >[0]);

  assert.ok(VERSIONS.every((type) => of(type, 'x')));
  assert.equal(of('jwt', 'x'), false);
  assert.equal(of('saml2', {}), false);
  assert.equal(of('saml2', { element: {} }), false);
  assert.ok(validator.canHandle(asElement('saml2', issuer.assertion('saml2'))));
});

test('SAML validate: evidence of another type is a bug', async () => {
  await assert.rejects(
    aValidator([]).validate({ type: 'jwt', use: 'subject', content: 'x' }),
    /^Error: asked for evidence/,
  );
});

for (const type of VERSIONS) {
  const p = type;
  const nameTag = type === 'saml1' ? 'NameIdentifier' : 'NameID';
  const named = (value: string, attributes = ''): AssertionChanges => ({
    name: `<${p}:${nameTag} ${attributes}>${value}</${p}:${nameTag}>`,
  });

  test(`SAML ${type} §2.2.2: the same name in two domains is two subjects`, async () => {
    const idOf = async (value: string, attributes = '') =>
      (await validate(type, named(value, attributes))).subject.id;

    const ids = await Promise.all([
      idOf('alice'),
      idOf('alice', 'NameQualifier="urn:a"'),
      idOf('alice', 'NameQualifier="urn:a!b"'),
      idOf('b!alice', 'NameQualifier="urn:a"'),
      idOf('alice', 'NameQualifier="urn:a!"'),
      idOf('alice', 'NameQualifier="urn:a" SPNameQualifier="!"'),
      idOf('!urn%3Aa!!alice'),
      idOf('!alice'),
    ]);

    assert.equal(new Set(ids).size, ids.length, ids.join('\n'));
    assert.equal(ids[0], 'alice');
    assert.equal(ids[1], '!urn%3Aa!!alice');
    assert.equal(await idOf('alice', `NameQualifier="${PARTNER}"`), 'alice');
    assert.equal(
      await idOf('alice', `NameQualifier="${PARTNER}" SPNameQualifier="urn:sp"`),
      '!!urn%3Asp!alice',
    );
  });

  test(`SAML ${type} §2.2.2: a name with space around it, or of elements, is refused`, async () => {
    for (const value of ['', ' ', ' alice', 'alice\n', '<x/>alice', 'a<x/>b'])
      await assertRefused(() => validate(type, named(value)), 'token-malformed');
  });

  test(`SAML ${type} §2.7.3: values are text, exactly as written, whatever their type says`, async () => {
    const attribute = (values: string, attributes = ''): AssertionChanges => ({
      attributes:
        type === 'saml1'
          ? `<saml1:Attribute AttributeName="n" AttributeNamespace="urn:ns" ${attributes}>${values}</saml1:Attribute>`
          : `<saml2:Attribute Name="n" NameFormat="urn:ns" ${attributes}>${values}</saml2:Attribute>`,
    });
    const value = (content: string, attributes = ''): string =>
      `<${p}:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ${attributes}>${content}</${p}:AttributeValue>`;
    const values = [
      value(' a\n'),
      value('1', 'xsi:type="nobody:knows"'),
      value('', 'xsi:nil="true"'),
      value('', 'xsi:nil="1"'),
      value('<![CDATA[0]]>', 'xsi:nil="0"'),
      value('<![CDATA[<b>]]>'),
      value(''),
    ];

    const { claims } = await validate(type, attribute(values.join('')));
    const stated = await validate(
      type,
      attribute(
        value('a'),
        'xmlns:c="http://schemas.xmlsoap.org/ws/2009/09/identity/claims" c:OriginalIssuer="urn:first"',
      ),
    );

    assert.deepEqual(claims, [
      {
        name: 'urn:ns/n',
        values: [' a\n', '1', '0', '<b>', ''],
        issuer: PARTNER,
        originalIssuer: PARTNER,
      },
    ]);
    assert.equal(stated.claims[0]?.originalIssuer, 'urn:first');
    await assertRefused(() => validate(type, attribute(value('a<b>c</b>'))), 'token-malformed');
    await assertRefused(
      () => validate(type, attribute('<x:AttributeValue xmlns:x="urn:x"/>')),
      'token-malformed',
    );
    const beside = '<x:Attribute xmlns:x="urn:x"/>';
    await assertRefused(() => validate(type, { attributes: beside }), 'token-malformed');
    const nameless = (attribute('').attributes ?? '').replace('Name="n"', 'Name=""');
    await assertRefused(() => validate(type, { attributes: nameless }), 'token-malformed');
  });

  test(`SAML ${type}: reserved names are left out, and an attribute that tells of an actor is refused`, async () => {
    const attribute = (name: string): string => {
      const slash = name.lastIndexOf('/');
      return type === 'saml1'
        ? `<saml1:Attribute AttributeName="${name.slice(slash + 1)}" AttributeNamespace="${slash < 0 ? 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic' : name.slice(0, slash)}"><saml1:AttributeValue>x</saml1:AttributeValue></saml1:Attribute>`
        : `<saml2:Attribute Name="${name}"><saml2:AttributeValue>x</saml2:AttributeValue></saml2:Attribute>`;
    };

    const { claims } = await validate(type, {
      attributes: ['sub', 'scope', 'client_id', 'mail'].map(attribute).join(''),
    });

    assert.deepEqual(
      claims.map(({ name }) => name),
      ['mail'],
    );
    for (const name of [
      'act',
      'may_act',
      'actort',
      'http://schemas.xmlsoap.org/ws/2009/09/identity/claims/actor',
    ])
      await assertRefused(
        () => validate(type, { attributes: attribute(name) }),
        'token-type-unsupported',
      );
  });

  test(`SAML ${type}: a name has one of the formats that the operator names; without one it is unspecified`, async () => {
    const element = type === 'saml1' ? 'saml1:NameIdentifier' : 'saml2:NameID';
    const format = (name: string) => `urn:oasis:names:tc:SAML:1.1:nameid-format:${name}`;
    const named = (written: string) => ({ name: `<${element}${written}>alice</${element}>` });
    const trust = { nameFormats: [format('unspecified'), 'urn:x'] };

    for (const written of ['', ` Format="${format('unspecified')}"`, ' Format="urn:x"'])
      assert.equal((await validate(type, named(written), trust)).subject.id, 'alice');
    for (const written of [` Format="${format('emailAddress')}"`, ' Format=""', ' Format="urn:X"'])
      await assertRefused(() => validate(type, named(written), trust), 'token-malformed');
  });

  test(`SAML ${type}: an attribute may identify the subject where the operator says so`, async () => {
    const trust = { subjectAttribute: 'role' };
    const roleOf = (...values: readonly string[]) => {
      const content = values
        .map((value) => `<${p}:AttributeValue>${value}</${p}:AttributeValue>`)
        .join('');
      return type === 'saml1'
        ? `<saml1:Attribute AttributeName="role" AttributeNamespace="urn:oasis:names:tc:SAML:2.0:attrname-format:basic">${content}</saml1:Attribute>`
        : `<saml2:Attribute Name="role">${content}</saml2:Attribute>`;
    };

    assert.deepEqual((await validate(type, { name: '' }, trust)).subject, {
      issuer: PARTNER,
      id: 'buyer',
    });
    await assertRefused(() => validate(type, { attributes: '' }, trust), 'token-malformed');
    for (const space of [' ', ' a', 'a\n', '&#xA0;a', ''])
      await assertRefused(
        () => validate(type, { attributes: roleOf(space) }, trust),
        'token-malformed',
      );
    await assertRefused(
      () => validate(type, { attributes: roleOf('a', 'b') }, trust),
      'token-malformed',
    );
  });

  test(`SAML ${type}: an assertion older than the maximum age is refused, for grants earlier`, async () => {
    const old = { issueInstant: iso(NOW - 400), window: `NotOnOrAfter="${iso(NOW + 300)}"` };
    const xml = issuer.assertion(type, old);
    const as = (use: 'subject' | 'assertion', trust: Partial<SamlTrust> = {}) =>
      aValidator([issuer.trust(trust)]).validate(asText(type, xml, use));

    assert.ok(await as('subject'));
    assert.ok(await as('subject', { maxAgeSeconds: 340 }));
    assert.ok(await as('assertion', { assertionMaxAgeSeconds: 340 }));
    await assertRefused(() => as('subject', { maxAgeSeconds: 339 }), 'token-expired');
    await assertRefused(() => as('assertion'), 'token-expired');
    await assertRefused(
      () => as('assertion', { assertionMaxAgeSeconds: 900, maxAgeSeconds: 100 }),
      'token-expired',
    );
  });

  test(`SAML ${type} E1: grants are one-time until they can no longer be accepted; others where issuer or record say so`, async () => {
    const until = type === 'saml2' ? NOW + 240 + 60 : NOW + 300 + 60;
    const oneTime = {
      conditions: type === 'saml2' ? '<saml2:OneTimeUse/>' : '<saml1:DoNotCacheCondition/>',
    };
    const validator = aValidator([issuer.trust()]);

    const plain = await validate(type);
    const grant = await validator.validate(asText(type, issuer.assertion(type), 'assertion'));

    assert.equal(plain.onceUntil, undefined);
    assert.equal(grant.onceUntil, until);
    assert.equal((await validate(type, oneTime)).onceUntil, until);
    assert.equal((await validate(type, {}, { singleUse: true })).onceUntil, until);
  });

  test(`SAML ${type}: one type never passes as the other`, async () => {
    const other = type === 'saml1' ? 'saml2' : 'saml1';

    for (const [, as] of ENTRANCES)
      await assertRefused(
        () => aValidator([issuer.trust()]).validate(as(other, issuer.assertion(type))),
        'token-malformed',
      );
  });

  test(`SAML ${type}: trust ends with its date`, async () => {
    assert.ok(await validate(type, {}, { enabledUntil: NOW + 1 }));
    await assertRefused(() => validate(type, {}, { enabledUntil: NOW }), 'issuer-untrusted');
  });

  test(`SAML ${type}: the prefix of the record goes with the subject`, async () => {
    assert.equal((await validate(type, {}, { subjectPrefix: 'p/' })).subjectPrefix, 'p/');
  });
}

test('SAML 2.0 §2.2.5: an issuer of another format, or with a qualifier, is another kind of name', async () => {
  const xml = (attributes: string): string =>
    issuer.assertion('saml2').replace('<saml2:Issuer>', `<saml2:Issuer ${attributes}>`);

  for (const attributes of [
    'Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"',
    'NameQualifier="x"',
    'SPNameQualifier="x"',
    'SPProvidedID="x"',
  ])
    await assertRefused(
      () => aValidator([issuer.trust()]).validate(asText('saml2', xml(attributes))),
      'issuer-untrusted',
    );
});

test('SAML 2.0 §8.3.6: an empty qualifier of an issuer is none, as with a subject', async () => {
  const empty = 'NameQualifier="" SPNameQualifier="" SPProvidedID=""';
  const text = unsignedAssertion('saml2').replace('<saml2:Issuer>', `<saml2:Issuer ${empty}>`);

  const { issuer: name } = await aValidator([issuer.trust()]).validate(
    asText('saml2', issuer.sign('saml2', text)),
  );

  assert.match(text, /Issuer NameQualifier=""/);
  assert.equal(name, PARTNER);
});

test('SAML 2.0 §2.2.2: encrypted and abstract names, and encrypted attributes, are not supported', async () => {
  for (const changes of [
    { name: '<saml2:EncryptedID/>' },
    { attributes: '<saml2:EncryptedAttribute/>' },
  ])
    await assertRefused(() => validate('saml2', changes), 'token-type-unsupported');
  await assertRefused(() => validate('saml2', { name: '<saml2:BaseID/>' }), 'token-malformed');
});

test('SAML 2.0 §2.5.1.6: how often others may be made of the assertion is kept', async () => {
  for (const [count, expected] of [
    [' Count="0"', 0],
    [' Count="3"', 3],
    ['', undefined],
  ] as const) {
    const { delegations } = await validate('saml2', {
      conditions: `<saml2:ProxyRestriction${count}/>`,
    });

    assert.equal(delegations, expected);
  }
});

test('SAML 2.0 §2.5.1.6: for whom others may be made of the assertion is restricted, so none is', async () => {
  const proxy = (content: string): AssertionChanges => ({ conditions: content });

  assert.ok(await validate('saml2', proxy('<saml2:ProxyRestriction/>')));
  for (const content of [
    '<saml2:ProxyRestriction><saml2:Audience>x</saml2:Audience></saml2:ProxyRestriction>',
    '<saml2:ProxyRestriction Count="3"><saml2:Audience>x</saml2:Audience></saml2:ProxyRestriction>',
  ])
    await assertRefused(() => validate('saml2', proxy(content)), 'token-type-unsupported');
  for (const content of [
    '<saml2:ProxyRestriction Count="-1"/>',
    '<saml2:ProxyRestriction Count="9999999999"/>',
    '<saml2:ProxyRestriction><saml2:X/></saml2:ProxyRestriction>',
    '<saml2:ProxyRestriction/><saml2:ProxyRestriction/>',
    '<saml2:OneTimeUse/><saml2:OneTimeUse/>',
  ])
    await assertRefused(() => validate('saml2', proxy(content)), 'token-malformed');
});

test('SAML 2.0 §2.3.3: an assertion without subject is refused', async () => {
  const xml = issuer.sign(
    'saml2',
    `<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="_x" IssueInstant="${iso(NOW)}" Version="2.0"><saml2:Issuer>${PARTNER}</saml2:Issuer></saml2:Assertion>`,
  );

  await assertRefused(
    () => aValidator([issuer.trust()]).validate(asText('saml2', xml)),
    'token-malformed',
  );
});

test('SAML validate: without Conditions there is no audience', async () => {
  for (const type of VERSIONS) {
    const xml = issuer.assertion(type);
    const unsigned = xml
      .replace(/<Signature .*<\/Signature>/s, '')
      .replace(/<saml\d:Conditions .*<\/saml\d:Conditions>/s, '');

    await assertRefused(
      () => aValidator([issuer.trust()]).validate(asText(type, issuer.sign(type, unsigned))),
      'token-audience-mismatch',
    );
  }
});

test('SAML validate: the clock is read once and the skew of 300 seconds is the widest', async () => {
  const clock = fakeClock(NOW + 599);
  const xml = issuer.assertion('saml1');

  assert.ok(
    await aValidator([issuer.trust({ skewSeconds: 300 })], { clock }).validate(
      asText('saml1', xml),
    ),
  );
  clock.advance(1);
  await assertRefused(
    () =>
      aValidator([issuer.trust({ skewSeconds: 300 })], { clock }).validate(asText('saml1', xml)),
    'token-expired',
  );
});

test('xml-security §5: the log tells an algorithm that is not taken from a key that nobody trusts', async () => {
  const stranger = await aSamlIssuer();
  const unsigned = unsignedAssertion('saml2', { issuer: PARTNER });
  const refusals = [
    [
      issuer,
      { signatureAlgorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' },
      /: SHA-1 \(of partner\)$/,
    ],
    [
      issuer,
      { digestAlgorithm: 'http://www.w3.org/2000/09/xmldsig#sha1' },
      /: SHA-1 \(of partner\)$/,
    ],
    [stranger, {}, /^no key of the issuer made this signature \(of partner\)$/],
  ] as const;

  for (const [signer, changes, detail] of refusals) {
    const evidence = asText('saml2', signer.sign('saml2', unsigned, changes));
    const outcome = aValidator([issuer.trust()]).validate(evidence);

    await assert.rejects(outcome, { reason: 'signature-invalid', message: detail });
  }
});

test('SAML Authentication Context §3.4: of a login is believed what its class says, and no more', async () => {
  const authenticated = async (contextClass: string, instant = iso(NOW - 60)) => {
    const authentication = `<saml1:AuthenticationStatement AuthenticationInstant="${instant}" AuthenticationMethod="${contextClass}">${subject1()}</saml1:AuthenticationStatement>`;
    return (await validate('saml1', { authentication })).authentication;
  };
  const HARDWARE = 'urn:oasis:names:tc:SAML:1.0:am:HardwareToken';

  // A smart card, or a list of numbers that a device shows: the class does not say which.
  assert.deepEqual(await authenticated(HARDWARE), { instant: NOW - 60, contextClass: HARDWARE });
  for (const nothing of [' ', '&#xA0;', 'urn:oasis:names:tc:SAML:1.0:am:unspecified'])
    assert.deepEqual(await authenticated(nothing), { instant: NOW - 60 });
  // The first instant of a calendar is no instant, and a token of ours could not carry it.
  for (const never of ['0001-01-01T00:00:00Z', '1969-12-31T23:59:59Z'])
    assert.deepEqual(await authenticated(HARDWARE, never), { contextClass: HARDWARE });
});
