// Who may get what for whom: `policy`. Ordered rows; the first that fits decides, no row is a refusal.
import { z } from 'zod';
import type { Grant, PartySelector, PolicyRow } from '#core/policy.ts';
import type { RelyingParty } from '#core/relying-party.ts';
import type { TrustedIssuerConfig } from '../config.ts';
import type { Entry, Loading } from '../loading.ts';
import {
  entryId,
  exactlyOne,
  listOf,
  oneOrMore,
  plainText,
  rule,
  scopeName,
  seconds,
} from './fields.ts';
import type { WrittenKey } from './key-choice.ts';
import { buildExpression, buildMapping, celSource, mappingSection } from './mapping.ts';
import { validateRow, validateRowOrder } from './policy-rules.ts';

const selector = z.strictObject({
  issuer: oneOrMore(z.string()).describe('Ids of trusted issuers; `self` for our own tokens.'),
  type: oneOrMore(z.enum(['jwt', 'access_token', 'id_token', 'saml1', 'saml2', 'requestor']))
    .describe('Token types; `requestor` is a client that asks for itself.')
    .optional(),
  id: oneOrMore(plainText).describe('Subject ids, as the issuer spells them.').optional(),
});

const allow = z
  .strictObject({
    types: z
      .array(z.enum(['access_token', 'jwt', 'id_token', 'saml1', 'saml2']))
      .describe("Token types besides the relying party's own.")
      .default([]),
    scopes: z.array(scopeName).describe('The most that is granted.').default([]),
    scopeMode: z
      .enum(['intersect-subject', 'intersect-client', 'mapped'])
      .describe('What bounds the scopes besides this row. `mapped`: nothing else does.')
      .default('intersect-subject'),
    impersonation: z.boolean().describe('The result shows the subject alone.').default(false),
    delegation: z.boolean().describe('The result shows who acts (`act`).').default(false),
    requestorAsActor: z
      .boolean()
      .describe('Without an actor token, the client becomes the actor.')
      .default(false),
    lifetimeSeconds: seconds(1, 86_400).describe('The longest life of a token from this row.'),
    singleUse: z.boolean().describe('A subject token can be used once only.').default(false),
    senderConstraint: z
      .boolean()
      .describe('The token must be bound to a key that the client proved.')
      .default(false),
    claims: mappingSection,
  })
  .refine(
    ({ requestorAsActor, delegation }) => delegation || !requestorAsActor,
    rule({
      code: 'CONFIG_CONFLICT',
      what: 'requestorAsActor needs delegation: true',
      why: 'it makes the client a visible actor, which is delegation',
      fix: 'add delegation: true, or remove requestorAsActor',
    }),
  );

export const policyEntry = z
  .strictObject({
    id: entryId.describe('Shows in the audit log and in `explain`.'),
    requestor: z.strictObject({ client: oneOrMore(z.string()).describe('Client ids.') }),
    subject: selector,
    actor: selector.describe('Absent: the row says nothing about who acts.').optional(),
    target: oneOrMore(z.string()).describe('Ids of relying parties.'),
    when: celSource.describe('A CEL condition.').optional(),
    deny: z.literal(true).describe('Refuse what fits.').optional(),
    allow: allow.optional(),
  })
  .refine(...exactlyOne('deny', 'allow'))
  .meta({ oneOf: [{ required: ['deny'] }, { required: ['allow'] }] });

export const policySection = z
  .array(policyEntry)
  .describe('Who may get what for whom. The first row that fits decides; no row, no token.')
  .default([]);

type PolicyEntry = z.output<typeof policyEntry>;

/** What the rows speak of. */
export interface PolicySurroundings {
  readonly relyingParties: readonly RelyingParty[];
  readonly trustedIssuers: readonly TrustedIssuerConfig[];
  readonly keys: readonly WrittenKey[];
}

/** Builds the rows and holds them against the rest. */
export function buildPolicy(
  entries: readonly Entry<PolicyEntry>[],
  surroundings: PolicySurroundings,
  loading: Loading,
): readonly PolicyRow[] {
  const rows = entries.map((entry) => ({ value: buildRow(entry, loading), path: entry.path }));
  for (const row of rows) validateRow(row, surroundings, loading);
  validateRowOrder(rows, loading);
  return rows.map(({ value }) => value);
}

function buildRow({ value, path }: Entry<PolicyEntry>, loading: Loading): PolicyRow {
  const { id, requestor, subject, actor, target, when, deny } = value;
  return {
    id,
    effect: deny ? 'deny' : 'allow',
    requestors: listOf(requestor.client),
    subject: buildSelector(subject),
    ...(actor && { actor: buildSelector(actor) }),
    targets: listOf(target),
    ...(when !== undefined && {
      when: buildExpression({ value: when, path: [...path, 'when'] }, 'condition', loading),
    }),
    grant: buildGrant({ value: value.allow, path: [...path, 'allow'] }, loading),
  };
}

function buildSelector({ issuer, type, id }: z.output<typeof selector>): PartySelector {
  return {
    issuers: listOf(issuer),
    ...(type !== undefined && { types: listOf(type) }),
    ...(id !== undefined && { ids: listOf(id) }),
  };
}

const NOTHING: Grant = {
  types: [],
  scopes: [],
  scopeMode: 'intersect-subject',
  impersonation: false,
  delegation: false,
  requestorAsActor: false,
  lifetimeSeconds: 0,
  singleUse: false,
  senderConstraint: false,
  claims: [],
};

function buildGrant(
  { value, path }: Entry<z.output<typeof allow> | undefined>,
  loading: Loading,
): Grant {
  if (!value) return NOTHING;
  const claims = buildMapping({ value: value.claims, path: [...path, 'claims'] }, loading);
  return { ...value, claims };
}
