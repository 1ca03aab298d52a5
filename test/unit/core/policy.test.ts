import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Evidence, policyQuestion } from '#core/decision/evidence.ts';
import {
  considerRows,
  decidingRow,
  decisiveRow,
  hasConsented,
  isUsedOnce,
  type PolicyRow,
} from '#core/policy.ts';
import type { RelyingParty } from '#core/request/relying-party.ts';
import type { TokenType } from '#core/token/token-type.ts';
import {
  anActorToken,
  anEvidence,
  anExpression,
  anOwnToken,
  aPolicyRow,
  aRelyingParty,
  aRequestor,
  aValidatedToken,
  fails,
  OWN_ISSUER,
  PARTNER_ISSUER,
  refusedAs,
  yields,
} from '#test/support/core.ts';

function decided(
  rows: readonly PolicyRow[],
  evidence: Evidence = anEvidence(),
  target: RelyingParty = aRelyingParty(),
): string {
  return decidingRow(rows, policyQuestion(evidence, target, { issuers: [] })).id;
}

const denies = (row: PolicyRow, evidence?: Evidence, target?: RelyingParty) =>
  assert.throws(() => decided([row], evidence, target), refusedAs('target-not-allowed'));

const aPrincipal = (id: string, trustedIssuer = 'self') => ({
  kind: 'principal' as const,
  id,
  identity: aValidatedToken({
    type: 'username',
    trustedIssuer,
    subject: { issuer: OWN_ISSUER, id },
  }),
});

