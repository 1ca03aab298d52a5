// Texts that XML can carry, with what writers and readers stumble over in them more often than by chance.
import fc from 'fast-check';

const STUMBLING = ['&', '<', '>', '"', "'", '\t', '\n', '\r', ' ', 'é', '\u{10000}', ']]>'];

/** Texts of legal characters; `more` are pieces to look for besides. */
export const legalText = (...more: readonly string[]) =>
  fc
    .string({
      unit: fc.oneof(
        fc.constantFrom(...STUMBLING, ...more),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 2 }),
      ),
      maxLength: 12,
    })
    .map((text) =>
      text.replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, ''),
    );
