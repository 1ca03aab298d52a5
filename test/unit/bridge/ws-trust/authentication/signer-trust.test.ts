// Whose the key of a signature is, and which certificates of signers are remembered: only those that core found good.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { nameCertificate, nameKey } from '#bridge/xml/keys/public-key.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { SELF } from '#core/token/security-token.ts';
import { aBinaryToken } from '#test/support/soap/signed-message.ts';
import { ASSERTION, aSignersHeader, BEARER } from '#test/support/soap/signer-trust.ts';
import { aCertificate } from '#test/support/x509/pki.ts';
import { refusedWith } from '../../ws-security/refused-with.ts';

const certificate = await aCertificate({ algorithm: 'RSA' });
const { der } = certificate;
const holder = new X509Certificate(der);
const signs = { kind: 'certificate', chain: [holder] } as const;
const key = nameKey(holder.publicKey);
const other = nameKey(
  new X509Certificate((await aCertificate({ algorithm: 'RSA' })).der).publicKey,
);
const OLDER = '<a:Assertion xmlns:a="urn:oasis:names:tc:SAML:1.0:assertion" AssertionID="_b"/>';

const only = ([token]: readonly XmlElement[]): XmlElement => token ?? assert.fail();

/** A header whose assertions are bound to the key. */
const aHeader: typeof aSignersHeader = (tokens, wishes) =>
  aSignersHeader(tokens, { confirmation: key, ...wishes });

test('xml-security §4: the certificate of a signer is remembered once it was found good', async () => {
  const { certificates, trust } = aHeader('');

  await trust(signs);

  assert.ok(certificates.recall(der));
});

test('xml-security §4: a certificate without a path is not remembered, also where it may show possession', async () => {
  const refusal = new ExchangeFailure('issuer-untrusted', 'no path');
  const refused = aHeader('', { refusal });
  const possessed = aHeader('', { refusal, mayProvePossession: true });

  await assert.rejects(refused.trust(signs), /no path/);
  await possessed.trust(signs);

  assert.equal(refused.certificates.recall(der), undefined);
  assert.equal(possessed.certificates.recall(der), undefined);
});

test('xml-security §4: the certificate that an assertion of ours names its key by is read once, and remembered once it was found good', async () => {
  const confirmation = nameCertificate(holder);
  const { asked, certificates, elements, trust } = aHeader(ASSERTION, {
    confirmation,
    trustedIssuer: SELF,
  });

  const signer = await trust({ kind: 'assertion', token: only(elements) });
  await trust({ kind: 'key', key: confirmation });

  const known = certificates.recall(der);
  assert.ok(known);
  assert.equal(signer.key, certificates.keyOf(known).key);
  const named = asked.flatMap(({ content, type }) => (type === 'x509' ? [content] : []));
  assert.equal(named.length, 2);
  for (const content of named) {
    assert.ok(typeof content === 'object' && 'certificates' in content);
    assert.equal((content.certificates as readonly unknown[])[0], known);
  }
});

const namedInOurs = (refusalOfNamed: Error) =>
  aHeader(ASSERTION, {
    confirmation: nameCertificate(holder),
    trustedIssuer: SELF,
    refusalOfNamed,
  });

test('xml-security §4: a certificate that an assertion of ours names, and that is nobody’s here, is not remembered', async () => {
  const { certificates, elements, trust } = namedInOurs(
    new ExchangeFailure('issuer-untrusted', 'unknown'),
  );

  const signer = await trust({ kind: 'assertion', token: only(elements) });

  assert.equal(signer.identity?.trustedIssuer, SELF);
  assert.equal(certificates.recall(der), undefined);
});

for (const [refusal, expected] of [
  [new ExchangeFailure('token-revoked', 'revoked'), refusedWith('failed-authentication')],
  [
    new ExchangeFailure('dependency-unavailable', 'away'),
    { name: 'ExchangeFailure', reason: 'dependency-unavailable' },
  ],
  [new Error('a bug'), { message: 'a bug' }],
] as const)
  test(`ws-trust §4: an assertion of ours is no credential where the certificate that it names may be lost (${refusal.message})`, async () => {
    const { certificates, elements, trust } = namedInOurs(refusal);

    await assert.rejects(trust({ kind: 'assertion', token: only(elements) }), expected);

    assert.equal(certificates.recall(der), undefined);
  });

