// Apache Axis2 and Rampart, whose own STSClient follows the policies of our WSDL. It judges what it got with the WSS4J 1.6 and
// OpenSAML 2 that it brings.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { endsOf, isBuilt } from '#test/interop/foreign-client.ts';
import { aCertifiedKey } from '#test/support/saml/saml.ts';
import type { ConfigDocument } from '#test/support/server/document.ts';
import { startTlsServer } from '#test/support/server/tls-server.ts';
import { withEncryptionKey } from '#test/support/soap/encryption-key.ts';
import { BILLING } from '#test/support/ws-trust/rst.ts';
import { withCertifiedClient } from '#test/support/x509/certified-client.ts';
import { aCertificate } from '#test/support/x509/pki.ts';

const READS_ALONE = 'urn:viaduct:interop:reads-alone';

/** The relying party that tokens are encrypted to. */
function addPartyThatReadsAlone({ policy, relyingParties }: ConfigDocument): void {
  relyingParties.push({
    id: 'reads-alone',
    appliesTo: [READS_ALONE],
    requestors: 'any',
    token: {
      type: 'saml2',
      algorithm: 'RS256',
      lifetimeSeconds: 600,
      encryptTo: { file: 'party.crt' },
      encryption: { keyTransport: 'rsa-oaep-mgf1p' },
    },
  });
  policy.push({
    id: 'users-to-reads-alone',
    requestor: { principal: { issuer: 'self' } },
    subject: { issuer: 'self' },
    target: 'reads-alone',
    allow: { types: ['saml1', 'saml2'], lifetimeSeconds: 300 },
  });
}

/** The WSO2 profile, and a relying party that opens keys with WSS4J 1.6. */
async function withAxisEstate(document: ConfigDocument, directory: string): Promise<void> {
  const { certificatePem, privatePem } = await aCertifiedKey();
  await writeFile(join(directory, 'party.crt'), certificatePem);
  await writeFile(join(directory, 'party.key'), privatePem, { mode: 0o600 });
  const [orders] = document.relyingParties;
  const keys = {
    encryptKeysTo: { file: 'party.crt' },
    encryption: { keyTransport: 'rsa-oaep-mgf1p' },
  };
  Object.assign(orders ?? {}, {
    token: { ...(orders?.['token'] as object), ...keys },
    claims: [{ claim: 'http://wso2.org/claims/emailaddress', from: 'email' }],
  });
  addPartyThatReadsAlone(document);
  await withCertifiedClient(document, directory);
  const path = '/adfs/services/trust/2005/certificatemixed';
  const signsBody = { path, signedParts: 'timestamp-and-body' };
  // Rampart has no word for their algorithms: they must not be in its way.
  const others = [
    { path: '/ws-trust/message', messageSecurity: 'sign-and-encrypt' },
    { path: '/ws-trust/message/username', messageSecurity: 'symmetric-sign-and-encrypt' },
  ];
  await withEncryptionKey(
    document,
    directory,
    await aCertificate({ name: 'CN=sts encryption', algorithm: 'RSA' }),
  );
  document['wsTrust'] = { profiles: ['adfs', 'wso2'], endpoints: [signsBody, ...others] };
}

const ISSUED_END = `ok subject=bob audience=${BILLING}`;
const BEARER = ['wso2', 'general'].flatMap((address) =>
  ['13-soap11', '13-soap12', '2005-soap11', '2005-soap12'].flatMap((version) =>
    ['saml11', 'saml2'].map((type) => `${address}-${version}-${type}`),
  ),
);
// biome-ignore format: a line for each kind
const ISSUED = [
  ...BEARER,
  'wso2-profile-saml11', 'wso2-profile-saml2', 'wso2-13-no-template', 'wso2-2005-no-template',
  'wso2-13-addressing', 'wso2-2005-addressing', 'wso2-13-checks',
  'symmetric-13-saml11', 'symmetric-13-saml2', 'symmetric-2005-saml11', 'symmetric-2005-saml2',
  'symmetric-no-size', 'symmetric-128-bits', 'symmetric-no-entropy',
  'x509-timestamp', 'x509-body', 'x509-wso2', 'x509-wso2-public-key', 'renew-sent-2005',
];

test('Apache Rampart: STSClient gets its tokens by the policies of our WSDL, and the refusals it should', async (t) => {
  if (!(await isBuilt(t, 'rampart/build'))) return;
  const server = await startTlsServer(t, withAxisEstate);
  const file = (name: string): string => join(server.directory, name);

  const ends = await endsOf('rampart/run', server, {
    'client-cert': file('client.crt'),
    'client-key': file('client.key'),
    'rp-cert': file('party.crt'),
    'rp-key': file('party.key'),
  });

  assert.deepEqual(Object.fromEntries(ends), {
    ...Object.fromEntries(ISSUED.map((name) => [name, ISSUED_END])),
    'wso2-encrypted-saml11': `ok subject=bob audience=${READS_ALONE}`,
    'wso2-encrypted-saml2': `ok subject=bob audience=${READS_ALONE}`,
    ...Object.fromEntries(
      ['wso2-claim-saml11', 'wso2-claim-saml2'].map((name) => [
        name,
        `${ISSUED_END} claim=bob@example.org`,
      ]),
    ),
    'wso2-claim-missing': 'fault=wst:RequestFailed',
    'x509-sha1': 'fault=wsse:UnsupportedAlgorithm',
    // It names tokens that it does not send: good enough for Cancel.
    validate: 'fault=wsse:SecurityTokenUnavailable',
    // It looks for the answer where no standard has it, and finds it there as well.
    cancel: 'ok cancelled=true',
    'cancel-2005': 'ok cancelled=true',
    // The fault is lost in an exception of its own.
    renew: "error=RuntimeException: Undefined 'errorInRenewingToken' resource property",
    // Unless it is given the token in place of the reference.
    'validate-sent': 'ok no-fault',
    // It reads no status: ours is `invalid`.
    'validate-changed': 'ok no-fault',
    'renew-sent-13': 'error=TrustException: RequestedSecurityToken missing in the response',
    'renew-sent': 'ok no-fault',
    'unknown-applies-to': 'fault=wst:InvalidScope',
    'wrong-password-13-soap11': 'fault=wst:FailedAuthentication',
    'wrong-password-13-soap12': 'fault=wst:FailedAuthentication',
    'wrong-password-2005-soap12': 'fault=t:FailedAuthentication',
    'wrong-password-general': 'fault=wst:FailedAuthentication',
  });
  const audit = await readFile(file('data/audit.jsonl'), 'utf8');
  const cancelled = audit.match(/"event":"token\.revoke"[^\n]*"outcome":"done"/g);
  assert.equal(cancelled?.length, 2);
});
