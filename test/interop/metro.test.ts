// Eclipse Metro (WSIT), whose own client of a token service follows the policies of our WSDL, which it asks for by WS-MetadataExchange.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { withCertifiedClient } from '#test/support/certified-client.ts';
import type { ConfigDocument } from '#test/support/document.ts';
import { aCertifiedKey } from '#test/support/saml.ts';
import { BILLING } from '#test/support/saml-document.ts';
import { startTlsServer } from '#test/support/tls-server.ts';
import { endsOf, isBuilt } from './foreign-client.ts';

/** The profiles whose addresses it calls, and a relying party with a certificate for secrets. */
async function withMetroEstate(document: ConfigDocument, directory: string): Promise<void> {
  const { certificatePem, privatePem } = await aCertifiedKey();
  await writeFile(join(directory, 'party.crt'), certificatePem);
  await writeFile(join(directory, 'party.key'), privatePem, { mode: 0o600 });
  const [orders] = document.relyingParties;
  const token = { ...(orders?.['token'] as object), encryptKeysTo: { file: 'party.crt' } };
  Object.assign(orders ?? {}, { token });
  await withCertifiedClient(document, directory);
  document['wsTrust'] = { profiles: ['adfs', 'wso2'] };
}

const ISSUED_END = `ok subject=bob audience=${BILLING}`;
const AT_PORTS = ['general-13-soap12', 'general-2005-soap12', 'adfs-13', 'adfs-2005', 'wso2-13'];
const KINDS = ['bearer-saml11', 'bearer-saml2', 'symmetric-saml11', 'symmetric-saml2'];
// biome-ignore format: a line for each kind
const ISSUED = [
  ...AT_PORTS.flatMap((port) => KINDS.map((kind) => `${port}-${kind}`)),
  'described-mex', 'described-address',
  'profile-saml11', 'profile-saml2', 'symmetric-no-size', 'symmetric-128-bits', 'lifetime', 'checks',
];
const REFUSED = [
  ...AT_PORTS.filter((port) => !port.startsWith('wso2')).flatMap((port) =>
    ['wrong-password', 'unknown-applies-to'].map(
      (what) => `${port.replace('-soap12', '')}-${what}`,
    ),
  ),
  'public-key',
  'validate-2005',
];
const THROWN_AWAY = 'error=WssSoapFaultException: Invalid Security Header';

test('Eclipse Metro: IssuedTokenManager gets its tokens by the policies of our WSDL, and the refusals it should', async (t) => {
  if (!(await isBuilt(t, 'metro/build'))) return;
  const server = await startTlsServer(t, withMetroEstate);
  const file = (name: string): string => join(server.directory, name);

  const ends = await endsOf('run-metro', server, {
    'client-cert': file('client.crt'),
    'client-key': file('client.key'),
    'rp-cert': file('party.crt'),
    'rp-key': file('party.key'),
  });

  assert.deepEqual(Object.fromEntries(ends), {
    ...Object.fromEntries(ISSUED.map((name) => [name, ISSUED_END])),
    // It speaks with addressing only, and the policies of these ports have none.
    'general-13-soap11': 'error=IllegalArgumentException: Unexpected null Addressing version',
    'general-2005-soap11': 'error=IllegalArgumentException: Unexpected null Addressing version',
    'wso2-13-wrong-password': 'fault=FailedAuthentication',
    'wso2-13-unknown-applies-to': 'fault=InvalidScope',
    // Faults have no Timestamp elsewhere.
    ...Object.fromEntries(REFUSED.map((name) => [name, THROWN_AWAY])),
    'described-path': `error=WSTrustException: WST0017:Could not obtain STS metadata. MEX call to STS ${server.origin}/ws-trust/soap12/mex failed.`,
    // It looks for a collection.
    validate: 'error=IndexOutOfBoundsException: Index 0 out of bounds for length 0',
    'validate-changed': 'error=IndexOutOfBoundsException: Index 0 out of bounds for length 0',
  });
});
