// No record, no token: what the ledger must know of a token of ours that is presented (design.md §2).
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide } from '#core/decision/decide.ts';
import { createLedger } from '#core/ledger/ledger.ts';
import { entryOf, writeEntry } from '#core/ledger/ledger-entry.ts';
import { validateEvidenceStanding, validateStanding } from '#core/ledger/standing.ts';
import type { TokenFacts } from '#core/token/security-token.ts';
import { MemoryStore } from '#src/store/memory/memory-store.ts';
import {
  anEvidence,
  anOwnToken,
  aValidatedToken,
  ledgerSettings,
  NOW,
  OWN_ISSUER,
  refusedAs,
  rules,
} from '#test/support/core.ts';
import { fakeClock } from '#test/support/fake-clock.ts';

async function setUp() {
  const clock = fakeClock(NOW);
  const ledger = createLedger(
    new MemoryStore(clock),
    clock,
    ledgerSettings({ marginSeconds: 120 }),
  );
  const spec = decide(anEvidence(), rules(), { now: NOW, tokenId: 'recorded' });
  await ledger.record(spec);
  await ledger.record({ ...spec, tokenId: 'silent', omitsAudience: true });
  return { clock, ledger, spec, end: spec.lifetime.notOnOrAfter };
}

describe('Ledger: no record, no token', () => {
  for (const [name, validate] of [
    ['by itself', validateStanding],
    ['as evidence', validateEvidenceStanding],
  ] as const)
    test(`${name}: a token of ours is taken if it is on record, and no other`, async () => {
      const { ledger } = await setUp();

      assert.equal((await validate(anOwnToken({ id: 'recorded' }), ledger)).id, 'recorded');
      await assert.rejects(
        validate(anOwnToken({ id: 'unknown' }), ledger),
        refusedAs('token-revoked'),
      );
    });

  test('the record stands as long as any clock within the skew takes the token', async () => {
    const { clock, end, ledger } = await setUp();
    clock.set(end + 119);

    assert.ok(await validateStanding(anOwnToken({ id: 'recorded' }), ledger));
  });

  test('how often a token was renewed, and until when it can be, comes from the record: what is made of it goes no further', async () => {
    const { ledger, spec } = await setUp();
    const subject = { trustedIssuer: 'partner', type: 'jwt', ...spec.subject } as const;
    const terms = { family: 'first', afterExpiry: false, notOnOrAfter: NOW + 1800, subject };
    await ledger.record({ ...spec, tokenId: 'renewed', renewal: { ...terms, count: 2 } });

    const { renewableUntil, renewals } = await validateEvidenceStanding(
      anOwnToken({ id: 'renewed' }),
      ledger,
    );

    assert.deepEqual([renewableUntil, renewals], [NOW + 1800, 2]);
  });

  test('what is over may be cancelled without a record, for it may have left descendants', async () => {
    const { ledger } = await setUp();

    const token = anOwnToken({ id: 'unknown', use: 'lifecycle' });

    assert.ok(await validateStanding(token, ledger));
  });

  test('a key that was superseded vouches for what was issued while it signed, in its lifecycle, and for no other words', async () => {
    const { end, ledger, spec } = await setUp();
    const { audiences, claims, clientId, scopes, subjectName } = spec;
    const signed = (changes: Partial<TokenFacts> = {}) =>
      validateStanding(
        anOwnToken({
          id: 'recorded',
          type: spec.type,
          use: 'lifecycle',
          subject: { issuer: OWN_ISSUER, id: subjectName },
          originClient: clientId,
          signedBefore: NOW + 1,
          lifetime: spec.lifetime,
          audiences,
          claims,
          scopes,
          ...changes,
        }),
        ledger,
      );

    assert.ok(await signed());
    const silent = await signed({ id: 'silent', audiences: [], omitsAudience: true });
    assert.deepEqual(silent.audiences, audiences);
    for (const changes of [
      { signedBefore: NOW },
      { lifetime: { notBefore: NOW, notOnOrAfter: end + 1 } },
      { use: 'subject' },
      { originClient: 'another' },
      { subject: { issuer: OWN_ISSUER, id: 'another' } },
      { audiences: ['another'] },
      { id: 'silent', audiences: ['another'] },
      { scopes: [...scopes, 'another'] },
      {
        claims: [{ name: 'role', values: ['x'], issuer: OWN_ISSUER, originalIssuer: OWN_ISSUER }],
      },
      { actors: [{ issuer: OWN_ISSUER, id: 'another' }] },
      { confirmation: { method: 'public-key', jwkThumbprint: 'another' } },
    ] satisfies Partial<TokenFacts>[])
      await assert.rejects(signed(changes), refusedAs('signature-invalid'));
  });

  test('a key that was superseded vouches for nothing where the words are not on record', async () => {
    const clock = fakeClock(NOW);
    const store = new MemoryStore(clock);
    const ledger = createLedger(store, clock, ledgerSettings());
    const spec = decide(anEvidence(), rules(), { now: NOW, tokenId: 'recorded' });
    const key = { class: 'ledger', parts: [OWN_ISSUER, 'recorded'] } as const;
    await store.set(key, writeEntry(entryOf(spec)), 600);
    const token = anOwnToken({ id: 'recorded', use: 'lifecycle', signedBefore: NOW + 1 });

    await assert.rejects(validateStanding(token, ledger), refusedAs('signature-invalid'));
  });

  for (const use of ['subject', 'lifecycle'] as const)
    test(`for whom a token is that does not say so is what is on record, and without that it is for nobody: ${use}`, async () => {
      const { ledger } = await setUp();
      const held = (id: string) =>
        validateStanding(anOwnToken({ id, use, audiences: [], omitsAudience: true }), ledger);

      const { audiences, omitsAudience } = await held('silent');

      assert.deepEqual([audiences, omitsAudience], [['orders'], false]);
      await assert.rejects(held('recorded'), refusedAs('token-audience-mismatch'));
      const reason = use === 'lifecycle' ? 'token-audience-mismatch' : 'token-revoked';
      await assert.rejects(held('unknown'), refusedAs(reason));
    });

  test('a token that says for whom it is, is for nobody else, whatever is on record', async () => {
    const { ledger } = await setUp();

    const { audiences } = await validateStanding(
      anOwnToken({ id: 'silent', audiences: ['billing'] }),
      ledger,
    );

    assert.deepEqual(audiences, ['billing']);
  });

  test('credentials and tokens of others have no record', async () => {
    const { ledger } = await setUp();
    const own = { trustedIssuer: 'self', issuer: OWN_ISSUER } satisfies Partial<TokenFacts>;

    for (const token of [
      aValidatedToken({ ...own, type: 'username', id: undefined as never }),
      aValidatedToken({ ...own, type: 'x509', id: 'a' }),
      aValidatedToken({ id: 'a' }),
    ])
      assert.ok(await validateStanding(token, ledger));
  });
});
