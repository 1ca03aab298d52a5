// The text of an explanation: what came in, what each row said, what goes out and which rule made it.
import type { ClaimValue } from '#core/claim.ts';
import type { MappedClaim, MappingRule } from '#core/claim-mapping.ts';
import type { Evidence } from '#core/evidence.ts';
import type { ExplainedTarget, Explanation } from '#core/explain.ts';
import type { ValidatedToken } from '#core/security-token.ts';
import type { TokenSpec } from '#core/token-spec.ts';
import { printableLine } from './printable.ts';

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

function sourceOf({ source }: MappingRule): string {
  if ('from' in source) return `from ${source.from}`;
  return 'constant' in source ? 'constant' : `cel ${source.expression.source}`;
}

/** One rule as a row: the inbound claim, what the rule made of it, and why. */
function claimRow({ claim, note, rule }: MappedClaim): readonly [string, string, string] {
  return [sourceOf(rule), rule.claim, claim ? text(claim.values) : `nothing: ${note ?? ''}`];
}

/** Rows with their columns aligned: the claims of both worlds side by side. */
function table(rows: readonly (readonly [string, string, string])[]): readonly string[] {
  const width = (column: 0 | 1): number => Math.max(...rows.map((row) => row[column].length));
  const [source, claim] = [width(0), width(1)];
  return rows.map((row) => `    ${row[0].padEnd(source)}  ->  ${row[1].padEnd(claim)}  ${row[2]}`);
}

function targetLines(target: ExplainedTarget): readonly string[] {
  return [
    `target ${target.relyingParty}: ${target.hasConsented ? 'consents to this requestor' : 'does not consent to this requestor'}`,
    ...target.rows.map(({ mismatch, row }) => {
      if (mismatch !== undefined) return `  row ${row.id}: no, ${mismatch}`;
      return `  row ${row.id}: fits${row.id === target.decidingRow ? ' and decides' : ''} (${row.effect})`;
    }),
    ...(target.claims.length > 0 ? ['  claims:', ...table(target.claims.map(claimRow))] : []),
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
    ...targets.flatMap(targetLines),
    ...('granted' in outcome
      ? grantedLines(outcome.granted)
      : [`refused: ${outcome.refused.reason}: ${outcome.refused.detail}`]),
  ];
  return lines.map(printableLine).join('\n');
}
