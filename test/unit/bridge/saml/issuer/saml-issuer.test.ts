// The issuer of assertions: what stands in them, in which shape, and what it refuses to write.

import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { createPrivateKey } from 'node:crypto';
import { test } from 'node:test';
import { SignedXml } from 'xml-crypto';
import { createKeyUnwrapper, decryptXml } from '#bridge/xml/encryption/decrypt.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import { aClaim } from '#test/support/core.ts';
import {
  aCertifiedKey,
  anOwnIssuer,
  anOwnValidator,
  aSamlSpec,
  asElement,
  asText,
  iso,
  NOW,
  PARTNER,
  STS,
  signingKeysOf,
  VERSIONS,
} from '#test/support/saml/saml.ts';
import { libxml2Canonical } from '#test/support/xml/libxml2.ts';
import { cut } from '#test/support/xml/tamper.ts';
import { hasXmlsec1, runXmlsec1 } from '#test/support/xml/xmlsec1.ts';

const key = await aCertifiedKey();
const partyKey = await aCertifiedKey();
const issuer = anOwnIssuer(signingKeysOf(key));
const aVcenterSpec = (over: Partial<TokenSpec> = {}) =>
  aSamlSpec({ tokenShape: 'vcenter', ...over });
const textOf = async (over: Partial<TokenSpec> = {}): Promise<string> =>
  (await issuer.issue(aSamlSpec(over))).text;

const SIGNATURE = /<ds:Signature .*<\/ds:Signature>/;
const withoutSignature = (text: string): string => text.replace(SIGNATURE, '#');
const CLAIMS = [
  aClaim({
    name: 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/role',
    values: ['a', 'b'],
  }),
  aClaim({ name: 'department', values: ['sales'] }),
];

test('SAML Core 2.0 §2.3.3: the default shape of SAML 2.0, to the byte', async () => {
  const text = withoutSignature(await textOf({ claims: CLAIMS }));

  assert.equal(
    text,
    '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_Zm9v-1" ' +
      `IssueInstant="${iso(NOW)}" Version="2.0"><saml:Issuer>${STS}</saml:Issuer>#` +
      '<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified">partner:alice</saml:NameID>' +
      '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">' +
      `<saml:SubjectConfirmationData NotOnOrAfter="${iso(NOW + 600)}" Recipient="https://billing.example/soap"></saml:SubjectConfirmationData>` +
      '</saml:SubjectConfirmation></saml:Subject>' +
      `<saml:Conditions NotBefore="${iso(NOW)}" NotOnOrAfter="${iso(NOW + 600)}">` +
      '<saml:AudienceRestriction><saml:Audience>https://billing.example/soap</saml:Audience></saml:AudienceRestriction></saml:Conditions>' +
      `<saml:AuthnStatement AuthnInstant="${iso(NOW)}"><saml:AuthnContext><saml:AuthnContextClassRef>` +
      'urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>' +
      '<saml:AttributeStatement>' +
      '<saml:Attribute Name="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/role" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri">' +
      '<saml:AttributeValue>a</saml:AttributeValue><saml:AttributeValue>b</saml:AttributeValue></saml:Attribute>' +
      '<saml:Attribute Name="department" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic"><saml:AttributeValue>sales</saml:AttributeValue></saml:Attribute>' +
      '</saml:AttributeStatement></saml:Assertion>',
  );
});

test('SAML 1.1 §2.3.2: the default shape of SAML 1.1, to the byte: the signature is last', async () => {
  const text = withoutSignature(await textOf({ type: 'saml1', claims: CLAIMS }));

  const subject =
    '<saml:Subject><saml:NameIdentifier Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified">partner:alice</saml:NameIdentifier>' +
    '<saml:SubjectConfirmation><saml:ConfirmationMethod>urn:oasis:names:tc:SAML:1.0:cm:bearer</saml:ConfirmationMethod></saml:SubjectConfirmation></saml:Subject>';
  assert.equal(
    text,
    '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:1.0:assertion" AssertionID="_Zm9v-1" ' +
      `IssueInstant="${iso(NOW)}" Issuer="${STS}" MajorVersion="1" MinorVersion="1">` +
      `<saml:Conditions NotBefore="${iso(NOW)}" NotOnOrAfter="${iso(NOW + 600)}"><saml:AudienceRestrictionCondition>` +
      '<saml:Audience>https://billing.example/soap</saml:Audience></saml:AudienceRestrictionCondition></saml:Conditions>' +
      `<saml:AuthenticationStatement AuthenticationInstant="${iso(NOW)}" AuthenticationMethod="urn:oasis:names:tc:SAML:1.0:am:unspecified">${subject}</saml:AuthenticationStatement>` +
      `<saml:AttributeStatement>${subject}` +
      '<saml:Attribute AttributeName="role" AttributeNamespace="http://schemas.xmlsoap.org/ws/2005/05/identity/claims">' +
      '<saml:AttributeValue>a</saml:AttributeValue><saml:AttributeValue>b</saml:AttributeValue></saml:Attribute>' +
      '<saml:Attribute AttributeName="department" AttributeNamespace="urn:oasis:names:tc:SAML:2.0:attrname-format:basic"><saml:AttributeValue>sales</saml:AttributeValue></saml:Attribute>' +
      '</saml:AttributeStatement>#</saml:Assertion>',
  );
});

