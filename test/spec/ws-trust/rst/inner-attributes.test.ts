// The attributes of what is in the parameters of a request (WS-Trust 1.3 §3.1): each is read or refused, by the schema of its standard. Those
// that leave attributes of other namespaces to others (`anyAttribute`) have them passed over.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { aKeyValue } from '#test/support/soap/signed-message.ts';
import { anAppliesTo, anRst, BILLING, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { anIssueRequest, aWsTrustSetting, faultCodeOf } from '#test/support/ws-trust/ws-trust.ts';
import { certificate, child, DS, IDENTITY, key, OTHER } from './element-shape.ts';

const AUTH = 'http://docs.oasis-open.org/wsfed/authorization/200706';
const WSC = 'http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512';

const ofDialect = (dialect: string, content: string): string =>
  child('Claims', content, ` Dialect="${dialect}"`);
const ofIdentity = (content: string): string =>
  ofDialect(IDENTITY, content.replace(/^<i:\w+/, `$& xmlns:i="${IDENTITY}"`));
const ofAuthorization = (content: string): string =>
  ofDialect(`${AUTH}/authclaims`, content.replace(/^<i:\w+/, `$& xmlns:i="${AUTH}"`));
const wished = (value: string): string =>
  ofAuthorization(`<i:ClaimType Uri="department">${value}</i:ClaimType>`);
const appliesTo = (content: string, wsa = 'http://www.w3.org/2005/08/addressing'): string =>
  `<p:AppliesTo xmlns:p="http://www.w3.org/ns/ws-policy" xmlns:a="${wsa}">${content}</p:AppliesTo>`;
const embedded = (content: string): string => child('OnBehalfOf', content);
const JWT = Buffer.from('aa.good.cc').toString('base64');
const bst = (attributes = ''): string =>
  `<wsse:BinarySecurityToken ValueType="urn:ietf:params:oauth:token-type:jwt"${attributes}>${JWT}</wsse:BinarySecurityToken>`;
const reference = (content: string): string =>
  embedded(`<wsse:SecurityTokenReference>${content}</wsse:SecurityTokenReference>`);
const useKey = (content: string): string => key(TRUST_13, 'PublicKey') + child('UseKey', content);
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const POINT = publicKey.export({ format: 'der', type: 'spki' }).subarray(-65).toString('base64');

/** Each element with a place for an attribute, `@`. A closed one takes none of other namespaces either. */
const CLOSED: Readonly<Record<string, string>> = {
  'ClaimType of 2005/05': ofIdentity('<i:ClaimType Uri="department"@/>'),
  'ClaimValue of Apache CXF': ofIdentity(
    '<i:ClaimValue Uri="department"@><i:Value>sales</i:Value></i:ClaimValue>',
  ),
  'ClaimType of 200706': ofAuthorization('<i:ClaimType Uri="department"@/>'),
  'Value of a claim': wished('<i:Value@>sales</i:Value>'),
  ConstrainedValue: wished(
    '<i:ConstrainedValue@><i:ValueOneOf><i:Value>sales</i:Value></i:ValueOneOf></i:ConstrainedValue>',
  ),
  ValueOneOf: wished(
    '<i:ConstrainedValue><i:ValueOneOf@><i:Value>sales</i:Value></i:ValueOneOf></i:ConstrainedValue>',
  ),
  Primary: `<t:Participants><t:Primary@><a:EndpointReference xmlns:a="http://www.w3.org/2005/08/addressing"><a:Address>${BILLING}</a:Address></a:EndpointReference></t:Primary></t:Participants>`,
  'URI of AppliesTo': appliesTo(`<p:URI@>${BILLING}</p:URI>`),
  BinarySecret: `<t:Entropy><t:BinarySecret@>${Buffer.alloc(32, 7).toString('base64')}</t:BinarySecret></t:Entropy>`,
  TokenWrapper: embedded('<TokenWrapper@>aa.good.cc</TokenWrapper>'),
  'KeyInfo of UseKey': useKey(certificate(OTHER).replace('<ds:KeyInfo', '$&@')),
  'X509Certificate of UseKey': useKey(certificate(OTHER).replace('<ds:X509Certificate', '$&@')),
  'KeyValue of UseKey': useKey(
    `<ds:KeyInfo ${DS}>${aKeyValue(OTHER)}</ds:KeyInfo>`.replace('<ds:KeyValue', '$&@'),
  ),
  'NamedCurve of UseKey': useKey(
    `<ds:KeyInfo ${DS}><ds:KeyValue><e:ECKeyValue xmlns:e="http://www.w3.org/2009/xmldsig11#"><e:NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"@/><e:PublicKey>${POINT}</e:PublicKey></e:ECKeyValue></ds:KeyValue></ds:KeyInfo>`,
  ),
};
const OPEN: Readonly<Record<string, string>> = {
  EndpointReference: appliesTo(
    `<a:EndpointReference@><a:Address>${BILLING}</a:Address></a:EndpointReference>`,
  ),
  'Address of an EndpointReference': appliesTo(
    `<a:EndpointReference><a:Address@>${BILLING}</a:Address></a:EndpointReference>`,
  ),
  'Address of August 2004': appliesTo(
    `<a:EndpointReference><a:Address@>${BILLING}</a:Address></a:EndpointReference>`,
    'http://schemas.xmlsoap.org/ws/2004/08/addressing',
  ),
  'Address of Issuer':
    '<t:Issuer><a:Address xmlns:a="http://www.w3.org/2005/08/addressing"@>https://sts.example.org/ws-trust</a:Address></t:Issuer>',
  'ReferenceParameters without content': appliesTo(
    `<a:EndpointReference><a:Address>${BILLING}</a:Address><a:ReferenceParameters@/></a:EndpointReference>`,
  ),
  'Created of Lifetime':
    '<t:Lifetime><wsu:Created@>2027-01-15T08:00:00Z</wsu:Created></t:Lifetime>',
  'Expires of Lifetime':
    '<t:Lifetime><wsu:Expires@>2027-01-15T08:05:00Z</wsu:Expires></t:Lifetime>',
  BinarySecurityToken: embedded(bst('@')),
  SecurityTokenReference: reference(`<wsse:Embedded>${bst()}</wsse:Embedded>`).replace(
    '<wsse:SecurityTokenReference',
    '$&@',
  ),
  Embedded: reference(`<wsse:Embedded@>${bst()}</wsse:Embedded>`),
};

async function ask(children: string) {
  const target = children.includes('p:AppliesTo') ? '' : anAppliesTo();
  const body = anRst({ children: target + children });
  return aWsTrustSetting().front.handle(anIssueRequest({ body }));
}

const at = (xml: string, attribute: string): string => xml.replace('@', attribute);

const FOREIGN = ' x:Use="urn:x" xmlns:x="urn:x"';
/** What the request comes to as it is: proof of a key is not what these tests are about. */
const outcomeOf = async (xml: string): Promise<string> => {
  const answer = await ask(xml);
  return answer.status === 200 ? 'issued' : faultCodeOf(answer);
};

for (const [element, xml] of [...Object.entries(CLOSED), ...Object.entries(OPEN)]) {
  test(`WS-Trust 1.3 §3.1: refuses an attribute of ${element} that is not known`, async () => {
    assert.equal(await outcomeOf(at(xml, ' Use="urn:x"')), 'trust:BadRequest');
  });

  test(`ws-trust W11: takes what says nothing at ${element}, as stacks write it`, async () => {
    const bare = await outcomeOf(at(xml, ''));

    assert.notEqual(bare, 'trust:BadRequest');
    assert.equal(await outcomeOf(at(xml, ' wsu:Id="part" xml:lang="en"')), bare);
  });
}

for (const [element, xml] of Object.entries(CLOSED))
  test(`WS-Trust 1.3 §3.1: refuses an attribute of another namespace at ${element}`, async () => {
    assert.equal(await outcomeOf(at(xml, FOREIGN)), 'trust:BadRequest');
  });

for (const [element, xml] of Object.entries(OPEN))
  test(`WS-Addressing 1.0, WSS 1.1.1: an attribute of another namespace at ${element} is its owner's`, async () => {
    assert.equal(await outcomeOf(at(xml, FOREIGN)), 'issued');
  });

for (const [what, xml] of Object.entries({
  'optional in lower case': ofIdentity('<i:ClaimType Uri="salary" optional="true"/>'),
  'Optional with the prefix of the claims': ofAuthorization(
    '<i:ClaimType Uri="salary" i:Optional="true"/>',
  ),
  'a constraint to assert, in lower case': wished(
    '<i:ConstrainedValue assertConstraint="true"><i:ValueOneOf><i:Value>sales</i:Value></i:ValueOneOf></i:ConstrainedValue>',
  ),
  'URI of a reference in lower case': reference('<wsse:Reference uri="#x" URI="#y"/>'),
  'Usage without a prefix': reference(`<wsse:Embedded Usage="urn:x">${bst()}</wsse:Embedded>`),
  'in SecondaryParameters': child(
    'SecondaryParameters',
    ofIdentity('<i:ClaimType Uri="department" optional="true"/>'),
  ),
  'of a security context': embedded(
    `<c:SecurityContextToken xmlns:c="${WSC}"><c:Identifier Use="x">urn:x</c:Identifier></c:SecurityContextToken>`,
  ),
}))
  test(`WS-Trust 1.3 §3.1: an attribute that would be a wish is not passed over: ${what}`, async () => {
    assert.equal(await outcomeOf(xml), 'trust:BadRequest');
  });

test('WSS 1.1.1 §7.1: what a reference is used for may be told', async () => {
  const xml = reference(`<wsse:Embedded>${bst()}</wsse:Embedded>`);

  const told = xml.replace('<wsse:SecurityTokenReference', '$& wsse:Usage="urn:x"');
  assert.equal(await outcomeOf(told), 'issued');
});

test('WS-Addressing 1.0 §2.1: what describes an address may have any attribute', async () => {
  const metadata = '<a:Metadata Use="urn:x"><x xmlns="urn:x" y="z"/></a:Metadata>';

  const xml = appliesTo(
    `<a:EndpointReference><a:Address>${BILLING}</a:Address>${metadata}</a:EndpointReference>`,
  );
  assert.equal(await outcomeOf(xml), 'issued');
});
