// A token, as a command is given it: on the command line, in a file, or on the standard input. A shell history is no place for one.
import { readFile } from 'node:fs/promises';
import { UsageError } from './command.ts';

/** The bytes of a file that the command line names.
 * @throws {UsageError} */
export async function readInput(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new UsageError(`${path} cannot be read (${(cause as NodeJS.ErrnoException).code})`);
  }
}

/** `@FILE`: what stands in the file; `-`: the standard input; else the word itself.
 * @throws {UsageError} */
export async function readToken(word: string): Promise<string> {
  if (word === '-') return (await readInput('/dev/stdin')).toString().trim();
  return word.startsWith('@') ? (await readInput(word.slice(1))).toString().trim() : word;
}
