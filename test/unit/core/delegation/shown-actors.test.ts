// Who is shown as the actor where there is no token of theirs, and what denies it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide } from '#core/decision/decide.ts';
import type { Evidence } from '#core/decision/evidence.ts';
import type { FailureReason } from '#core/failure.ts';
import type { Grant, PolicyRules } from '#core/policy.ts';
import {
  anActorToken,
  anEvidence,
  aPolicyRow,
  aValidatedToken,
  NOW,
  OWN_ISSUER,
  PARTNER_ISSUER,
  refusedAs,
  rules,
} from '#test/support/core.ts';

const decided = (evidence: Evidence, inForce: PolicyRules) =>
  decide(evidence, inForce, { now: NOW, tokenId: 'new-token-1' });
const refuses = (reason: FailureReason, evidence: Evidence, inForce: PolicyRules) =>
  assert.throws(() => decided(evidence, inForce), refusedAs(reason));
const granting = (grant: Partial<Grant>) => rules({ rows: [aPolicyRow({ grant })] });

describe('decide: a requestor that is shown as the actor', () => {
  test('Policy: the requestor becomes the actor where the row says so', () => {
    const inForce = granting({ requestorAsActor: true, impersonation: false });

    assert.deepEqual(decided(anEvidence(), inForce).actors, [
      { issuer: OWN_ISSUER, id: 'gateway', clientId: 'gateway' },
    ]);
    refuses(
      'delegation-not-allowed',
      anEvidence(),
      granting({ requestorAsActor: true, delegation: false }),
    );
  });

  test('Policy: a foreign principal becomes the actor under the name of its own issuer', () => {
    const identity = aValidatedToken({
      type: 'saml2',
      subject: { issuer: PARTNER_ISSUER, id: 'robot' },
    });
    const evidence = anEvidence({
      requestor: { kind: 'principal', id: 'robot', identity },
      subject: { id: 'other', subject: { issuer: PARTNER_ISSUER, id: 'bob' } },
    });
    const row = aPolicyRow({
      requestors: ['principal:partner:robot'],
      grant: { requestorAsActor: true },
    });

    const spec = decided(evidence, rules({ rows: [row] }));

    assert.deepEqual(spec.actors, [{ issuer: PARTNER_ISSUER, id: 'robot' }]);
    assert.equal(spec.clientId, 'principal:partner:robot');
  });

  test('Policy: a foreign principal that becomes the actor is denied under the name of its own issuer', () => {
    const subject = { issuer: PARTNER_ISSUER, id: 'robot' };
    const identity = aValidatedToken({ type: 'saml2', subject });
    const evidence = anEvidence({
      requestor: { kind: 'principal', id: 'robot', identity },
      subject: { id: 'other', subject: { issuer: PARTNER_ISSUER, id: 'bob' } },
    });
    const requestors = ['principal:partner:robot'];
    const row = aPolicyRow({ requestors, grant: { requestorAsActor: true } });
    const denial = (issuer: string) =>
      aPolicyRow({ effect: 'deny', requestors, actor: { issuers: [issuer], ids: ['robot'] } });

    refuses('target-not-allowed', evidence, rules({ rows: [row, denial('partner')] }));
    assert.deepEqual(decided(evidence, rules({ rows: [row, denial('self')] })).actors, [subject]);
  });

  test('Policy: a row that denies the requestor as the actor denies nothing where it is not shown', () => {
    const actor = { issuers: ['self'], ids: ['gateway'] };
    const inForce = rules({ rows: [aPolicyRow(), aPolicyRow({ effect: 'deny', actor })] });

    const alone = decided(anEvidence(), inForce);
    const withAnother = decided(anEvidence({ actor: anActorToken() }), inForce);

    assert.deepEqual(alone.actors, []);
    assert.deepEqual(
      withAnother.actors.map(({ id }) => id),
      ['broker'],
    );
  });

  test('Policy: a local principal without a token becomes the actor under our name, and is no client', () => {
    const evidence = anEvidence({ requestor: { kind: 'principal', id: 'bob' } });
    const row = aPolicyRow({
      requestors: ['principal:self:bob'],
      grant: { requestorAsActor: true },
    });

    assert.deepEqual(decided(evidence, rules({ rows: [row] })).actors, [
      { issuer: OWN_ISSUER, id: 'bob' },
    ]);
  });
});
