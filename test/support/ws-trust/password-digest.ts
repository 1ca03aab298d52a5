// Users whose password is kept readable, and their logins by digest (UsernameToken Profile 1.1.1 §3.1).
import { createHash } from 'node:crypto';
import { ExchangeFailure } from '#core/failure.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { createUserValidator } from '#src/users/user-validator.ts';
import { OWN_ISSUER } from '#test/support/core.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { USER } from './ws-trust.ts';

const PASSWORD_DIGEST =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest';
const NONCE = Buffer.from('0123456789abcdef');
const CREATED = '2027-01-15T08:00:00.000Z';

export interface DigestLogin {
  readonly name?: string;
  readonly password?: string;
  readonly created?: string;
  /** What the digest is made over, where that is another time. */
  readonly signedCreated?: string;
}

/** A UsernameToken with the id `user`. */
export function aDigestToken({
  name = USER.name,
  password = USER.password,
  ...times
}: DigestLogin = {}): string {
  const { created = CREATED, signedCreated = created } = times;
  const digest = createHash('sha1').update(NONCE).update(signedCreated).update(password);
  return `<wsse:UsernameToken wsu:Id="user"><wsse:Username>${name}</wsse:Username><wsse:Password Type="${PASSWORD_DIGEST}">${digest.digest('base64')}</wsse:Password><wsse:Nonce>${NONCE.toString('base64')}</wsse:Nonce><wsu:Created>${created}</wsu:Created></wsse:UsernameToken>`;
}

interface DigestUsers {
  readonly validator: TokenValidator;
  /** The passwords that were looked at. */
  readonly tried: string[];
  /** The names under which a password was looked for. */
  readonly names: string[];
}

/** Takes the digests of the one user there is. */
export function digestUsers(): DigestUsers {
  const tried: string[] = [];
  const names: string[] = [];
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
    recoverPassword(name) {
      names.push(name);
      return name === USER.name ? USER.password : undefined;
    },
  });
  return { validator, tried, names };
}