for (const assertion of [ASSERTION, OLDER])
  test(`SAML Token Profile 1.1.1 §3.5.2: a key that is named by its value is that of the one assertion that is bound to it: ${assertion}`, async () => {
    const { asked, elements, trust } = aHeader(aBinaryToken(certificate) + assertion);
    const [, token] = elements;

    const signer = await trust({ kind: 'key', key });

    assert.deepEqual(signer.confirmation, key);
    assert.equal(signer.key.kind, 'public');
    assert.deepEqual(signer.identity?.confirmation, key);
    assert.deepEqual(signer.tokens, [token]);
    assert.deepEqual(
      asked.map(({ use }) => use),
      ['subject'],
    );
  });

test('SAML Token Profile 1.1.1 §3.5.2: the same by a certificate, which then has a part in it as well', async () => {
  const { elements, trust } = aHeader(ASSERTION + aBinaryToken(certificate));
  const [assertion, token] = elements;

  const signer = await trust({ ...signs, ...(token && { token }) });

  assert.deepEqual(signer.identity?.type, 'saml2');
  assert.deepEqual(signer.tokens, [assertion, token]);
});

test('ws-trust §3.2: an assertion that is for others shows possession of its key, where that is asked', async () => {
  const refusal = new ExchangeFailure('token-audience-mismatch', 'for others');
  const { elements, trust } = aHeader(ASSERTION, { refusal, mayProvePossession: true });

  const possessed = await trust({ kind: 'assertion', token: only(elements) });

  assert.equal(possessed.identity, undefined);
  assert.deepEqual(possessed.confirmation, key);
  const asked = aHeader(ASSERTION, { refusal });
  await assert.rejects(
    asked.trust({ kind: 'assertion', token: only(asked.elements) }),
    refusedWith('failed-authentication'),
  );
});

for (const reason of ['token-revoked', 'requestor-unauthenticated'] as const)
  test(`ws-trust §3.2: one that is refused for another reason (${reason}) shows nothing`, async () => {
    const refusal = new ExchangeFailure(reason, 'refused');
    const { elements, trust } = aHeader(ASSERTION, { refusal, mayProvePossession: true });

    await assert.rejects(
      trust({ kind: 'assertion', token: only(elements) }),
      refusedWith('failed-authentication'),
    );
  });

for (const [what, tokens, wishes] of [
  ['no assertion', '', {}],
  ['two assertions that are', ASSERTION + OLDER, {}],
  ['an assertion that another key is', ASSERTION, { confirmation: other }],
  ['an assertion of a bearer that nobody is', ASSERTION, { confirmation: BEARER }],
  [
    'an assertion with a secret that is not known that nobody is',
    ASSERTION,
    { confirmation: { method: 'symmetric-key' } },
  ],
] as const)
  test(`xml-security V7: with ${what} bound to it, a key is nobody’s: it shows possession where that is asked, and no identity`, async () => {
    const possessed = await aHeader(tokens, { ...wishes, mayProvePossession: true }).trust({
      kind: 'key',
      key,
    });

    await assert.rejects(
      aHeader(tokens, wishes).trust({ kind: 'key', key }),
      refusedWith('failed-authentication'),
    );
    assert.equal(possessed.identity, undefined);
    assert.equal(possessed.key.kind, 'public');
    assert.deepEqual(possessed.confirmation, key);
    assert.deepEqual(possessed.tokens, []);
  });

test('xml-security V7: a certificate is validated as a credential about itself, which a signature proves', async () => {
  const { asked, elements, trust } = aHeader(aBinaryToken(certificate));
  const [token] = elements;

  const signer = await trust({ ...signs, ...(token && { token }) });
  const bare = await trust(signs);

  assert.deepEqual(asked[0], {
    type: 'x509',
    use: 'subject',
    content: { certificates: [holder], proof: 'signature' },
  });
  assert.equal(signer.key.kind, 'public');
  assert.deepEqual(signer.confirmation, nameCertificate(holder));
  assert.equal(signer.identity?.type, 'x509');
  assert.deepEqual([signer.tokens, bare.tokens], [[token], []]);
});

