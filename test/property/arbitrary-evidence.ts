// Evidence and rules as fast-check draws them for the laws of a decision.
import fc from 'fast-check';
import type { Actor, MayAct } from '#core/claims/subject.ts';
import type { Evidence } from '#core/decision/evidence.ts';
import type { Grant, PolicyRow, PolicyRules } from '#core/policy.ts';
import type { Confirmation } from '#core/token/confirmation.ts';
import { acceptToken, type TokenFacts, type ValidatedToken } from '#core/token/security-token.ts';
import type { TokenType } from '#core/token/token-type.ts';
import {
  aGrant,
  anExchangeRequest,
  aPolicyRow,
  aRelyingParty,
  aRequestor,
  fails,
  NOW,
  OWN_ISSUER,
  PARTNER_ISSUER,
  rules,
  yields,
} from '#test/support/core.ts';

/** Mostly the ordinary, so that enough is granted to put the laws to the test; the hostile now and then. */
const mostly = <T>(ordinary: fc.Arbitrary<T>, hostile: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: ordinary }, { weight: 1, arbitrary: hostile });
const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  mostly<T | undefined>(fc.constant(undefined), arbitrary);

const issuer = fc.constantFrom(OWN_ISSUER, PARTNER_ISSUER, 'https://evil.example');
const id = fc.constantFrom('alice', 'gateway', 'broker', '__proto__', '');
const SCOPES = ['a', 'b', 'c', 'd', 'constructor'];
const scope = fc.constantFrom(...SCOPES);
const scopes = fc.array(scope, { maxLength: 5 });
const trustedIssuer = mostly(fc.constant('partner'), fc.constantFrom('self', 'other'));
const anyType = fc.constantFrom<TokenType>(
  'access_token',
  'jwt',
  'id_token',
  'saml2',
  'username',
  'requestor',
  'refresh_token',
);
const tokenType = mostly(fc.constant<TokenType>('access_token'), anyType);
const instant = mostly<number>(
  fc.integer({ min: NOW + 1, max: NOW + 5000 }),
  fc.constantFrom(
    Number.NaN,
    NOW,
    NOW - 9,
    Number.POSITIVE_INFINITY,
    Number.MAX_SAFE_INTEGER,
    NOW + 0.5,
  ),
);
const actor: fc.Arbitrary<Actor> = fc.record(
  { issuer, id, clientId: id },
  { requiredKeys: ['issuer', 'id'] },
);
const mayAct: fc.Arbitrary<MayAct> = fc.record({ issuer, id, clientId: id }, { requiredKeys: [] });
/** Without the members that are undefined. */
const defined = <T extends object>(record: T): { [Name in keyof T]: Exclude<T[Name], undefined> } =>
  Object.fromEntries(Object.entries(record).filter(([, held]) => held !== undefined)) as never;

const BOUND: Confirmation = { method: 'public-key', jwkThumbprint: 'k' };
const confirmation = mostly<Confirmation>(
  fc.constant({ method: 'bearer' }),
  fc.constantFrom(BOUND, { method: 'public-key', certificateThumbprint: 'k' } as const),
);

const facts: fc.Arbitrary<TokenFacts> = fc
  .record({
    type: tokenType,
    use: fc.constantFrom('subject' as const, 'actor' as const, 'assertion' as const),
    issuer,
    trustedIssuer,
    id: mostly<string | undefined>(id, fc.constant(undefined)),
    subject: fc.record({ issuer, id }),
    claims: fc.array(
      fc.record({
        name: id,
        values: fc.array(fc.constantFrom('x', 1, null)),
        issuer,
        originalIssuer: issuer,
      }),
      { maxLength: 4 },
    ),
    scopes,
    lifetime: fc.record({ notBefore: instant, notOnOrAfter: instant }),
    confirmation,
    audiences: fc.array(fc.constantFrom('orders', 'billing', 'gateway', OWN_ISSUER), {
      maxLength: 2,
    }),
    originClient: fc.option(id, { nil: undefined }),
    actors: mostly(fc.constant<Actor[]>([]), fc.array(actor, { maxLength: 10 })),
    mayAct: rarely(mayAct),
    onceUntil: rarely(instant),
  })
  .map(defined);
const validated: fc.Arbitrary<ValidatedToken> = facts.map((found) => acceptToken(found));

const requestor = fc
  .record({
    kind: mostly(fc.constant('client' as const), fc.constant('principal' as const)),
    id,
    scopes: rarely(scopes),
    represents: fc.subarray(['orders', 'billing']),
    confirmation,
    identity: rarely(validated),
  })
  .map((over) => aRequestor(defined(over)));

export const evidence: fc.Arbitrary<Evidence> = fc
  .record({
    asked: fc.record({
      requestor,
      targets: mostly(
        fc.subarray(['orders', 'billing'], { minLength: 1 }),
        fc.subarray(['orders', 'unknown']),
      ),
      requestedType: rarely(anyType),
      scopes: rarely(scopes),
      lifetimeSeconds: rarely(fc.oneof(instant, fc.integer({ min: -1, max: 700 }))),
    }),
    subject: validated,
    actor: fc.option(validated, { nil: undefined }),
  })
  .map(({ asked: { targets, ...asked }, ...tokens }) => ({
    request: anExchangeRequest({
      ...defined(asked),
      targets: targets.map((value) => ({ kind: 'audience', value })),
    }),
    ...tokens,
  }));

