import assert from 'node:assert/strict';
import test from 'node:test';
import type { FetchedDocument } from '#core/foreign/fetched.ts';
import type { FetchText } from '#src/trust/fetch-text.ts';
import { createIssuerKeys, type IssuerKeysRecord } from '#src/trust/issuer-keys.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { aForeignIssuer } from '#test/support/jwt/jwt.ts';

const ISSUER = 'https://idp.example/realms/a';
const JWKS_URI = 'https://idp.example/keys';
const OIDC = `${ISSUER}/.well-known/openid-configuration`;
const RFC8414 = 'https://idp.example/.well-known/oauth-authorization-server/realms/a';
const SETTINGS = { refetchSeconds: 30, staleSeconds: 3600, defaultFreshSeconds: 600 };

const first = await aForeignIssuer();
const second = await aForeignIssuer();
const setOf = (...issuers: readonly (typeof first)[]): string =>
  JSON.stringify({ keys: issuers.map(({ publicJwk }) => publicJwk) });
const wants = ({ kid }: { kid: string }) => ({ kid, alg: 'ES256' });

/** A network of documents by address; an address without one fails. Counts what is asked for. */
function aNetwork(documents: Record<string, FetchedDocument>) {
  const asked: string[] = [];
  const fetchText: FetchText = async (url) => {
    asked.push(url);
    const document = documents[url];
    if (!document) throw new Error('nothing there');
    return document;
  };
  return { asked, documents, fetchText };
}

function trusting(network: ReturnType<typeof aNetwork>, record: Partial<IssuerKeysRecord> = {}) {
  const clock = fakeClock();
  const failures: unknown[] = [];
  const { fetchText } = network;
  const keys = { kind: 'url', url: JWKS_URI } as const;
  const source = createIssuerKeys(
    { id: 'partner', issuer: ISSUER, keys, ...record },
    { fetchText, clock, settings: SETTINGS, onFailure: (cause) => failures.push(cause) },
  );
  return { clock, failures, source };
}

test('Trust: keys are fetched once and kept while they are fresh', async () => {
  const network = aNetwork({ [JWKS_URI]: { text: setOf(first), maxAgeSeconds: 300 } });
  const { clock, failures, source } = trusting(network);

  await source.verificationKey(wants(first));
  clock.advance(299);
  await source.verificationKey(wants(first));
  assert.equal(network.asked.length, 1);
  clock.advance(1);
  await source.verificationKey(wants(first));

  assert.equal(network.asked.length, 2);
  assert.deepEqual(failures, []);
});

const freshness: readonly (readonly [string, number | undefined, number])[] = [
  ['no word is the default', undefined, 600],
  ['0 is a minute', 0, 60],
  ['a year is a day', 31_536_000, 86_400],
];

for (const [name, maxAgeSeconds, seconds] of freshness) {
  test(`RFC 9111 §5.2.2.1: max-age is held within bounds: ${name}`, async () => {
    const stated = maxAgeSeconds === undefined ? {} : { maxAgeSeconds };
    const network = aNetwork({ [JWKS_URI]: { text: setOf(first), ...stated } });
    const { clock, source } = trusting(network);
    await source.verificationKey(wants(first));

    clock.advance(seconds - 1);
    await source.verificationKey(wants(first));
    assert.equal(network.asked.length, 1);
    clock.advance(1);
    await source.verificationKey(wants(first));

    assert.equal(network.asked.length, 2);
  });
}

test('Trust: many first tokens at once are one fetch', async () => {
  const network = aNetwork({ [JWKS_URI]: { text: setOf(first) } });
  const { source } = trusting(network);

  await Promise.all(Array.from({ length: 50 }, () => source.verificationKey(wants(first))));

  assert.equal(network.asked.length, 1);
});

test('Reliability row 19: ten thousand unknown kids are one fetch for each interval', async () => {
  const network = aNetwork({ [JWKS_URI]: { text: setOf(first) } });
  const { clock, source } = trusting(network);
  await source.verificationKey(wants(first));
  const flood = async (): Promise<void> => {
    for (let n = 0; n < 5000; n += 1) {
      const unknown = source.verificationKey({ kid: `unknown-${n}`, alg: 'ES256' });
      await assert.rejects(unknown, { reason: 'signature-invalid' });
    }
  };

  await flood();
  clock.advance(29);
  await flood();
  assert.equal(network.asked.length, 2);
  clock.advance(1);
  await flood();

  assert.equal(network.asked.length, 3);
  await source.verificationKey(wants(first));
});

