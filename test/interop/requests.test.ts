// Requests as clients in the field write them (one file each), and how we read them. Written by us after what was seen, those of
// govmomi, Metro and Mono's WCF by them: a byte order mark, addressing without an Action, or with nothing else. Those of
// Microsoft's WCF (3.4.3, .NET Core 3.1), go-vcloud-director, node-sp-auth, SharePy and Office365-REST-Python-Client are by them, too;
// times, names and addresses are those of the tests.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  ADFS_PROFILE,
  GENERIC_PROFILE,
  VCENTER_PROFILE,
  WSO2_PROFILE,
} from '#bridge/ws-trust/endpoint/profiles.ts';
import type { WsTrustRequest } from '#bridge/ws-trust/front.ts';
import type { TokenType } from '#core/token/token-type.ts';
import { BILLING, TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import { aPost, aWsTrustSetting, faultCodeOf } from '#test/support/ws-trust/ws-trust.ts';

const FOLDER = fileURLToPath(new URL('requests', import.meta.url));
const USERNAME_13 = '/adfs/services/trust/13/usernamemixed';
const USERNAME_2005 = '/adfs/services/trust/2005/usernamemixed';
const WSO2 = '/services/wso2carbon-sts';
/** The media type that Axis2 sends with SOAP 1.2. */
const axis2 = (action: string): string => `application/soap+xml; charset=UTF-8; action="${action}"`;
/** The one that Metro sends. */
const metro = (action: string): string => `application/soap+xml; charset=utf-8;action="${action}"`;
const SOAP_12 = 'application/soap+xml; charset=utf-8';
const SOAP_11 = 'text/xml; charset="utf-8"';

interface Expected {
  readonly path: string;
  readonly headers: WsTrustRequest['headers'];
  readonly subject?: TokenType;
  readonly isDelegation?: boolean;
  readonly requestedType?: TokenType;
  readonly targets?: readonly string[];
  readonly lifetimeSeconds?: number;
  readonly requiredClaims?: readonly string[];
  /** TokenType of the answer. */
  readonly answers?: string;
  /** The fault instead of an answer. */
  readonly fault?: string;
}

const SAML1 = 'urn:oasis:names:tc:SAML:1.0:assertion';
const SAML2 = 'urn:oasis:names:tc:SAML:2.0:assertion';
const PROFILE = 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1';

const EXPECTED: Readonly<Record<string, Expected>> = {
  'vcenter-bearer.xml': {
    path: '/sts/STSService/vsphere.local',
    headers: { 'content-type': SOAP_11, soapaction: `"${TRUST_13}/RST/Issue"` },
    requestedType: 'saml2',
    targets: [],
    lifetimeSeconds: 300,
    answers: SAML2,
  },
  'vcenter-act-as.xml': {
    path: '/sts/STSService',
    headers: { 'content-type': SOAP_11, soapaction: `${TRUST_13}/Issue` },
    subject: 'saml2',
    isDelegation: true,
    requestedType: 'saml2',
    targets: [],
    answers: SAML2,
  },
  'vcenter-participants.xml': {
    path: '/sts/STSService',
    headers: { 'content-type': SOAP_11, soapaction: `${TRUST_13}/RST/Issue` },
    requestedType: 'saml2',
    answers: SAML2,
  },
  'govmomi-bearer.xml': {
    path: '/sts/STSService',
    headers: { 'content-type': SOAP_11, soapaction: `"${TRUST_13}/RST/Issue"` },
    requestedType: 'saml2',
    targets: [],
    lifetimeSeconds: 300,
    answers: SAML2,
  },
  'java-bearer.xml': {
    path: '/ws-trust',
    headers: { 'content-type': 'text/xml; charset=UTF-8', soapaction: `"${TRUST_13}/RST/Issue"` },
    subject: 'jwt',
    requestedType: 'saml2',
    requiredClaims: ['department'],
    answers: `${PROFILE}#SAMLV2.0`,
  },
  'java-symmetric.xml': {
    path: '/ws-trust',
    headers: { 'content-type': 'text/xml; charset=UTF-8', soapaction: `"${TRUST_13}/RST/Issue"` },
    answers: SAML2,
  },
  'adfs-password-13.xml': {
    path: USERNAME_13,
    headers: { 'content-type': SOAP_12, soapaction: `${TRUST_13}/RST/Issue` },
    answers: SAML2,
  },
  'adfs-password-2005.xml': {
    path: USERNAME_2005,
    headers: { 'content-type': SOAP_12, soapaction: `${TRUST_2005}/RST/Issue` },
    answers: SAML2,
  },
  'adfs-integrated.xml': {
    path: USERNAME_13,
    headers: { 'content-type': SOAP_12 },
    fault: 'trust:FailedAuthentication',
  },
  'adfs-unescaped-name.xml': {
    path: USERNAME_2005,
    headers: { 'content-type': SOAP_12 },
    fault: 'trust:InvalidRequest',
  },
  'script.xml': {
    path: USERNAME_13,
    headers: { 'content-type': 'application/soap+xml' },
    requestedType: 'saml1',
    answers: SAML1,
  },
  // It asks for a text of the claims. Where its machine is not in UTC it writes local times, and is refused (xml-security E2).
  'vcloud-director.xml': {
    path: USERNAME_13,
    headers: { 'content-type': 'application/soap+xml' },
    requestedType: 'saml2',
    answers: `${PROFILE}#SAMLV2.0`,
  },
  // Space before the message, no TokenType.
  'node-sp-auth.xml': {
    path: USERNAME_13,
    headers: { 'content-type': SOAP_12 },
    answers: SAML2,
  },
  // A header of Microsoft's for another service, an Id of no namespace.
  'sharepy.xml': { path: USERNAME_2005, headers: { 'content-type': SOAP_12 }, answers: SAML2 },
  // The same, good for half an hour.
  'office365.xml': { path: USERNAME_2005, headers: { 'content-type': SOAP_12 }, answers: SAML2 },
  'dotnet-2005.xml': {
    path: '/ws-trust/2005/soap12',
    headers: {
      'content-type': `application/soap+xml; charset=utf-8; action="${TRUST_2005}/RST/Issue"`,
    },
    requestedType: 'saml1',
    requiredClaims: ['department'],
    answers: `${PROFILE}#SAMLV1.1`,
  },
  'mono-ws2007-http.xml': {
    path: USERNAME_13,
    headers: { 'content-type': SOAP_12 },
    requestedType: 'saml2',
    answers: SAML2,
  },
  'metro-13.xml': {
    path: '/ws-trust/soap12',
    headers: { 'content-type': metro(`${TRUST_13}/RST/Issue`) },
    requestedType: 'saml2',
    answers: SAML2,
  },
  // With an attribute on Entropy that no standard has.
  'metro-2005.xml': {
    path: '/ws-trust/2005/soap12',
    headers: { 'content-type': metro(`${TRUST_2005}/RST/Issue`) },
    requestedType: 'saml1',
    answers: SAML1,
  },
  'mono-soap11.xml': {
    path: '/ws-trust',
    headers: {
      'content-type': 'text/xml; charset=utf-8',
      soapaction: `"${TRUST_2005}/RST/Issue"`,
    },
    requestedType: 'saml2',
    answers: SAML2,
  },
  'mono-soap12-2004.xml': {
    path: '/ws-trust',
    headers: { 'content-type': SOAP_12 },
    requestedType: 'saml2',
    answers: SAML2,
  },
  'wcf-ws2007-http.xml': {
    path: USERNAME_13,
    headers: { 'content-type': SOAP_12 },
    requestedType: 'saml2',
    answers: SAML2,
  },
  'wcf-ws-http.xml': {
    path: USERNAME_2005,
    headers: { 'content-type': SOAP_12 },
    requestedType: 'saml1',
    answers: SAML1,
  },
  'wcf-basic-http.xml': {
    path: '/ws-trust',
    headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: `"${TRUST_13}/RST/Issue"` },
    requestedType: 'saml2',
    answers: SAML2,
  },
  'wcf-soap11-2004.xml': {
    path: '/ws-trust',
    headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: `"${TRUST_2005}/RST/Issue"` },
    requestedType: 'saml2',
    answers: SAML2,
  },
  // WSTrustChannelFactory: claims of 200706 in the dialect of 2005, with an empty Value.
  'wcf-claims.xml': {
    path: USERNAME_13,
    headers: { 'content-type': SOAP_12 },
    requestedType: 'saml2',
    answers: SAML2,
  },
  // WSTrustChannelFactory: the type of the entropy has the prefix of WS-Trust.
  'wcf-entropy.xml': {
    path: USERNAME_13,
    headers: { 'content-type': SOAP_12 },
    requestedType: 'saml2',
    answers: `${PROFILE}#SAMLV2.0`,
  },
  // WSFederationHttpBinding: entropy without a type is the key.
  'wcf-federation.xml': {
    path: USERNAME_13,
    headers: { 'content-type': SOAP_12 },
    requestedType: 'saml2',
    answers: `${PROFILE}#SAMLV2.0`,
  },
  // The bearer of 1.3 in the words of February 2005.
  'wcf-federation-2005.xml': {
    path: USERNAME_2005,
    headers: { 'content-type': SOAP_12 },
    requestedType: 'saml2',
    answers: SAML2,
  },
  'wsdl-tool.xml': {
    path: '/ws-trust',
    headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: `"${TRUST_13}/RST/Issue"` },
    requestedType: 'jwt',
    lifetimeSeconds: 300,
    answers: 'urn:ietf:params:oauth:token-type:jwt',
  },
  'rampart-13.xml': {
    path: WSO2,
    headers: { 'content-type': axis2(`${TRUST_13}/RST/Issue`) },
    requestedType: 'saml2',
    lifetimeSeconds: 300,
    answers: SAML2,
  },
  // STSClient without a template.
  'rampart-2005.xml': {
    path: WSO2,
    headers: { 'content-type': axis2(`${TRUST_2005}/RST/Issue`) },
    lifetimeSeconds: 300,
    answers: SAML2,
  },
  'rampart-addressing.xml': {
    path: WSO2,
    headers: { 'content-type': axis2(`${TRUST_13}/RST/Issue`) },
    requestedType: 'saml2',
    lifetimeSeconds: 300,
    answers: SAML2,
  },
  // The dialect is an attribute in the namespace of WS-Trust.
  'rampart-claims.xml': {
    path: WSO2,
    headers: { 'content-type': axis2(`${TRUST_13}/RST/Issue`) },
    requestedType: 'saml2',
    lifetimeSeconds: 300,
    requiredClaims: ['department'],
    answers: SAML2,
  },
  'rampart-symmetric.xml': {
    path: WSO2,
    headers: { 'content-type': axis2(`${TRUST_2005}/RST/Issue`) },
    requestedType: 'saml1',
    lifetimeSeconds: 300,
    answers: SAML1,
  },
  // STSClient sends no token to Validate, Renew and Cancel. Of the one it names here nothing is known.
  'rampart-validate.xml': {
    path: WSO2,
    headers: { 'content-type': axis2(`${TRUST_13}/RST/Validate`) },
    fault: 'wsse:SecurityTokenUnavailable',
  },
  'rampart-renew.xml': {
    path: WSO2,
    headers: { 'content-type': axis2(`${TRUST_13}/RST/Renew`) },
    fault: 'wsse:SecurityTokenUnavailable',
  },
  'rampart-cancel.xml': {
    path: WSO2,
    headers: {
      'content-type': 'text/xml; charset=UTF-8',
      soapaction: `"${TRUST_13}/RST/Cancel"`,
    },
    fault: 'trust:RequestFailed',
  },
};

