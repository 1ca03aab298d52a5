// Whose the key of a signature is, and which certificates of signers are remembered: only those that core found good.
import assert from 'node:assert/strict';
import { hash, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { createCertificateMemory } from '#bridge/ws-security/certificate-memory.ts';
import type { CredentialService } from '#bridge/ws-trust/credential.ts';
import { type SignerTrustParts, trustSigners } from '#bridge/ws-trust/signer-trust.ts';
import { WSSE_NS, WSU_NS } from '#bridge/xml/namespaces.ts';
import { nameCertificate, nameKey } from '#bridge/xml/public-key.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { elementsOf } from '#bridge/xml/tree.ts';
import type { Confirmation } from '#core/confirmation.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { SecurityToken } from '#core/security-token.ts';
import { aValidatedToken } from '#test/support/core.ts';
import { aCertificate } from '#test/support/pki.ts';
import { aBinaryToken } from '#test/support/signed-message.ts';
import { parse } from '#test/support/xml/refusal.ts';
import { refusedWith } from '../ws-security/refused-with.ts';

const certificate = await aCertificate({ algorithm: 'RSA' });
const { der } = certificate;
const refuse = async (): Promise<never> => {
  throw new ExchangeFailure('issuer-untrusted', 'no path');
};

function aSetting(validate: CredentialService['validateCredential'], mayProvePossession = false) {
  const certificates = createCertificateMemory();
  const sts = {
    validate,
    validateCredential: validate,
    findSecret: async () => undefined,
    useCredentials: async () => undefined,
  };
  const document = parse('<a xmlns="urn:a"></a>');
  const trust = trustSigners({
    document,
    sts,
    tokens: [],
    mayProvePossession,
    mayProveSecret: false,
    takesContexts: false,
    certificates,
  });
  const sign = () => trust({ kind: 'certificate', chain: [new X509Certificate(der)] });
  return { certificates, sign };
}

test('xml-security §4: the certificate of a signer is remembered once it was found good', async () => {
  const { certificates, sign } = aSetting(async () => aValidatedToken({ type: 'x509' }));

  await sign();

  assert.ok(certificates.recall(der));
});

test('xml-security §4: a certificate without a path is not remembered, also where it may show possession', async () => {
  const refused = aSetting(refuse);
  const possessed = aSetting(refuse, true);

  await assert.rejects(refused.sign(), /no path/);
  await possessed.sign();

  assert.equal(refused.certificates.recall(der), undefined);
  assert.equal(possessed.certificates.recall(der), undefined);
});

const holder = new X509Certificate(der);
const key = nameKey(holder.publicKey);
const other = nameKey(
  new X509Certificate((await aCertificate({ algorithm: 'RSA' })).der).publicKey,
);
const ASSERTION = '<a:Assertion xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a"/>';
const OLDER = '<a:Assertion xmlns:a="urn:oasis:names:tc:SAML:1.0:assertion" AssertionID="_b"/>';

interface HeaderWishes
  extends Partial<
    Pick<SignerTrustParts, 'mayProvePossession' | 'mayProveSecret' | 'takesContexts'>
  > {
  /** What tokens are bound to, but certificates. */
  readonly confirmation?: Confirmation;
  /** What core says of credentials. */
  readonly refusal?: Error;
  /** What is kept of tokens, and so known. */
  readonly secret?: Buffer;
}

/** Trust in the signers of a header with these tokens, and what core was asked. */
function aHeader(
  tokens: string,
  { confirmation = key, refusal, secret, ...may }: HeaderWishes = {},
) {
  const document = parse(`<h xmlns:wsse="${WSSE_NS}" xmlns:wsu="${WSU_NS}">${tokens}</h>`);
  const asked: SecurityToken[] = [];
  const validate: CredentialService['validate'] = async (token) => {
    asked.push(token);
    const { type, use } = token;
    return aValidatedToken({ type, use, ...(type !== 'x509' && { confirmation }) });
  };
  const validateCredential: CredentialService['validateCredential'] = async (token) => {
    const identity = await validate(token);
    if (refusal) throw refusal;
    return identity;
  };
  const elements = elementsOf(document.root);
  const trust = trustSigners({
    document,
    sts: {
      validate,
      validateCredential,
      findSecret: async () =>
        secret && {
          method: 'symmetric-key',
          thumbprint: hash('sha256', secret, 'base64url'),
          secret: { base64: secret.toString('base64'), sizeBits: 256 },
        },
      useCredentials: async () => undefined,
    },
    tokens: elements,
    mayProvePossession: false,
    mayProveSecret: false,
    takesContexts: false,
    certificates: createCertificateMemory(),
    ...may,
  });
  return { asked, elements, trust };
}
const BEARER: Confirmation = { method: 'bearer' };

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

  const signer = await trust({ kind: 'certificate', chain: [holder], ...(token && { token }) });

  assert.deepEqual(signer.identity?.type, 'saml2');
  assert.deepEqual(signer.tokens, [assertion, token]);
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
    assert.deepEqual(possessed.confirmation, key);
    assert.deepEqual(possessed.tokens, []);
  });

