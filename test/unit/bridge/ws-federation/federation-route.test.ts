// The address of our federation metadata: how often it signs, and what a key does to it that cannot sign for a moment.
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { test } from 'node:test';
import { createFederationRoute } from '#bridge/ws-federation/federation-route.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { aCertifiedKey } from '#test/support/saml/saml.ts';
import { RSA_SHA256 } from '#test/support/soap/signed-message.ts';
import { createKeySigner } from '#test/support/xml/signer.ts';

const BASE = 'https://sts.example.org';
const { certificateDer, privatePem } = await aCertifiedKey();
const key = createPrivateKey(privatePem);

/** The route over a key that is away when `isAway` says so; it counts. */
function aRoute(isAway: () => boolean = () => false) {
  const clock = fakeClock();
  const signer = createKeySigner({ algorithm: RSA_SHA256, key });
  let signed = 0;
  const answer = createFederationRoute({
    factsAt: () => ({
      entityId: BASE,
      certificates: [certificateDer],
      endpoints: [`${BASE}/ws-trust`],
      tokenTypeUris: [],
      claimTypeUris: [],
    }),
    signingAt: () => ({
      signer: {
        algorithm: RSA_SHA256,
        sign: (bytes) => {
          signed += 1;
          return isAway() ? Promise.reject(new Error('the key is away')) : signer.sign(bytes);
        },
      },
    }),
    clock,
    newId: () => 'id',
  });
  return { answer, clock, signed: () => signed };
}

test('WS-Federation 1.2 §3.1: metadata is signed once for a while, however many ask for it', async () => {
  const { answer, clock, signed } = aRoute();

  const [first, second] = await Promise.all([answer(BASE), answer(BASE)]);
  assert.equal(signed(), 1);
  assert.equal(first, second);

  clock.advance(300);
  await answer(BASE);
  assert.equal(signed(), 2);
});

test('WS-Federation 1.2 §3.1: a clock that is set back does not have metadata used that is good until who knows when', async () => {
  const { answer, clock, signed } = aRoute();
  clock.advance(365 * 86_400);
  const ahead = await answer(BASE);

  clock.advance(-365 * 86_400);
  const back = await answer(BASE);

  const endOf = (text: string) => /validUntil="([^"]+)"/.exec(text)?.[1] ?? '';
  assert.equal(signed(), 2);
  assert.ok(endOf(back) < endOf(ahead));
});

test('WS-Federation 1.2 §3.1: a key that could not sign is asked again, and no failure is kept', async () => {
  let isAway = true;
  const { answer } = aRoute(() => isAway);

  await assert.rejects(answer(BASE));
  isAway = false;

  assert.match(await answer(BASE), /<ds:SignatureValue/);
});
