// Requests that are refused, each with its fault code: data for both versions of SOAP. What comes of each element by itself,
// request-elements.ts tells.
import { anAppliesTo, anRst, TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import { aSecurityHeader } from '#test/support/ws-trust/ws-trust.ts';

interface Message {
  readonly header?: string;
  readonly body?: string;
}

const child = (name: string, content = '') => `<t:${name}>${content}</t:${name}>`;
const rst = (children: string, attributes = ''): Message => ({
  body: anRst({ children: anAppliesTo() + children, attributes }),
});
const key = (name: string) => child('KeyType', `${TRUST_13}/${name}`);
const window = (created: string, expires: string) =>
  child('Lifetime', `<wsu:Created>${created}</wsu:Created><wsu:Expires>${expires}</wsu:Expires>`);
const stamp = (created: string, expires: string): Message => ({
  header: aSecurityHeader(
    `<wsu:Timestamp><wsu:Created>${created}</wsu:Created><wsu:Expires>${expires}</wsu:Expires></wsu:Timestamp>`,
  ),
});
const action = (value: string): Message => ({
  header: `${aSecurityHeader()}<a:Action>${value}</a:Action>`,
});
const claims = (dialect: string, content: string) =>
  `<t:Claims Dialect="${dialect}" xmlns:i="http://schemas.xmlsoap.org/ws/2005/05/identity">${content}</t:Claims>`;
const IDENTITY = 'http://schemas.xmlsoap.org/ws/2005/05/identity';
const ASSERTION =
  '<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="_good"/>';
const EPR = '<a:EndpointReference><a:Address>urn:a</a:Address></a:EndpointReference>';

/** What is wrong, the message, and the code of its fault. */
export const REFUSED: readonly (readonly [string, Message, string])[] = [
  // the parameters
  [
    'a name of WS-Trust in a namespace of nobody',
    rst(`<x:KeyType xmlns:x="urn:x">${TRUST_13}/Bearer</x:KeyType>`),
    'trust:BadRequest',
  ],
  [
    'a parameter of another version',
    rst(`<o:KeyType xmlns:o="${TRUST_2005}">${TRUST_13}/Bearer</o:KeyType>`),
    'trust:BadRequest',
  ],
  // the requestor
  ['no Security header', { header: '<x xmlns="urn:x"/>' }, 'trust:FailedAuthentication'],
  ['an empty Security header', { header: '<wsse:Security/>' }, 'trust:FailedAuthentication'],
  [
    'a wrong password',
    { header: aSecurityHeader('', { name: 'alice', password: 'wrong' }) },
    'trust:FailedAuthentication',
  ],
  [
    'an unknown user',
    { header: aSecurityHeader('', { name: 'nobody', password: 'wrong' }) },
    'trust:FailedAuthentication',
  ],
  [
    'an empty password',
    { header: aSecurityHeader('', { name: 'alice', password: '' }) },
    'trust:FailedAuthentication',
  ],
  [
    'a signature',
    { header: aSecurityHeader('<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>') },
    'wsse:InvalidSecurity',
  ],
  [
    'a token nothing refers to',
    { header: aSecurityHeader(ASSERTION) },
    'wsse:UnsupportedSecurityToken',
  ],
  [
    'a Timestamp that is over',
    stamp('2027-01-15T07:00:00Z', '2027-01-15T07:10:00Z'),
    'wsse:MessageExpired',
  ],
  [
    'a Timestamp of tomorrow',
    stamp('2027-01-16T08:00:00Z', '2027-01-16T08:05:00Z'),
    'wsse:InvalidSecurity',
  ],
  [
    'a Timestamp of ten years',
    stamp('2027-01-15T08:00:00Z', '2037-01-15T08:00:00Z'),
    'wsse:InvalidSecurity',
  ],
  // the frame
  [
    'a header that must be understood',
    { header: `${aSecurityHeader()}<x xmlns="urn:x" s:mustUnderstand="1"/>` },
    'MustUnderstand',
  ],
  ['an Action of another operation', action(`${TRUST_13}/RST/Cancel`), 'trust:InvalidRequest'],
  ['an Action of another version', action(`${TRUST_2005}/RST/Issue`), 'trust:InvalidRequest'],
  [
    'a To of another',
    { header: `${aSecurityHeader()}<a:To>https://other.example/ws-trust</a:To>` },
    'trust:InvalidRequest',
  ],
  [
    'a To of another path of ours',
    { header: `${aSecurityHeader()}<a:To>https://sts.example.org/other</a:To>` },
    'trust:InvalidRequest',
  ],
  [
    'a To that is no address',
    { header: `${aSecurityHeader()}<a:To>nowhere</a:To>` },
    'trust:InvalidRequest',
  ],
  [
    'a ReplyTo elsewhere',
    {
      header: `${aSecurityHeader()}<a:ReplyTo><a:Address>https://attacker.example/</a:Address></a:ReplyTo>`,
    },
    'trust:InvalidRequest',
  ],
  ['an empty Body', { body: '' }, 'trust:InvalidRequest'],
  ['another child of the Body', { body: '<x xmlns="urn:x"/>' }, 'trust:InvalidRequest'],
  [
    'a collection without requests',
    { body: `<t:RequestSecurityTokenCollection xmlns:t="${TRUST_13}"/>` },
    'trust:InvalidRequest',
  ],
  [
    'a later leg without Context',
    { body: `<t:RequestSecurityTokenResponse xmlns:t="${TRUST_13}"/>` },
    'trust:InvalidRequest',
  ],
  [
    'a later leg of no exchange',
    { body: `<t:RequestSecurityTokenResponse xmlns:t="${TRUST_13}" Context="1"/>` },
    'trust:BadRequest',
  ],
  // the request
  [
    'no RequestType',
    { body: `<t:RequestSecurityToken xmlns:t="${TRUST_13}"/>` },
    'trust:InvalidRequest',
  ],
  [
    'a RequestType of another version',
    { body: anRst({ requestType: `${TRUST_2005}/Issue` }) },
    'trust:BadRequest',
  ],
  ['an unknown RequestType', { body: anRst({ requestType: 'urn:x' }) }, 'trust:BadRequest'],
  ...['STSCancel', 'KET', 'BatchIssue'].map((name): [string, Message, string] => [
    `the operation ${name}`,
    { body: anRst({ requestType: `${TRUST_13}/${name}` }) },
    'trust:BadRequest',
  ]),
  ...['Renew', 'Cancel', 'Validate'].map((name): [string, Message, string] => [
    `${name} without its target`,
    { body: anRst({ requestType: `${TRUST_13}/${name}` }) },
    'trust:InvalidRequest',
  ]),
  ['two RequestTypes', rst(child('RequestType', `${TRUST_13}/Issue`)), 'trust:InvalidRequest'],
  ['an unknown child', rst('<x xmlns="urn:x"/>'), 'trust:BadRequest'],
  ['an unknown child of the trust namespace', rst(child('Unknown')), 'trust:BadRequest'],
  ['text in the request', rst('text'), 'trust:InvalidRequest'],
  ['an unknown TokenType', rst(child('TokenType', 'urn:x')), 'wsse:UnsupportedSecurityToken'],
  ['an empty TokenType', rst(child('TokenType')), 'trust:InvalidRequest'],
  [
    'a TokenType that is not granted',
    {
      body: anRst({
        children: `${child('TokenType', 'http://docs.oasis-open.org/ws-sx/ws-trust/200512/RSTR/Status')}${anAppliesTo()}`,
      }),
    },
    'wsse:UnsupportedSecurityToken',
  ],
  [
    'an unknown AppliesTo',
    { body: anRst({ children: anAppliesTo('https://unknown.example/') }) },
    'trust:InvalidScope',
  ],
  ['no AppliesTo and no default', { body: anRst({ children: '' }) }, 'trust:InvalidScope'],
  [
    'an empty AppliesTo',
    { body: anRst({ children: '<p:AppliesTo xmlns:p="http://www.w3.org/ns/ws-policy"/>' }) },
    'trust:InvalidRequest',
  ],
  [
    'two addresses in AppliesTo',
    {
      body: anRst({
        children: `<p:AppliesTo xmlns:p="http://www.w3.org/ns/ws-policy">${EPR}${EPR}</p:AppliesTo>`,
      }),
    },
    'trust:InvalidRequest',
  ],
  [
    'two AppliesTo of two namespaces',
    rst(anAppliesTo(undefined, 'http://www.w3.org/ns/ws-policy')),
    'trust:InvalidRequest',
  ],
  [
    'AppliesTo of an unknown namespace',
    { body: anRst({ children: anAppliesTo(undefined, 'urn:x') }) },
    'trust:BadRequest',
  ],
  ['empty Participants', rst(child('Participants')), 'trust:InvalidRequest'],
  [
    'two primary Participants',
    rst(child('Participants', child('Primary', EPR) + child('Primary', EPR))),
    'trust:InvalidRequest',
  ],
  [
    'an unknown Participant',
    rst(child('Participants', child('Participant', EPR))),
    'trust:InvalidScope',
  ],
  [
    'another Issuer',
    rst(child('Issuer', '<a:Address>https://other.example/</a:Address>')),
    'trust:BadRequest',
  ],
  // time
  [
    'a Lifetime that is empty',
    rst(window('2027-01-15T08:00:00Z', '2027-01-15T08:00:00Z')),
    'trust:InvalidTimeRange',
  ],
  [
    'a Lifetime that is over',
    rst(window('2027-01-15T07:58:00Z', '2027-01-15T07:59:00Z')),
    'trust:InvalidTimeRange',
  ],
  [
    'a Lifetime of long ago',
    rst(window('2020-01-01T00:00:00Z', '2027-01-15T08:05:00Z')),
    'trust:InvalidTimeRange',
  ],
  [
    'a postdated Lifetime',
    rst(window('2027-01-16T08:00:00Z', '2027-01-16T08:05:00Z')),
    'trust:InvalidTimeRange',
  ],
  [
    'a postdated Lifetime with AllowPostdating',
    rst(`<t:AllowPostdating/>${window('2027-01-16T08:00:00Z', '2027-01-16T08:05:00Z')}`),
    'trust:InvalidTimeRange',
  ],
  [
    'a Lifetime in local time',
    rst(window('2027-01-15T08:00:00', '2027-01-15T08:05:00')),
    'trust:InvalidRequest',
  ],
  [
    'an unknown child of Lifetime',
    rst(child('Lifetime', '<x xmlns="urn:x"/>')),
    'trust:InvalidRequest',
  ],
  [
    'renewal after expiry that no row grants',
    rst('<t:Renewing OK="true"/>'),
    'trust:UnableToRenew',
  ],
  [
    'renewal not at all and after expiry',
    rst('<t:Renewing Allow="false" OK="true"/>'),
    'trust:InvalidRequest',
  ],
  ['Renewing of another form', rst('<t:Renewing Allow="maybe"/>'), 'trust:InvalidRequest'],
  // keys
  ['PublicKey from a bearer login', rst(key('PublicKey')), 'trust:InvalidRequest'],
  ['an unknown KeyType', rst(child('KeyType', 'urn:x')), 'trust:BadRequest'],
  ['a KeySize with bearer', rst(key('Bearer') + child('KeySize', '256')), 'trust:InvalidRequest'],
  ['a KeySize that is no number', rst(child('KeySize', '-1')), 'trust:InvalidRequest'],
  ...[
    'Entropy',
    'UseKey',
    'SignWith',
    'EncryptWith',
    'Encryption',
    'ProofEncryption',
    'DelegateTo',
  ].map((name): [string, Message, string] => [
    `${name} with bearer`,
    rst(key('Bearer') + child(name)),
    'trust:InvalidRequest',
  ]),
  ['UseKey without KeyType', rst(child('UseKey')), 'trust:InvalidRequest'],
  [
    'another computed key',
    rst(child('ComputedKeyAlgorithm', `${TRUST_13}/CK/HASH`)),
    'trust:BadRequest',
  ],
  [
    'another signature algorithm',
    rst(child('SignatureAlgorithm', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512')),
    'wsse:UnsupportedAlgorithm',
  ],
  [
    'SHA-1',
    rst(child('SignatureAlgorithm', 'http://www.w3.org/2000/09/xmldsig#rsa-sha1')),
    'wsse:UnsupportedAlgorithm',
  ],
  [
    'inclusive canonical form',
    rst(child('CanonicalizationAlgorithm', 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315')),
    'trust:BadRequest',
  ],
  // parameters within parameters
  [
    'nested SecondaryParameters',
    rst(child('SecondaryParameters', child('SecondaryParameters'))),
    'trust:BadRequest',
  ],
  [
    'OnBehalfOf in SecondaryParameters',
    rst(child('SecondaryParameters', child('OnBehalfOf', ASSERTION))),
    'trust:BadRequest',
  ],
  // claims
  ['an unknown dialect', rst(claims('urn:x', '')), 'trust:BadRequest'],
  ['a claim without a name', rst(claims(IDENTITY, '<i:ClaimType/>')), 'trust:InvalidRequest'],
  [
    'one claim twice',
    rst(claims(IDENTITY, '<i:ClaimType Uri="urn:c"/><i:ClaimType Uri="urn:c"/>')),
    'trust:InvalidRequest',
  ],
  [
    'Optional of another form',
    rst(claims(IDENTITY, '<i:ClaimType Uri="urn:c" Optional="yes"/>')),
    'trust:InvalidRequest',
  ],
  [
    'a mandatory claim that is not there',
    rst(claims(IDENTITY, '<i:ClaimType Uri="urn:c"/>')),
    'trust:RequestFailed',
  ],
  // delegation
  [
    'OnBehalfOf and ActAs',
    rst(child('OnBehalfOf', ASSERTION) + child('ActAs', ASSERTION.replace('_good', '_good2'))),
    'trust:InvalidRequest',
  ],
  ['an empty OnBehalfOf', rst(child('OnBehalfOf')), 'trust:InvalidRequest'],
  [
    'two tokens in OnBehalfOf',
    rst(child('OnBehalfOf', ASSERTION + ASSERTION.replace('_good', '_good2'))),
    'trust:InvalidRequest',
  ],
  [
    'two OnBehalfOf',
    rst(child('OnBehalfOf', ASSERTION) + child('OnBehalfOf', ASSERTION.replace('_good', '_good2'))),
    'trust:InvalidRequest',
  ],
  [
    'two ActAs of two namespaces',
    rst(
      `${child('ActAs', ASSERTION)}<u:ActAs xmlns:u="http://docs.oasis-open.org/ws-sx/ws-trust/200802">${ASSERTION.replace('_good', '_good2')}</u:ActAs>`,
    ),
    'trust:InvalidRequest',
  ],
  [
    'a bare UsernameToken in OnBehalfOf',
    rst(
      child(
        'OnBehalfOf',
        '<wsse:UsernameToken><wsse:Username>bob</wsse:Username></wsse:UsernameToken>',
      ),
    ),
    'wsse:UnsupportedSecurityToken',
  ],
  ['an address in OnBehalfOf', rst(child('OnBehalfOf', EPR)), 'wsse:UnsupportedSecurityToken'],
  [
    'a certificate in OnBehalfOf',
    rst(
      child(
        'OnBehalfOf',
        '<wsse:BinarySecurityToken ValueType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3">AAAA</wsse:BinarySecurityToken>',
      ),
    ),
    'wsse:UnsupportedSecurityToken',
  ],
  [
    'a malformed JWT in ActAs',
    rst(child('ActAs', '<TokenWrapper>no JWT</TokenWrapper>')),
    'trust:InvalidSecurityToken',
  ],
  [
    'a reference to nothing',
    rst(
      child(
        'OnBehalfOf',
        '<wsse:SecurityTokenReference><wsse:Reference URI="#x"/></wsse:SecurityTokenReference>',
      ),
    ),
    'wsse:SecurityTokenUnavailable',
  ],
];
