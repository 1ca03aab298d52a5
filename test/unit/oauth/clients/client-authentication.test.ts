import assert from 'node:assert/strict';
import { test } from 'node:test';
import Provider from 'oidc-provider';
import { ExchangeFailure } from '#core/failure.ts';
import type { Store } from '#core/ports.ts';
import { overrideClientAuthentication } from '#src/oauth/clients/client-authentication.ts';
import { MemoryStore } from '#src/store/memory/memory-store.ts';
import { fakeClock } from '#test/support/fake-clock.ts';

const ISSUER = 'https://sts.example.org';
const LIFETIME_SECONDS = 300;
const MARGIN_SECONDS = 60;

function aProvider(parts: { readonly client?: object; readonly store?: Store } = {}) {
  const clock = fakeClock();
  const provider = new Provider(ISSUER);
  Object.assign(provider.Client, parts.client);
  overrideClientAuthentication(provider, {
    issuer: ISSUER,
    tokenEndpoint: `${ISSUER}/token`,
    clients: new Map(),
    store: parts.store ?? new MemoryStore(clock),
    sts: { rules: { issuers: [] } },
    clock,
    unknownKeyIntervalSeconds: 30,
    onKeysFailure: () => undefined,
    newId: () => 'attempt',
    clockSkewSeconds: 60,
    marginSeconds: MARGIN_SECONDS,
    fence: () => ({ issuedBefore: 0 }),
  });
  return { clock, provider };
}

for (const [what, seconds, lifetimeSeconds] of [
  ['in whole seconds', LIFETIME_SECONDS, LIFETIME_SECONDS],
  ['in the middle of one', LIFETIME_SECONDS - 0.5, LIFETIME_SECONDS],
  ['that is over already', -10, 0],
] as const)
  test(`RFC 7523 §3: the mark of a client assertion with an end ${what} outlives it by the margin, and then goes`, async () => {
    const { clock, provider } = aProvider();
    const expiry = clock.now() + seconds;
    const use = (client: string) => provider.ReplayDetection.unique(client, 'jti', expiry);

    assert.equal(await use('gateway'), true);
    assert.equal(await use('gateway'), false);
    assert.equal(await use('another'), true);

    clock.advance(lifetimeSeconds + MARGIN_SECONDS - 1);
    assert.equal(await use('gateway'), false, 'the mark went before the assertion');
    clock.advance(1);
    assert.equal(await use('gateway'), true, 'the mark stays for ever');
  });

test('Fail closed: where no mark can be taken nobody is authenticated', async () => {
  const failure = new ExchangeFailure('dependency-unavailable', 'no answer');
  const store = Object.assign(new MemoryStore(fakeClock()), {
    putOnce: () => Promise.reject(failure),
  });
  const { provider } = aProvider({ store });

  await assert.rejects(provider.ReplayDetection.unique('gateway', 'jti', 1), {
    error: 'temporarily_unavailable',
    status: 503,
  });
});

test('Contract: a client whose keys the library keeps elsewhere is found by nobody', async () => {
  const { provider } = aProvider({
    client: {
      find: async () => ({ jwksUri: 'https://client.example/jwks', asymmetricKeyStore: {} }),
    },
  });

  await assert.rejects(provider.Client.find('worker'), /keeps client keys elsewhere/);
});
