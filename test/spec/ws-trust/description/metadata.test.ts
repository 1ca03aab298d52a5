// WSDL (ws-trust §5): what strict tools and old clients look for, and that every reference in it resolves.
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import {
  changeEndpoints,
  type EndpointChange,
} from '#bridge/ws-trust/endpoint/endpoint-changes.ts';
import { GENERIC_PROFILE } from '#bridge/ws-trust/endpoint/profiles.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { childrenNamed, requiredChild, resolveQName, textOf } from '#bridge/xml/reader.ts';
import { attributeOf, elementsOf, type XmlElement } from '#bridge/xml/tree.ts';
import { TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import { anIssueRequest, aPost, aWsTrustSetting } from '#test/support/ws-trust/ws-trust.ts';

const WSDL = 'http://schemas.xmlsoap.org/wsdl/';
const WSP = 'http://schemas.xmlsoap.org/ws/2004/09/policy';
const WSU = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
const WSA = 'http://www.w3.org/2005/08/addressing';
const XS = 'http://www.w3.org/2001/XMLSchema';
const SOAP_BINDINGS = [
  'http://schemas.xmlsoap.org/wsdl/soap/',
  'http://schemas.xmlsoap.org/wsdl/soap12/',
];
const MEX_PATH = '/adfs/services/trust/mex';
const PAGES = [
  ['/ws-trust', '?wsdl'],
  ['/ws-trust', 'mex'],
  ['/ws-trust/2005/soap12', 'WSDL'],
  ['/ws-trust/mex', ''],
  ['/ws-trust/2005/soap12/mex', ''],
  [MEX_PATH, ''],
  ['/adfs/services/trust/13/usernamemixed', '?wsdl'],
  ['/sts/STSService', '?wsdl'],
  ['/sts/STSService/vsphere.local', '?wsdl'],
  ['/services/wso2carbon-sts', '?wsdl'],
] as const;

const get = (path: string, query: string, over: object = {}) =>
  aWsTrustSetting().front.handle({ ...aPost(''), method: 'GET', path, query, ...over });

async function definitionsAt(path: string, query: string): Promise<XmlElement> {
  const answer = await get(path, query);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-type'], 'text/xml; charset=utf-8');
  const { root } = parseXml(Buffer.from(answer.body));
  assert.deepEqual([root.uri, root.local], [WSDL, 'definitions']);
  return root;
}

test('RFC 9110 §9.3.2: a description is had by HEAD too, and a 405 names the methods of its address', async () => {
  for (const [path, query] of PAGES) {
    const [head, put] = [
      await get(path, query, { method: 'HEAD' }),
      await get(path, query, { method: 'PUT' }),
    ];

    assert.equal(head.status, 200);
    assert.equal(head.headers['content-type'], 'text/xml; charset=utf-8');
    assert.deepEqual([put.status, put.headers['allow']], [405, 'GET, HEAD, POST']);
  }
  for (const method of ['HEAD', 'GET', 'OPTIONS']) {
    const answer = await get('/ws-trust', '', { method });
    assert.deepEqual([answer.status, answer.headers['allow']], [405, 'POST']);
  }
});

const named = (parent: XmlElement, local: string) => childrenNamed(parent, WSDL, local);
const valueOf = (element: XmlElement, name: string): string => {
  const value = attributeOf(element, name);
  assert.ok(value !== undefined, `${element.local} has no ${name}`);
  return value;
};

/** The child of definitions that a QName attribute names. */
function follow(
  definitions: XmlElement,
  element: XmlElement,
  attribute: string,
  local: string,
): XmlElement {
  const { uri, local: name } = resolveQName(element, valueOf(element, attribute));
  assert.equal(uri, valueOf(definitions, 'targetNamespace'));
  const found = named(definitions, local).filter((each) => attributeOf(each, 'name') === name);
  assert.equal(found.length, 1, `${local} ${name}`);
  return found[0] as XmlElement;
}

function checkMessage(definitions: XmlElement, message: XmlElement): void {
  const part = requiredChild(message, WSDL, 'part');
  const { uri, local } = resolveQName(part, valueOf(part, 'element'));
  const schemas = childrenNamed(requiredChild(definitions, WSDL, 'types'), XS, 'schema');
  const schema = schemas.find((each) => attributeOf(each, 'targetNamespace') === uri);
  assert.ok(schema);
  const declared = childrenNamed(schema, XS, 'element').find(
    (each) => attributeOf(each, 'name') === local,
  );
  assert.ok(declared, `${local} is not declared`);
  const type = resolveQName(declared, valueOf(declared, 'type'));
  assert.equal(type.uri, uri);
  assert.ok(
    childrenNamed(schema, XS, 'complexType').some(
      (each) => attributeOf(each, 'name') === type.local,
    ),
  );
}

for (const [path, query] of PAGES)
  test(`ws-trust §5: every reference in the WSDL of GET ${path} ${query} resolves`, async () => {
    const definitions = await definitionsAt(path, query);
    const policies = childrenNamed(definitions, WSP, 'Policy').map((policy) =>
      attributeOf(policy, 'Id', WSU),
    );
    const service = requiredChild(definitions, WSDL, 'service');
    assert.equal(valueOf(service, 'name'), 'SecurityTokenService');
    assert.equal(valueOf(definitions, 'targetNamespace'), `${TRUST_13}/`);

    for (const port of named(service, 'port')) {
      const binding = follow(definitions, port, 'binding', 'binding');
      const portType = follow(definitions, binding, 'type', 'portType');
      const reference = valueOf(requiredChild(binding, WSP, 'PolicyReference'), 'URI');
      assert.ok(policies.includes(reference.slice(1)) && reference.startsWith('#'), reference);
      const operations = named(portType, 'operation');
      assert.deepEqual(
        named(binding, 'operation').map((each) => valueOf(each, 'name')),
        operations.map((each) => valueOf(each, 'name')),
      );
      for (const operation of operations)
        for (const direction of ['input', 'output'])
          checkMessage(
            definitions,
            follow(definitions, requiredChild(operation, WSDL, direction), 'message', 'message'),
          );
    }
  });

for (const [path, query] of PAGES)
  test(`ws-trust §5: the WSDL of GET ${path} ${query} has its operations by soapAction and wsam:Action`, async () => {
    const definitions = await definitionsAt(path, query);
    // ADAL for Node takes the last operation of a binding for the one that issues, MSAL the first: AD FS tells that one alone.
    const operations = path === MEX_PATH ? ['Issue'] : ['Issue', 'Renew', 'Cancel', 'Validate'];

    for (const portType of named(definitions, 'portType')) {
      const trust = valueOf(portType, 'name') === 'STS13' ? TRUST_13 : TRUST_2005;
      const actions = named(portType, 'operation').map((operation) =>
        attributeOf(
          requiredChild(operation, WSDL, 'input'),
          'Action',
          'http://www.w3.org/2007/05/addressing/metadata',
        ),
      );
      assert.deepEqual(
        actions,
        operations.map((name) => `${trust}/RST/${name}`),
      );
    }
    for (const binding of named(definitions, 'binding')) {
      const actions = named(binding, 'operation').map((operation) => {
        const soap = elementsOf(operation).find(({ uri }) => SOAP_BINDINGS.includes(uri));
        return soap && attributeOf(soap, 'soapAction');
      });
      assert.match(actions[0] ?? '', /\/RST\/Issue$/);
      assert.equal(new Set(actions).size, operations.length);
    }
  });

/** Address, SOAP binding namespace of every port. */
function portsOf(definitions: XmlElement): readonly (readonly [string, string])[] {
  return named(requiredChild(definitions, WSDL, 'service'), 'port').map((port) => {
    const address = elementsOf(port).find(({ uri }) => SOAP_BINDINGS.includes(uri));
    assert.ok(address);
    const location = valueOf(address, 'location');
    const reference = requiredChild(port, WSA, 'EndpointReference');
    assert.equal(textOf(requiredChild(reference, WSA, 'Address')), location);
    return [location, address.uri] as const;
  });
}

test('ws-trust §5: addresses are public, https, unique, and every one of them is served', async () => {
  for (const path of ['/ws-trust', MEX_PATH, '/sts/STSService', '/services/wso2carbon-sts']) {
    const ports = portsOf(await definitionsAt(path, '?wsdl'));

    const addresses = ports.map(([address]) => address);
    assert.equal(new Set(addresses).size, addresses.length);
    for (const address of addresses) {
      assert.ok(address.startsWith('https://sts.example.org/'), address);
      const answer = await aWsTrustSetting().front.handle(
        anIssueRequest({}, { path: new URL(address).pathname }),
      );
      // Where another credential is wanted the answer is a fault, and not that nobody is there.
      const takesUserName = !/certificate|issuedtoken/.test(address);
      assert.equal(answer.status, takesUserName ? 200 : 500, answer.body);
    }
  }
});

test('ws-trust §5: the issuer decides every address, not the request', async () => {
  const answer = await get('/ws-trust', '?wsdl', {
    headers: { host: 'attacker.example', 'x-forwarded-host': 'attacker.example' },
    publicBase: 'https://public.example:8443',
  });

  assert.ok(answer.body.includes('location="https://public.example:8443/ws-trust"'));
  assert.doesNotMatch(answer.body, /attacker/);
});

test('ws-trust §5: SOAP 1.1 and 1.2 are offered; below a tenant the address is the one that was called', async () => {
  const generic = portsOf(await definitionsAt('/ws-trust', '?wsdl'));
  const tenant = portsOf(await definitionsAt('/sts/STSService/vsphere.local', '?wsdl'));

  assert.deepEqual(new Set(generic.map(([, soap]) => soap)), new Set(SOAP_BINDINGS));
  assert.deepEqual(tenant, [
    ['https://sts.example.org/sts/STSService/vsphere.local', SOAP_BINDINGS[0]],
  ]);
});

const SUPPORTING = [
  [
    'Username13',
    'http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702',
    'SignedEncryptedSupportingTokens',
    TRUST_13,
  ],
  [
    'Username2005',
    'http://schemas.xmlsoap.org/ws/2005/07/securitypolicy',
    'SignedSupportingTokens',
    TRUST_2005,
  ],
] as const;
for (const [id, sp, tokens, trust] of SUPPORTING)
  test(`ws-trust §5: the AD FS document has the user name policy ${id} where clients look for it`, async () => {
    const definitions = await definitionsAt(MEX_PATH, '');
    const down = (from: XmlElement, ...names: readonly (readonly [string, string])[]) =>
      names.reduce((at, [uri, local]) => requiredChild(at, uri, local), from);

    const policy = childrenNamed(definitions, WSP, 'Policy').find(
      (each) => attributeOf(each, 'Id', WSU) === id,
    );
    assert.ok(policy);
    const all = down(policy, [WSP, 'ExactlyOne'], [WSP, 'All']);
    down(
      all,
      [sp, tokens],
      [WSP, 'Policy'],
      [sp, 'UsernameToken'],
      [WSP, 'Policy'],
      [sp, 'WssUsernameToken10'],
    );
    const binding = named(definitions, 'binding').find(
      (each) => attributeOf(requiredChild(each, WSP, 'PolicyReference'), 'URI') === `#${id}`,
    );
    assert.ok(binding);
    const soap12 = requiredChild(binding, SOAP_BINDINGS[1] ?? '', 'binding');
    assert.equal(valueOf(soap12, 'transport'), 'http://schemas.xmlsoap.org/soap/http');
    const [issue] = named(binding, 'operation');
    assert.ok(issue);
    assert.equal(
      valueOf(requiredChild(issue, SOAP_BINDINGS[1] ?? '', 'operation'), 'soapAction'),
      `${trust}/RST/Issue`,
    );
  });

for (const path of ['/ws-trust', '/sts/STSService', '/services/wso2carbon-sts'])
  test(`WS-SecurityPolicy 1.2 §8.2: ${path} asks for a user name in the word that Apache Rampart obeys over TLS`, async () => {
    const definitions = await definitionsAt(path, '?wsdl');

    const policies = childrenNamed(definitions, WSP, 'Policy');
    assert.ok(policies.length > 0);
    for (const policy of policies) {
      const all = requiredChild(requiredChild(policy, WSP, 'ExactlyOne'), WSP, 'All');
      const [, tokens] = elementsOf(all);
      assert.equal(tokens?.local, 'SignedSupportingTokens');
    }
  });

test('ws-trust §5: the text has the prefixes and the id attribute that clients search for', async () => {
  const { body } = await get(MEX_PATH, '');

  for (const piece of [
    '<wsdl:definitions ',
    ' wsu:Id="Username13"',
    '<soap12:binding ',
    '<soap12:address location="https://',
    '<wsa10:Address>https://',
  ])
    assert.ok(body.includes(piece), piece);
});

const SP_13 = 'http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702';
const CONTEXT_PATH = '/ws-trust/context';

/** The policy of the port for security contexts, where the operator names its address. */
async function contextPolicy(change: Partial<EndpointChange> = {}): Promise<XmlElement> {
  const profiles = changeEndpoints([GENERIC_PROFILE], [{ path: CONTEXT_PATH, ...change }]);
  const request = { ...aPost(''), method: 'GET', path: '/ws-trust', query: '?wsdl' };
  const { body } = await aWsTrustSetting({ profiles }).front.handle(request);
  const { root } = parseXml(Buffer.from(body));
  const [port] = portsOf(root).filter(([address]) => address.endsWith(CONTEXT_PATH));
  assert.deepEqual(port, [`https://sts.example.org${CONTEXT_PATH}`, SOAP_BINDINGS[1]]);
  const policy = childrenNamed(root, WSP, 'Policy').find(
    (each) => attributeOf(each, 'Id', WSU) === 'SecurityContext13SignedBody',
  );
  assert.ok(policy);
  return requiredChild(requiredChild(policy, WSP, 'ExactlyOne'), WSP, 'All');
}

const policyIn = (parent: XmlElement, local: string): XmlElement =>
  requiredChild(requiredChild(parent, SP_13, local), WSP, 'Policy');
const assertionsOf = (policy: XmlElement) => elementsOf(policy).map(({ local }) => local);

test('WS-SecurityPolicy 1.2 §5.4.7: an address that takes security contexts says so, and how to get one there', async () => {
  const all = await contextPolicy();

  const endorsing = policyIn(all, 'EndorsingSupportingTokens');
  const context = policyIn(endorsing, 'SecureConversationToken');
  assert.deepEqual(assertionsOf(endorsing), ['SecureConversationToken', 'SignedParts']);
  assert.deepEqual(assertionsOf(context), ['MustNotSendAmend', 'BootstrapPolicy']);
  const bootstrap = policyIn(context, 'BootstrapPolicy');
  const ofTls = ['SignedParts', 'EncryptedParts'];
  assert.deepEqual(assertionsOf(bootstrap), [
    'TransportBinding',
    'SignedSupportingTokens',
    ...ofTls,
  ]);
  // The importer of WCF asks for the Body in both.
  for (const parts of ofTls)
    assert.deepEqual(assertionsOf(requiredChild(bootstrap, SP_13, parts)), ['Body']);
  policyIn(policyIn(bootstrap, 'SignedSupportingTokens'), 'UsernameToken');
});

test('WS-Trust 1.3 §4.3: the port for contexts says that Renew is answered by a collection, others that it is bare', async () => {
  const profiles = changeEndpoints([GENERIC_PROFILE], [{ path: CONTEXT_PATH }]);
  const request = { ...aPost(''), method: 'GET', path: '/ws-trust', query: '?wsdl' };
  const { body } = await aWsTrustSetting({ profiles }).front.handle(request);
  const { root } = parseXml(Buffer.from(body));
  const answers = named(root, 'portType').map((type) => [
    valueOf(type, 'name'),
    ...named(type, 'operation').map((operation) =>
      valueOf(requiredChild(operation, WSDL, 'output'), 'message'),
    ),
  ]);

  const [one, many] = ['RequestSecurityTokenResponse', 'RequestSecurityTokenResponseCollection'];
  assert.deepEqual(answers, [
    ['STS13', `tns:${many}13`, `tns:${one}13`, `tns:${one}13`, `tns:${one}13`],
    ['STS2005', `tns:${one}2005`, `tns:${one}2005`, `tns:${one}2005`, `tns:${one}2005`],
    ['STSContext13', `tns:${many}13`, `tns:${many}13`, `tns:${one}13`, `tns:${one}13`],
  ]);
  const [port] = named(requiredChild(root, WSDL, 'service'), 'port').filter(
    (each) => valueOf(each, 'name') === 'TransportSCT_Port',
  );
  assert.ok(port);
  assert.equal(valueOf(follow(root, port, 'binding', 'binding'), 'type'), 'tns:STSContext13');
});

test('WS-SecurityPolicy 1.2 §5.4.7: the bootstrap policy is about the credentials of the address; where it gives no context there is none', async () => {
  const bootstrapFor = async (credentials: EndpointChange['credentials'] = []) => {
    const all = await contextPolicy({ credentials });
    const context = policyIn(policyIn(all, 'EndorsingSupportingTokens'), 'SecureConversationToken');
    return childrenNamed(context, SP_13, 'BootstrapPolicy').map((one) =>
      assertionsOf(requiredChild(one, WSP, 'Policy')),
    );
  };

  assert.deepEqual(await bootstrapFor(['certificate', 'security-context']), [
    ['TransportBinding', 'EndorsingSupportingTokens', 'SignedParts', 'EncryptedParts'],
  ]);
  assert.deepEqual(await bootstrapFor(['tls-certificate', 'security-context']), [
    ['TransportBinding', 'SignedParts', 'EncryptedParts'],
  ]);
  assert.deepEqual(await bootstrapFor(['security-context']), []);
});

test('WS-SecurityPolicy of 2005: an address of February 2005 says nothing that its language has no word for', async () => {
  const change = { path: '/ws-trust/2005', credentials: ['security-context'] } as const;
  const profiles = changeEndpoints([GENERIC_PROFILE], [change]);
  const request = { ...aPost(''), method: 'GET', path: '/ws-trust', query: '?wsdl' };

  const { body } = await aWsTrustSetting({ profiles }).front.handle(request);

  assert.match(
    body,
    /<sp:SecureConversationToken sp:IncludeToken="http:\/\/schemas.xmlsoap.org\/ws\/2005/,
  );
  assert.doesNotMatch(body, /MustNotSendAmend/);
});

test('ws-trust §5: the address for security contexts is neither served nor published until the operator names it', async () => {
  const { body } = await get('/ws-trust', '?wsdl');
  const unnamed = await aWsTrustSetting().front.handle(anIssueRequest({}, { path: CONTEXT_PATH }));

  assert.doesNotMatch(body, /SecureConversationToken|ws-trust.context/);
  assert.equal(unnamed.status, 404);
});

/** The policy of the port at /ws-trust, by its name; undefined where it is not published. */
async function policyOf(
  credentials: NonNullable<EndpointChange['credentials']>,
  more: Partial<EndpointChange> = {},
) {
  const change = { path: '/ws-trust', credentials, ...more };
  const profiles = changeEndpoints([GENERIC_PROFILE], [change]);
  const request = { ...aPost(''), method: 'GET', path: '/ws-trust', query: '?wsdl' };
  const { body } = await aWsTrustSetting({ profiles }).front.handle(request);
  const { root } = parseXml(Buffer.from(body));
  const port = named(requiredChild(root, WSDL, 'service'), 'port').find(
    (each) => valueOf(each, 'name') === 'TransportUT_Port',
  );
  if (!port) return undefined;
  const binding = follow(root, port, 'binding', 'binding');
  return valueOf(requiredChild(binding, WSP, 'PolicyReference'), 'URI');
}

test('WS-SecurityPolicy 1.2 §8: what is published of an address is a credential that it takes, and of one that takes none that a policy can tell, nothing', async () => {
  assert.equal(await policyOf(['certificate', 'username']), '#Username13Plain');
  assert.equal(await policyOf(['bearer-token', 'certificate']), '#Certificate13SignedBodyPlain');
  const timestamp = { signedParts: 'timestamp' } as const;
  assert.equal(await policyOf(['certificate'], timestamp), '#Certificate13Plain');
  assert.equal(await policyOf(['tls-certificate', 'basic']), '#CertificateTransport13Plain');
  assert.equal(await policyOf(['security-context']), '#SecurityContext13SignedBodyPlain');
  assert.equal(await policyOf(['basic', 'bearer-token']), undefined);
});
