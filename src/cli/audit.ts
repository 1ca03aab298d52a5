// `viaduct audit verify`: whether the audit is whole, and what happened to it. `viaduct audit grep`: what it says of a token.
import { isDeepStrictEqual } from 'node:util';
import type { TokenRef } from '#core/security-token.ts';
import { auditChains } from '#src/audit/audit-files.ts';
import { type AuditKey, createAuditKey } from '#src/audit/audit-key.ts';
import { findToken } from '#src/audit/find-token.ts';
import { type AuditReport, verifyAudit } from '#src/audit/verify.ts';
import type { Config } from '#src/config/config.ts';
import { type Command, type ExitCode, type Terminal, UsageError } from './command.ts';
import { DEFAULT_CONFIG, parseOptions } from './options.ts';
import { readTokenNames } from './token-names.ts';
import { withConfig } from './with-config.ts';

const USAGE =
  'audit verify | audit grep --token TOKEN-OR-ID [--issuer ISSUER], [--archive FOLDER …] [--config FILE]';

const keyOf = ({ audit }: Config) => createAuditKey(Buffer.from(audit.hmacKeyBase64, 'base64'));

const READ_AGAIN_AT_MOST = 3;

/** Verifies what is there; once more where a running server closed a file meanwhile, for its lines were then read from two places. */
async function verifyStanding(
  { audit }: Config,
  key: AuditKey,
  archives: readonly string[],
): Promise<AuditReport> {
  let chains = await auditChains(audit.file, archives);
  for (let time = 1; ; time += 1) {
    const report = await verifyAudit(chains, key);
    const after = await auditChains(audit.file, archives);
    if (isDeepStrictEqual(after, chains) || time === READ_AGAIN_AT_MOST) return report;
    chains = after;
  }
}

/** Of each file. The first say what happened; a file that is damaged throughout has a problem a line. */
const TOLD_AT_MOST = 20;

function tell(findings: AuditReport['problems'], write: (text: string) => void): void {
  for (const [path, all] of Map.groupBy(findings, (finding) => finding.path)) {
    for (const { line, what } of all.slice(0, TOLD_AT_MOST)) write(`${path}:${line}: ${what}`);
    if (all.length > TOLD_AT_MOST) write(`${path}: ${all.length - TOLD_AT_MOST} more`);
  }
}

async function verify(
  config: Config,
  archives: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  const report = await verifyStanding(config, keyOf(config), archives);
  tell(report.problems, (text) => terminal.error(text));
  tell(report.notes, (text) => terminal.out(`note: ${text}`));
  for (const { chain, seq, hash } of report.heads)
    terminal.out(`chain ${chain}: head ${seq} ${hash}`);
  terminal.out(`${report.records} records, ${report.problems.length} problems`);
  return report.problems.length === 0 ? 0 : 1;
}

interface Wanted {
  readonly names: readonly TokenRef[];
  readonly archives: readonly string[];
}

/** Prints the lines as they are: each is a JSON object that other programs read. Found nothing: 1, as grep says it. */
async function grep(
  config: Config,
  { archives, names }: Wanted,
  terminal: Terminal,
): Promise<ExitCode> {
  const paths = (await auditChains(config.audit.file, archives)).flat();
  let found = 0;
  for await (const { text } of findToken(paths, keyOf(config), names)) {
    found += 1;
    terminal.out(text);
  }
  return found > 0 ? 0 : 1;
}

export const auditCommand: Command = async (words, terminal) => {
  const { values, positionals } = parseOptions(
    words,
    {
      config: { type: 'string', default: DEFAULT_CONFIG },
      token: { type: 'string' },
      issuer: { type: 'string' },
      archive: { type: 'string', multiple: true, default: [] },
    },
    true,
  );
  const { archive: archives, config: path, issuer, token } = values;
  const what = positionals.join(' ');
  if (what === 'verify' && token === undefined)
    return withConfig(path, terminal, (config) => verify(config, archives, terminal));
  if (what !== 'grep' || token === undefined) throw new UsageError(USAGE);
  return withConfig(path, terminal, (config) =>
    grep(config, { archives, names: readTokenNames(token, { issuer, own: config }) }, terminal),
  );
};
