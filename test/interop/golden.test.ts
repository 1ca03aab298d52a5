// Golden messages: what a client of each profile gets, byte for byte, from a server with real keys. Only what is new in every
// answer (ids, digests, signatures, certificates) is put aside. Old clients read answers by position: what changes here
// may break somebody.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { PASSWORD, withSaml } from '#test/support/saml/saml-document.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import { BILLING, TRUST_13 } from '#test/support/ws-trust/rst.ts';

const NOW = Date.parse('2027-01-15T08:00:00Z') / 1000;
const SOAP_11 = 'text/xml; charset="utf-8"';
const SOAP_12 = 'application/soap+xml; charset=utf-8';

interface Golden {
  /** The request of `requests/`, and how it is changed. */
  readonly request: string;
  readonly edit?: (message: string) => string;
  readonly path: string;
  readonly contentType: string;
}

const withoutOnBehalfOf = (message: string): string =>
  message
    .replace(/<wst:OnBehalfOf>.*<\/wst:OnBehalfOf>/, '')
    .replace(/<wst:Claims .*<\/wst:Claims>/, '');

const GOLDEN: Readonly<Record<string, Golden>> = {
  'adfs-13': {
    request: 'adfs-password-13',
    path: '/adfs/services/trust/13/usernamemixed',
    contentType: SOAP_12,
  },
  'adfs-13-saml2': {
    request: 'vcloud-director',
    path: '/adfs/services/trust/13/usernamemixed',
    contentType: 'application/soap+xml',
  },
  'adfs-2005': {
    request: 'adfs-password-2005',
    path: '/adfs/services/trust/2005/usernamemixed',
    contentType: SOAP_12,
  },
  vcenter: {
    request: 'vcenter-bearer',
    path: '/sts/STSService/vsphere.local',
    contentType: SOAP_11,
  },
  'wso2-saml2': {
    request: 'java-bearer',
    edit: withoutOnBehalfOf,
    path: '/services/wso2carbon-sts',
    contentType: SOAP_11,
  },
  'wso2-saml1': {
    request: 'java-bearer',
    edit: (message) =>
      withoutOnBehalfOf(message).replace(
        /<wst:TokenType>[^<]*</,
        '<wst:TokenType>urn:oasis:names:tc:SAML:1.0:assertion<',
      ),
    path: '/services/wso2carbon-sts',
    contentType: SOAP_11,
  },
};

async function start(t: Ending): Promise<TestServer> {
  const server = await startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    const [orders] = document.relyingParties;
    Object.assign(orders ?? {}, { claims: [{ claim: 'email', from: 'email' }] });
    document['wsTrust'] = {
      clockSkewSeconds: 300,
      profiles: [
        'adfs',
        { profile: 'vcenter', defaultTarget: 'orders' },
        { profile: 'wso2', defaultTarget: 'orders' },
      ],
    };
  });
  server.clock.set(NOW);
  return server;
}

const fixture = (path: string): string =>
  readFileSync(new URL(path, import.meta.url), 'utf8').trim();

/** What is another in every answer. */
function withoutChance(message: string): string {
  return message
    .replaceAll(/(ID="|AssertionID="|URI="#|>)_[A-Za-z0-9_-]{20,}/g, '$1_id')
    .replaceAll(/(<ds:(DigestValue|SignatureValue|X509Certificate)>)[^<]+/g, '$1…');
}

for (const [
  name,
  { contentType, edit = (message: string) => message, path, request },
] of Object.entries(GOLDEN)) {
  test(`Golden: ${name} gets the answer that its clients read`, async (t) => {
    const server = await start(t);
    const message = edit(fixture(`requests/${request}.xml`))
      .replaceAll('>alice<', '>bob<')
      .replaceAll('>correct horse<', `>${PASSWORD}<`)
      .replaceAll('https://billing.example/soap', BILLING);

    const response = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': contentType },
      body: message,
    });

    const answer = withoutChance(await response.text());
    assert.equal(response.status, 200, answer);
    assert.equal(answer, fixture(`golden/${name}.xml`));
  });
}

test('Golden: the messages are of the profiles they are named after', () => {
  const prefixes = Object.keys(GOLDEN).map((name) => name.replace(/-.*/, ''));

  assert.deepEqual(new Set(prefixes), new Set(['adfs', 'vcenter', 'wso2']));
  assert.match(fixture('golden/vcenter.xml'), /<saml2:Assertion/);
  assert.match(fixture('golden/adfs-2005.xml'), /<t:RequestSecurityTokenResponse /);
  assert.match(fixture('golden/adfs-13-saml2.xml'), /RequestedSecurityToken><Assertion xmlns=/);
  assert.ok(fixture('golden/adfs-13.xml').includes(`xmlns:trust="${TRUST_13}"`));
});
