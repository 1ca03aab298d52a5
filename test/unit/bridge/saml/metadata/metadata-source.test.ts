// The life of fetched metadata: when it is fetched, how long its keys live, and what a failing source means.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSamlMetadataSource } from '#bridge/saml/metadata/metadata-source.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { FetchedDocument } from '#core/foreign/fetched.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import {
  aCertifiedKey,
  aSamlIssuer,
  assertRefused,
  asText,
  aValidator,
  iso,
  NOW,
  PARTNER,
} from '#test/support/saml/saml.ts';
import { descriptor, entity, idp, signedMetadata } from '#test/support/saml/saml-metadata.ts';

const signer = await aCertifiedKey();
const stranger = await aCertifiedKey();
const issuer = await aSamlIssuer();
const next = await aSamlIssuer();

const signed = (xml: string, key = signer) => signedMetadata(xml, key);
const terms = { entityId: PARTNER, signers: [stranger.trusted, signer.trusted], skewSeconds: 60 };
const good = signed(entity(idp(descriptor(issuer))));

function aSource(first: FetchedDocument = { text: good }) {
  const clock = fakeClock(NOW);
  const state = { document: first, fetches: 0, isDown: false, gate: Promise.resolve() };
  const failures: unknown[] = [];
  const keys = createSamlMetadataSource({
    ...terms,
    url: 'https://idp.example/metadata',
    async fetchText() {
      state.fetches += 1;
      await state.gate;
      if (state.isDown) throw new Error('down');
      return state.document;
    },
    clock,
    settings: { refetchSeconds: 30, staleSeconds: 600, defaultFreshSeconds: 300 },
    onFailure: (cause) => failures.push(cause),
  });
  return { clock, state, keys, failures };
}

test('SAML metadata source: nothing is fetched before it is needed, then once while it is fresh', async () => {
  const { clock, state, keys, failures } = aSource();
  assert.equal(state.fetches, 0);

  await Promise.all([keys.signingKeys(), keys.signingKeys()]);
  clock.advance(299);
  await keys.signingKeys();

  assert.equal(state.fetches, 1);
  clock.advance(1);
  await keys.signingKeys();
  assert.equal(state.fetches, 2);
  assert.deepEqual(failures, []);
});

test('SAML metadata source: freshness is that of the document, then of the answer, within bounds', async () => {
  const cached = (duration: string): string =>
    signed(entity(idp(descriptor(issuer)), `cacheDuration="${duration}"`));
  for (const [document, seconds] of [
    [{ text: cached('PT100S'), maxAgeSeconds: 500 }, 100],
    [{ text: good, maxAgeSeconds: 500 }, 500],
    [{ text: good, maxAgeSeconds: 0 }, 60],
    [{ text: cached('P30D') }, 86_400],
  ] as const) {
    const { clock, state, keys } = aSource(document);
    await keys.signingKeys();
    clock.advance(seconds - 1);
    await keys.signingKeys();
    assert.equal(state.fetches, 1);

    clock.advance(1);
    await keys.signingKeys();

    assert.equal(state.fetches, 2);
  }
});

test('SAML metadata source: keys outlive a failing source for a while, and it is asked at intervals', async () => {
  const { clock, state, keys, failures } = aSource();
  await keys.signingKeys();
  state.isDown = true;
  clock.advance(300);

  await keys.signingKeys();
  clock.advance(29);
  await keys.signingKeys();
  assert.equal(state.fetches, 2);
  clock.advance(1);
  await keys.signingKeys();
  assert.equal(state.fetches, 3);
  clock.advance(570);

  await assertRefused(() => keys.signingKeys(), 'dependency-unavailable');
  assert.ok(failures.length > 0);
  state.isDown = false;
  clock.advance(30);
  assert.equal((await keys.signingKeys()).length, 1);
});

test('SAML metadata source: no failing source keeps keys alive past validUntil', async () => {
  const { clock, state, keys } = aSource({
    text: signed(entity(idp(descriptor(issuer)), `validUntil="${iso(NOW + 100)}"`)),
  });
  await keys.signingKeys();
  state.isDown = true;
  clock.advance(99);
  assert.ok(await keys.signingKeys());
  clock.advance(1);

  await assertRefused(() => keys.signingKeys(), 'dependency-unavailable');
});

