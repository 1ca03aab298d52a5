// `viaduct audit verify`: whether the audit is whole, and what happened to it.
import { createAuditKey } from '#src/audit/audit-key.ts';
import { verifyAudit } from '#src/audit/verify.ts';
import { type Command, UsageError } from './command.ts';
import { DEFAULT_CONFIG, parseOptions } from './options.ts';
import { withConfig } from './with-config.ts';

export const auditCommand: Command = async (words, terminal) => {
  const { values, positionals } = parseOptions(
    words,
    { config: { type: 'string', default: DEFAULT_CONFIG } },
    true,
  );
  if (positionals.join(' ') !== 'verify') throw new UsageError('audit verify [--config FILE]');
  return withConfig(values.config, terminal, async ({ audit }) => {
    const key = createAuditKey(Buffer.from(audit.hmacKeyBase64, 'base64'));
    const report = await verifyAudit([audit.file], key);
    for (const { path, line, what } of report.problems) terminal.error(`${path}:${line}: ${what}`);
    for (const { path, line, what } of report.notes) terminal.out(`note: ${path}:${line}: ${what}`);
    for (const { chain, seq, hash } of report.heads)
      terminal.out(`chain ${chain}: head ${seq} ${hash}`);
    terminal.out(`${report.records} records, ${report.problems.length} problems`);
    return report.problems.length === 0 ? 0 : 1;
  });
};
