// The text of an explanation: what came in, what each row said, what goes out and which rule made it.
import type { ClaimValue } from '#core/claim.ts';
import type { MappedClaim, MappingRule } from '#core/claim-mapping.ts';
import type { Evidence } from '#core/evidence.ts';
import type { ExplainedTarget, Explanation } from '#core/explain.ts';
import type { ValidatedToken } from '#core/security-token.ts';
import type { TokenSpec } from '#core/token-spec.ts';

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

function claimLine({ claim, note, rule }: MappedClaim): string {
  const outcome = claim ? text(claim.values) : `nothing: ${note ?? ''}`;
  return `    ${rule.claim} <- ${sourceOf(rule)}: ${outcome}`;
}

function targetLines(target: ExplainedTarget): readonly string[] {
  return [
    `target ${target.relyingParty}: ${target.hasConsented ? 'consents to this requestor' : 'does not consent to this requestor'}`,
    ...target.rows.map(({ mismatch, row }) => {
      if (mismatch !== undefined) return `  row ${row.id}: no, ${mismatch}`;
      return `  row ${row.id}: fits${row.id === target.decidingRow ? ' and decides' : ''} (${row.effect})`;
    }),
    ...(target.claims.length > 0 ? ['  claims:', ...target.claims.map(claimLine)] : []),
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

/** The explanation as lines of text. No token is in it. */
export function writeExplanation(
  { subject, actor }: Evidence,
  { outcome, targets }: Explanation,
): string {
  return [
    ...tokenLines('subject', subject),
    ...(actor ? tokenLines('actor', actor) : []),
    ...targets.flatMap(targetLines),
    ...('granted' in outcome
      ? grantedLines(outcome.granted)
      : [`refused: ${outcome.refused.reason}: ${outcome.refused.detail}`]),
  ].join('\n');
}