test('WS-Trust W14: there is one AuthnStatement, also without attributes, and no xsi:type on the root', async () => {
  for (const type of VERSIONS) {
    const text = await textOf({ type });

    assert.equal(text.match(/<saml:Auth(entication|n)Statement /g)?.length, 1);
    assert.doesNotMatch(text, /AttributeStatement|xsi:/);
  }
});

test('WS-Trust W8: the wire form is ASCII, without space around elements, and declares its prefixes', async () => {
  for (const type of VERSIONS) {
    const claims = [aClaim({ values: ['Zoë \u{1F511}', '1 < 2 & 3'] })];
    const text = await textOf({ type, claims, subjectName: 'Jürgen' });

    // oxlint-disable-next-line no-control-regex
    assert.match(text, /^[\x20-\x7e]+$/);
    assert.match(text, /J&#xFC;rgen/);
    assert.doesNotMatch(text, />\s+</);
    assert.equal(parseXml(Buffer.from(text)).root.local, 'Assertion');
  }
});

test('SAML Core 2.0 §2.4.1.2: a Recipient is written for one audience that is an address', async () => {
  const cases: readonly [readonly string[], string | undefined][] = [
    [['https://one.example/'], 'https://one.example/'],
    [['https://one.example/', 'https://two.example/'], undefined],
    [['orders'], undefined],
    [['urn:orders'], undefined],
    [['https://'], undefined],
  ];
  for (const [audiences, recipient] of cases) {
    const found = / Recipient="([^"]+)"/.exec(await textOf({ audiences }))?.[1];

    assert.equal(found, recipient, audiences.join());
  }
});

test('SAML Core 2.0 §2.5.1.4: several audiences are alternatives in one restriction', async () => {
  for (const type of VERSIONS) {
    const text = await textOf({ type, audiences: ['a', 'b'] });

    assert.match(
      text,
      /<saml:AudienceRestriction(Condition)?><saml:Audience>a<\/saml:Audience><saml:Audience>b<\/saml:Audience><\/saml:AudienceRestriction/,
    );
    assert.equal(text.match(/<saml:AudienceRestriction/g)?.length, 1);
  }
});

test('SAML Core 2.0 §2.2.2: the format is that of the issuer where the name is the issuer’s own', async () => {
  const subject = { issuer: STS, id: 'alice@x.example', format: 'urn:format:mail' };

  assert.match(
    await textOf({ subject, subjectName: subject.id }),
    /<saml:NameID Format="urn:format:mail">alice@/,
  );
  assert.match(await textOf({ subject }), /<saml:NameID Format="[^"]*:unspecified">partner:alice</);
});

test('SAML Core 2.0 §1.3.2: a format that is no absolute URI is unspecified: readers of .NET refuse it', async () => {
  for (const format of ['', 'emailAddress', 'urn:a b']) {
    const subject = { issuer: STS, id: 'alice', format };
    for (const type of VERSIONS)
      assert.match(
        await textOf({ subject, subjectName: subject.id, type }),
        /<saml:Name[^ ]+ Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified">alice</,
      );
  }
});

