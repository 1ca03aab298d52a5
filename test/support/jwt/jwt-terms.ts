// A JWT validator that knows one trusted issuer and our own, with safe defaults.
import type { SecurityToken, TokenUse, ValidatedToken } from '#core/token/security-token.ts';
import type { JwtTrust, OwnJwtTrust } from '#src/tokens/jwt/jwt-trust.ts';
import { JWT_TOKEN_TYPES, type JwtTokenType } from '#src/tokens/jwt/jwt-type.ts';
import { createJwtValidator } from '#src/tokens/jwt/jwt-validator.ts';
import { type FakeClock, fakeClock } from '#test/support/fake-clock.ts';
import type { ForeignIssuer } from './jwt.ts';

/** The terms of a trusted issuer called `partner`; a test states what matters to it. */
export function trustIn(issuer: ForeignIssuer, terms: Partial<JwtTrust> = {}): JwtTrust {
  return {
    id: 'partner',
    issuer: issuer.issuer,
    aliases: [],
    algorithms: [issuer.algorithm],
    audiences: ['https://sts.example'],
    types: JWT_TOKEN_TYPES,
    assertionMaxAgeSeconds: 300,
    skewSeconds: 60,
    subjectClaim: 'sub',
    requiredClaims: [],
    singleUse: false,
    verificationKey: (wanted) => issuer.verificationKey(wanted),
    ...terms,
  };
}

/** The terms for our own tokens, of an issuer whose keys are ours. */
export function ownTrust(issuer: ForeignIssuer, terms: Partial<OwnJwtTrust> = {}): OwnJwtTrust {
  return {
    issuer: issuer.issuer,
    algorithms: [issuer.algorithm],
    skewSeconds: 60,
    assertionMaxAgeSeconds: 300,
    verificationKey: (wanted) => issuer.verificationKey(wanted),
    ...terms,
  };
}

const NOBODY: OwnJwtTrust = {
  issuer: 'https://sts.example',
  algorithms: ['ES256'],
  skewSeconds: 60,
  assertionMaxAgeSeconds: 300,
  verificationKey: () => Promise.reject(new Error('no test expects a token of ours here')),
};

interface ValidationParts {
  readonly own?: OwnJwtTrust;
  readonly trusted?: readonly JwtTrust[];
  readonly clock?: FakeClock;
}

type Validate = (
  content: string | Promise<string>,
  type?: JwtTokenType,
  use?: TokenUse,
) => Promise<ValidatedToken>;

/** Evidence of a declared type. */
export const evidence = (
  content: string,
  type: JwtTokenType = 'jwt',
  use: TokenUse = 'subject',
): SecurityToken => ({ type, use, content });

/** Validates tokens as declared: a `jwt` as a subject token unless the test says otherwise. */
export function validating({
  own = NOBODY,
  trusted = [],
  clock = fakeClock(),
}: ValidationParts): Validate {
  const validator = createJwtValidator({ own, otherOwnNames: [], trusted, clock });
  return async (content, type, use) => validator.validate(evidence(await content, type, use));
}