test('Reliability row 19: unknown kids before any other token are one fetch, at once or in turn', async () => {
  const network = aNetwork({ [JWKS_URI]: { text: setOf(first) } });
  const { source } = trusting(network);
  const unknown = (n: number) => source.verificationKey({ kid: `unknown-${n}`, alg: 'ES256' });

  const results = await Promise.allSettled(Array.from({ length: 5000 }, (_, n) => unknown(n)));
  await assert.rejects(unknown(1), { reason: 'signature-invalid' });

  assert.ok(results.every(({ status }) => status === 'rejected'));
  assert.equal(network.asked.length, 1);
});

test('Reliability row 20: a key rolled while cached is found by the first token that names it', async () => {
  const network = aNetwork({ [JWKS_URI]: { text: setOf(first) } });
  const { clock, source } = trusting(network);
  await source.verificationKey(wants(first));

  clock.advance(5);
  network.documents[JWKS_URI] = { text: setOf(second) };
  await Promise.all(Array.from({ length: 20 }, () => source.verificationKey(wants(second))));

  assert.equal(network.asked.length, 2);
  await assert.rejects(source.verificationKey(wants(first)), { reason: 'signature-invalid' });
});

test('Reliability row 19: while the source fails, known keys serve until the bound, then nothing does', async () => {
  const network = aNetwork({ [JWKS_URI]: { text: setOf(first), maxAgeSeconds: 300 } });
  const { clock, source } = trusting(network);
  await source.verificationKey(wants(first));
  delete network.documents[JWKS_URI];

  clock.advance(300 + SETTINGS.staleSeconds - 1);
  await source.verificationKey(wants(first));
  await assert.rejects(source.verificationKey(wants(second)), { reason: 'dependency-unavailable' });
  clock.advance(1);

  await assert.rejects(source.verificationKey(wants(first)), { reason: 'dependency-unavailable' });
});

test('Reliability row 19: a source that fails is asked once for each interval, and who comes is told when', async () => {
  const network = aNetwork({});
  const { clock, failures, source } = trusting(network);
  const ask = (retryAfterSeconds: number) =>
    assert.rejects(source.verificationKey(wants(first)), {
      reason: 'dependency-unavailable',
      retryAfterSeconds,
    });

  await Promise.all(Array.from({ length: 50 }, () => ask(30)));
  clock.advance(29);
  await ask(1);
  assert.equal(failures.length, 1);
  clock.advance(1);
  network.documents[JWKS_URI] = { text: setOf(first) };
  await source.verificationKey(wants(first));

  assert.equal(failures.length, 1);
  assert.equal(network.asked.length, 2);
});

test('Reliability row 19: while one asks a source that has failed, nobody waits with them', async () => {
  const network = aNetwork({ [JWKS_URI]: { text: setOf(first), maxAgeSeconds: 60 } });
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<FetchedDocument>();
  const fetchText: FetchText = async (url) => {
    if (network.asked.length < 2) return network.fetchText(url);
    asked.resolve();
    return answer.promise;
  };
  const { clock, source } = trusting({ ...network, fetchText });
  await source.verificationKey(wants(first));
  delete network.documents[JWKS_URI];
  clock.advance(60);
  await source.verificationKey(wants(first));
  clock.advance(30);
  const asking = source.verificationKey(wants(second));
  await asked.promise;

  await source.verificationKey(wants(first));
  await assert.rejects(source.verificationKey(wants(second)), { reason: 'dependency-unavailable' });
  answer.resolve({ text: setOf(second) });

  await asking;
  await source.verificationKey(wants(second));
});

test('Trust: a clock that was set back does not stop refreshing', async () => {
  const network = aNetwork({});
  const { clock, source } = trusting(network);
  await assert.rejects(source.verificationKey(wants(first)), { reason: 'dependency-unavailable' });

  clock.advance(-10_000);
  network.documents[JWKS_URI] = { text: setOf(first) };

  await source.verificationKey(wants(first));
});

