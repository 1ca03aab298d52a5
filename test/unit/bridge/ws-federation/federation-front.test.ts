// The front with the federation metadata beside it: what it says while our key cannot sign.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withFederation } from '#bridge/ws-federation/federation-front.ts';
import { FEDERATION_METADATA_PATH } from '#bridge/ws-federation/federation-route.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { RSA_SHA256 } from '#test/support/soap/signed-message.ts';
import { aPost, aWsTrustSetting } from '#test/support/ws-trust/ws-trust.ts';

test('WS-Federation 1.2 §3.1: while the key cannot sign the metadata is unavailable, and the log says why', async () => {
  const away = new Error('the key is away');
  const errors: unknown[] = [];
  const front = withFederation(aWsTrustSetting().front, {
    entityId: 'https://sts.example.org',
    certificatesAt: () => [],
    encryptionCertificateAt: () => undefined,
    profiles: [],
    relyingParties: [],
    signingAt: () => ({ signer: { algorithm: RSA_SHA256, sign: () => Promise.reject(away) } }),
    clock: fakeClock(),
    newId: () => 'id',
    onError: (...error) => errors.push(error),
  });

  const answer = await front.handle(aPost('', { method: 'GET', path: FEDERATION_METADATA_PATH }));

  assert.deepEqual(answer, {
    status: 503,
    headers: { 'x-correlation-id': 'correlation-1', 'retry-after': '1' },
    body: '',
    reason: 'dependency-unavailable',
  });
  assert.deepEqual(errors, [[away, 'correlation-1']]);
});
