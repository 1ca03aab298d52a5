// WS-Federation 1.2 §3: our federation metadata, over HTTP, judged by our reader, xmlsec1 and libxml2.
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { readSamlMetadata } from '#bridge/saml/metadata/metadata.ts';
import { trustPublicKey } from '#bridge/xml/keys/trusted-key.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { aCertifiedKey } from '#test/support/saml/saml.ts';
import { type SamlServer, startSamlServer } from '#test/support/saml/saml-server.ts';
import { ISSUER } from '#test/support/server/document.ts';
import { startServer } from '#test/support/server/server.ts';
import { libxml2Canonical } from '#test/support/xml/libxml2.ts';
import { hasXmlsec1, runXmlsec1 } from '#test/support/xml/xmlsec1.ts';

const PATH = '/FederationMetadata/2007-06/FederationMetadata.xml';

async function start(t: TestContext): Promise<SamlServer> {
  return startSamlServer(t, (document) => {
    const [orders] = document.relyingParties;
    Object.assign(orders ?? {}, {
      claims: [
        { claim: 'email', from: 'email' },
        { claim: 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name', from: 'email' },
      ],
    });
  });
}

const trusted = (certificatePem: string) =>
  trustPublicKey(new X509Certificate(certificatePem).publicKey);

const elementsOf = ({ children }: XmlElement): readonly XmlElement[] =>
  children.filter((child) => typeof child === 'object' && 'local' in child);

function descendants(element: XmlElement): readonly XmlElement[] {
  return [element, ...elementsOf(element).flatMap(descendants)];
}

const named = (text: string, local: string): readonly XmlElement[] =>
  descendants(parseXml(Buffer.from(text)).root).filter((found) => found.local === local);

test('WS-Federation 1.2 §3.1.2: whoever trusts our key reads our signing keys from our metadata', async (t) => {
  const { server, saml } = await start(t);

  const { status, headers, text } = await server.get(PATH);

  assert.equal(status, 200);
  assert.match(headers.get('content-type') ?? '', /^application\/samlmetadata\+xml/);
  assert.match(headers.get('cache-control') ?? '', /^public, max-age=\d+$/);
  const terms = { entityId: ISSUER, signers: [trusted(saml.ours.certificatePem)], skewSeconds: 0 };
  const { keys, validUntil } = await readSamlMetadata(text, terms, server.clock.now());
  assert.equal(keys.length, 1);
  assert.ok(keys[0]?.key.equals(new X509Certificate(saml.ours.certificatePem).publicKey));
  assert.ok(validUntil !== undefined && validUntil > server.clock.now());
});

test('WS-Federation 1.2 §3.1.2: another key does not vouch for our metadata, nor does ours for a changed one', async (t) => {
  const { server, saml } = await start(t);
  const { text } = await server.get(PATH);
  const stranger = await aCertifiedKey();
  const now = server.clock.now();
  const terms = { entityId: ISSUER, skewSeconds: 0 };

  await assert.rejects(
    readSamlMetadata(text, { ...terms, signers: [trusted(stranger.certificatePem)] }, now),
    { reason: 'signature-invalid' },
  );
  await assert.rejects(
    readSamlMetadata(
      text.replace('/ws-trust<', '/ws-trusT<'),
      { ...terms, signers: [trusted(saml.ours.certificatePem)] },
      now,
    ),
    { reason: 'digest-mismatch' },
  );
});

test('WS-Federation 1.2 §3.1: xmlsec1 takes the signature, and libxml2 writes the same canonical bytes', async (t) => {
  if (!hasXmlsec1(t)) return;
  const { server, saml } = await start(t);
  const { text } = await server.get(PATH);

  const judged = runXmlsec1(
    [
      '--verify',
      '--pubkey-cert-pem',
      'key.pem',
      '--id-attr:ID',
      'urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor',
      'metadata.xml',
    ],
    { 'key.pem': saml.ours.certificatePem, 'metadata.xml': text },
  );

  assert.ok(judged.isOk, judged.stderr);
  // The prefix of the role's type is part of what is signed.
  assert.equal(libxml2Canonical(Buffer.from(text), { prefixes: ['fed'] }), text);
});

test('WS-Federation 1.2 §3.1.2.2: the one role is a security token service with absolute public addresses', async (t) => {
  const { server } = await start(t);

  const { text } = await server.get(PATH, { host: 'elsewhere.example' });

  const [role, second] = named(text, 'RoleDescriptor');
  assert.equal(second, undefined);
  assert.match(text, /<RoleDescriptor [^>]*xsi:type="fed:SecurityTokenServiceType"/);
  const order = [...new Set(role ? elementsOf(role).map(({ local }) => local) : [])];
  assert.deepEqual(order, [
    'KeyDescriptor',
    'TokenTypesOffered',
    'ClaimTypesOffered',
    'SecurityTokenServiceEndpoint',
  ]);
  for (const reference of named(text, 'EndpointReference'))
    assert.deepEqual(
      elementsOf(reference).map(({ local }) => local),
      ['Address'],
    );
  const addresses = Array.from(text.matchAll(/Address>([^<]+)</g), ([, address]) => address);
  assert.ok(addresses.includes(`${ISSUER}/ws-trust`));
  assert.ok(addresses.includes(`${ISSUER}/adfs/services/trust/13/usernamemixed`));
  assert.ok(addresses.every((address) => address?.startsWith(`${ISSUER}/`)));
});

test('WS-Federation 1.2 §3.1.2.2: the role names its protocols and every type of token, in each spelling', async (t) => {
  const { server } = await start(t);

  const { text } = await server.get(PATH);

  assert.equal(
    /protocolSupportEnumeration="([^"]*)"/.exec(text)?.[1],
    'http://docs.oasis-open.org/ws-sx/ws-trust/200512 http://schemas.xmlsoap.org/ws/2005/02/trust http://docs.oasis-open.org/wsfed/federation/200706',
  );
  assert.deepEqual(
    Array.from(text.matchAll(/<fed:TokenType Uri="([^"]+)"/g), ([, uri]) => uri),
    [
      'urn:oasis:names:tc:SAML:1.0:assertion',
      'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV1.1',
      'urn:oasis:names:tc:SAML:2.0:assertion',
      'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV2.0',
      'urn:ietf:params:oauth:token-type:jwt',
    ],
  );
});

