import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Actor } from '#core/claims/subject.ts';
import {
  ACTOR_CHAIN_CEILING,
  actorChain,
  actorOf,
  validateMayAct,
} from '#core/delegation/actor-chain.ts';
import {
  anActorToken,
  aValidatedToken,
  OWN_ISSUER,
  PARTNER_ISSUER,
  refusedAs,
} from '#test/support/core.ts';

const CHAIN_RULES = { issuer: OWN_ISSUER, issuers: [], maxDepth: 5, selfDelegation: false };
const service = (id: string): Actor => ({ issuer: OWN_ISSUER, id });
const services = (count: number) =>
  Array.from({ length: count }, (_, index) => service(`s${index}`));

describe('actorOf', () => {
  test('RFC 8693 §4.1: the actor is the subject of the actor token, with its client', () => {
    const actor = actorOf(anActorToken({ originClient: 'gateway' }));

    assert.deepEqual(actor, { issuer: OWN_ISSUER, id: 'broker', clientId: 'gateway' });
  });

  test('RFC 8693 §4.1: names no client where the actor token names none', () => {
    const actor = actorOf(aValidatedToken());

    assert.deepEqual(actor, { issuer: PARTNER_ISSUER, id: 'alice' });
  });

  test('RFC 8693 §4.1: refuses an actor token with a chain of its own', () => {
    const token = anActorToken({ actors: [service('other')] });

    assert.throws(() => actorOf(token), refusedAs('delegation-not-allowed'));
  });
});

describe('actorChain', () => {
  test('RFC 8693 §4.1: puts the new actor outermost and nests the chain of the subject token', () => {
    const subject = aValidatedToken({ actors: [service('first')] });

    const chain = actorChain(subject, service('second'), CHAIN_RULES);

    assert.deepEqual(chain, [service('second'), service('first')]);
  });

  test('RFC 8693 §4.1: keeps the chain of the subject token when there is no new actor', () => {
    const subject = aValidatedToken({ actors: [service('first')] });

    assert.deepEqual(actorChain(subject, undefined, CHAIN_RULES), [service('first')]);
  });

  test('RFC 8693 §4.1: grants a chain of exactly the depth allowed, one more is refused', () => {
    const subject = aValidatedToken({ actors: services(4) });

    const chain = actorChain(subject, service('new'), CHAIN_RULES);

    assert.equal(chain.length, 5);
    const deeper = aValidatedToken({ actors: services(5) });
    assert.throws(
      () => actorChain(deeper, service('new'), CHAIN_RULES),
      refusedAs('delegation-not-allowed'),
    );
  });

  test('RFC 8693 §4.1: no configuration lifts the ceiling', () => {
    const subject = aValidatedToken({ actors: services(ACTOR_CHAIN_CEILING) });
    const lax = { ...CHAIN_RULES, maxDepth: 1000, selfDelegation: true };

    assert.equal(actorChain(subject, undefined, lax).length, ACTOR_CHAIN_CEILING);
    assert.throws(
      () => actorChain(subject, service('new'), lax),
      refusedAs('delegation-not-allowed'),
    );
  });

  test('RFC 8693 §4.1: refuses an inherited chain that is too deep, without a new actor too', () => {
    const subject = aValidatedToken({ actors: services(6) });

    assert.throws(
      () => actorChain(subject, undefined, CHAIN_RULES),
      refusedAs('delegation-not-allowed'),
    );
  });

  test('RFC 8693 §4.1: refuses an actor that is in the chain already', () => {
    const subject = aValidatedToken({ actors: [service('b'), service('a')] });

    assert.throws(
      () => actorChain(subject, service('a'), CHAIN_RULES),
      refusedAs('delegation-not-allowed'),
    );
  });

  test('RFC 8693 §4.1: refuses an inherited chain that loops', () => {
    const subject = aValidatedToken({ actors: [service('a'), service('b'), service('a')] });

    assert.throws(
      () => actorChain(subject, undefined, CHAIN_RULES),
      refusedAs('delegation-not-allowed'),
    );
  });

  test('RFC 8693 §4.1: the same id at two issuers is two parties, no loop', () => {
    const subject = aValidatedToken({ actors: [{ issuer: PARTNER_ISSUER, id: 'broker' }] });

    assert.equal(actorChain(subject, service('broker'), CHAIN_RULES).length, 2);
  });

  test('Policy: refuses a subject that acts for itself', () => {
    const subject = aValidatedToken();

    assert.throws(
      () => actorChain(subject, subject.subject, CHAIN_RULES),
      refusedAs('delegation-not-allowed'),
    );
  });

  test('Policy: refuses a subject hidden further down in the chain', () => {
    const subject = aValidatedToken({
      actors: [service('a'), { issuer: PARTNER_ISSUER, id: 'alice' }],
    });

    assert.throws(
      () => actorChain(subject, undefined, CHAIN_RULES),
      refusedAs('delegation-not-allowed'),
    );
  });

  test('Policy: a party is one, under the name of its issuer and under the one that it has in tokens of ours', () => {
    const names = [PARTNER_ISSUER, 'https://alias.example'];
    const known = { id: 'partner', names, actorIssuers: [], subjectPrefixes: ['partner:', 'p/'] };
    const other = { ...known, id: 'other', names: ['urn:other'], subjectPrefixes: ['other:'] };
    const rules = { ...CHAIN_RULES, issuers: [other, known] };
    const refused = refusedAs('delegation-not-allowed');
    const ofOurs = (id: string) => aValidatedToken({ subject: { issuer: OWN_ISSUER, id } });

    for (const issuer of names)
      for (const id of ['partner:alice', 'p/alice']) {
        const [theirs, ours] = [{ issuer, id: 'alice' }, service(id)];
        assert.throws(() => actorChain(ofOurs(id), theirs, rules), refused);
        assert.throws(() => actorChain(aValidatedToken({ subject: theirs }), ours, rules), refused);
        const acted = ofOurs('partner:bob');
        assert.throws(() => actorChain({ ...acted, actors: [theirs] }, ours, rules), refused);
        assert.throws(() => actorChain({ ...acted, actors: [ours] }, theirs, rules), refused);
        assert.equal(actorChain(acted, theirs, rules).length, 1);
      }
    assert.equal(actorChain(ofOurs('alice'), { issuer: 'urn:x', id: 'alice' }, rules).length, 1);
  });

  test('Policy: a subject may act for itself where self-delegation is on', () => {
    const subject = aValidatedToken();

    const chain = actorChain(subject, subject.subject, { ...CHAIN_RULES, selfDelegation: true });

    assert.deepEqual(chain, [subject.subject]);
  });

  test('Policy: alice of another issuer may act for alice', () => {
    const chain = actorChain(aValidatedToken(), service('alice'), CHAIN_RULES);

    assert.deepEqual(chain, [service('alice')]);
  });
});

