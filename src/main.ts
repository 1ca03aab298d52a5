// Picks the command, nothing else.
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { type Command, type ExitCode, UsageError } from './cli/command/command.ts';
import { endOnStopSignals } from './cli/command/stop-signals.ts';
import { openTerminal } from './cli/command/terminal.ts';
import { answerWithoutCommand, COMMAND_USAGE, type CommandName } from './cli/usage.ts';

// Loaded when called: `serve` must not pay for what `init` needs.
const COMMANDS: Readonly<Record<CommandName, () => Promise<Command>>> = {
  init: async () => (await import('./cli/init.ts')).initCommand,
  serve: async () => (await import('./cli/serve.ts')).serveCommand,
  check: async () => (await import('./cli/check.ts')).checkCommand,
  explain: async () => (await import('./cli/explain.ts')).explainCommand,
  keys: async () => (await import('./cli/keys.ts')).keysCommand,
  audit: async () => (await import('./cli/audit.ts')).auditCommand,
  password: async () => (await import('./cli/password.ts')).passwordCommand,
  demo: async () => (await import('./cli/demo.ts')).demoCommand,
};

const terminal = openTerminal(process.argv[2]);

const isCommand = (word: string): word is CommandName => Object.hasOwn(COMMANDS, word);

async function main([name, ...words]: readonly string[]): Promise<ExitCode> {
  if (name === undefined || !isCommand(name)) return answerWithoutCommand(name, terminal);
  if (words.includes('--help') || words.includes('-h')) {
    terminal.out(COMMAND_USAGE[name]);
    return 0;
  }
  // Whoever is told to take the configuration anew before it has read one is not ended by it, nor is a worker, which is told by another.
  if (name === 'serve') process.on('SIGHUP', () => undefined);
  try {
    return await (await COMMANDS[name]())(words, terminal);
  } catch (cause) {
    terminal.error(`viaduct ${name}: ${cause instanceof Error ? cause.message : 'failed'}`);
    if (!(cause instanceof UsageError)) return 1;
    terminal.error(`viaduct ${name} --help says what it takes`);
    return 2;
  }
}

endOnStopSignals();
// Node opens its debugger at that signal, which others send to have log files opened anew: every user of this host could run code in here.
process.on('SIGUSR1', () => undefined);

// Others may read what is for them, and write nothing of ours: not the files that the next start runs either.
process.umask(process.umask() | 0o022);

// What was compiled at a start is kept beside the packages, and the next start takes half as long. It is run, so it must lie
// where only those can write who can change the code. NODE_COMPILE_CACHE names another place, as the image does.
enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/viaduct'));
process.exitCode = await main(process.argv.slice(2));
