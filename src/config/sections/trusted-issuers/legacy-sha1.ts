// SHA-1 in the signatures of others: an exception with an end, never a setting that stays (`legacySha1Until`).
import type { Instant } from '#core/instant.ts';
import type { Entry, Loading } from '../../loading.ts';
import type { Complaint } from '../../problem.ts';
import { dayOrInstant, instantOf } from '../fields.ts';

export const legacySha1Until = dayOrInstant
  .describe('Until then SHA-1 signatures are verified too, and audited; two years ahead at most.')
  .optional();

const TWO_YEARS_SECONDS = 2 * 366 * 86_400;

/** Resolves the end of the exception. */
export function readLegacySha1(
  { value, path }: Entry<string | undefined>,
  loading: Loading,
): { readonly legacySha1Until?: Instant } {
  if (value === undefined) return {};
  const until = instantOf(value);
  const at = [...path, 'legacySha1Until'];
  if (until <= loading.now) loading.warn(at, OVER);
  if (until > loading.now + TWO_YEARS_SECONDS) loading.error(at, TOO_FAR);
  return { legacySha1Until: until };
}

const OVER: Complaint = {
  code: 'CONFIG_NO_EFFECT',
  what: 'is over',
  why: 'SHA-1 signatures are refused again',
  fix: 'remove it',
};

const TOO_FAR: Complaint = {
  code: 'CONFIG_INSECURE',
  what: 'is more than two years ahead',
  why: 'SHA-1 signatures can be forged by who can pay for it: the exception is for a migration that ends',
  fix: 'name the day the migration ends',
};
