// Who may get what for whom: `policy`. A deny row that fits refuses, else the first row that fits grants, no row is a refusal.
import { z } from 'zod';
import { ACTOR_CHAIN_CEILING } from '#core/delegation/actor-chain.ts';
import type { Grant, PartySelector, PolicyRow } from '#core/policy.ts';
import type { TokenType } from '#core/token/token-type.ts';
import type { Entry, Loading } from '../../loading.ts';
import {
  entryId,
  exactlyOne,
  listOf,
  oneOrMore,
  plainText,
  rule,
  scopeName,
  seconds,
} from '../fields.ts';
import { validateContextGrants } from '../keys/kept-secrets.ts';
import { validateRefreshGrants } from '../refresh-tokens.ts';
import { celSource, mappingSection, readExpression, readMapping } from './mapping.ts';
import { validateRowOrder } from './policy-order.ts';
import { type Surroundings, validateRow } from './policy-rules.ts';

const selector = z.strictObject({
  issuer: oneOrMore(z.string()).describe('Ids of trusted issuers; `self` for our own tokens.'),
  type: oneOrMore(
    z.enum([
      'jwt',
      'access_token',
      'id_token',
      'saml1',
      'saml2',
      'sct',
      'username',
      'x509',
      'requestor',
    ]),
  )
    .describe(
      'Token types; `requestor` is a client that asks for itself, `username` a user with a password, `x509` who has a certificate.',
    )
    .optional(),
  id: oneOrMore(plainText).describe('Subject ids, as the issuer spells them.').optional(),
});

const requestorSection = z
  .strictObject({
    client: oneOrMore(z.string()).describe('Client ids.').optional(),
    principal: z
      .strictObject({
        issuer: oneOrMore(z.string()).describe(
          'Who vouches for it: `self` for our users and tokens, or ids of trusted issuers.',
        ),
        type: oneOrMore(
          z.enum(['username', 'x509', 'jwt', 'access_token', 'id_token', 'saml1', 'saml2', 'sct']),
        )
          .describe('The credential it must have used.')
          .optional(),
        id: oneOrMore(plainText).describe('Its ids, as the issuer spells them.').optional(),
      })
      .describe('Who asks without a client of its own, as over WS-Trust.')
      .optional(),
  })
  .refine(...exactlyOne('client', 'principal'))
  .meta({ oneOf: [{ required: ['client'] }, { required: ['principal'] }] });

const allow = z
  .strictObject({
    types: z
      .array(z.enum(['access_token', 'jwt', 'id_token', 'saml1', 'saml2', 'sct', 'refresh_token']))
      .describe(
        "Token types besides the relying party's own; `refresh_token` needs `renewal` as well, `sct` (a security context) a keptSecrets section.",
      )
      .default([]),
    scopes: z.array(scopeName).describe('The most that is granted.').default([]),
    scopeMode: z
      .enum(['intersect-subject', 'intersect-client', 'mapped'])
      .describe(
        'What bounds the scopes besides row, relying party and client: the subject token, what the client names, or (`mapped`) nothing.',
      )
      .default('intersect-subject'),
    impersonation: z.boolean().describe('The result shows the subject alone.').default(false),
    delegation: z.boolean().describe('The result shows who acts (`act`).').default(false),
    maxActors: z
      .int()
      .min(1)
      .max(ACTOR_CHAIN_CEILING)
      .describe(
        'The longest chain of actors; 1: a delegate cannot delegate again. Default: delegation.maxDepth.',
      )
      .optional(),
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
    renewal: z
      .strictObject({
        lifetimeSeconds: seconds(1, 31_536_000).describe(
          'How long after the first token of a chain the last of its renewals may end.',
        ),
        maxCount: z
          .int()
          .min(1)
          .max(10_000)
          .describe('How often a token can be renewed.')
          .default(1000),
        afterExpiry: z
          .boolean()
          .describe('A token that has ended can be renewed too, where its request asked for it.')
          .default(false),
      })
      .describe('What it grants can be renewed. Absent: it cannot.')
      .optional(),
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
    requestor: requestorSection.describe('Who asks.'),
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
  .describe(
    'Who may get what for whom. A deny row that fits refuses, else the first row that fits grants; no row, no token.',
  )
  .default([]);

type PolicyEntry = z.output<typeof policyEntry>;

/** Reads the rows and holds them against the rest. */
export function readPolicy(
  entries: readonly Entry<PolicyEntry>[],
  surroundings: Surroundings,
  loading: Loading,
): readonly PolicyRow[] {
  const rows = entries.map((entry) => ({ value: readRow(entry, loading), path: entry.path }));
  for (const row of rows) validateRow(row, surroundings, loading);
  validateRefreshGrants(rows, surroundings, loading);
  validateContextGrants(rows, surroundings.keepsSecrets, loading);
  validateRowOrder(rows, loading);
  return rows.map(({ value }) => value);
}

function readRow({ value, path }: Entry<PolicyEntry>, loading: Loading): PolicyRow {
  const { id, requestor, subject, actor, target, when, deny } = value;
  return {
    id,
    effect: deny ? 'deny' : 'allow',
    requestors: requestor.client === undefined ? [] : listOf(requestor.client),
    ...(requestor.principal && { principals: readSelector(requestor.principal) }),
    subject: readSelector(subject),
    ...(actor && { actor: readSelector(actor) }),
    targets: listOf(target),
    ...(when !== undefined && {
      when: readExpression({ value: when, path: [...path, 'when'] }, 'condition', loading),
    }),
    grant: readGrant({ value: value.allow, path: [...path, 'allow'] }, loading),
  };
}

interface WrittenSelector {
  readonly issuer: string | readonly string[];
  readonly type?: TokenType | readonly TokenType[] | undefined;
  readonly id?: string | readonly string[] | undefined;
}

function readSelector({ issuer, type, id }: WrittenSelector): PartySelector {
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

function readGrant(
  { value, path }: Entry<z.output<typeof allow> | undefined>,
  loading: Loading,
): Grant {
  if (!value) return NOTHING;
  const claims = readMapping({ value: value.claims, path: [...path, 'claims'] }, loading);
  const { maxActors, renewal, ...rest } = value;
  return {
    ...rest,
    claims,
    ...(maxActors !== undefined && { maxActors }),
    ...(renewal && { renewal }),
  };
}
