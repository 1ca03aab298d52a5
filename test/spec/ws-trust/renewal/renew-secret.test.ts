// Renew of a token that is bound to a secret (WS-Trust 1.3 §5): with proof by an HMAC over the message, and with the secret kept.
import assert from 'node:assert/strict';
import { createSecretKey, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import type { TokenIssuer } from '#core/token/token-issuer.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import { aDerivedKey, aDerivedKeyToken, aReferenceTo } from '#test/support/soap/derived-key.ts';
import {
  SIGNATURE,
  type SignatureWishes,
  signMessage,
  TIMESTAMP,
} from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { ownAssertions, RENEWABLE } from '#test/support/ws-trust/renewable.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import {
  aPost,
  aSecurityHeader,
  aUserMessage,
  aWsTrustSetting,
  faultCodeOf,
  tokenText,
  type WsTrustSetting,
} from '#test/support/ws-trust/ws-trust.ts';

const SAML_ID = 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLID';

interface Setting extends WsTrustSetting {
  /** What was to be issued, in order. */
  readonly specs: readonly TokenSpec[];
}

function aSetting(keepsSecrets = true): Setting {
  const specs: TokenSpec[] = [];
  const issuer: TokenIssuer = {
    canIssue: ({ type }) => type === 'saml2',
    async issue(spec) {
      specs.push(spec);
      return { spec, text: tokenText(spec) };
    },
  };
  return {
    ...aWsTrustSetting({
      rules: RENEWABLE,
      validators: [ownAssertions({ method: 'symmetric-key' })],
      issuers: [issuer],
      keepsSecrets,
    }),
    specs,
  };
}

interface Held {
  readonly token: string;
  readonly id: string;
  readonly secret: Buffer;
}

function heldIn(body: string): Held {
  const token = /<saml:Assertion.*<\/saml:Assertion>/.exec(body)?.[0] ?? assert.fail(body);
  const secret = /BinarySecret[^>]*>([^<]+)</.exec(body)?.[1] ?? assert.fail(body);
  return {
    token,
    id: / ID="([^"]+)"/.exec(token)?.[1] ?? '',
    secret: Buffer.from(secret, 'base64'),
  };
}

async function issued(setting: WsTrustSetting): Promise<Held> {
  const children = `${anAppliesTo()}<t:KeyType>${TRUST_13}/SymmetricKey</t:KeyType>`;
  const message = aUserMessage(anRst({ children }));
  const { body } = await setting.front.handle(aPost(message));
  return heldIn(body);
}

const toAssertion = (id: string): string =>
  `<wsse:SecurityTokenReference><wsse:KeyIdentifier ValueType="${SAML_ID}">${id}</wsse:KeyIdentifier></wsse:SecurityTokenReference>`;

const aRenewal = (target: string, children = ''): string =>
  anRst({
    requestType: `${TRUST_13}/Renew`,
    children: `${children}<t:RenewTarget>${target}</t:RenewTarget>`,
  });

interface Wishes extends Partial<SignatureWishes> {
  readonly tokens?: string;
}

function signed(body: string, key: KeyObject, { tokens = '', ...wishes }: Wishes): string {
  const message = anEnvelope({
    header: aSecurityHeader(`${tokens}${TIMESTAMP}${SIGNATURE}`),
    body,
    bodyId: 'body',
  });
  return signMessage(message, { key, ...wishes });
}