describe('decidingRow', () => {
  test('Policy: denies when there is no row', () => {
    assert.throws(() => decided([]), refusedAs('target-not-allowed'));
  });

  test('Policy: the row that names requestor, subject and target grants', () => {
    assert.equal(decided([aPolicyRow()]), 'partner-to-orders');
  });

  test('Policy: a row that denies subjects of another issuer denies them behind a token of ours, and no others', () => {
    const rows = [
      aPolicyRow({ id: 'ours', subject: { issuers: ['self'] } }),
      aPolicyRow({ id: 'no', effect: 'deny', subject: { issuers: ['partner'], ids: ['alice'] } }),
    ];
    const about = (id: string) =>
      anEvidence({ subject: anOwnToken({ subject: { issuer: OWN_ISSUER, id } }) });
    const issuers = [
      { id: 'partner', names: [], actorIssuers: [], subjectPrefixes: ['partner:'] },
    ] as const;
    const decide = (id: string) =>
      decidingRow(rows, policyQuestion(about(id), aRelyingParty(), { issuers })).id;

    assert.throws(() => decide('partner:alice'), refusedAs('target-not-allowed'));
    assert.equal(decide('partner:bob'), 'ours');
    assert.equal(decide('alice'), 'ours');
  });

  test('Policy: what a row allows subjects of another issuer it allows no token of ours about them', () => {
    const row = aPolicyRow({ subject: { issuers: ['partner'] } });
    const subject = anOwnToken({ subject: { issuer: OWN_ISSUER, id: 'partner:alice' } });
    const issuers = [
      { id: 'partner', names: [], actorIssuers: [], subjectPrefixes: ['partner:'] },
    ] as const;
    const question = policyQuestion(anEvidence({ subject }), aRelyingParty(), { issuers });

    assert.throws(() => decidingRow([row], question), refusedAs('target-not-allowed'));
  });

  test('Policy: denies another requestor', () => {
    denies(aPolicyRow(), anEvidence({ requestor: { id: 'other' } }));
  });

  test('Policy: denies another target', () => {
    denies(aPolicyRow({ targets: ['billing'] }));
  });

  test('Policy: denies a subject of another trusted issuer, whatever it is called', () => {
    denies(aPolicyRow({ subject: { issuers: ['self'] } }));
    denies(aPolicyRow({ subject: { issuers: [PARTNER_ISSUER] } }));
    denies(aPolicyRow({ subject: { issuers: [] } }));
  });

  test('Policy: denies a subject token of another type', () => {
    denies(aPolicyRow({ subject: { issuers: ['partner'], types: ['id_token'] } }));
    assert.ok(
      decided([aPolicyRow({ subject: { issuers: ['partner'], types: ['access_token'] } })]),
    );
  });

  test('RFC 8725 §3.12: a row about either is about an access token that was declared as a JWT', () => {
    const subject = aValidatedToken({ type: 'jwt', writtenType: 'access_token' });
    const evidence = { ...anEvidence(), subject };
    const about = (type: TokenType) =>
      aPolicyRow({ subject: { issuers: ['partner'], types: [type] } });

    assert.ok(decided([about('jwt')], evidence));
    assert.ok(decided([about('access_token')], evidence));
    denies(about('id_token'), evidence);
  });

  test('Policy: denies a subject with another id', () => {
    denies(aPolicyRow({ subject: { issuers: ['partner'], ids: ['bob', 'ALICE', '__proto__'] } }));
    assert.ok(decided([aPolicyRow({ subject: { issuers: ['partner'], ids: ['alice'] } })]));
  });

  test('Policy: alice of the partner, in a token of ours, is not our alice', () => {
    const row = aPolicyRow({ subject: { issuers: ['self'], ids: ['alice'] } });
    const own = anOwnToken({ subject: { issuer: OWN_ISSUER, id: 'alice' } });
    const foreign = anOwnToken({ subject: { issuer: PARTNER_ISSUER, id: 'alice' } });

    assert.ok(decided([row], { ...anEvidence(), subject: own }));
    denies(row, { ...anEvidence(), subject: foreign });
  });

  test('Policy: a deny row hits both, for it must not be evaded by the name of an issuer', () => {
    const rows = [
      aPolicyRow(),
      aPolicyRow({ effect: 'deny', subject: { issuers: ['self'], ids: ['alice'] } }),
    ];
    const foreign = anOwnToken({ subject: { issuer: PARTNER_ISSUER, id: 'alice' } });

    assert.throws(
      () => decided(rows, { ...anEvidence(), subject: foreign }),
      refusedAs('target-not-allowed'),
    );
  });

  test('Policy: a row that names an actor wants one, of that issuer, type and id', () => {
    const row = (actor: PolicyRow['actor']) => aPolicyRow(actor ? { actor } : {});
    const evidence = anEvidence({ actor: anActorToken() });

    assert.ok(
      decided([row({ issuers: ['self'], types: ['access_token'], ids: ['broker'] })], evidence),
    );
    denies(row({ issuers: ['self'] }));
    denies(row({ issuers: ['partner'] }), evidence);
    denies(row({ issuers: ['self'], types: ['saml2'] }), evidence);
    denies(row({ issuers: ['self'], ids: ['other'] }), evidence);
  });

  test('RFC 8693 §4.1: only the current actor counts: one nested in the subject token opens no row and closes none', () => {
    const broker = { issuer: OWN_ISSUER, id: 'broker' };
    const earlier = { ...anEvidence(), subject: aValidatedToken({ actors: [broker] }) };
    const wanted = aPolicyRow({ actor: { issuers: ['self'], ids: ['broker'] } });
    const barred = aPolicyRow({
      effect: 'deny',
      actor: { issuers: ['self'], ids: ['broker'] },
    });

    denies(wanted, earlier);
    assert.ok(decided([barred, aPolicyRow()], earlier));
  });

  test('Policy: a row with a condition grants only when it yields true', () => {
    assert.ok(decided([aPolicyRow({ when: yields(true) })]));
    for (const when of [yields(false), yields('true'), yields(1), yields(null), fails])
      denies(aPolicyRow({ when }));
  });

  test('Policy: a condition sees the subject, the actor, the requestor and the target', () => {
    const when = anExpression(({ subject, actor, requestor, target }) => ({
      value:
        [subject.id, actor?.id ?? '', requestor.id, target.id].join() ===
        'alice,broker,gateway,orders',
    }));

    assert.ok(decided([aPolicyRow({ when })], anEvidence({ actor: anActorToken() })));
    denies(aPolicyRow({ when }));
  });

  test('Policy: the first allow row that fits decides', () => {
    const rows = [
      aPolicyRow({ id: 'other', targets: ['billing'] }),
      aPolicyRow({ id: 'first' }),
      aPolicyRow({ id: 'second' }),
    ];

    assert.equal(decided(rows), 'first');
  });

  test('Policy: a deny row wins, before an allow row and after it', () => {
    const allow = aPolicyRow();
    const deny = aPolicyRow({
      id: 'no-alice',
      effect: 'deny',
      subject: { issuers: ['partner'], ids: ['alice'] },
    });

    for (const rows of [[allow, deny], [deny, allow], [deny]])
      assert.throws(() => decided(rows), /no-alice denies/);
  });

  test('Policy: a deny row that does not fit denies nothing', () => {
    const deny = aPolicyRow({ effect: 'deny', subject: { issuers: ['partner'], ids: ['bob'] } });

    assert.equal(decided([aPolicyRow(), deny]), 'partner-to-orders');
  });

  test('Policy: a deny row whose condition fails denies, one whose condition is false does not', () => {
    const deny = (when: PolicyRow['when']) => aPolicyRow({ effect: 'deny', ...(when && { when }) });

    assert.throws(() => decided([aPolicyRow(), deny(fails)]), refusedAs('target-not-allowed'));
    assert.ok(decided([aPolicyRow(), deny(yields(false))]));
  });

  test('Policy: denies without the consent of the target, even when a row allows', () => {
    denies(aPolicyRow(), anEvidence(), aRelyingParty({ requestors: ['other'] }));
    denies(aPolicyRow(), anEvidence(), aRelyingParty({ requestors: [] }));
    assert.ok(decided([aPolicyRow()], anEvidence(), aRelyingParty({ requestors: ['gateway'] })));
  });
});

