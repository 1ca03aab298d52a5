// The text of an explanation: what came in, what each row said, what goes out and which rule made it.
import type { ClaimValue } from '#core/claim.ts';
import type { MappedClaim, MappingRule } from '#core/claim-mapping.ts';
import type { Evidence } from '#core/decision/evidence.ts';
import type { ExplainedTarget, Explanation } from '#core/decision/explain.ts';
import type { ValidatedToken } from '#core/security-token.ts';
import type { TokenSpec } from '#core/token-spec.ts';
import { printableLine } from './command/printable.ts';

const text = (values: readonly ClaimValue[]): string =>
  values.map((value) => JSON.stringify(value)).join(', ');

function tokenLines(title: string, token: ValidatedToken): readonly string[] {
  const chain = token.actors.map(({ id, issuer }) => `${id} at ${issuer}`).join(', then ');
  return [
    `${title}: ${token.subject.id} at ${token.subject.issuer} (${token.type} of ${token.trustedIssuer})`,
    ...(token.scopes.length > 0 ? [`  scopes ${token.scopes.join(' ')}`] : []),
    ...(chain === '' ? [] : [`  acting: ${chain}`]),
    ...token.claims.map(
      ({ name, values, originalIssuer }) => `  ${name} = ${text(values)}  from ${originalIssuer}`,
    ),
  ];
}

type Row = readonly [inbound: string, rule: string, outbound: string];

const NOTHING = '-';

function sourceOf({ source }: MappingRule): string {
  if ('from' in source) return `from ${source.from}`;
  return 'constant' in source ? 'constant' : `cel ${source.expression.source}`;
}

/** One rule as a row: the claim that came in, the rule, and what it made of it or why not. */
function claimRow({ claim, note, rule }: MappedClaim, inbound: ReadonlyMap<string, string>): Row {
  const { source } = rule;
  return [
    ('from' in source && inbound.get(source.from)) || NOTHING,
    sourceOf(rule),
    claim ? `${rule.claim} = ${text(claim.values)}` : `${rule.claim}: nothing, ${note ?? ''}`,
  ];
}

/** The claims of both worlds side by side, with the rule between them; what no rule takes comes last. */
function claimRows(
  claims: readonly MappedClaim[],
  subject: Pick<ValidatedToken, 'claims'>,
): readonly Row[] {
  const inbound = new Map<string, string>();
  for (const { name, values } of subject.claims) {
    const before = inbound.get(name);
    inbound.set(
      name,
      before === undefined ? `${name} = ${text(values)}` : `${before}, ${text(values)}`,
    );
  }
  const rules = claims.map(({ rule }) => rule);
  const taken = new Set(rules.flatMap(({ source }) => ('from' in source ? [source.from] : [])));
  const untaken = [...inbound].filter(([name]) => !taken.has(name));
  return [
    ...claims.map((claim) => claimRow(claim, inbound)),
    ...untaken.map(([name, shown]): Row => [shown, whoReads(name, rules), NOTHING]),
  ];
}

/** Of a claim that no rule hands on: whether an expression asks for it. */
function whoReads(name: string, rules: readonly MappingRule[]): string {
  const sources = rules.flatMap(({ source, when }) => [
    ...('expression' in source ? [source.expression.source] : []),
    ...(when ? [when.source] : []),
  ]);
  return sources.some((source) => source.includes(name)) ? 'in cel only' : 'no rule';
}

/** Rows with their columns aligned. */
function table(rows: readonly Row[]): readonly string[] {
  const width = (column: 0 | 1): number => Math.max(...rows.map((row) => row[column].length));
  const [inbound, rule] = [width(0), width(1)];
  return rows.map((row) => `    ${row[0].padEnd(inbound)}  | ${row[1].padEnd(rule)} |  ${row[2]}`);
}

function targetLines(target: ExplainedTarget, subject: ValidatedToken): readonly string[] {
  // Without claims the mapping was refused, or there are no rules.
  const rows = target.claims.length === 0 ? [] : claimRows(target.claims, subject);
  return [
    `target ${target.relyingParty}: ${target.hasConsented ? 'consents to this requestor' : 'does not consent to this requestor'}`,
    ...target.rows.map(({ mismatch, row }) => {
      if (mismatch !== undefined) return `  row ${row.id}: no, ${mismatch}`;
      return `  row ${row.id}: fits${row.id === target.decidingRow ? ' and decides' : ''} (${row.effect})`;
    }),
    ...(rows.length > 0 ? ['  claims that came in, the rule, and what is issued:'] : []),
    ...table(rows),
  ];
}

function grantedLines(spec: TokenSpec): readonly string[] {
  const chain = spec.actors.map(({ id, issuer }) => `${id} at ${issuer}`).join(', then ');
  return [
    `granted: ${spec.type} signed ${spec.algorithm} for ${spec.audiences.join(' ')}`,
    `  sub ${spec.subjectName}, client_id ${spec.clientId}`,
    `  scopes ${spec.scopes.join(' ') || 'none'}`,
    ...(chain === '' ? [] : [`  act ${chain}`]),
    `  lifetime ${spec.lifetime.notOnOrAfter - spec.issuedAt} s`,
    ...(spec.once.length > 0 ? ['  uses its evidence up'] : []),
  ];
}

/** The explanation as lines of text. No token is in it, and no name in a token makes a line of its own. */
export function writeExplanation(
  { subject, actor }: Evidence,
  { outcome, targets }: Explanation,
): string {
  const lines = [
    ...tokenLines('subject', subject),
    ...(actor ? tokenLines('actor', actor) : []),
    ...targets.flatMap((target) => targetLines(target, subject)),
    ...('granted' in outcome
      ? grantedLines(outcome.granted)
      : [`refused: ${outcome.refused.reason}: ${outcome.refused.detail}`]),
  ];
  return lines.map(printableLine).join('\n');
}