test('SAML Authentication Context §3.4: the statement names the method that was used, in the words of the version', async () => {
  const contextClass = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport';
  const AM = 'urn:oasis:names:tc:SAML:1.0:am';
  const instant = NOW - 9;
  const cases = [
    [{ instant, contextClass }, ':PasswordProtectedTransport', ':am:password'],
    [{ instant, methods: ['pwd'] }, ':PasswordProtectedTransport', ':am:password'],
    [{ instant, methods: ['x', 'otp'] }, ':TimeSyncToken', ':am:HardwareToken'],
    [{ instant, methods: ['sc'] }, ':SmartcardPKI', ':am:HardwareToken'],
    [{ instant, contextClass: `${AM}:password` }, ':Password', ':am:password'],
    [{ instant, contextClass: `${AM}:X509-PKI` }, ':X509', ':am:X509-PKI'],
    // SAML 1.1 says no more of a token than that it is hardware.
    [{ instant, contextClass: `${AM}:HardwareToken` }, ':am:HardwareToken', ':am:HardwareToken'],
    [{ instant, contextClass: 'urn:acr:gold' }, 'urn:acr:gold', 'urn:acr:gold'],
    // SAML Core 2.0 §1.3.2: it is a URI, and an absolute one; readers of .NET refuse another.
    [{ instant, contextClass: '1' }, ':ac:classes:unspecified', ':am:unspecified'],
    [{ instant, contextClass: 'loa/2' }, ':ac:classes:unspecified', ':am:unspecified'],
    [{ instant, contextClass: 'urn:two words' }, ':ac:classes:unspecified', ':am:unspecified'],
    [{ instant, contextClass: 'two words' }, ':ac:classes:unspecified', ':am:unspecified'],
    // A JWT may have a class that XML has not.
    [{ instant, contextClass: 'urn:\u0001' }, ':ac:classes:unspecified', ':am:unspecified'],
    [{ instant, contextClass: 'urn:\uffff' }, ':ac:classes:unspecified', ':am:unspecified'],
    [{ instant, methods: ['x'] }, ':ac:classes:unspecified', ':am:unspecified'],
    [{ contextClass }, ':ac:classes:unspecified', ':am:unspecified'],
  ] as const;
  for (const [authentication, saml2, saml1] of cases) {
    assert.match(
      await textOf({ authentication }),
      new RegExp(`${saml2}</saml:AuthnContextClassRef>`),
    );
    assert.match(
      await textOf({ authentication, type: 'saml1' }),
      new RegExp(`AuthenticationMethod="[^"]*${saml1}"`),
    );
  }
  assert.match(
    await textOf({ authentication: { instant: NOW - 9 } }),
    new RegExp(`AuthnInstant="${iso(NOW - 9)}"`),
  );
});

const UNSPECIFIED = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified';
const ACTORS = [
  { issuer: STS, id: 'broker', clientId: 'broker' },
  { issuer: 'https://other.example', id: 'portal' },
];

test('SAML Delegation Restriction: the chain is a condition, oldest first, with its prefix in scope and digested', async () => {
  const text = await textOf({ actors: ACTORS });

  assert.match(
    text,
    /<saml:Conditions [^>]*><saml:Condition xmlns:xsi="[^"]+" xsi:type="del:DelegationRestrictionType"><del:Delegate DelegationInstant="[^"]+"><saml:NameID Format="[^"]+" NameQualifier="https:\/\/other.example">portal<\/saml:NameID><\/del:Delegate><del:Delegate DelegationInstant="[^"]+"><saml:NameID Format="[^"]+">broker<\/saml:NameID>/,
  );
  assert.match(
    text,
    /^<saml:Assertion xmlns:del="urn:oasis:names:tc:SAML:2.0:conditions:delegation"/,
  );
  assert.match(text, /PrefixList="del"/);
});

test('SAML Delegation Restriction: the chain comes back outermost first', async () => {
  const { content: _, ...token } = asText('saml2', '');
  const content = Buffer.from(await textOf({ actors: ACTORS })).toString('base64url');

  const facts = await anOwnValidator(key).validate({ ...token, content });

  assert.deepEqual(facts.actors, [
    { issuer: STS, id: 'broker' },
    { issuer: 'https://other.example', id: 'portal' },
  ]);
});

test('ws-trust §7: for SOAP it is the default shape but for the Recipient, which readers of .NET refuse', async () => {
  for (const type of VERSIONS) {
    const spec = { type, claims: CLAIMS };

    const { text } = await issuer.issue(aSamlSpec({ ...spec, tokenShape: 'soap' }));

    assert.equal(
      withoutSignature(text),
      withoutSignature(await textOf(spec)).replace(/ Recipient="[^"]+"/, ''),
    );
    assert.doesNotMatch(text, /Recipient=/);
  }
});