const grant: fc.Arbitrary<Grant> = fc
  .record({
    types: fc.subarray<TokenType>(['jwt', 'id_token', 'saml2', 'refresh_token']),
    scopes,
    scopeMode: fc.constantFrom('intersect-subject', 'intersect-client', 'mapped'),
    impersonation: mostly(fc.constant(true), fc.constant(false)),
    delegation: mostly(fc.constant(true), fc.constant(false)),
    requestorAsActor: fc.boolean(),
    lifetimeSeconds: fc.integer({ min: 1, max: 7200 }),
    singleUse: fc.boolean(),
    senderConstraint: mostly(fc.constant(false), fc.constant(true)),
  })
  .map((over) => aGrant(over));

const row: fc.Arbitrary<PolicyRow> = fc
  .record({
    id: fc.constantFrom('row-1', 'row-2'),
    effect: mostly(fc.constant('allow' as const), fc.constant('deny' as const)),
    requestors: fc.constant(['alice', 'gateway', 'broker', '', 'principal:self:alice']),
    targets: mostly<string[]>(
      fc.constant(['orders', 'billing']),
      fc.subarray(['orders', 'billing']),
    ),
    when: fc.constantFrom(undefined, yields(true), yields(true), yields(false), fails),
    grant,
  })
  .map(({ when, ...over }) =>
    aPolicyRow({
      ...over,
      subject: { issuers: ['self', 'partner', 'other'] },
      ...(when && { when }),
    }),
  );

export const inForce: fc.Arbitrary<PolicyRules> = fc
  .record({
    rows: fc.array(row, { minLength: 1, maxLength: 4 }),
    orders: scopes,
    billing: scopes,
    maxDepth: mostly(fc.constant(5), fc.integer({ min: 0, max: 20 })),
    selfDelegation: fc.boolean(),
  })
  .map(({ rows, orders, billing, ...over }) =>
    rules({
      rows,
      relyingParties: [
        aRelyingParty({ scopes: orders }),
        aRelyingParty({ id: 'billing', scopes: billing }),
      ],
      ...over,
    }),
  );

type ActorMember = 'issuer' | 'id' | 'clientId';
const ACTOR_MEMBERS: ActorMember[] = ['issuer', 'id', 'clientId'];
const nameOfActor = fc.constantFrom<ActorMember[]>(['issuer', 'id'], ACTOR_MEMBERS);

/** The subject token names who may act: mostly who does, by some of its names. */
export const namingEvidence: fc.Arbitrary<Evidence> = fc
  .tuple(evidence, validated, mostly(nameOfActor, fc.subarray(ACTOR_MEMBERS)), rarely(mayAct))
  .map(([of, acting, members, other]) => {
    const names = { ...acting.subject, clientId: acting.originClient };
    const own = defined(Object.fromEntries(members.map((member) => [member, names[member]])));
    const subject = acceptToken({ ...of.subject, mayAct: other ?? own });
    return { ...of, subject, actor: acting };
  });

/** What is asked for is mostly a part of what the subject token has. */
export const askingEvidence: fc.Arbitrary<Evidence> = fc
  .tuple(evidence, fc.integer({ min: 1, max: 3 }), rarely(scopes))
  .map(([of, count, other]) => ({
    ...of,
    request: { ...of.request, scopes: other ?? of.subject.scopes.slice(0, count) },
  }));

/** The subject token is bound to a key, which was mostly proved. */
export const boundEvidence: fc.Arbitrary<Evidence> = fc
  .tuple(evidence, mostly(fc.constant(BOUND), confirmation))
  .map(([{ request, subject, ...of }, proved]) => ({
    ...of,
    request: { ...request, requestor: { ...request.requestor, confirmation: proved } },
    subject: acceptToken({ ...subject, confirmation: BOUND }),
  }));

/** The subject token is one of ours, and mostly addressed to who presents it. */
export const ownEvidence: fc.Arbitrary<Evidence> = fc
  .tuple(evidence, mostly(fc.constant(true), fc.constant(false)))
  .map(([{ request, subject, ...of }, isAddressed]) => ({
    ...of,
    request,
    subject: acceptToken({
      ...subject,
      trustedIssuer: 'self',
      audiences: isAddressed ? [request.requestor.id] : subject.audiences,
    }),
  }));

/** Rows and targets that mostly have every scope. */
export const generousRules: fc.Arbitrary<PolicyRules> = fc
  .tuple(inForce, mostly(fc.constant(true), fc.constant(false)))
  .map(([by, isGenerous]) =>
    isGenerous
      ? {
          ...by,
          rows: by.rows.map((each) => ({ ...each, grant: { ...each.grant, scopes: SCOPES } })),
          relyingParties: by.relyingParties.map((party) => ({ ...party, scopes: SCOPES })),
        }
      : by,
  );

/** One row more that denies, mostly on a condition that does not hold. */
export const denyingRules: fc.Arbitrary<PolicyRules> = fc
  .tuple(inForce, row, mostly(fc.constant(yields(false)), fc.constantFrom(yields(true), fails)))
  .map(([by, one, when]) => ({
    ...by,
    rows: [...by.rows, { ...one, id: 'denies', effect: 'deny' as const, when }],
  }));
