// Who is believed to be the server that something is fetched from (RFC 9110 §4.3.4, RFC 5280 §6), over TLS.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createFetchText } from '#src/trust/fetch-text.ts';
import { startHttpsServer } from '#test/support/server/https-server.ts';
import {
  aCertificate,
  anAuthority,
  type CertificateWishes,
  type TestCertificate,
} from '#test/support/x509/pki.ts';

const LOCALHOST = [{ type: 'dns', value: 'localhost' }] as const;
const HOUR_SECONDS = 3600;

async function aServer(
  context: TestContext,
  issuer: TestCertificate,
  {
    chain = [],
    ...wishes
  }: CertificateWishes & { readonly chain?: readonly TestCertificate[] } = {},
) {
  const own = await aCertificate({
    name: 'CN=localhost',
    issuer,
    alternativeNames: [...LOCALHOST],
    ...wishes,
  });
  const certPem = [own, ...chain].map(({ pem }) => pem).join('');
  const identity = { certPem, keyPem: own.privateKeyPem };
  const listener = startHttpsServer(context, (_, response) => response.end('{}'), identity);
  return { own, ...(await listener) };
}

const trusting = (...authorities: readonly TestCertificate[]) =>
  createFetchText({
    allowedHosts: ['localhost'],
    timeoutSeconds: 60,
    maxBodyBytes: 1000,
    ...(authorities.length > 0 && { certificateAuthorities: authorities.map(({ pem }) => pem) }),
  });

test('Fetch: a server of a private authority is believed with it, and refused without it', async (context) => {
  const authority = await anAuthority({ name: 'CN=Corp CA' });
  const { origin, requests } = await aServer(context, authority);

  await assert.rejects(trusting()(origin), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  assert.deepEqual(requests, []);

  assert.equal((await trusting(authority)(origin)).text, '{}');
});

for (const [how, hasKeyIdentifiers, code] of [
  ['with', true, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  ['without', false, 'CERT_SIGNATURE_FAILURE'],
] as const)
  test(`Fetch: a server of another authority of the same name is refused, ${how} identifiers of keys`, async (context) => {
    const wishes = { name: 'CN=Corp CA', hasKeyIdentifiers };
    const [authority, namesake] = await Promise.all([anAuthority(wishes), anAuthority(wishes)]);
    const { origin, requests } = await aServer(context, namesake, { hasKeyIdentifiers });

    await assert.rejects(trusting(authority)(origin), { code });

    assert.deepEqual(requests, []);
  });

test('Fetch: the old and the new certificate of an authority vouch side by side', async (context) => {
  const name = 'CN=Corp CA';
  const [old, next] = await Promise.all([anAuthority({ name }), anAuthority({ name })]);
  const [before, after] = [await aServer(context, old), await aServer(context, next)];

  const fetchText = trusting(old, next);

  assert.equal((await fetchText(before.origin)).text, '{}');
  assert.equal((await fetchText(after.origin)).text, '{}');
});

const now = Math.floor(Date.now() / 1000);

const refusals: readonly (readonly [string, CertificateWishes, string])[] = [
  [
    'with a certificate of another host',
    { alternativeNames: [{ type: 'dns', value: 'keys.example' }] },
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ],
  ['whose certificate has expired', { notAfter: now - HOUR_SECONDS }, 'CERT_HAS_EXPIRED'],
  ['whose certificate is not good yet', { notBefore: now + HOUR_SECONDS }, 'CERT_NOT_YET_VALID'],
  [
    'whose certificate is for clients',
    { extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'] },
    'INVALID_PURPOSE',
  ],
];

for (const [what, wishes, code] of refusals)
  test(`Fetch: a server ${what} is refused, whoever issued it`, async (context) => {
    const authority = await anAuthority();
    const { origin, requests } = await aServer(context, authority, wishes);

    await assert.rejects(trusting(authority)(origin), { code });

    assert.deepEqual(requests, []);
  });

test('Fetch: nobody is believed by an authority that has expired', async (context) => {
  const authority = await anAuthority({ notAfter: now - HOUR_SECONDS });
  const { origin } = await aServer(context, authority);

  await assert.rejects(trusting(authority)(origin), { code: 'CERT_HAS_EXPIRED' });
});

test('RFC 5280 §6.1.1: an authority below a root is trusted by itself: its servers are believed, and no others of the root', async (context) => {
  const root = await anAuthority({ name: 'CN=Root' });
  const [issuing, other] = await Promise.all([
    anAuthority({ name: 'CN=Issuing', issuer: root }),
    anAuthority({ name: 'CN=Other', issuer: root }),
  ]);
  const served = await aServer(context, issuing);
  const stranger = await aServer(context, other, { chain: [other] });

  assert.equal((await trusting(issuing)(served.origin)).text, '{}');

  await assert.rejects(trusting(issuing)(stranger.origin), {
    code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  });
  assert.equal((await trusting(root)(stranger.origin)).text, '{}');
});

test('Fetch: a certificate of a server vouches for that server alone', async (context) => {
  const authority = await anAuthority();
  const { origin, own } = await aServer(context, authority);
  const forged = await aServer(context, own);

  assert.equal((await trusting(own)(origin)).text, '{}');

  await assert.rejects(
    trusting(own)(forged.origin),
    /key usage does not include certificate signing/,
  );
});

test('Fetch: authorities that are named stand in place of those that the process trusts', async (context) => {
  const [ours, known] = await Promise.all([
    anAuthority({ name: 'CN=Corp CA' }),
    anAuthority({ name: 'CN=Known CA' }),
  ]);
  const before = getCACertificates();
  context.after(() => setDefaultCACertificates(before));
  setDefaultCACertificates([...before, known.pem]);
  const { origin } = await aServer(context, known);

  assert.equal((await trusting()(origin)).text, '{}');

  await assert.rejects(trusting(ours)(origin), { code: 'SELF_SIGNED_CERT_IN_CHAIN' });
});
