// Where a command says what it has to say, and what becomes of it where nobody takes it.
import type { Terminal } from './command.ts';
import { printable } from './printable.ts';

/** The outputs of this process. A reader may stop reading (`| head`): that is no error of a server or a command. A full disk does not end
 * a server either, but what a command says must be there. */
export function openTerminal(command: string | undefined): Terminal {
  const terminal: Terminal = {
    out: (text) => void process.stdout.write(`${printable(text)}\n`),
    error: (text) => void process.stderr.write(`${printable(text)}\n`),
  };
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      if (code === 'EPIPE' || command === 'serve') return;
      if (stream === process.stdout)
        terminal.error(`viaduct ${command ?? ''}: what it says is lost: ${message}`);
      process.exit(1);
    });
  return terminal;
}
