import assert from 'node:assert/strict';
import { test } from 'node:test';
import Provider from 'oidc-provider';
import { overrideClientAuthentication } from '#src/oauth/client-authentication.ts';
import { MemoryStore } from '#src/store/memory/memory-store.ts';
import { fakeClock } from '#test/support/fake-clock.ts';

const ISSUER = 'https://sts.example.org';
const LIFETIME_SECONDS = 300;
const MARGIN_SECONDS = 60;

function aProvider() {
  const clock = fakeClock();
  const provider = new Provider(ISSUER);
  overrideClientAuthentication(provider, {
    issuer: ISSUER,
    tokenEndpoint: `${ISSUER}/token`,
    clients: new Map(),
    store: new MemoryStore(clock),
    clock,
    newId: () => 'attempt',
    marginSeconds: MARGIN_SECONDS,
    fence: () => ({ issuedBefore: 0 }),
  });
  return { clock, provider };
}

test('RFC 7523 §3: the mark of a client assertion outlives it by the margin, and then goes', async () => {
  const { clock, provider } = aProvider();
  const expiry = clock.now() + LIFETIME_SECONDS;
  const use = (client: string) => provider.ReplayDetection.unique(client, 'jti', expiry);

  assert.equal(await use('gateway'), true);
  assert.equal(await use('gateway'), false);
  assert.equal(await use('another'), true);

  clock.advance(LIFETIME_SECONDS + MARGIN_SECONDS - 1);
  assert.equal(await use('gateway'), false, 'the mark went before the assertion');
  clock.advance(1);
  assert.equal(await use('gateway'), true, 'the mark stays for ever');
});
