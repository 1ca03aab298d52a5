// Password digests (UsernameToken Profile 1.1.1 §3.1): taken for users whose password is kept readable, and no oracle of who
// they are.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { ExchangeFailure } from '#core/failure.ts';
import { createUserValidator } from '#src/users/user-validator.ts';
import { OWN_ISSUER } from '#test/support/core.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import {
  anIssueRequest,
  aWsTrustSetting,
  faultCodeOf,
  USER,
  type WsTrustSetting,
} from '#test/support/ws-trust.ts';

const DIGEST =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest';
const NONCE = Buffer.from('0123456789abcdef');
const CREATED = '2027-01-15T08:00:00.000Z';

interface Login {
  readonly name?: string;
  readonly password?: string;
  readonly created?: string;
  readonly signedCreated?: string;
}

function aLogin({ name = USER.name, password = USER.password, ...times }: Login = {}): string {
  const { created = CREATED, signedCreated = created } = times;
  const digest = createHash('sha1').update(NONCE).update(signedCreated).update(password);
  return `<wsse:Security><wsse:UsernameToken><wsse:Username>${name}</wsse:Username><wsse:Password Type="${DIGEST}">${digest.digest('base64')}</wsse:Password><wsse:Nonce>${NONCE.toString('base64')}</wsse:Nonce><wsu:Created>${created}</wsu:Created></wsse:UsernameToken></wsse:Security>`;
}

function aSetting(): { readonly setting: WsTrustSetting; readonly tried: string[] } {
  const tried: string[] = [];
  const users = {
    async authenticate({ name, password }: { name: string; password: string }) {
      tried.push(password);
      if (name !== USER.name || password !== USER.password)
        throw new ExchangeFailure('requestor-unauthenticated', 'wrong password');
      return { id: name, claims: {}, methods: ['pwd'] as const };
    },
  };
  const validator = createUserValidator({
    issuer: OWN_ISSUER,
    users,
    clock: fakeClock(),
    recoverPassword: (name) => (name === USER.name ? USER.password : undefined),
  });
  return { setting: aWsTrustSetting({ validators: [validator] }), tried };
}

const send = (setting: WsTrustSetting, login: Login = {}) =>
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

  test('xml-security E3: unknown and known users get the very same answer', async () => {
    const answerTo = (name: string) => send(aSetting().setting, { name, password: 'wrong' });

    assert.deepEqual(await answerTo('alice'), await answerTo('nobody'));
  });

  test('xml-security E1: is good once, and not when it is old', async () => {
    const { setting } = aSetting();

    assert.equal((await send(setting)).status, 200);
    assert.equal(faultCodeOf(await send(setting)), 'wsse:InvalidSecurity');
    const old = await send(setting, { created: '2027-01-15T07:00:00.000Z' });
    assert.equal(faultCodeOf(old), 'wsse:MessageExpired');
  });

  test('is of no use where no password is kept', async () => {
    const setting = aWsTrustSetting();

    assert.equal(faultCodeOf(await send(setting)), 'wsse:UnsupportedSecurityToken');
  });
});
