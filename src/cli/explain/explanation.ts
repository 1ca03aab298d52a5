// The text of an explanation: what came in, what each row said, what goes out and which rule made it.
import type { ClaimValue } from '#core/claims/claim.ts';
import type { MappedClaim, MappingRule } from '#core/claims/claim-mapping.ts';
import type { Evidence } from '#core/decision/evidence.ts';
import type { ExplainedTarget, Explanation } from '#core/decision/explain.ts';
import type { FailureReason } from '#core/failure.ts';
import { printableLine } from '#core/foreign/printable-line.ts';
import type { RelyingParty, TargetName } from '#core/request/relying-party.ts';
import type { ValidatedToken } from '#core/token/security-token.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import { saysScopes } from '#core/token/token-type.ts';
import { scopeLines } from './explained-scopes.ts';
import { REFUSAL_ADVICE } from './refusal-advice.ts';

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

type TargetNames = Pick<RelyingParty, 'id' | 'scopes' | 'resources' | 'audiences' | 'appliesTo'>;

const NAMES_OF = {
  resource: 'resources',
  audience: 'audiences',
  'applies-to': 'appliesTo',
} as const;

const MAX_SHOWN_NAMES = 10;

/** What was asked for, and the names of that kind that there are: names are compared character by character, and one wrong is none. */
function nameLines(
  asked: readonly TargetName[],
  parties: readonly TargetNames[],
): readonly string[] {
  const kinds = new Set(
    asked.length > 0 ? asked.map(({ kind }) => kind) : (['resource', 'audience'] as const),
  );
  const known = [...kinds].flatMap((kind) => {
    if (kind === 'id') return [];
    const names = parties.flatMap((party) => party[NAMES_OF[kind]]);
    const more =
      names.length > MAX_SHOWN_NAMES ? ` and ${names.length - MAX_SHOWN_NAMES} more` : '';
    return [
      `  known as ${kind}: ${names.slice(0, MAX_SHOWN_NAMES).join(', ') || 'nothing'}${more}`,
    ];
  });
  return [...asked.map(({ kind, value }) => `  asked for as ${kind}: ${value}`), ...known];
}

interface Refused {
  readonly reason: FailureReason;
  readonly detail: string;
}

const refusedLines = (title: string, { detail, reason }: Refused): readonly string[] => [
  `${title}: ${reason}: ${detail}`,
  `  what to do: ${REFUSAL_ADVICE[reason].replaceAll('`', '')}`,
];

/** A refusal that no policy was asked for, and what is known besides. */
export const writeRefusal = (title: string, refused: Refused, others: readonly string[]): string =>
  [...refusedLines(title, refused), ...others].map(printableLine).join('\n');

/** The decision, and where it says less than was asked for what there is. */
function outcomeLines(
  evidence: Evidence,
  { outcome, targets }: Explanation,
  parties: readonly TargetNames[],
): readonly string[] {
  const scopes = () => scopeLines(evidence, targets, parties);
  if ('granted' in outcome) {
    const { granted } = outcome;
    const isUnscoped = granted.scopes.length === 0 && saysScopes(granted.type);
    return [...grantedLines(granted), ...(isUnscoped ? scopes() : [])];
  }
  const { refused } = outcome;
  const lines = refusedLines('refused', refused);
  if (refused.reason === 'target-unknown')
    return [...lines, ...nameLines(evidence.request.targets, parties)];
  return refused.reason === 'scope-not-allowed' ? [...lines, ...scopes()] : lines;
}

/** The explanation as lines of text. No token is in it, and no name in a token makes a line of its own. */
export function writeExplanation(
  evidence: Evidence,
  explanation: Explanation,
  parties: readonly TargetNames[],
): string {
  const { actor, subject } = evidence;
  const lines = [
    ...tokenLines('subject', subject),
    ...(actor ? tokenLines('actor', actor) : []),
    ...explanation.targets.flatMap((target) => targetLines(target, subject)),
    ...outcomeLines(evidence, explanation, parties),
  ];
  return lines.map(printableLine).join('\n');
}
