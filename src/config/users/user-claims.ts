// The claims of a user in a user file. Not a zod record: that drops a key like `__proto__` without a word.
import { z } from 'zod';
import { RESERVED_CLAIMS } from '#core/claims/claim.ts';
import type { Complaint } from '../problem.ts';

export type UserClaims = Readonly<Record<string, string | readonly string[]>>;

const MAX_CLAIMS = 100;
const MAX_VALUES = 1000;
const MAX_CHARACTERS = 4096;

/** Text that XML can carry and that forges no line in a log. */
function isPlainText(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length <= MAX_CHARACTERS &&
    value.isWellFormed() &&
    !/\p{Cc}/u.test(value)
  );
}

const isValue = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.length > 0 && value.length <= MAX_VALUES && value.every(isPlainText)
    : isPlainText(value);

const isName = (name: string): boolean =>
  name !== '' && isPlainText(name) && !RESERVED_CLAIMS.has(name);

export const userClaims = z
  .unknown()
  .superRefine((value, context) => {
    const complain = (path: readonly string[], complaint: Complaint) =>
      context.addIssue({
        code: 'custom',
        path: [...path],
        message: complaint.what,
        params: { ...complaint },
      });
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      complain([], NO_MAP);
      return;
    }
    const claims = Object.entries(value);
    if (claims.length > MAX_CLAIMS) complain([], TOO_MANY);
    // The name itself is not told: after a slip of indentation it may be anything.
    if (!claims.every(([name]) => isName(name))) complain([], BAD_NAME);
    if (!claims.every(([, each]) => isValue(each))) complain([], BAD_VALUE);
  })
  .transform((value) => value as UserClaims);

const WHY = 'claims become text in tokens of several forms';

const NO_MAP: Complaint = {
  code: 'CONFIG_WRONG_TYPE',
  what: 'is not a map of claims',
  why: WHY,
  fix: 'write claims: { department: sales, role: [reader, writer] }',
};

const TOO_MANY: Complaint = {
  code: 'CONFIG_OUT_OF_RANGE',
  what: `has more than ${String(MAX_CLAIMS)} claims`,
  why: 'each of them is carried through every decision',
  fix: 'keep those that relying parties need',
};

const BAD_NAME: Complaint = {
  code: 'CONFIG_INVALID_VALUE',
  what: 'has a claim whose name is empty, reserved or not plain text',
  why: 'claims that identify, bind or bound a token are decided, never stored (RFC 8693 §4)',
  fix: 'choose another name for it',
};

const BAD_VALUE: Complaint = {
  code: 'CONFIG_INVALID_VALUE',
  what: 'has a claim that is neither a text nor a list of texts',
  why: WHY,
  fix: 'put numbers and dates in quotes, and one text or more into a list',
};