test('vCenter: each attribute and value, the order of conditions and the prefixes as its clients write them again', async () => {
  const { text } = await issuer.issue(aVcenterSpec({ claims: CLAIMS, actors: ACTORS }));

  assert.match(
    text,
    /^<saml2:Assertion xmlns:del="[^"]+" xmlns:saml2="[^"]+" xmlns:xs="http:\/\/www.w3.org\/2001\/XMLSchema" ID=/,
  );
  assert.match(
    text,
    /<ds:Transform Algorithm="[^"]+exc-c14n#"><ec:InclusiveNamespaces xmlns:ec="[^"]+" PrefixList="del xs">/,
  );
  assert.match(
    text,
    /<saml2:Attribute FriendlyName="role" Name="http[^"]+role" NameFormat="[^"]+uri">/,
  );
  assert.match(
    text,
    /<saml2:Attribute FriendlyName="department" Name="department" NameFormat="[^"]+basic"><saml2:AttributeValue xmlns:xsi="[^"]+" xsi:type="xs:string">sales</,
  );
  assert.match(text, /<\/saml2:Condition><saml2:AudienceRestriction>/);
  assert.doesNotMatch(text, /Recipient=/);
  assert.equal(text.match(/<saml2:Attribute /g)?.length, 2);
  assert.equal(text.match(/<saml2:AttributeValue /g)?.length, 3);
  assert.equal(text.match(/ xsi:type="xs:string"/g)?.length, 3);
});

test('xml-security S5: vCenter: xs is declared for the values that say it, and for nothing else', async () => {
  const without = await issuer.issue(aVcenterSpec());
  const one = await issuer.issue(aVcenterSpec({ claims: CLAIMS.slice(1) }));

  assert.doesNotMatch(without.text, /xmlns:xs=|PrefixList/);
  assert.match(one.text, /xmlns:xs="[^"]+" ID=.*PrefixList="xs"/);
});

test('SAML Delegation Restriction: an actor of ours is told without a qualifier, under either of our names', async () => {
  const entityId = 'urn:sts:saml';
  const named = anOwnIssuer(signingKeysOf(key), { entityId });
  const actors = [STS, entityId, 'urn:sts'].map((name) => ({ issuer: name, id: name }));

  const { text } = await named.issue(aSamlSpec({ actors }));

  assert.deepEqual(text.match(/(?<=<del:Delegate [^>]*><saml:NameID )[^>]*>[^<]*/g), [
    `Format="${UNSPECIFIED}" NameQualifier="urn:sts">urn:sts`,
    `Format="${UNSPECIFIED}">${entityId}`,
    `Format="${UNSPECIFIED}">${STS}`,
  ]);
});

test('vCenter: a validator takes the shape back', async () => {
  const { text } = await issuer.issue(aVcenterSpec({ claims: CLAIMS }));

  const facts = await anOwnValidator(key).validate(asElement('saml2', text));

  assert.deepEqual(
    facts.claims.map(({ values }) => values),
    [['a', 'b'], ['sales']],
  );
});