test('xml-security V7: a certificate is validated as a credential about itself, which a signature proves', async () => {
  const { asked, elements, trust } = aHeader(aBinaryToken(certificate));
  const [token] = elements;

  const signer = await trust({ kind: 'certificate', chain: [holder], ...(token && { token }) });
  const bare = await trust({ kind: 'certificate', chain: [holder] });

  assert.deepEqual(asked[0], {
    type: 'x509',
    use: 'subject',
    content: { certificates: [holder], proof: 'signature' },
  });
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
    const signer = { kind: 'certificate', chain: [holder] } as const;

    const possessed = await aHeader('', { refusal, mayProvePossession: true }).trust(signer);

    assert.equal(possessed.identity, undefined);
    await assert.rejects(
      aHeader('', { refusal }).trust(signer),
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

    await assert.rejects(trust({ kind: 'certificate', chain: [holder] }), {
      message: refusal.message,
    });
  });

const only = ([token]: readonly XmlElement[]): XmlElement => token ?? assert.fail();

test('SAML Token Profile 1.1.1 §3.5: an assertion that is named is a credential, whose key is the signer’s', async () => {
  for (const confirmation of [key, nameCertificate(holder)]) {
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

test('WSS 1.1.1 §7.7: a secret that the message brings is nobody’s, and a JWT that the request is not about signs nothing', async () => {
  const { elements, trust } = aHeader('<x xmlns="urn:x"/>');
  const token = only(elements);

  for (const kind of ['encrypted-key', 'jwt'] as const)
    await assert.rejects(trust({ kind, token }), refusedWith('unsupported-security-token'));
});

const SECRET = Buffer.alloc(32, 5);
const BOUND: Confirmation = { method: 'symmetric-key' };
const held = { confirmation: BOUND, secret: SECRET };
const context = { kind: 'context', name: { identifier: 'urn:uuid:1' } } as const;
const target = { kind: 'assertion' } as const;
const usesOf = (asked: readonly SecurityToken[]) => asked.map(({ type, use }) => [type, use]);

test('WS-SecureConversation 1.3 §8: a context is a credential where contexts are taken, and its holder who signed', async () => {
  const { asked, trust } = aHeader('', { ...held, takesContexts: true });

  const signer = await trust(context);

  assert.ok(signer.key.kind === 'secret');
  assert.deepEqual(signer.key.key.export(), SECRET);
  assert.equal(signer.identity?.type, 'sct');
  assert.equal(signer.refusal, undefined);
  assert.deepEqual(usesOf(asked), [['sct', 'subject']]);
});

test('WS-Trust 1.3 §5: where contexts are no credential, a context shows the right to itself and nobody', async () => {
  const { asked, trust } = aHeader('', { ...held, mayProveSecret: true });

  const signer = await trust(context);

  assert.equal(signer.identity, undefined);
  assert.equal(signer.refusal, undefined);
  assert.deepEqual(usesOf(asked), [['sct', 'lifecycle']]);
  await assert.rejects(aHeader('', held).trust(context), refusedWith('failed-authentication'));
});

test('WS-SecureConversation 1.3 §9: a context that is over is told so to whoever shows its secret, and nobody else', async () => {
  for (const reason of ['token-expired', 'renewal-needed'] as const) {
    const refusal = new ExchangeFailure(reason, 'over');
    const { refusal: told } = await aHeader('', { ...held, refusal, takesContexts: true }).trust(
      context,
    );

    assert.deepEqual(
      [told?.proved, told?.unproved].map((failure) => [failure?.code, failure?.reason]),
      [
        ['context-renewal-needed', reason],
        ['bad-context-token', reason],
      ],
    );
  }
});

test('WS-Trust 1.3 §5: what is over, or for another, shows by its secret the right to itself where that is asked for, and nobody', async () => {
  for (const reason of ['token-expired', 'renewal-needed', 'token-audience-mismatch'] as const) {
    const wishes = { ...held, refusal: new ExchangeFailure(reason, 'no') };
    const { elements, trust } = aHeader(ASSERTION, { ...wishes, mayProveSecret: true });
    const token = only(elements);

    const signer = await trust({ ...target, token });

    assert.ok(signer.key.kind === 'secret');
    assert.equal(signer.identity, undefined);
    assert.equal(signer.refusal, undefined);
    assert.deepEqual(signer.tokens, [token]);
    await assert.rejects(
      aHeader(ASSERTION, wishes).trust({ ...target, token }),
      refusedWith('failed-authentication'),
    );
  }
});

for (const refusal of [
  new ExchangeFailure('token-revoked', 'revoked'),
  new ExchangeFailure('signature-invalid', 'forged'),
  new ExchangeFailure('dependency-unavailable', 'away'),
  new Error('a bug'),
])
  test(`WS-Trust 1.3 §5: a token of which something else is wrong (${refusal.message}) shows nothing by its secret`, async () => {
    const may = { takesContexts: true, mayProveSecret: true };
    const { elements, trust } = aHeader(ASSERTION, { ...held, ...may, refusal });

    await assert.rejects(trust({ ...target, token: only(elements) }), {
      message: refusal.message,
    });
    await assert.rejects(trust(context), { message: refusal.message });
  });

test('WS-SecureConversation 1.3 §9: a context for another is none that is over', async () => {
  const refusal = new ExchangeFailure('token-audience-mismatch', 'for another');
  const { trust } = aHeader('', { ...held, refusal, takesContexts: true });

  await assert.rejects(trust(context), { message: 'for another' });
});

test('WS-Trust 1.3 §5: a token that is bound to no secret shows none', async () => {
  const wishes = { confirmation: BEARER, mayProveSecret: true, secret: SECRET };
  const { elements, trust } = aHeader(bst('aa.bb.cc'), wishes);

  await assert.rejects(
    trust({ kind: 'jwt', token: only(elements) }),
    refusedWith('failed-authentication'),
  );
});

test('WS-Trust 1.3 §5: a JWT that the request is about is looked at as such, and its secret shows no more', async () => {
  const { asked, elements, trust } = aHeader(bst('aa.bb.cc'), { ...held, mayProveSecret: true });
  const token = only(elements);

  const signer = await trust({ kind: 'jwt', token });

  assert.ok(signer.key.kind === 'secret');
  assert.deepEqual(signer.key.key.export(), SECRET);
  assert.equal(signer.identity, undefined);
  assert.deepEqual(signer.tokens, [token]);
  assert.deepEqual(usesOf(asked), [['jwt', 'lifecycle']]);
});

function bst(jwt: string): string {
  return `<wsse:BinarySecurityToken ValueType="urn:ietf:params:oauth:token-type:jwt">${Buffer.from(jwt).toString('base64')}</wsse:BinarySecurityToken>`;
}
