// `viaduct check`: what start-up checks, and on demand whether what it depends on is there (--live) and what could be hardened
// (--hardening). For operators before a restart, and for their pipelines. A running server is not disturbed.
import { type HardeningFinding, hardeningFindings } from '#src/app/checks/hardening.ts';
import { type LiveCheck, runLiveChecks } from '#src/app/checks/live-checks.ts';
import { secretFindings } from '#src/app/checks/secret-files.ts';
import { requireStartable } from '#src/app/checks/startable.ts';
import { systemClock } from '#src/app/foundation/observers.ts';
import { type LoadedConfig, loadConfigFiles } from '#src/config/load.ts';
import { ConfigError, formatProblems, type Problem } from '#src/config/problem.ts';
import { type Command, type ExitCode, type Terminal, UsageError } from './command/command.ts';
import { DEFAULT_CONFIG, parseOptions } from './command/options.ts';

interface Report {
  readonly valid: boolean;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  readonly live?: readonly LiveCheck[];
  readonly hardening?: readonly HardeningFinding[];
}

interface Wishes {
  readonly live: boolean;
  readonly hardening: boolean;
  /** Findings up to this level of ASVS make the answer no. */
  readonly level: number;
}

async function hardeningOf({ config, files }: LoadedConfig): Promise<readonly HardeningFinding[]> {
  const findings = [...hardeningFindings(config), ...(await secretFindings(config, files))];
  return findings.toSorted((left, right) => left.level - right.level);
}

async function reportOn(
  loaded: LoadedConfig,
  warnings: readonly Problem[],
  wishes: Wishes,
): Promise<Report> {
  return {
    valid: true,
    problems: [],
    warnings,
    ...(wishes.live && { live: await runLiveChecks(loaded.config) }),
    ...(wishes.hardening && { hardening: await hardeningOf(loaded) }),
  };
}

const counted = (all: readonly unknown[], one: string, several = `${one}s`): string =>
  `${all.length} ${all.length === 1 ? one : several}`;

function tell({ config }: LoadedConfig, report: Report, terminal: Terminal): void {
  if (report.warnings.length > 0) terminal.error(formatProblems(report.warnings));
  terminal.out(
    `${config.file} is valid: ${counted(config.clients, 'client')}, ` +
      `${counted(config.relyingParties, 'relying party', 'relying parties')}, ` +
      `${counted(config.trustedIssuers, 'trusted issuer')}, ${counted(config.policy, 'policy row')}`,
  );
  for (const { detail, name, state } of report.live ?? []) {
    const line = `${state.padEnd(6)} ${name}: ${detail}`;
    if (state === 'failed') terminal.error(line);
    else terminal.out(line);
  }
  for (const { fix, id, level, what, where } of report.hardening ?? [])
    terminal.out(`ASVS ${id} (L${level}) ${where}: ${what}\n  fix: ${fix}`);
}

function answerOf({ hardening = [], live = [] }: Report, { level }: Wishes): ExitCode {
  const isDown = live.some(({ state }) => state === 'failed');
  return isDown || hardening.some((finding) => finding.level <= level) ? 1 : 0;
}

function refuse(cause: unknown, isJson: boolean, terminal: Terminal): ExitCode {
  if (!(cause instanceof ConfigError)) throw cause;
  const { problems } = cause;
  if (isJson) terminal.out(JSON.stringify({ valid: false, problems, warnings: [] }));
  else terminal.error(formatProblems(problems));
  return 2;
}

export const checkCommand: Command = async (words, terminal) => {
  const { values } = parseOptions(words, {
    config: { type: 'string', default: DEFAULT_CONFIG },
    json: { type: 'boolean', default: false },
    live: { type: 'boolean', default: false },
    hardening: { type: 'boolean', default: false },
    level: { type: 'string' },
  });
  const { level = '2' } = values;
  if (!/^[123]$/.test(level)) throw new UsageError('--level is 1, 2 or 3');
  if (values.level !== undefined && !values.hardening)
    throw new UsageError('--level is for --hardening');
  const wishes = { ...values, level: Number(level) };
  let loaded: LoadedConfig;
  let ended: readonly Problem[];
  try {
    loaded = await loadConfigFiles(values.config);
    ended = await requireStartable(loaded.config, systemClock.now());
  } catch (cause) {
    return refuse(cause, values.json, terminal);
  }
  const report = await reportOn(loaded, [...loaded.config.warnings, ...ended], wishes);
  if (values.json) terminal.out(JSON.stringify(report));
  else tell(loaded, report, terminal);
  return answerOf(report, wishes);
};