describe('validateMayAct', () => {
  const broker: Actor = { issuer: OWN_ISSUER, id: 'broker', clientId: 'gateway' };

  test('RFC 8693 §4.4: without may_act any actor passes on to the policy, and none does', () => {
    validateMayAct(undefined, broker, OWN_ISSUER);
    validateMayAct(undefined, undefined, OWN_ISSUER);
  });

  test('RFC 8693 §4.4: accepts the actor that every member names', () => {
    validateMayAct(
      { issuer: OWN_ISSUER, id: 'broker', clientId: 'gateway' },
      broker,
      PARTNER_ISSUER,
    );
  });

  const refused = [
    ['another issuer', { issuer: PARTNER_ISSUER, id: 'broker' }],
    ['another id', { issuer: OWN_ISSUER, id: 'other' }],
    ['another client', { issuer: OWN_ISSUER, id: 'broker', clientId: 'other' }],
    ['nobody at all', {}],
    ['an issuer only', { issuer: OWN_ISSUER }],
  ] as const;
  for (const [what, mayAct] of refused) {
    test(`RFC 8693 §4.4: refuses an actor when may_act names ${what}`, () => {
      assert.throws(
        () => validateMayAct(mayAct, broker, OWN_ISSUER),
        refusedAs('delegation-not-allowed'),
      );
    });
  }

  test('RFC 8693 §4.4: refuses may_act without an actor', () => {
    assert.throws(
      () => validateMayAct({ id: 'broker' }, undefined, OWN_ISSUER),
      refusedAs('delegation-not-allowed'),
    );
  });

  test('RFC 8693 §4.4: a name without an issuer is a name at the issuer of the token', () => {
    validateMayAct({ id: 'broker' }, broker, OWN_ISSUER);
    const namesake = { issuer: 'https://evil.example', id: 'broker' };
    assert.throws(
      () => validateMayAct({ id: 'broker' }, namesake, OWN_ISSUER),
      refusedAs('delegation-not-allowed'),
    );
  });

  test('RFC 8693 §4.4: a client id is one of the issuer of the token as well', () => {
    const namesake = { ...broker, issuer: 'https://evil.example' };

    assert.throws(
      () => validateMayAct({ clientId: 'gateway' }, namesake, OWN_ISSUER),
      refusedAs('delegation-not-allowed'),
    );
  });

  test('RFC 8693 §4.4: a client id does not match an actor without one', () => {
    const { clientId: _, ...anonymous } = broker;

    assert.throws(
      () => validateMayAct({ clientId: 'gateway' }, anonymous, OWN_ISSUER),
      refusedAs('delegation-not-allowed'),
    );
  });
});
