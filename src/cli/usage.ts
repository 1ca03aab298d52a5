// What `--help` says, and the answers to words that are no command.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExitCode, Terminal } from './command/command.ts';

/** The commands, in the order of a first day. */
const USAGE = `viaduct COMMAND [options]

  serve     start the server                      [--config FILE]
  init      write a first configuration with keys [--directory DIR] [--port PORT] [--management-port PORT] …
  check     whether it would start                [--config FILE] [--live] [--hardening] [--json]
  explain   why a request is granted or refused   --client ID --subject-token TOKEN … | --rst FILE
  keys      list | rotate                         [--config FILE]
  audit     verify | grep --token TOKEN-OR-ID     [--config FILE]
  password  hash a password for a user file       < FILE
  demo      the demo as a curl command            [exchange | saml | soap]

viaduct COMMAND --help says more of one; viaduct --version says which release this is.
Exit codes: 0 done, 1 the answer is no or it failed, 2 the call or the configuration is wrong.`;

const CONFIG = '  --config FILE      the configuration, viaduct.yaml unless told';

const SERVE = `viaduct serve [--config FILE]

Starts the server. Without --config and without a viaduct.yaml here it makes a first configuration, as init does.
SIGHUP reloads the configuration and all files it names; SIGTERM and SIGINT drain and stop, a second one stops at once.

${CONFIG}`;

const INIT = `viaduct init [--directory DIR] [--port PORT] [--management-port PORT] [--redis HOST:PORT]

Writes viaduct.yaml, keys, a TLS certificate for localhost and a demo that runs. It overwrites nothing.

  --directory DIR         where; here unless told
  --port PORT             of the protocols, 8443 unless told; the issuer has it too
  --management-port PORT  of health and metrics, 9090 unless told
  --redis HOST:PORT       state is kept there; writes a password and redis.acl, the access list of that server`;

const CHECK = `viaduct check [--config FILE] [--live] [--hardening [--level 1|2|3]] [--json]

Tells every problem that would keep a server from starting: file, line, reason and fix.

${CONFIG}
  --live             also asks what it depends on: store, disk of the audit, keys of others, certificates, lists of revocation
  --hardening        also tells what could be better, by the ids of OWASP ASVS 5.0
  --level LEVEL      exit code 1 for findings up to this level of ASVS, 2 unless told
  --json             all of it as one JSON object`;

const EXPLAIN = `viaduct explain --client ID [--subject-token TOKEN | @FILE | -] [more below] [--config FILE]
viaduct explain --rst FILE [--path /ws-trust] [--config FILE]

Shows every policy row considered, the one that decided, and each claim with its rule. It issues and changes nothing.

  --client ID                  who asks; without a subject token it asks for itself
  --subject-token TOKEN        a token, @FILE that holds one, or - for the standard input; an assertion in base64 or as XML
  --subject-token-type TYPE    jwt (unless told), id_token, access_token, saml1, saml2, or a token type URI
  --actor-token, --actor-token-type    the same for who acts
  --resource URI, --audience NAME      the targets, repeatable
  --scope "A B"                the scopes asked for
  --requested-token-type TYPE  what shall come out
  --rst FILE                   a SOAP message with a RequestSecurityToken, authenticated as the server would
  --path PATH                  the address it was sent to, /ws-trust unless told
${CONFIG.replace('FILE     ', 'FILE               ')}`;

const KEYS = `viaduct keys list [--config FILE]
viaduct keys rotate [--use jwt | saml | encryption] [--algorithm ALGORITHM] [--config FILE]

list tells which keys sign now, and which will, and of those that decrypt which one is published. rotate makes the next key, adds
it to the configuration, and has it sign later: one for JWTs in ten minutes, one for assertions, with its certificate, in eight
days, when all who read the federation metadata know it. One to decrypt with, and its certificate, is published in ten minutes; the
one before still decrypts. Tell the server with SIGHUP. The first key of a use and algorithm begins at once.

  --use USE          of the new key, jwt unless told
  --algorithm NAME   of a new key that signs; ES256 for JWTs and RS256 for assertions unless told
${CONFIG}`;

const AUDIT = `viaduct audit verify [--witness FILE …] [--archive FOLDER …] [--config FILE]
viaduct audit grep --token TOKEN-OR-ID [--issuer ISSUER] [--archive FOLDER …] [--config FILE]

verify holds the audit against its hashes. grep prints the records of a token, which the audit holds as a keyed hash only;
exit code 1 where there are none.

  --token TOKEN      a JWT, an assertion (XML or base64), or the id of one; @FILE that holds it, or - for the standard input
  --issuer ISSUER    whose token it is, where an id does not say
  --archive FOLDER   where closed files were moved to, repeatable
  --witness FILE     lines of checkpoints that were kept elsewhere, repeatable: they show an end that is gone
${CONFIG}`;

const PASSWORD = `viaduct password

Asks for a password, or reads it from the standard input, and prints the hash that stands as password in a user file.`;

const DEMO = `viaduct demo [exchange | saml | soap] [--config FILE]

Prints a curl command for the demo of init: a JWT for an access token (exchange), for an assertion (saml), or a user name
over WS-Trust (soap, which writes demo/rst.xml).

${CONFIG}`;

/** The usage of one command. */
export const COMMAND_USAGE = {
  serve: SERVE,
  init: INIT,
  check: CHECK,
  explain: EXPLAIN,
  keys: KEYS,
  audit: AUDIT,
  password: PASSWORD,
  demo: DEMO,
} as const satisfies Readonly<Record<string, string>>;

export type CommandName = keyof typeof COMMAND_USAGE;

async function release(): Promise<string> {
  const manifest = await readFile(join(import.meta.dirname, '../../package.json'), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

/** Help, the release, or the usage as an error. */
export async function answerWithoutCommand(
  word: string | undefined,
  terminal: Terminal,
): Promise<ExitCode> {
  if (word === '--version') terminal.out(`viaduct ${await release()}`);
  else if (word === '--help' || word === '-h' || word === 'help') terminal.out(USAGE);
  else {
    if (word !== undefined) terminal.error(`viaduct: there is no command ${word}\n`);
    terminal.error(USAGE);
    return 2;
  }
  return 0;
}
