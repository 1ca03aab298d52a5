// `viaduct password`: the hash of a password, for a user file. The password never stands on the command line, where the history of
// the shell and the list of processes would show it.
import { isUtf8 } from 'node:buffer';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { hashPassword } from '#src/users/password/password.ts';
import { type Command, UsageError } from './command/command.ts';
import { parseOptions } from './command/options.ts';

/** Asks at the terminal, without an echo. */
async function ask(): Promise<string> {
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silence, terminal: true });
  try {
    process.stderr.write('password: ');
    return await new Promise((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('close', () => reject(new UsageError('no password was given')));
    });
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

/** What stands in a file or comes out of another program ends with a line end that is not part of it. In another encoding than UTF-8 it
 * would become another password, which nobody typed. */
async function piped(): Promise<string> {
  const bytes = await buffer(process.stdin);
  if (!isUtf8(bytes)) throw new UsageError('the password is not in UTF-8');
  return new TextDecoder().decode(bytes).replace(/\r?\n$/, '');
}

export const passwordCommand: Command = async (words, terminal) => {
  parseOptions(words, {});
  const password = process.stdin.isTTY ? await ask() : await piped();
  let hashed: string;
  try {
    hashed = await hashPassword(password);
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : 'this can be no password');
  }
  terminal.out(hashed);
  return 0;
};
