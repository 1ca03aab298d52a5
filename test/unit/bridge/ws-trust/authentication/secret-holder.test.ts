// What the secret of a token shows: who is asked for what, where the token is a credential, is over, or is what the request is about.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import type { SecretFinder } from '#bridge/ws-trust/authentication/secret-holder.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { Confirmation } from '#core/token/confirmation.ts';
import type { SecurityToken } from '#core/token/security-token.ts';
import { ASSERTION, aSignersHeader, BEARER } from '#test/support/soap/signer-trust.ts';
import { refusedWith } from '../../ws-security/refused-with.ts';

const only = ([token]: readonly XmlElement[]): XmlElement => token ?? assert.fail();
const SECRET = Buffer.alloc(32, 5);
const BOUND: Confirmation = { method: 'symmetric-key' };
const SHOWN = { method: 'symmetric-key', thumbprint: hash('sha256', SECRET, 'base64url') };
const held = { confirmation: BOUND, secret: SECRET };
const context = { kind: 'context', name: { identifier: 'urn:uuid:1' } } as const;
const target = { kind: 'assertion' } as const;
const usesOf = (asked: readonly SecurityToken[]) => asked.map(({ type, use }) => [type, use]);

test('WS-SecureConversation 1.3 §8: a context is a credential where contexts are taken, and its holder who signed', async () => {
  const { asked, trust } = aSignersHeader('', { ...held, takesContexts: true });

  const signer = await trust(context);

  assert.ok(signer.key.kind === 'secret');
  assert.deepEqual(signer.key.key.export(), SECRET);
  assert.deepEqual(signer.confirmation, SHOWN);
  assert.deepEqual(signer.tokens, []);
  assert.equal(signer.identity?.type, 'sct');
  assert.equal(signer.refusal?.proved, undefined);
  assert.equal(signer.refusal?.unproved.code, 'bad-context-token');
  assert.deepEqual(usesOf(asked), [['sct', 'subject']]);
});

test('WS-Trust 1.3 §5: where contexts are no credential, a context shows the right to itself and nobody', async () => {
  const { asked, trust } = aSignersHeader('', { ...held, mayProveSecret: true });

  const signer = await trust(context);

  assert.equal(signer.identity, undefined);
  assert.equal(signer.refusal?.proved, undefined);
  assert.equal(signer.refusal?.unproved.code, 'bad-context-token');
  assert.deepEqual(usesOf(asked), [['sct', 'lifecycle']]);
  await assert.rejects(
    aSignersHeader('', held).trust(context),
    refusedWith('failed-authentication'),
  );
});