test('WS-Federation 1.2 §3.1.2.2: a KeyDescriptor has KeyInfo with a certificate and nothing else', async (t) => {
  const { server } = await start(t);
  const { text } = await server.get(PATH);

  for (const descriptor of named(text, 'KeyDescriptor')) {
    assert.deepEqual(
      descendants(descriptor).map(({ local }) => local),
      ['KeyDescriptor', 'KeyInfo', 'X509Data', 'X509Certificate'],
    );
  }
});

test('WS-Federation 1.2 §3.1.8: claims are offered by their URIs; names that are no URI are none', async (t) => {
  const { server } = await start(t);
  const { text } = await server.get(PATH);

  const offered = Array.from(
    text.matchAll(/<auth:ClaimType [^>]*Uri="([^"]+)"/g),
    ([, uri]) => uri,
  );
  assert.deepEqual(offered, ['http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name']);
  // Its target decides whether a token has it.
  assert.match(text, /<auth:ClaimType [^>]*Optional="true"/);
});

test('WS-Federation 1.2 §3.1.8: without a claim that has a URI there is no list of them: the schema has no empty one', async (t) => {
  const { server } = await startSamlServer(t);

  const { text } = await server.get(PATH);

  assert.deepEqual(named(text, 'ClaimTypesOffered'), []);
});

test('ws-trust §10: during a rollover the certificates of both keys are listed', async (t) => {
  const { server, saml } = await start(t);
  const next = await aCertifiedKey();
  const { directory } = server;
  await writeFile(join(directory, 'keys/next.pem'), next.privatePem, { mode: 0o600 });
  await writeFile(join(directory, 'keys/next.crt'), next.certificatePem);
  const file = join(directory, 'viaduct.yaml');
  const document = parse(await readFile(file, 'utf8')) as { keys: object[] };
  document.keys.push({
    use: 'saml',
    algorithm: 'RS256',
    key: { file: 'keys/next.pem' },
    certificate: { file: 'keys/next.crt' },
    activeFrom: new Date((server.clock.now() + 3600) * 1000).toISOString(),
  });
  await writeFile(file, stringify(document));
  await server.reload();

  const { text } = await server.get(PATH);

  const terms = { entityId: ISSUER, signers: [trusted(saml.ours.certificatePem)], skewSeconds: 0 };
  const { keys } = await readSamlMetadata(text, terms, server.clock.now());
  assert.equal(keys.length, 2);
  assert.ok(keys[1]?.key.equals(new X509Certificate(next.certificatePem).publicKey));
});

test('Federation metadata: is signed once for a while, and answers GET and HEAD only', async (t) => {
  const { server } = await start(t);

  const [first, second] = [await server.get(PATH), await server.get(PATH)];
  const posted = await fetch(`${server.url}${PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'text/xml; charset=utf-8' },
    body: '<x/>',
  });

  assert.equal(first.text, second.text);
  assert.equal(posted.status, 405);
  assert.equal(posted.headers.get('allow'), 'GET, HEAD');
  const head = await fetch(`${server.url}${PATH}`, { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), '');
  server.clock.set(server.clock.now() + 301);
  assert.notEqual((await server.get(PATH)).text, first.text);
});

test('Federation metadata: is not there where no key signs assertions', async (t) => {
  const server = await startServer(t, (document) => {
    document['wsTrust'] = {};
    document['trustedProxies'] = ['127.0.0.1/32'];
  });

  assert.equal((await server.get(PATH)).status, 404);
});
