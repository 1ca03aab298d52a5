import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '#core/decision/decide.ts';
import type { Evidence } from '#core/decision/evidence.ts';
import type { Grant } from '#core/policy.ts';
import {
  anActorToken,
  anEvidence,
  anOwnToken,
  aPolicyRow,
  aRequestor,
  aValidatedToken,
  NOW,
  OWN_ISSUER,
  PARTNER_ISSUER,
  refusedAs,
  rules,
} from '#test/support/core.ts';

const inForce = (grant: Partial<Grant> = {}) =>
  rules({
    rows: [aPolicyRow({ subject: { issuers: ['partner', 'self'] }, grant })],
  });
const decided = (evidence: Evidence, grant?: Partial<Grant>) =>
  decide(evidence, inForce(grant), { now: NOW, tokenId: 'new' });
const left = (delegations: number | undefined, over: Partial<Evidence['request']> = {}) =>
  decided(
    anEvidence({ subject: { ...(delegations !== undefined && { delegations }) }, request: over }),
  ).delegations;

test('SAML Core 2.0 §2.5.1.6: each token made takes one from the count, and none from no count', () => {
  assert.equal(left(undefined), undefined);
  assert.equal(left(7), 6);
  assert.equal(left(1), 0);
});

test('SAML Core 2.0 §2.5.1.6: refuses to make a token when nothing is left, also for its own subject', () => {
  const refused = (evidence: Evidence) =>
    assert.throws(() => decided(evidence), refusedAs('delegation-not-allowed'));

  refused(anEvidence({ subject: { delegations: 0 } }));
  refused(anEvidence({ actor: anActorToken({ delegations: 0 }) }));
  refused({ ...anEvidence(), subject: anOwnToken({ delegations: 0, originClient: 'gateway' }) });
});

test('SAML Core 2.0 §2.5.1.6: what another issuer restricted is so for its own subject, who comes with it as credential', () => {
  const asItself = (delegations: number): Evidence => {
    const evidence = anEvidence({ subject: { delegations } });
    const { request, subject } = evidence;
    const requestor = aRequestor({ kind: 'principal', id: 'alice', identity: subject });
    return { ...evidence, request: { ...request, requestor } };
  };
  const row = aPolicyRow({
    requestors: [],
    principals: { issuers: ['partner'] },
    subject: { issuers: ['partner'] },
  });
  const by = (evidence: Evidence) =>
    decide(evidence, rules({ rows: [row] }), { now: NOW, tokenId: 'new' });

  assert.equal(by(asItself(1)).delegations, 0);
  assert.throws(() => by(asItself(0)), refusedAs('delegation-not-allowed'));
});

test('WS-Trust 1.3 §9.3: with a token of ours that may not be delegated its own subject asks on', () => {
  const own = { issuer: OWN_ISSUER, id: 'gateway' };
  const subject = anOwnToken({ subject: own, originClient: 'gateway', delegations: 0 });

  assert.equal(decided({ ...anEvidence(), subject }).delegations, 0);
});

test('WS-Trust 1.3 §9.3: Delegatable shortens what is left and never lengthens it', () => {
  assert.equal(left(undefined, { isDelegatable: false }), 0);
  assert.equal(left(7, { isDelegatable: false }), 0);
  assert.equal(left(2, { isDelegatable: true }), 1);
  // No longer than a chain of actors can be.
  assert.equal(left(undefined, { isDelegatable: true }), rules().maxDepth);
});

test('ws-trust §8: a row can say that a delegate cannot delegate again', () => {
  const first = anEvidence({ actor: anActorToken() });
  const again = anEvidence({
    actor: anActorToken(),
    subject: { actors: [{ issuer: OWN_ISSUER, id: 'earlier' }] },
  });

  assert.equal(decided(first, { maxActors: 1 }).actors.length, 1);
  assert.equal(decided(again).actors.length, 2);
  assert.throws(() => decided(again, { maxActors: 1 }), refusedAs('delegation-not-allowed'));
  assert.ok(decided(again, { maxActors: 8 }));
});

test('SAML Core 2.0 §2.5.1.6: a requestor that becomes the actor takes from what it came with, as an actor token does', () => {
  const acting = (delegations: number) => {
    const subject = { issuer: PARTNER_ISSUER, id: 'robot' };
    const identity = aValidatedToken({ type: 'saml2', subject, delegations });
    const requestors = ['principal:partner:robot'];
    const row = aPolicyRow({ requestors, grant: { delegation: true, requestorAsActor: true } });
    return decide(
      anEvidence({ requestor: { kind: 'principal', id: 'robot', identity } }),
      rules({ rows: [row] }),
      { now: NOW, tokenId: 'new' },
    );
  };

  assert.equal(acting(2).delegations, 1);
  assert.throws(() => acting(0), refusedAs('delegation-not-allowed'));
});