test('Trust: a page in place of keys is a failure and does not wipe out what is known', async () => {
  const network = aNetwork({ [JWKS_URI]: { text: setOf(first), maxAgeSeconds: 60 } });
  const { clock, failures, source } = trusting(network);
  await source.verificationKey(wants(first));

  network.documents[JWKS_URI] = { text: '<html>' };
  clock.advance(60);

  await source.verificationKey(wants(first));
  assert.equal(failures.length, 1);
});

test('Trust: an issuer that withdraws its keys is believed', async () => {
  const network = aNetwork({ [JWKS_URI]: { text: setOf(first), maxAgeSeconds: 60 } });
  const { clock, source } = trusting(network);
  await source.verificationKey(wants(first));

  network.documents[JWKS_URI] = { text: '{"keys":[]}' };
  clock.advance(60);

  await assert.rejects(source.verificationKey(wants(first)), { reason: 'signature-invalid' });
});

test('Trust: a key that cannot be imported is as good as none', async () => {
  const { x: _, ...broken } = first.publicJwk;
  const text = JSON.stringify({ keys: [{ ...broken, x: 'AA' }] });
  const { source } = trusting(aNetwork({ [JWKS_URI]: { text } }));

  await assert.rejects(source.verificationKey(wants(first)), { reason: 'signature-invalid' });
});

test('Pinned keys: serve without a network, and a bad set is refused at once', async () => {
  const network = aNetwork({});
  const { source } = trusting(network, { keys: { kind: 'pinned', jwks: setOf(first) } });

  await source.verificationKey(wants(first));

  await assert.rejects(source.verificationKey(wants(second)), { reason: 'signature-invalid' });
  assert.deepEqual(network.asked, []);
  assert.throws(
    () => trusting(network, { keys: { kind: 'pinned', jwks: '{}' } }),
    /trusted issuer partner: this is not a JWK Set/,
  );
});

const metadata = (members: object): FetchedDocument => ({ text: JSON.stringify(members) });
const discovered = { keys: { kind: 'discovery' } } as const;

for (const location of [OIDC, RFC8414]) {
  test(`RFC 8414 §3: finds the keys by the metadata at ${new URL(location).pathname}`, async () => {
    const network = aNetwork({
      [location]: metadata({ issuer: ISSUER, jwks_uri: JWKS_URI }),
      [JWKS_URI]: { text: setOf(first) },
    });
    const { source } = trusting(network, discovered);

    await source.verificationKey(wants(first));

    assert.equal(network.asked.at(-2), location);
  });
}

const GOOD = { issuer: ISSUER, jwks_uri: JWKS_URI };
const wrong: readonly (readonly [string, object | null])[] = [
  ['of another issuer', { ...GOOD, issuer: 'https://idp.example' }],
  ['of the issuer with a slash more', { ...GOOD, issuer: `${ISSUER}/` }],
  ['without issuer', { jwks_uri: JWKS_URI }],
  ['without jwks_uri', { issuer: ISSUER }],
  ['with a list as jwks_uri', { ...GOOD, jwks_uri: [JWKS_URI] }],
  ['that is null', null],
];

for (const [name, members] of wrong) {
  test(`RFC 8414 §3.3: refuses metadata ${name}, and looks nowhere else`, async () => {
    const text = JSON.stringify(members);
    const network = aNetwork({
      [OIDC]: { text },
      [RFC8414]: metadata(GOOD),
      [JWKS_URI]: { text: setOf(first) },
    });
    const { source } = trusting(network, discovered);

    await assert.rejects(source.verificationKey(wants(first)), {
      reason: 'dependency-unavailable',
    });
    assert.deepEqual(network.asked, [OIDC]);
  });
}

test('RFC 8414 §3.1: an issuer without a path, and one that ends with a slash', async () => {
  for (const issuer of ['https://idp.example', 'https://idp.example/']) {
    const network = aNetwork({});
    const { source } = trusting(network, { ...discovered, issuer });

    await assert.rejects(source.verificationKey(wants(first)));

    assert.deepEqual(network.asked, [
      'https://idp.example/.well-known/openid-configuration',
      'https://idp.example/.well-known/oauth-authorization-server',
    ]);
  }
});