for (const [where, message] of [
  [
    'in RenewTarget',
    ({ token, id, secret }: Held) =>
      signed(aRenewal(token), createSecretKey(secret), { keyInfo: toAssertion(id) }),
  ],
  [
    'in the header, with a derived key',
    ({ token, id, secret }: Held) =>
      signed(aRenewal(toAssertion(id)), aDerivedKey(secret), {
        tokens: `${token}${aDerivedKeyToken(toAssertion(id))}`,
        keyInfo: aReferenceTo('dkt'),
      }),
  ],
] as const)
  test(`WS-Trust 1.3 §5: whoever proves the secret of the token ${where} renews it, and again`, async () => {
    const setting = aSetting();
    const held = await issued(setting);

    const first = await setting.front.handle(aPost(message(held)));
    assert.equal(first.status, 200, JSON.stringify(setting.audit.records.at(-1)));
    const second = await setting.front.handle(aPost(message(heldIn(first.body))));

    assert.equal(second.status, 200, JSON.stringify(setting.audit.records.at(-1)));
    for (const { body } of [first, second]) {
      assert.deepEqual(heldIn(body).secret, held.secret);
      assert.ok(body.includes('KeySize>256<'));
      assert.ok(body.includes(`KeyType>${TRUST_13}/SymmetricKey<`));
    }
    const [original, ...renewed] = setting.specs;
    assert.equal(renewed.length, 2);
    for (const spec of renewed) {
      assert.deepEqual(spec.confirmation, original?.confirmation);
      assert.deepEqual(spec.keyEncryption, original?.keyEncryption);
    }
  });

for (const [what, message, code] of [
  ['without proof', ({ token }: Held) => aUserMessage(aRenewal(token)), 'InvalidSecurityToken'],
  [
    'with proof of another secret',
    ({ token, id }: Held) =>
      signed(aRenewal(token), createSecretKey(Buffer.alloc(32)), { keyInfo: toAssertion(id) }),
    'FailedAuthentication',
  ],
  [
    'with a signature that leaves out the Body',
    ({ token, id, secret }: Held) =>
      signed(aRenewal(token), createSecretKey(secret), { keyInfo: toAssertion(id), ids: ['ts'] }),
    'AuthenticationBadElements',
  ],
  [
    'to another size',
    ({ token, id, secret }: Held) =>
      signed(
        aRenewal(
          token,
          `<t:KeyType>${TRUST_13}/SymmetricKey</t:KeyType><t:KeySize>128</t:KeySize>`,
        ),
        createSecretKey(secret),
        { keyInfo: toAssertion(id) },
      ),
    'UnableToRenew',
  ],
  [
    'to a bearer token',
    ({ token, id, secret }: Held) =>
      signed(
        aRenewal(token, `<t:KeyType>${TRUST_13}/Bearer</t:KeyType>`),
        createSecretKey(secret),
        {
          keyInfo: toAssertion(id),
        },
      ),
    'UnableToRenew',
  ],
  [
    'with a new secret of the requestor',
    ({ token, id, secret }: Held) =>
      signed(
        aRenewal(
          token,
          `<t:Entropy><t:BinarySecret>${Buffer.alloc(32).toString('base64')}</t:BinarySecret></t:Entropy>`,
        ),
        createSecretKey(secret),
        { keyInfo: toAssertion(id) },
      ),
    'BadRequest',
  ],
] as const)
  test(`WS-Trust 1.3 §5: a token that is bound to a secret is not renewed ${what}`, async () => {
    const setting = aSetting();

    const answer = await setting.front.handle(aPost(message(await issued(setting))));

    assert.match(faultCodeOf(answer), new RegExp(`:${code}$`));
    assert.equal(setting.specs.length, 1);
  });

test('WS-Trust 1.3 §5: the secret of one token renews no other', async () => {
  const setting = aSetting();
  const mine = await issued(setting);
  const other = await issued(setting);

  const answer = await setting.front.handle(
    aPost(
      signed(aRenewal(mine.token), createSecretKey(other.secret), {
        tokens: other.token,
        keyInfo: toAssertion(other.id),
      }),
    ),
  );

  assert.equal(faultCodeOf(answer), 'trust:InvalidSecurityToken');
  assert.equal(setting.specs.length, 2);
});

test('WS-Trust 1.3 §5: where nothing is kept, a token that is bound to a secret is not renewed', async () => {
  const setting = aSetting(false);
  const { token, id, secret } = await issued(setting);

  const answer = await setting.front.handle(
    aPost(signed(aRenewal(token), createSecretKey(secret), { keyInfo: toAssertion(id) })),
  );

  assert.equal(faultCodeOf(answer), 'trust:FailedAuthentication');
});