describe('requestors by kind', () => {
  test('Policy: a user called like a client is not that client', () => {
    denies(aPolicyRow(), anEvidence({ requestor: aPrincipal('gateway') }));
    denies(aPolicyRow(), anEvidence({ requestor: { kind: 'principal', id: 'gateway' } }));
  });

  test('Policy: a user called like a client has not the consent given to that client', () => {
    const party = aRelyingParty({ requestors: ['gateway'] });

    assert.equal(hasConsented(party, aRequestor()), true);
    assert.equal(hasConsented(party, aRequestor(aPrincipal('gateway'))), false);
  });

  test('Policy: a row names a principal with its trusted issuer', () => {
    const row = aPolicyRow({ requestors: ['principal:self:bob'] });

    assert.ok(decided([row], anEvidence({ requestor: aPrincipal('bob') })));
    denies(row, anEvidence({ requestor: aPrincipal('bob', 'partner') }));
  });

  test('Policy: a row admits principals by who vouches for them', () => {
    const row = aPolicyRow({
      requestors: [],
      principals: { issuers: ['self'], types: ['username'] },
    });

    assert.ok(decided([row], anEvidence({ requestor: aPrincipal('anyone') })));
    denies(row, anEvidence({ requestor: aPrincipal('anyone', 'partner') }));
    denies(row, anEvidence({ requestor: { kind: 'principal', id: 'nobody vouches' } }));
    denies(row, anEvidence({ requestor: { ...aPrincipal('anyone'), kind: 'client' } }));
    denies(row);
  });

  test('Policy: a row that denies all of us denies whoever comes with a token of ours', () => {
    const principals = { issuers: ['self'] };
    const identity = anOwnToken({ subject: { issuer: OWN_ISSUER, id: 'corp:batch' } });
    const requestor = { kind: 'principal', id: 'corp:batch', identity } as const;
    const rows = [
      aPolicyRow({ requestors: ['principal:self:corp:batch'] }),
      aPolicyRow({ id: 'no', effect: 'deny', requestors: [], principals }),
    ];
    const issuers = [{ id: 'corp', names: [], actorIssuers: [], subjectPrefixes: ['corp:'] }];
    const question = policyQuestion(anEvidence({ requestor }), aRelyingParty(), { issuers });

    assert.throws(() => decidingRow(rows, question), /no denies/);
  });

  test('Policy: a client whose id reads like a principal is refused', () => {
    const evidence = anEvidence({ requestor: { id: 'principal:self:bob' } });

    assert.throws(() => decided([aPolicyRow()], evidence), refusedAs('requestor-not-allowed'));
  });
});

describe('isUsedOnce', () => {
  const row = (types?: readonly TokenType[], over: Partial<PolicyRow> = {}) => {
    const subject = { issuers: ['self'], ...(types && { types }) };
    return { ...aPolicyRow({ subject, grant: { singleUse: true } }), ...over };
  };
  const asJwt = { type: 'jwt', writtenType: 'access_token' } as const;

  test('WS-Trust 1.3 §5: a token of ours is good once where a row lets tokens of its type be', () => {
    for (const rows of [[row()], [row(['jwt'])], [row(['access_token'])], [row(['saml2']), row()]])
      assert.ok(isUsedOnce(rows, asJwt));
  });

  test('WS-Trust 1.3 §5: it is not where none does, or one that denies, or for tokens of others', () => {
    const rows = [
      row(['saml2']),
      row(undefined, { effect: 'deny' }),
      row(undefined, { subject: { issuers: ['partner'] } }),
      row(undefined, { grant: aPolicyRow().grant }),
    ];

    assert.equal(isUsedOnce(rows, asJwt), false);
  });
});

describe('considerRows', () => {
  test('Policy: every row is explained, in order', () => {
    const rows = [
      aPolicyRow({ requestors: ['other'] }),
      aPolicyRow({ targets: ['billing'] }),
      aPolicyRow({ subject: { issuers: ['other'] } }),
      aPolicyRow({ subject: { issuers: ['partner'], types: ['saml2'] } }),
      aPolicyRow({ subject: { issuers: ['partner'], ids: ['bob'] } }),
      aPolicyRow({ actor: { issuers: ['self'] } }),
      aPolicyRow({ when: yields(false) }),
      aPolicyRow({ when: fails }),
      aPolicyRow(),
    ];

    const considered = considerRows(
      rows,
      policyQuestion(anEvidence(), aRelyingParty(), { issuers: [] }),
    );

    assert.deepEqual(
      considered.map(({ mismatch }) => mismatch),
      [
        'requestor',
        'target',
        'subject issuer partner',
        'subject type access_token',
        'subject id',
        'no actor',
        'condition does not hold',
        'condition failed: no such key',
        undefined,
      ],
    );
    assert.equal(decisiveRow(considered), rows.at(-1));
  });

  test('Policy: no row that fits, no row that decides', () => {
    assert.equal(decisiveRow([]), undefined);
  });
});
