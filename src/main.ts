#!/usr/bin/env node
// Picks the command, nothing else.
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { type Command, type ExitCode, type Terminal, UsageError } from './cli/command.ts';
import { printable } from './cli/printable.ts';

// Loaded when called: `serve` must not pay for what `init` needs.
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  init: async () => (await import('./cli/init.ts')).initCommand,
  serve: async () => (await import('./cli/serve.ts')).serveCommand,
  check: async () => (await import('./cli/check.ts')).checkCommand,
  explain: async () => (await import('./cli/explain.ts')).explainCommand,
  keys: async () => (await import('./cli/keys.ts')).keysCommand,
  audit: async () => (await import('./cli/audit.ts')).auditCommand,
  demo: async () => (await import('./cli/demo.ts')).demoCommand,
};

const USAGE = `viaduct COMMAND [options]

  serve    start the server                      [--config FILE]
  init     write a first configuration with keys [--directory DIR]
  check    whether it would start               [--config FILE] [--live] [--hardening] [--json]
  explain  why a request is granted or refused   --client ID --subject-token TOKEN … | --rst FILE
  keys     list | rotate                         [--config FILE]
  audit    verify | grep --token TOKEN-OR-ID     [--config FILE]
  demo     the demo as a curl command            [exchange | saml | soap]
`;

const terminal: Terminal = {
  out: (text) => void process.stdout.write(`${printable(text)}\n`),
  error: (text) => void process.stderr.write(`${printable(text)}\n`),
};

async function main([name = '', ...words]: readonly string[]): Promise<ExitCode> {
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!load) {
    terminal.error(USAGE);
    return 2;
  }
  try {
    return await (await load())(words, terminal);
  } catch (cause) {
    if (cause instanceof UsageError) terminal.error(`viaduct ${cause.message}`);
    else terminal.error(`viaduct ${name}: ${cause instanceof Error ? cause.message : 'failed'}`);
    return cause instanceof UsageError ? 2 : 1;
  }
}

// What was compiled at a start is kept beside the packages, and the next start takes half as long. It is run, so it must lie
// where only those can write who can change the code. NODE_COMPILE_CACHE names another place, as the image does.
enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/viaduct'));
process.exitCode = await main(process.argv.slice(2));
