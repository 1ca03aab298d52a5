// Endpoint profiles (ws-trust §6): which credential each address takes, what must be signed there, and what is published of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ADFS_PROFILE,
  type EndpointProfile,
  GENERIC_PROFILE,
  VCENTER_PROFILE,
  WSO2_PROFILE,
} from '#bridge/ws-trust/endpoint-profile.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { TokenValidator } from '#core/token-validator.ts';
import { aValidatedToken } from '#test/support/core.ts';
import { aCertificate } from '#test/support/pki.ts';
import {
  aBinaryToken,
  aDirectReference,
  SIGNATURE,
  signMessage,
} from '#test/support/signed-message.ts';
import { anEnvelope } from '#test/support/soap.ts';
import {
  anIssueRequest,
  anRst,
  aPost,
  aWsTrustSetting,
  faultCodeOf,
} from '#test/support/ws-trust.ts';
import { firstCertificateOf } from '#test/support/x509-trust.ts';

const client = await aCertificate({ name: 'CN=batch', algorithm: 'RSA' });

const known: TokenValidator = {
  canHandle: ({ type }) => type === 'x509',
  async validate({ content, use }) {
    if (!client.der.equals(firstCertificateOf(content)))
      throw new ExchangeFailure('issuer-untrusted', 'no path');
    return aValidatedToken({ type: 'x509', use, trustedIssuer: 'self', claims: [] });
  },
};

const aSetting = () => aWsTrustSetting({ validators: [known] });

/** A message of the client's certificate whose signature covers the parts of these ids. */
function aSignedMessage(ids: readonly string[]): string {
  const timestamp =
    '<wsu:Timestamp wsu:Id="ts"><wsu:Created>2027-01-15T08:00:00Z</wsu:Created><wsu:Expires>2027-01-15T08:05:00Z</wsu:Expires></wsu:Timestamp>';
  const header = `<wsse:Security>${aBinaryToken(client)}${timestamp}${SIGNATURE}</wsse:Security>`;
  const message = anEnvelope({ header, body: anRst(), bodyId: 'body' });
  return signMessage(message, { key: client.privateKey, keyInfo: aDirectReference(), ids });
}

const endpointsOf = ({ endpoints, id }: EndpointProfile) =>
  endpoints.map((endpoint) => ({ id, ...endpoint, path: endpoint.path.replace('/*', '/tenant') }));

const ENDPOINTS = [GENERIC_PROFILE, ADFS_PROFILE, VCENTER_PROFILE, WSO2_PROFILE].flatMap(
  endpointsOf,
);

for (const { id, credentials, path, signedParts } of ENDPOINTS) {
  const takesUserName = credentials.includes('username');
  test(`ws-trust §6, ${id}: ${path} ${takesUserName ? 'takes' : 'refuses'} a user name`, async () => {
    const answer = await aSetting().front.handle(anIssueRequest({}, { path }));

    if (takesUserName) assert.equal(answer.status, 200, answer.body);
    else assert.equal(faultCodeOf(answer), 'trust:FailedAuthentication');
  });

  const takesCertificate = credentials.includes('certificate');
  test(`ws-trust §4, ${id}: ${path} ${takesCertificate ? 'takes' : 'refuses'} Timestamp and Body signed with a certificate`, async () => {
    const message = aSignedMessage(['ts', 'body']);

    const answer = await aSetting().front.handle(aPost(message, { path }));

    if (takesCertificate) assert.equal(answer.status, 200, answer.body);
    else assert.equal(faultCodeOf(answer), 'trust:FailedAuthentication');
  });

  if (!takesCertificate) continue;
  test(`ws-trust §4, ${id}: ${path} ${signedParts ? 'takes' : 'refuses'} a signature over the Timestamp alone`, async () => {
    const answer = await aSetting().front.handle(aPost(aSignedMessage(['ts']), { path }));

    if (signedParts) assert.equal(answer.status, 200, answer.body);
    else assert.equal(faultCodeOf(answer), 'trust:AuthenticationBadElements');
  });

  test(`ws-trust §4, ${id}: ${path} refuses a signature over the Body alone`, async () => {
    const answer = await aSetting().front.handle(aPost(aSignedMessage(['body']), { path }));

    assert.equal(faultCodeOf(answer), 'trust:AuthenticationBadElements');
  });
}

const wsdlAt = async (path: string): Promise<string> => {
  const request = { ...aPost(''), method: 'GET', path, query: '?wsdl' };
  return (await aSetting().front.handle(request)).body;
};

/** The text of the policy of this id. */
const policyOf = (wsdl: string, id: string): string =>
  new RegExp(`<wsp:Policy wsu:Id="${id}">.*?</wsp:ExactlyOne></wsp:Policy>`).exec(wsdl)?.[0] ?? '';

test('P24, AD FS: each credential has its policy, and each binding refers to one', async () => {
  const wsdl = await wsdlAt('/adfs/services/trust/mex');

  for (const version of ['13', '2005']) {
    assert.match(policyOf(wsdl, `Username${version}`), /<sp:WssUsernameToken10/);
    assert.match(
      policyOf(wsdl, `Certificate${version}`),
      /<sp:EndorsingSupportingTokens .*<sp:WssX509V3Token10/,
    );
    assert.doesNotMatch(policyOf(wsdl, `Certificate${version}`), /SignedParts/);
    assert.match(
      policyOf(wsdl, `CertificateTransport${version}`),
      version === '13' ? /<sp:RequireClientCertificate/ : /RequireClientCertificate="true"/,
    );
    assert.match(policyOf(wsdl, `IssuedToken${version}`), /<sp:IssuedToken .*\/PublicKey</);
  }
  const policies = new Set(
    Array.from(wsdl.matchAll(/wsp:Policy wsu:Id="([^"]+)"/g), ([, id]) => id),
  );
  const references = Array.from(wsdl.matchAll(/PolicyReference URI="#([^"]+)"/g), ([, id]) => id);
  assert.equal(references.length, 10);
  for (const reference of references) assert.ok(policies.has(reference), reference);
});

test('ws-trust §5, AD FS: what wants Kerberos or triple DES is neither served nor published', async () => {
  const wsdl = await wsdlAt('/adfs/services/trust/mex');

  assert.doesNotMatch(wsdl, /kerberos|windows|tripledes/i);
  for (const name of ['kerberosmixed', 'windowstransport', 'issuedtokenmixedsymmetrictripledes']) {
    const path = `/adfs/services/trust/13/${name}`;
    assert.equal((await aSetting().front.handle(anIssueRequest({}, { path }))).status, 404);
  }
});
