// The one refusal of the product. Every front owns a total map from these reasons to its own errors.
import { withoutUserInfo } from './foreign/user-info.ts';

export const FAILURE_REASONS = [
  'request-malformed',
  'operation-unsupported',
  'requestor-unauthenticated',
  'second-factor-required',
  'requestor-not-allowed',
  'token-type-unsupported',
  'token-malformed',
  'signature-invalid',
  'issuer-untrusted',
  'token-audience-mismatch',
  'token-replayed',
  'token-revoked',
  'token-expired',
  'token-not-yet-valid',
  'confirmation-missing',
  'target-unknown',
  'target-not-allowed',
  'scope-not-allowed',
  'claim-missing',
  'delegation-not-allowed',
  'lifetime-not-possible',
  'renewal-needed',
  'renewal-not-possible',
  'rate-limited',
  'dependency-unavailable',
] as const;

export type FailureReason = (typeof FAILURE_REASONS)[number];

interface FailureOptions {
  readonly cause?: unknown;
  readonly retryAfterSeconds?: number | undefined;
}

/** A refusal. The message is detail for our own log and audit; it never goes on a wire. */
export class ExchangeFailure extends Error {
  readonly reason: FailureReason;
  /** When it is worth trying again, where that is known. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    reason: FailureReason,
    detail: string,
    { retryAfterSeconds, ...options }: FailureOptions = {},
  ) {
    super(detail, options);
    this.name = 'ExchangeFailure';
    this.reason = reason;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** What is in a token may be of any length, and where a detail is cut it must not be what it is about that is lost. */
const MAX_CHARACTERS_BEFORE = 250;

/** A refusal whose detail says as well what it is about, such as whose token it was. Anything else stays what it is. */
export function refusalAbout(cause: unknown, about: string): unknown {
  if (!(cause instanceof ExchangeFailure)) return cause;
  const { message, reason, retryAfterSeconds } = cause;
  const detail = `${beginningOf(message, MAX_CHARACTERS_BEFORE)} (${about})`;
  return new ExchangeFailure(reason, detail, { cause, retryAfterSeconds });
}

const MAX_EXCERPT_CHARACTERS = 200;

/** What somebody wrote, for a detail: the beginning, for it may be of any length, and no password of an address. */
export const excerpt = (text: string): string =>
  beginningOf(withoutUserInfo(text), MAX_EXCERPT_CHARACTERS);

/** The first characters, none of them by half: readers of JSON refuse a line with half of one, and what it says would be lost. */
export function beginningOf(text: string, maxCharacters: number): string {
  return text.slice(0, maxCharacters).toWellFormed();
}
