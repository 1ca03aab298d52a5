// `viaduct audit verify`: whether the audit is whole, and what happened to it. `viaduct audit grep`: what it says of a token.
import { stat } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { TokenRef } from '#core/token/security-token.ts';
import { type AuditKey, createAuditKey } from '#src/audit/audit-key.ts';
import { auditChains } from '#src/audit/file/audit-files.ts';
import { findToken } from '#src/audit/find-token.ts';
import { type AuditReport, verifyAudit } from '#src/audit/verify.ts';
import type { Config } from '#src/config/config.ts';
import { type Command, type ExitCode, type Terminal, UsageError } from './command/command.ts';
import { DEFAULT_CONFIG, parseOptions } from './command/options.ts';
import { readInput, readToken } from './command/read-token.ts';
import { withConfig } from './command/with-config.ts';
import { readTokenNames } from './token-names.ts';

const keyOf = ({ audit }: Config) => createAuditKey(Buffer.from(audit.hmacKeyBase64, 'base64'));

const READ_AGAIN_AT_MOST = 3;

/** What is shown besides the audit itself. */
interface Shown {
  readonly archives: readonly string[];
  /** Checkpoint lines that were kept elsewhere. */
  readonly witnessed: readonly string[];
}

/** Verifies what is there; once more where a running server closed a file meanwhile, for its lines were then read from two places. */
async function verifyStanding(
  { audit }: Config,
  key: AuditKey,
  { archives, witnessed }: Shown,
): Promise<AuditReport> {
  let chains = await auditChains(audit.file, archives);
  for (let time = 1; ; time += 1) {
    const report = await verifyAudit(chains, key, { witnessed });
    const after = await auditChains(audit.file, archives);
    if (isDeepStrictEqual(after, chains) || time === READ_AGAIN_AT_MOST) return report;
    chains = after;
  }
}

/** Of each file. The first say what happened; a file that is damaged throughout has a problem a line. */
const TOLD_AT_MOST = 20;

function tell(findings: AuditReport['problems'], write: (text: string) => void): void {
  for (const [path, all] of Map.groupBy(findings, (finding) => finding.path)) {
    // What is missing has no place.
    const place = (line: number): string => (path === '' ? '' : `${path}:${line}: `);
    for (const { line, what } of all.slice(0, TOLD_AT_MOST)) write(`${place(line)}${what}`);
    if (all.length > TOLD_AT_MOST) write(`${path}: ${all.length - TOLD_AT_MOST} more`);
  }
}

async function verify(config: Config, shown: Shown, terminal: Terminal): Promise<ExitCode> {
  const report = await verifyStanding(config, keyOf(config), shown);
  tell(report.problems, (text) => terminal.error(text));
  tell(report.notes, (text) => terminal.out(`note: ${text}`));
  // What no line of an audit is in has none.
  for (const { chain, seq, hash } of report.heads.filter(({ chain }) => chain !== ''))
    terminal.out(`chain ${chain}: head ${seq} ${hash}`);
  terminal.out(`${report.records} records, ${report.problems.length} problems`);
  return report.problems.length === 0 ? 0 : 1;
}

interface Wanted {
  readonly names: readonly TokenRef[];
  readonly archives: readonly string[];
}

/** Prints the lines as they are: each is a JSON object that other programs read. Found nothing: 1, as grep says it, and where else
 * to look. */
async function grep(
  config: Config,
  { archives, names }: Wanted,
  terminal: Terminal,
): Promise<ExitCode> {
  const paths = (await auditChains(config.audit.file, archives)).flat();
  let found = 0;
  for await (const text of findToken(paths, keyOf(config), names)) {
    found += 1;
    terminal.out(text);
  }
  if (found > 0) return 0;
  const files = paths.length === 1 ? '1 file' : `${paths.length} files`;
  terminal.error(`no record of this token in ${files}; show files that were moved with --archive`);
  return 1;
}

// One that is misspelt must not look like an archive in which all is well.
async function requireFolder(path: string): Promise<void> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new UsageError(`--archive ${path}: there is no such folder`);
}

async function readWitness(path: string): Promise<readonly string[]> {
  const text = (await readInput(path)).toString();
  return text.split('\n').filter((line) => line !== '');
}

/** As `withConfig`, and the answer is no where nothing is to be read. */
const withAudit: typeof withConfig = (path, terminal, work) =>
  withConfig(path, terminal, async (config) => {
    try {
      return await work(config);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
      terminal.error(
        `there is no audit at ${config.audit.file}: no server wrote one yet, or it was removed`,
      );
      return 1;
    }
  });

export const auditCommand: Command = async (words, terminal) => {
  const { values, positionals } = parseOptions(
    words,
    {
      config: { type: 'string', default: DEFAULT_CONFIG },
      token: { type: 'string' },
      issuer: { type: 'string' },
      archive: { type: 'string', multiple: true, default: [] },
      witness: { type: 'string', multiple: true, default: [] },
    },
    true,
  );
  const { archive: archives, config: path, issuer, token, witness: witnesses } = values;
  const what = positionals.join(' ');
  if (what !== 'verify' && what !== 'grep') throw new UsageError('say verify or grep');
  for (const archive of archives) await requireFolder(archive);
  if (what === 'verify') {
    if (token !== undefined || issuer !== undefined)
      throw new UsageError('--token and --issuer are for grep');
    const witnessed = (await Promise.all(witnesses.map(readWitness))).flat();
    return withAudit(path, terminal, (config) => verify(config, { archives, witnessed }, terminal));
  }
  if (witnesses.length > 0) throw new UsageError('--witness is for verify');
  if (token === undefined) throw new UsageError('grep needs --token TOKEN-OR-ID');
  const text = await readToken(token);
  return withAudit(path, terminal, (config) =>
    grep(config, { archives, names: readTokenNames(text, { issuer, own: config }) }, terminal),
  );
};
