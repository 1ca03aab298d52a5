// Text of others on a terminal, or in a file that is shown on one. A terminal obeys control characters, and shows a text in another order
// where it is told to.

/** Controls (C0, C1: both can begin an escape sequence), format characters (they turn the direction, or are not seen), and what some take
 * for the end of a line. */
const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const escaped = (character: string): string =>
  character
    .split('')
    .map((unit) => String.raw`\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');

/** One line, with what a terminal would obey as JSON writes it: JSON stays the same JSON. */
export const printableLine = (line: string): string => line.replaceAll(CONTROLS, escaped);
