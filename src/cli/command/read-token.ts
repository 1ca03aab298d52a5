// A token, as a command is given it: on the command line, in a file, or on the standard input. A shell history is no place for one.
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { UsageError } from './command.ts';

async function orRefused(name: string, read: () => Promise<Buffer>): Promise<Buffer> {
  try {
    return await read();
  } catch (cause) {
    throw new UsageError(`${name} cannot be read (${(cause as NodeJS.ErrnoException).code})`);
  }
}

/** The bytes of a file that the command line names.
 * @throws {UsageError} */
export const readInput = (path: string): Promise<Buffer> => orRefused(path, () => readFile(path));

// As it is open, not by its name: whoever runs the command for another user, or over a socket, could not open it again.
const readStandardInput = (): Promise<Buffer> =>
  orRefused('the standard input', () => buffer(process.stdin));

async function textOf(word: string): Promise<string> {
  if (word === '-') return (await readStandardInput()).toString().trim();
  return word.startsWith('@') ? (await readInput(word.slice(1))).toString().trim() : word;
}

/** `@FILE`: what stands in the file; `-`: the standard input; else the word itself.
 * @throws {UsageError} also where that is empty: what was to be asked about got lost on the way */
export async function readToken(word: string): Promise<string> {
  const text = await textOf(word);
  if (text === '') throw new UsageError('the token is empty');
  return text;
}