const profiles = [
  GENERIC_PROFILE,
  ADFS_PROFILE,
  { ...VCENTER_PROFILE, defaultTarget: 'billing' },
  WSO2_PROFILE,
];

test('Interop: every request in the folder has an expected reading', () => {
  assert.deepEqual(readdirSync(FOLDER).sort(), Object.keys(EXPECTED).sort());
});

for (const [name, expected] of Object.entries(EXPECTED))
  test(`Interop: ${name} is read as meant`, async () => {
    const setting = aWsTrustSetting({ profiles });
    const { path, headers } = expected;
    const body = readFileSync(`${FOLDER}/${name}`);

    const answer = await setting.front.handle(aPost(body, { path, headers }));

    if (expected.fault !== undefined) {
      assert.equal(faultCodeOf(answer), expected.fault);
      assert.deepEqual(setting.asked, []);
      return;
    }
    assert.equal(answer.status, 200, answer.body);
    const [asked] = setting.asked;
    assert.ok(asked);
    assert.equal(asked.subject.type, expected.subject ?? 'requestor');
    assert.equal(asked.actor !== undefined, expected.isDelegation ?? false);
    assert.equal(asked.requestedType, expected.requestedType);
    assert.deepEqual(
      asked.targets.map(({ value }) => value),
      expected.targets ?? [BILLING],
    );
    assert.equal(asked.lifetimeSeconds, expected.lifetimeSeconds);
    assert.deepEqual(asked.requiredClaims, expected.requiredClaims);
    assert.match(answer.body, new RegExp(`:TokenType>${expected.answers ?? ''}<`));
  });