test('SAML metadata source: at validUntil the document is asked for anew', async () => {
  const until = (seconds: number) => ({
    text: signed(entity(idp(descriptor(issuer)), `validUntil="${iso(NOW + seconds)}"`)),
  });
  const { clock, state, keys } = aSource(until(100));
  await keys.signingKeys();
  state.document = until(900);
  clock.advance(100);

  assert.equal((await keys.signingKeys()).length, 1);
  assert.equal(state.fetches, 2);
});

test('SAML metadata source: a source that is back answers for unknown keys again', async () => {
  const { clock, state, keys } = aSource();
  await keys.signingKeys();
  state.isDown = true;
  clock.advance(300);
  await keys.signingKeys();
  await assertRefused(async () => keys.searchKeys?.(), 'dependency-unavailable');
  state.isDown = false;
  clock.advance(30);

  await keys.signingKeys();

  assert.equal((await keys.searchKeys?.())?.length, 1);
});

test('SAML metadata source: metadata that is not acceptable does not replace the keys that are held', async () => {
  const { clock, state, keys, failures } = aSource();
  const [before] = await keys.signingKeys();
  state.document = {
    text: signed(entity(idp(descriptor(stranger))), next),
  };
  clock.advance(300);

  const [after] = await keys.signingKeys();

  assert.equal(after, before);
  assert.equal(failures.length, 1);
});

test('SAML metadata source: a new key is found at once, a forged signature fetches once for each interval', async () => {
  const { clock, state, keys } = aSource();
  const validator = aValidator([issuer.trust({ keys })], { clock });
  const rolled = asText('saml1', next.assertion('saml1'));
  assert.ok(await validator.validate(asText('saml1', issuer.assertion('saml1'))));
  clock.advance(30);

  await assertRefused(() => validator.validate(rolled), 'signature-invalid');
  await assertRefused(() => validator.validate(rolled), 'signature-invalid');
  assert.equal(state.fetches, 2);

  state.document = { text: signed(entity(idp(descriptor(issuer) + descriptor(next)))) };
  clock.advance(30);
  assert.ok(await validator.validate(rolled));
  assert.equal(state.fetches, 3);
});

test('SAML metadata source: who comes while a new key is looked for waits for what is found', async () => {
  const { clock, state, keys } = aSource();
  await keys.signingKeys();
  clock.advance(30);
  state.document = { text: signed(entity(idp(descriptor(issuer) + descriptor(next)))) };
  const gate = Promise.withResolvers<void>();
  state.gate = gate.promise;

  const search = async () => (await keys.searchKeys?.())?.length;
  const searches = [search(), search()];
  gate.resolve();

  assert.deepEqual(await Promise.all(searches), [2, 2]);
  assert.equal(state.fetches, 2);
});

test('SAML metadata source: right after a fetch a signature of an unknown key fetches nothing more', async () => {
  const { clock, state, keys } = aSource();
  await keys.signingKeys();
  clock.advance(29);

  await keys.searchKeys?.();

  assert.equal(state.fetches, 1);
  clock.advance(1);
  await keys.searchKeys?.();
  assert.equal(state.fetches, 2);
});

test('SAML metadata source: while the source fails an unknown key may be a new one', async () => {
  const { clock, state, keys } = aSource();
  const validator = aValidator([issuer.trust({ keys })], { clock });
  const forged = asText('saml1', next.assertion('saml1'));
  await assertRefused(() => validator.validate(forged), 'signature-invalid');
  state.isDown = true;
  clock.advance(30);

  await assertRefused(() => validator.validate(forged), 'dependency-unavailable');
  assert.ok(await validator.validate(asText('saml1', issuer.assertion('saml1'))));
});

test('SAML metadata source: a clock that is set back does not stop it', async () => {
  const { clock, state, keys } = aSource();
  state.isDown = true;
  await assert.rejects(keys.signingKeys(), ExchangeFailure);
  clock.set(NOW - 1000);
  state.isDown = false;

  assert.equal((await keys.signingKeys()).length, 1);
});
