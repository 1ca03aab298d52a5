// Password digests (UsernameToken Profile 1.1.1 §3.1): taken for users whose password is kept readable, and no oracle of who
// they are.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  aDigestToken,
  type DigestLogin,
  digestUsers,
} from '#test/support/ws-trust/password-digest.ts';
import {
  anIssueRequest,
  aWsTrustSetting,
  faultCodeOf,
  USER,
  type WsTrustSetting,
} from '#test/support/ws-trust/ws-trust.ts';

const aLogin = (login: DigestLogin): string =>
  `<wsse:Security>${aDigestToken(login)}</wsse:Security>`;

function aSetting(): { readonly setting: WsTrustSetting; readonly tried: string[] } {
  const { validator, tried } = digestUsers();
  return { setting: aWsTrustSetting({ validators: [validator] }), tried };
}

const send = (setting: WsTrustSetting, login: DigestLogin = {}) =>
  setting.front.handle(anIssueRequest({ header: aLogin(login) }));

describe('UsernameToken Profile 1.1.1 §3.1: a password digest', () => {
  test('is the login of the user whose password it is made of', async () => {
    const { setting, tried } = aSetting();

    const answer = await send(setting);

    assert.equal(answer.status, 200, answer.body);
    assert.deepEqual(tried, [USER.password]);
    assert.equal(setting.asked[0]?.requestor.id, USER.name);
  });

  for (const [what, login] of Object.entries({
    'of another password': { password: 'wrong' },
    'of no password': { password: '' },
    'of a user who is not kept': { name: 'bob' },
    'of another time than it says': { signedCreated: '2027-01-15T08:00:01.000Z' },
  })) {
    test(`xml-security E3: ${what} is refused, with the cost and the count of a wrong password`, async () => {
      const { setting, tried } = aSetting();

      const answer = await send(setting, login);

      assert.equal(faultCodeOf(answer), 'trust:FailedAuthentication');
      assert.equal(tried.length, 1);
      assert.notEqual(tried[0], USER.password);
      assert.deepEqual(setting.asked, []);
    });
  }

  test('xml-security C3: under a name that no user can have no password is looked for', async () => {
    const { names, tried, validator } = digestUsers();
    const setting = aWsTrustSetting({ validators: [validator] });

    const answer = await send(setting, { name: `a${'\u0307\u0323'.repeat(128)}` });

    assert.equal(faultCodeOf(answer), 'trust:FailedAuthentication');
    assert.deepEqual(names, []);
    assert.equal(tried.length, 1);
  });

  test('xml-security E3: unknown and known users get the very same answer', async () => {
    const answerTo = (name: string) => send(aSetting().setting, { name, password: 'wrong' });

    assert.deepEqual(await answerTo('alice'), await answerTo('nobody'));
  });

  test('xml-security E1: is good once, and not when it is old', async () => {
    const { setting } = aSetting();

    assert.equal((await send(setting)).status, 200);
    assert.equal(faultCodeOf(await send(setting)), 'wsse:InvalidSecurity');
    const old = await send(setting, { created: '2027-01-15T07:50:00.000Z' });
    assert.equal(faultCodeOf(old), 'wsse:MessageExpired');
  });

  test('is of no use where no password is kept', async () => {
    const setting = aWsTrustSetting();

    assert.equal(faultCodeOf(await send(setting)), 'wsse:UnsupportedSecurityToken');
  });
});
