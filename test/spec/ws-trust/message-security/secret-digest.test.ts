// A password digest in a message under a secret (UsernameToken Profile 1.1.1 §3.1, WS-SecurityPolicy 1.2 §7.4): the login it is over TLS, and
// no more than that.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { bodyPart, signaturePart } from '#test/support/soap/message-security.ts';
import {
  aSecretMessage,
  aSecretSetting,
  openAnswer,
  SECRET_SIGNED,
  type SecretWishes,
  sendSecretly,
  withDerivedKeys,
} from '#test/support/soap/secret-message.ts';
import { TIMESTAMP } from '#test/support/soap/signed-message.ts';
import {
  aDigestToken,
  type DigestLogin,
  digestUsers,
} from '#test/support/ws-trust/password-digest.ts';
import { faultCodeOf, USER } from '#test/support/ws-trust/ws-trust.ts';

const OTHER_TIMESTAMP = TIMESTAMP.replace('08:05:00Z', '08:04:59Z');

/** A message with this login, which is signed and encrypted as a whole. */
function aDigestMessage(login: DigestLogin = {}, wishes: SecretWishes = {}): string {
  const user = aDigestToken(login);
  return aSecretMessage({
    user,
    parts: (text) => [signaturePart(text), bodyPart(text), { text: user, type: 'Element' }],
    ...wishes,
  });
}

function aDigestSetting() {
  const { validator, tried } = digestUsers();
  return { setting: aSecretSetting([validator]), tried };
}

describe('UsernameToken Profile 1.1.1 §3.1: a password digest in a message under a secret', () => {
  for (const [what, wishesOf] of [
    ['the secret itself', (secret: Buffer) => ({ secret })],
    ['derived keys', (secret: Buffer) => withDerivedKeys(secret)],
  ] as const)
    test(`is the login of the user whose password it is made of: ${what}`, async () => {
      const { setting, tried } = aDigestSetting();
      const secret = randomBytes(32);
      const message = aDigestMessage({}, wishesOf(secret));
      assert.doesNotMatch(message, /UsernameToken|PasswordDigest/);

      const answer = await sendSecretly(message, setting);

      assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
      assert.match(openAnswer(answer.body, secret), /<saml:Assertion /);
      const { requestor } = setting.asked[0] ?? {};
      assert.deepEqual([requestor?.method, requestor?.id], ['username', USER.name]);
      assert.deepEqual(tried, [USER.password]);
    });

  for (const [what, login] of Object.entries({
    'of another password': { password: 'wrong' },
    'of no password': { password: '' },
    'of a user who is not kept': { name: 'bob' },
    'of another time than it says': { signedCreated: '2027-01-15T08:00:01.000Z' },
  }))
    test(`xml-security E3: ${what} is refused, with the cost of a wrong password`, async () => {
      const { setting, tried } = aDigestSetting();

      const answer = await sendSecretly(aDigestMessage(login), setting);

      assert.equal(faultCodeOf(answer), 'trust:FailedAuthentication');
      assert.equal(tried.length, 1);
      assert.notEqual(tried[0], USER.password);
      assert.deepEqual(setting.asked, []);
    });

  test('xml-security E1: is good once, also in another message under another secret', async () => {
    const { setting } = aDigestSetting();
    // Of another time, so that it is no replay of the signature that is refused.
    const other = { timestamp: OTHER_TIMESTAMP };

    const first = await sendSecretly(aDigestMessage(), setting);
    const again = await sendSecretly(aDigestMessage({}, other), setting);

    assert.equal(first.status, 200, JSON.stringify(setting.audit.records));
    assert.equal(faultCodeOf(again), 'wsse:InvalidSecurity');
    assert.equal(setting.audit.records.at(-1)?.detail, 'the nonce was used before');
    assert.equal(setting.asked.length, 1);
  });

  test('xml-security E1: is refused when it is older than its message may be', async () => {
    const { setting, tried } = aDigestSetting();

    const answer = await sendSecretly(
      aDigestMessage({ created: '2027-01-15T07:00:00.000Z' }),
      setting,
    );

    assert.equal(faultCodeOf(answer), 'wsse:MessageExpired');
    assert.deepEqual([tried, setting.asked], [[], []]);
  });

  test('WS-SecurityPolicy 1.2 §7.4: is refused in clear, and where the signature does not cover it', async () => {
    const inClear = { parts: (text: string) => [signaturePart(text), bodyPart(text)] };
    const unsigned = { signed: SECRET_SIGNED.filter((id) => id !== 'user') };
    const { setting, tried } = aDigestSetting();

    const codes = [];
    for (const wishes of [inClear, unsigned])
      codes.push(faultCodeOf(await sendSecretly(aDigestMessage({}, wishes), setting)));

    assert.deepEqual(codes, ['wsse:InvalidSecurity', 'trust:AuthenticationBadElements']);
    assert.deepEqual([tried, setting.asked], [[], []]);
  });

  test('is of no use where no password is kept', async () => {
    const setting = aSecretSetting();

    const answer = await sendSecretly(aDigestMessage(), setting);

    assert.equal(faultCodeOf(answer), 'wsse:UnsupportedSecurityToken');
    assert.deepEqual(setting.asked, []);
  });
});