for (const reason of [
  'issuer-untrusted',
  'requestor-unauthenticated',
  'token-type-unsupported',
] as const)
  test(`ws-trust §3.2: a certificate that is nobody’s here (${reason}) may be the client’s own, where a key may be proved`, async () => {
    const refusal = new ExchangeFailure(reason, 'unknown');
    const { elements, trust } = aHeader(aBinaryToken(certificate), {
      refusal,
      mayProvePossession: true,
    });

    const possessed = await trust({ ...signs, token: only(elements) });

    assert.equal(possessed.identity, undefined);
    assert.deepEqual(possessed.confirmation, nameCertificate(holder));
    assert.deepEqual(possessed.tokens, elements);
    await assert.rejects(
      aHeader('', { refusal }).trust(signs),
      refusedWith('failed-authentication'),
    );
  });

for (const refusal of [
  new ExchangeFailure('token-expired', 'over'),
  new ExchangeFailure('token-revoked', 'revoked'),
  new ExchangeFailure('dependency-unavailable', 'away'),
  new Error('a bug'),
])
  test(`ws-trust §3.2: a certificate of which more is known (${refusal.message}) is not taken as the client’s own`, async () => {
    const { trust } = aHeader('', { refusal, mayProvePossession: true });

    await assert.rejects(trust(signs), {
      message: refusal.message,
    });
  });

test('SAML Token Profile 1.1.1 §3.5: an assertion that is named is a credential, whose key is the signer’s', async () => {
  const bare = { method: 'public-key', certificate: der.toString('base64') } as const;
  for (const confirmation of [key, nameCertificate(holder), bare]) {
    const { asked, elements, trust } = aHeader(ASSERTION, { confirmation });
    const token = only(elements);

    const signer = await trust({ kind: 'assertion', token });

    assert.deepEqual(signer.confirmation, confirmation);
    assert.deepEqual(signer.identity?.confirmation, confirmation);
    assert.deepEqual(signer.tokens, [token]);
    assert.deepEqual(
      asked.map(({ use }) => use),
      ['subject'],
    );
    assert.ok(signer.key.kind === 'public');
    assert.ok(signer.key.key.equals(holder.publicKey));
  }
});

test('WS-Trust 1.3 §5: an assertion that the request may be about is looked at as such, and as a credential where it is bound to a key', async () => {
  const { asked, elements, trust } = aHeader(ASSERTION, { mayProveSecret: true });

  await trust({ kind: 'assertion', token: only(elements) });

  assert.deepEqual(
    asked.map(({ use }) => use),
    ['lifecycle', 'subject'],
  );
});

for (const [what, confirmation] of [
  ['is for any bearer', BEARER],
  ['holds a key in no form that we read', { method: 'public-key', jwkThumbprint: 'x' }],
  ['is bound to a secret that nobody can tell', { method: 'symmetric-key' }],
] as const)
  test(`xml-security E5: an assertion that ${what} signs nothing`, async () => {
    const { elements, trust } = aHeader(ASSERTION, { confirmation });

    await assert.rejects(
      trust({ kind: 'assertion', token: only(elements) }),
      refusedWith('failed-authentication'),
    );
  });

test('WS-Trust 1.3 §5: beside the secret of the token that is renewed one new key may be shown, and no second one', async () => {
  const { trust } = aHeader('', {
    confirmation: { method: 'symmetric-key' },
    secret: Buffer.alloc(32, 5),
    mayProvePossession: true,
    mayProveSecret: true,
  });

  await trust({ kind: 'context', name: { identifier: 'urn:uuid:1' } });
  await trust({ kind: 'key', key });

  await assert.rejects(trust({ kind: 'key', key: other }), /two keys that are nobody’s/);
});

test('WSS 1.1.1 §7.7: a secret that the message brings is nobody’s', async () => {
  const { elements, trust } = aHeader('<x xmlns="urn:x"/>');

  await assert.rejects(
    trust({ kind: 'encrypted-key', token: only(elements) }),
    refusedWith('unsupported-security-token'),
  );
});