test('WS-SecureConversation 1.3 §9: a context that is over is told so to whoever shows its secret, and nobody else', async () => {
  for (const reason of ['token-expired', 'renewal-needed'] as const) {
    const refusal = new ExchangeFailure(reason, 'over');
    const { key, refusal: told } = await aSignersHeader('', {
      ...held,
      refusal,
      takesContexts: true,
    }).trust(context);

    assert.equal(key.kind, 'secret');
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
    const { elements, trust } = aSignersHeader(ASSERTION, { ...wishes, mayProveSecret: true });
    const token = only(elements);

    const signer = await trust({ ...target, token });

    assert.ok(signer.key.kind === 'secret');
    assert.equal(signer.identity, undefined);
    assert.equal(signer.refusal, undefined);
    assert.deepEqual(signer.tokens, [token]);
    await assert.rejects(
      aSignersHeader(ASSERTION, wishes).trust({ ...target, token }),
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
    const { elements, trust } = aSignersHeader(ASSERTION, { ...held, ...may, refusal });

    await assert.rejects(trust({ ...target, token: only(elements) }), {
      message: refusal.message,
    });
    await assert.rejects(trust(context), { message: refusal.message });
  });

test('WS-SecureConversation 1.3 §9: a context for another is none that is over', async () => {
  const refusal = new ExchangeFailure('token-audience-mismatch', 'for another');
  const { trust } = aSignersHeader('', { ...held, refusal, takesContexts: true });

  await assert.rejects(trust(context), { message: 'for another' });
});

test('WS-Trust 1.3 §5: a token that is bound to no secret shows none', async () => {
  const wishes = { confirmation: BEARER, mayProveSecret: true, secret: SECRET };
  const { elements, trust } = aSignersHeader(bst('aa.bb.cc'), wishes);

  await assert.rejects(
    trust({ kind: 'jwt', token: only(elements) }),
    refusedWith('failed-authentication'),
  );
});

test('WS-Trust 1.3 §5: a JWT that the request is about is looked at as such, and its secret shows no more', async () => {
  const { asked, elements, trust } = aSignersHeader(bst('aa.bb.cc'), {
    ...held,
    mayProveSecret: true,
  });
  const token = only(elements);

  const signer = await trust({ kind: 'jwt', token });

  assert.ok(signer.key.kind === 'secret');
  assert.deepEqual(signer.key.key.export(), SECRET);
  assert.deepEqual(signer.confirmation, SHOWN);
  assert.equal(signer.identity, undefined);
  assert.deepEqual(signer.tokens, [token]);
  assert.deepEqual(usesOf(asked), [['jwt', 'lifecycle']]);
  await assert.rejects(
    aSignersHeader(bst('aa.bb.cc'), held).trust({ kind: 'jwt', token }),
    refusedWith('unsupported-security-token'),
  );
});

test('SAML Token Profile 1.1.1 §3.5: an assertion with a secret that is known is a credential, also where the request may be about it', async () => {
  for (const mayProveSecret of [false, true]) {
    const { asked, elements, trust } = aSignersHeader(ASSERTION, { ...held, mayProveSecret });
    const token = only(elements);

    const signer = await trust({ ...target, token });

    assert.ok(signer.key.kind === 'secret');
    assert.deepEqual(signer.confirmation, SHOWN);
    assert.deepEqual(signer.tokens, [token]);
    // Core holds what was shown against what the token says, so the identity tells of the secret that is known.
    assert.deepEqual(signer.identity?.confirmation, SHOWN);
    assert.deepEqual(asked.at(-1)?.use, 'subject');
  }
});

test('xml-security E5: the secret of an assertion of ours is that of its relying party, too: no credential, unless an address says so', async () => {
  const own = { ...held, trustedIssuer: 'self' };
  const sign = async (wishes: typeof own & { readonly takesOwnSharedSecrets?: boolean }) => {
    const { elements, trust } = aSignersHeader(ASSERTION, wishes);
    return trust({ ...target, token: only(elements) });
  };

  for (const wishes of [own, { ...own, takesOwnSharedSecrets: false }])
    await assert.rejects(sign(wishes), {
      code: 'failed-authentication',
      reason: 'token-audience-mismatch',
    });
  assert.ok((await sign({ ...own, takesOwnSharedSecrets: true })).identity);
  const contexts = aSignersHeader('', { ...own, takesContexts: true });
  assert.ok((await contexts.trust(context)).identity);
});

test('WS-Trust 1.3 §4.4: a secret that is not kept is looked for in the token, with what it was found to be', async () => {
  const asked: object[] = [];
  const findSecret: SecretFinder = async (wanted) => {
    asked.push(wanted);
    return SECRET;
  };
  const wishes = { confirmation: BOUND, takesContexts: true, findSecret };
  const { document, elements, trust } = aSignersHeader(ASSERTION, wishes);
  const token = only(elements);

  const signer = await trust({ ...target, token });

  assert.deepEqual(signer.confirmation, SHOWN);
  assert.partialDeepStrictEqual(asked, [{ document, element: token, identity: { type: 'saml2' } }]);
  // There is nothing to look into.
  await assert.rejects(aSignersHeader('', wishes).trust(context), refusedWith('bad-context-token'));
  assert.equal(asked.length, 1);
});

function bst(jwt: string): string {
  return `<wsse:BinarySecurityToken ValueType="urn:ietf:params:oauth:token-type:jwt">${Buffer.from(jwt).toString('base64')}</wsse:BinarySecurityToken>`;
}
