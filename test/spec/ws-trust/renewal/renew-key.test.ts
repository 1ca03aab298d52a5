// Renew of a token that is bound to a key (WS-Trust 1.3 §5): the key of the original is proved, by a signature over the Body.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { nameCertificate } from '#bridge/xml/keys/public-key.ts';
import {
  aBinaryToken,
  aDirectReference,
  aSignedMessage,
  type SignatureWishes,
} from '#test/support/soap/signed-message.ts';
import { ownAssertions, RENEWABLE } from '#test/support/ws-trust/renewable.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import {
  aPost,
  aUserMessage,
  aUserNameToken,
  aWsTrustSetting,
  faultCodeOf,
  type WsTrustSetting,
} from '#test/support/ws-trust/ws-trust.ts';
import { aCertificate, type TestCertificate } from '#test/support/x509/pki.ts';

const holder = await aCertificate({ name: 'CN=holder', algorithm: 'RSA' });
const other = await aCertificate({ name: 'CN=holder', algorithm: 'RSA' });
const USE_KEY = `<t:UseKey>${aDirectReference()}</t:UseKey>`;

function aSetting(): WsTrustSetting {
  return aWsTrustSetting({
    rules: RENEWABLE,
    validators: [ownAssertions(nameCertificate(new X509Certificate(holder.der)))],
  });
}

function signed(body: string, by: TestCertificate, wishes: Partial<SignatureWishes> = {}): string {
  return aSignedMessage(body, { by, tokens: aUserNameToken() + aBinaryToken(by), ...wishes });
}

async function issued(setting: WsTrustSetting): Promise<string> {
  const children = `${anAppliesTo()}<t:KeyType>${TRUST_13}/PublicKey</t:KeyType>${USE_KEY}`;
  const { body } = await setting.front.handle(aPost(signed(anRst({ children }), holder)));
  const token = /<saml:Assertion.*<\/saml:Assertion>/.exec(body)?.[0];
  assert.ok(token, body);
  return token;
}

const renewal = (token: string, children = ''): string =>
  anRst({
    requestType: `${TRUST_13}/Renew`,
    children: `${children}<t:RenewTarget>${token}</t:RenewTarget>`,
  });

test('WS-Trust 1.3 §5: whoever proves the key of the token renews it, with UseKey, and again', async () => {
  const setting = aSetting();
  const token = await issued(setting);

  const first = await setting.front.handle(aPost(signed(renewal(token, USE_KEY), holder)));
  const second = await setting.front.handle(
    aPost(
      signed(
        renewal(/<saml:Assertion.*<\/saml:Assertion>/.exec(first.body)?.[0] ?? '', USE_KEY),
        holder,
      ),
    ),
  );

  for (const { status, body } of [first, second]) {
    assert.equal(status, 200, JSON.stringify(setting.audit.records));
    assert.ok(body.includes(`KeyType>${TRUST_13}/PublicKey<`));
  }
  assert.equal(setting.audit.records.at(-1)?.confirmation, 'public-key');
});

test('ws-trust §3.2: the KeySize of a renewal is that of the key, or it is refused', async () => {
  for (const [size, keyType] of [
    [2048, 'PublicKey'],
    [0, 'PublicKey'],
    [0, undefined],
    [2048, undefined],
    [1024, 'PublicKey'],
    [256, undefined],
  ] as const) {
    const setting = aSetting();
    const token = await issued(setting);
    const type = keyType === undefined ? '' : `<t:KeyType>${TRUST_13}/${keyType}</t:KeyType>`;
    const children = `${USE_KEY}${type}<t:KeySize>${size}</t:KeySize>`;

    const answer = await setting.front.handle(aPost(signed(renewal(token, children), holder)));

    // Zero is what clients write for no key: beside a KeyType it contradicts that.
    if (size === 2048 || (size === 0 && keyType === undefined))
      assert.equal(answer.status, 200, answer.body);
    else assert.equal(faultCodeOf(answer), 'trust:UnableToRenew');
  }
});

for (const [what, message] of [
  ['nobody proves it', (token: string) => aUserMessage(renewal(token))],
  ['another key is proved', (token: string) => signed(renewal(token, USE_KEY), other)],
  [
    'its signature leaves out the Body',
    (token: string) => signed(renewal(token, USE_KEY), holder, { ids: ['ts'] }),
  ],
] as const)
  test(`WS-Trust 1.3 §5: a token that is bound to a key is not renewed where ${what}`, async () => {
    const setting = aSetting();
    const token = await issued(setting);

    const answer = await setting.front.handle(aPost(message(token)));

    assert.match(faultCodeOf(answer), /InvalidSecurityToken|AuthenticationBadElements|FailedCheck/);
    const outcomes = setting.audit.records.filter(({ event }) => event === 'token.renew');
    assert.equal(
      outcomes.some(({ outcome }) => outcome === 'minted'),
      false,
    );
  });
