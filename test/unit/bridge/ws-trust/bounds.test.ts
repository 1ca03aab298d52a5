// Bounds that the black-box tests do not reach: lifetimes, algorithms of encrypted tokens, what goes into the audit.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import { refusalOf } from '#bridge/ws-trust/fault-map.ts';
import { requireAlgorithms } from '#bridge/ws-trust/rst/requested-algorithms.ts';
import { lifetimeSecondsOf } from '#bridge/ws-trust/rst/requested-lifetime.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { aRelyingParty, NOW, refusedAs } from '#test/support/core.ts';

const SKEW = 60;
const seconds = (created: number | undefined, expires: number | undefined) =>
  lifetimeSecondsOf(
    { ...(created !== undefined && { created }), ...(expires !== undefined && { expires }) },
    NOW,
    SKEW,
  );

test('ws-trust §3.4: a lifetime ends at the instant that is asked for, never later', () => {
  assert.equal(seconds(NOW, NOW + 300), 300);
  assert.equal(seconds(NOW - 30, NOW + 300), 300, 'a clock that is late');
  assert.equal(seconds(NOW + 30, NOW + 330), 300, 'a clock that is early');
  assert.equal(seconds(undefined, NOW + 300), 300);
});

test('ws-trust §3.4: without an end no lifetime is asked for', () => {
  assert.equal(seconds(NOW, undefined), undefined);
  assert.equal(seconds(undefined, undefined), undefined);
  assert.equal(lifetimeSecondsOf(undefined, NOW, SKEW), undefined);
});

test('ws-trust §3.4: refuses a lifetime that is empty, over, far in the past or of the future', () => {
  for (const [created, expires] of [
    [NOW + 10, NOW + 10],
    [NOW + 10, NOW + 5],
    [undefined, NOW],
    [NOW - 100, NOW],
    [NOW - SKEW - 301, NOW + 300],
    [NOW + SKEW + 1, NOW + 300],
    [NOW + SKEW + 1, undefined],
  ])
    assert.throws(() => seconds(created, expires), refusedAs('lifetime-not-possible'));
});

const encrypted = aRelyingParty({
  token: {
    type: 'saml2',
    algorithms: { jwt: 'ES256', saml: 'RS256' },
    lifetimeSeconds: 600,
    encryption: {
      certificate: 'a certificate',
      content: 'aes256-gcm',
      keyTransport: 'rsa-oaep-sha256',
    },
  },
});
const isRefused = (cause: unknown) =>
  cause instanceof SecurityFailure && cause.code === 'unsupported-algorithm';

test('ws-trust §3.2: where tokens are encrypted, another encryption than ours is refused', () => {
  const gcm = 'http://www.w3.org/2009/xmlenc11#aes256-gcm';
  const oaep = 'http://www.w3.org/2009/xmlenc11#rsa-oaep';

  requireAlgorithms({ algorithms: { encryption: gcm, keyWrap: oaep } }, [encrypted], undefined);
  for (const asked of [
    { encryption: 'http://www.w3.org/2001/04/xmlenc#aes256-cbc' },
    { keyWrap: 'http://www.w3.org/2001/04/xmlenc#rsa-1_5' },
  ]) {
    assert.throws(
      () => requireAlgorithms({ algorithms: asked }, [encrypted], undefined),
      isRefused,
    );
    requireAlgorithms({ algorithms: asked }, [encrypted], 'jwt');
  }
});

test('ws-trust §3.2: the signature algorithm is that of the form of the token', () => {
  const asked = { signature: 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256' };

  requireAlgorithms({ algorithms: asked }, [encrypted], 'jwt');
  assert.throws(() => requireAlgorithms({ algorithms: asked }, [encrypted], 'saml2'), isRefused);
});

test('what a client writes cannot fill the audit', () => {
  const refusal = refusalOf(new XmlFailure('element-unexpected', 'x'.repeat(10_000)));

  assert.equal(refusal.detail?.length, 400);
});

test('what is no refusal of ours has no detail', () => {
  for (const cause of [new Error('secret'), 'secret', undefined, null])
    assert.deepEqual(Object.keys(refusalOf(cause)), ['fault', 'reason']);
});