for (const type of VERSIONS) {
  test(`SAML issue ${type}: the wire text is canonical but for references of characters, by libxml2`, async () => {
    const claims = [aClaim({ values: ['Zoë\r\n\t"<&>'] })];
    const text = await textOf({ type, claims });

    const canonical = libxml2Canonical(Buffer.from(text));

    assert.equal(canonical, text.replaceAll('&#xEB;', 'ë'));
  });

  test(`SAML issue ${type}: xml-crypto verifies it, and refuses one byte more`, async () => {
    const text = await textOf({ type, claims: CLAIMS });

    const verifies = (candidate: string): boolean => {
      const verifier = new SignedXml({
        publicCert: key.certificatePem,
        ...(type === 'saml1' && { idAttribute: 'AssertionID' }),
      });
      verifier.loadSignature(cut(candidate, 'ds:Signature'));
      return verifier.checkSignature(candidate);
    };

    assert.equal(verifies(text), true);
    assert.equal(verifies(text.replace('>sales<', '>sales2<')), false);
  });

  test(`SAML issue ${type}: xmlsec1 verifies it`, async (t) => {
    if (!hasXmlsec1(t)) return;
    const idAttribute = type === 'saml1' ? 'AssertionID' : 'ID';
    const text = await textOf({ type, claims: CLAIMS, actors: type === 'saml1' ? [] : ACTORS });

    const result = runXmlsec1(
      [
        '--verify',
        '--trusted-pem',
        'certificate.pem',
        '--verification-gmt-time',
        '2026-06-01 00:00:00',
        `--id-attr:${idAttribute}`,
        'Assertion',
        'assertion.xml',
      ],
      { 'certificate.pem': key.certificatePem, 'assertion.xml': text },
    );

    assert.ok(result.isOk, result.stderr);
  });

  test(`SAML issue ${type}: ES256 is possible`, async () => {
    const ec = await aCertifiedKey('ec');
    const signer = anOwnIssuer(signingKeysOf(ec, 'ES256'));

    const { text } = await signer.issue(aSamlSpec({ type, algorithm: 'ES256' }));

    assert.match(text, /xmldsig-more#ecdsa-sha256/);
    assert.equal((await anOwnValidator(ec).validate(asText(type, text))).id, 'Zm9v-1');
  });

  for (const [content, keyTransport, transport] of [
    ['aes256-gcm', 'rsa-oaep-sha256', 'xmlenc11#rsa-oaep'],
    ['aes128-gcm', 'rsa-oaep-mgf1p', 'xmlenc#rsa-oaep-mgf1p'],
  ] as const)
    test(`XML §7 ${type}: it is signed, then encrypted to the relying party, ${content} and ${keyTransport}`, async () => {
      const certificate = partyKey.certificatePem;
      const text = await textOf({ type, encryption: { certificate, content, keyTransport } });
      const unwrapper = createKeyUnwrapper(createPrivateKey(partyKey.privatePem));
      const decrypt = (data: Parameters<typeof decryptXml>[0]) => decryptXml(data, [unwrapper]);

      const facts = await anOwnValidator(key, { decrypt }).validate(asText(type, text));

      assert.equal(facts.subject.id, 'partner:alice');
      assert.match(text, type === 'saml2' ? /^<saml:EncryptedAssertion / : /^<xenc:EncryptedData /);
      assert.ok(text.includes(`xmlenc11#${content}"`));
      assert.ok(text.includes(`${transport}"`));
      assert.doesNotMatch(text, /partner:alice/);
    });
}

test('SAML 1.1 §2.4.4: claim names split at the last slash of a URI, or stay whole', async () => {
  const names = [
    'http://x.example/claims/upn',
    'http://x.example/claims/',
    'urn:oid:1.2.3',
    'plain',
    'a/b',
    'urn:mace:shibboleth:1.0:attributeNamespace:uri/x',
    'urn:oasis:names:tc:SAML:2.0:attrname-format:basic/sub',
  ];
  const claims = names.map((name) => aClaim({ name }));
  const text = await textOf({ type: 'saml1', claims });

  const facts = await anOwnValidator(key).validate(asText('saml1', text));

  assert.deepEqual(
    facts.claims.map(({ name }) => name),
    names,
  );
  assert.match(text, /AttributeName="upn" AttributeNamespace="http:\/\/x.example\/claims"/);
});

test('SAML issue: a login that is not known does not come back as a fresh one', async () => {
  for (const type of VERSIONS) {
    const timeless = { contextClass: 'urn:example:gold', methods: ['pwd'] };
    for (const spec of [{ type }, { type, authentication: timeless }]) {
      const unknown = await anOwnValidator(key).validate(asText(type, await textOf(spec)));
      assert.equal(unknown.authentication, undefined);
    }
    const known = await anOwnValidator(key).validate(
      asText(type, await textOf({ type, authentication: { instant: NOW - 9, methods: ['pwd'] } })),
    );

    assert.equal(known.authentication?.instant, NOW - 9);
    assert.deepEqual(known.authentication.methods, ['pwd']);
  }
});

test('SAML issue: our own assertions are read back under the names that core and its ledger know', async () => {
  const actors = [{ issuer: PARTNER, id: '!bang' }];
  const text = await textOf({ actors, subjectName: '!odd!name' });

  const facts = await anOwnValidator(key).validate(asText('saml2', text));

  assert.equal(facts.trustedIssuer, 'self');
  assert.equal(facts.id, 'Zm9v-1');
  assert.equal(facts.subject.id, '!odd!name');
  assert.equal(facts.subjectPrefix, '');
  assert.deepEqual(facts.actors, actors);
});

test('vCenter: an attribute whose name ends in a separator is called by the whole of it', async () => {
  const claims = [aClaim({ name: 'urn:groups/', values: ['buyer'] })];

  const { text } = await issuer.issue(aVcenterSpec({ claims }));

  assert.match(text, / FriendlyName="urn:groups\/" Name="urn:groups\/"/);
});
