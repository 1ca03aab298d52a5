// An older answer about revocation must not take the place of a newer one: servers that lag behind each other, and whoever is on the way,
// would give a revoked certificate back.
import '#test/support/x509/reflect-metadata.ts';

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createFetchBytes } from '#src/trust/fetch-text.ts';
import { parseCertificate } from '#src/trust/x509/certificate.ts';
import { writeOcspRequest } from '#src/trust/x509/revocation/ocsp.ts';
import { createRevocation } from '#src/trust/x509/revocation/revocation.ts';
import { eventually } from '#test/support/eventually.ts';
import { anHttpServer, answerOcsp } from '#test/support/x509/ocsp-responder.ts';
import {
  aCertificate,
  anAuthority,
  aRevocationList,
  type TestCertificate,
} from '#test/support/x509/pki.ts';

const NOW = Math.floor(Date.now() / 1000);
const HOUR_SECONDS = 3600;
const root = await anAuthority({ name: 'CN=Root' });
const [client, other] = await Promise.all([
  aCertificate({ issuer: root }),
  aCertificate({ name: 'CN=other', issuer: root }),
]);

/** What is published changes, and after each change an hour passes. */
async function startWith(t: TestContext, kind: 'list' | 'ocsp', first: string | Buffer) {
  let [now, published] = [NOW, first];
  const url = await anHttpServer(t, () => Buffer.from(published));
  const revocation = createRevocation({
    settings: {
      lists: [],
      listUrls: kind === 'list' ? [url] : [],
      ...(kind === 'ocsp' && { ocspUrl: url }),
      asksCertificateAddresses: false,
    },
    fetchBytes: createFetchBytes({
      allowedHosts: ['127.0.0.1'],
      timeoutSeconds: 60,
      maxBodyBytes: 100_000,
    }),
    clock: { now: () => now },
    onFailure: () => undefined,
  });
  const publish = (next: string | Buffer): void => {
    published = next;
    now += HOUR_SECONDS;
  };
  const outcome = async (certificate: TestCertificate = client) => {
    const path = [certificate, root].map(({ pem }) => parseCertificate(pem));
    return revocation(path).then(
      () => 'good',
      (cause: { readonly reason?: string }) => cause.reason,
    );
  };
  return { outcome, publish };
}

const aList = (wishes: Parameters<typeof aRevocationList>[1]) => aRevocationList(root, wishes);

test('RFC 5280 §5.2.3: a list that is older than one before it takes nobody off, and once that one has ended nobody knows', async (t) => {
  const nextUpdate = NOW + 2 * HOUR_SECONDS;
  const older = await aList({ thisUpdate: NOW - 7200 });
  const { outcome, publish } = await startWith(
    t,
    'list',
    await aList({ thisUpdate: NOW - 60, nextUpdate, revoked: [client] }),
  );

  const outcomes = [await outcome()];
  publish(older);
  outcomes.push(await outcome(), await outcome(other));
  publish(older);
  outcomes.push(await outcome());

  assert.deepEqual(outcomes, ['token-revoked', 'token-revoked', 'good', 'dependency-unavailable']);
});

test('RFC 5280 §5.2.3: a newer list takes off whom it does not name', async (t) => {
  const { outcome, publish } = await startWith(t, 'list', await aList({ revoked: [client] }));

  const before = await outcome();
  publish(await aList({ thisUpdate: NOW - 60 }));

  assert.deepEqual([before, await outcome()], ['token-revoked', 'good']);
});

test('RFC 5280 §6.3.3: a list of a stranger that calls itself newer keeps no list of the authority out', async (t) => {
  const stranger = await anAuthority({ name: 'CN=Root' });
  const { outcome, publish } = await startWith(
    t,
    'list',
    await aRevocationList(stranger, { thisUpdate: NOW + 60 }),
  );

  const before = await outcome();
  publish(await aList({ revoked: [client] }));

  assert.deepEqual([before, await outcome()], ['dependency-unavailable', 'token-revoked']);
});

test('RFC 6960 §4.2.2.1: an answer that is older than one before it takes nothing back', async (t) => {
  // The other implementation has no clock but this one.
  const secondOf = () => Math.floor(Date.now() / 1000);
  const question = writeOcspRequest({
    certificate: parseCertificate(client.pem),
    issuer: parseCertificate(root.pem),
  });
  const good = answerOcsp(question, { issuer: root, good: [client] });
  const then = secondOf();
  await eventually('the next second', async () => secondOf() > then);
  const { outcome, publish } = await startWith(
    t,
    'ocsp',
    answerOcsp(question, { issuer: root, revoked: [client] }),
  );

  const before = await outcome();
  publish(good);

  assert.deepEqual([before, await outcome()], ['token-revoked', 'token-revoked']);
});
