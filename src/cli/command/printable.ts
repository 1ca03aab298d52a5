// What a command says, with text of others in it.
import { printableLine } from '#core/foreign/printable-line.ts';

/** Several lines, whose ends stay, with what a terminal would obey as JSON writes it. */
export const printable = (text: string): string => text.split('\n').map(printableLine).join('\n');
