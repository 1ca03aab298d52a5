// A user name with its password, or a digest of it, as evidence (WSS UsernameToken Profile 1.1.1 §3.1): the user is the Subject.
import type { Claim } from '#core/claims/claim.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { type Clock, FOREVER } from '#core/instant.ts';
import { BEARER } from '#core/token/confirmation.ts';
import { acceptToken, SELF, type ValidatedToken } from '#core/token/security-token.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { type PasswordDigest, passwordOf, type RecoverPassword } from './digest-login.ts';
import type { AuthenticatedUser, UserStore } from './user-store.ts';

/** What a front puts into `content` of evidence of type `username`. */
interface UserNameCredential {
  readonly name: string;
  /** Absent: there is a digest of it. */
  readonly password?: string;
  readonly digest?: PasswordDigest;
  readonly oneTimePassword?: string;
  readonly sourceAddress?: string;
  /** The message was encrypted to us: nothing is said of the transport. Absent: it came over TLS. */
  readonly isMessageEncrypted?: boolean;
}

interface Settings {
  /** Our own name: the users are ours. */
  readonly issuer: string;
  readonly users: Pick<UserStore, 'authenticate'>;
  readonly clock: Clock;
  /** Absent: no password is kept readable, and digests are not taken. */
  readonly recoverPassword?: RecoverPassword;
}

const PASSWORD_OVER_TLS = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport';
const PASSWORD = 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password';
const TIME_SYNC_TOKEN = 'urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken';

const isTextOrAbsent = (value: unknown): boolean =>
  value === undefined || typeof value === 'string';

function isCredential(content: string | object): content is UserNameCredential {
  if (typeof content !== 'object') return false;
  const source = 'sourceAddress' in content ? content.sourceAddress : undefined;
  const code = 'oneTimePassword' in content ? content.oneTimePassword : undefined;
  return (
    'name' in content &&
    typeof content.name === 'string' &&
    hasProof(content) &&
    isTextOrAbsent(source) &&
    isTextOrAbsent(code)
  );
}

function hasProof(content: object): boolean {
  if ('password' in content) return typeof content.password === 'string' && !('digest' in content);
  return 'digest' in content && isDigest(content.digest);
}

function isDigest(digest: unknown): digest is PasswordDigest {
  if (typeof digest !== 'object' || digest === null) return false;
  const { created, nonce, value }: Partial<Record<keyof PasswordDigest, unknown>> = digest;
  return value instanceof Uint8Array && nonce instanceof Uint8Array && typeof created === 'string';
}

function loginOf({ digest, ...rest }: UserNameCredential, recover: RecoverPassword | undefined) {
  if (!digest) return { ...rest, password: rest.password ?? '' };
  if (!recover)
    throw new ExchangeFailure('token-type-unsupported', 'no password is kept for digests');
  return { ...rest, password: passwordOf({ name: rest.name, digest }, recover) };
}

// Relying parties decide by it, so it names what was really used.
function contextClassOf(
  { methods }: AuthenticatedUser,
  { isMessageEncrypted = false }: UserNameCredential,
): string {
  if (methods.length > 1) return TIME_SYNC_TOKEN;
  return isMessageEncrypted ? PASSWORD : PASSWORD_OVER_TLS;
}

function claimsOf({ claims }: AuthenticatedUser, issuer: string): readonly Claim[] {
  return Object.entries(claims).map(([name, value]) => ({
    name,
    values: typeof value === 'string' ? [value] : value,
    issuer,
    originalIssuer: issuer,
  }));
}

/** A validator of user names with passwords. A name alone is refused: it would be taken at its word. The front must have
 * received it over TLS, or encrypted to us: the authentication context says which.
 * @throws {ExchangeFailure} from `validate`: `token-malformed`, `requestor-unauthenticated`, `second-factor-required`,
 * `dependency-unavailable` */
export function createUserValidator({
  issuer,
  users,
  clock,
  recoverPassword,
}: Settings): TokenValidator {
  return {
    canHandle: (token) => token.type === 'username',
    async validate({ content, use }): Promise<ValidatedToken> {
      if (!isCredential(content)) {
        throw new ExchangeFailure('token-malformed', 'a user name comes with a password, as text');
      }
      const user = await users.authenticate(loginOf(content, recoverPassword));
      return acceptToken({
        type: 'username',
        use,
        issuer,
        trustedIssuer: SELF,
        subject: { issuer, id: user.id },
        authentication: {
          instant: clock.now(),
          methods: user.methods,
          contextClass: contextClassOf(user, content),
        },
        claims: claimsOf(user, issuer),
        ...(user.loginMark !== undefined && { loginMark: user.loginMark }),
        scopes: [],
        lifetime: { notBefore: 0, notOnOrAfter: FOREVER },
        confirmation: BEARER,
        audiences: [issuer],
        actors: [],
      });
    },
  };
}
