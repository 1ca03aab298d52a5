// Certificates that come with the ones above them (X.509 Certificate Token Profile 1.1.1 §3.1): the path of a message is what links
// a client to an authority of ours, and nothing of it is trusted by itself. The authority is another implementation.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createX509Validator } from '#src/trust/x509/x509-validator.ts';
import { OWN_ISSUER } from '#test/support/core.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import {
  aBinaryToken,
  aDirectReference,
  aSignedMessage,
} from '#test/support/soap/signed-message.ts';
import { anRst } from '#test/support/ws-trust/rst.ts';
import { aPost, aWsTrustSetting, faultCodeOf } from '#test/support/ws-trust/ws-trust.ts';
import { aSequence } from '#test/support/x509/der.ts';
import { aCertificate, anAuthority, type TestCertificate } from '#test/support/x509/pki.ts';
import { anX509Trust } from '#test/support/x509/x509-trust.ts';

const root = await anAuthority({ name: 'CN=Root' });
const middle = await anAuthority({ name: 'CN=Middle', issuer: root });
const client = await aCertificate({ name: 'CN=alice', issuer: middle });
const otherRoot = await anAuthority({ name: 'CN=Root' });
const otherMiddle = await anAuthority({ name: 'CN=Middle', issuer: otherRoot });
const forged = await aCertificate({ name: 'CN=alice', issuer: otherMiddle });

const asPath = (token: string): string => token.replaceAll('#X509v3', '#X509PKIPathv1');

/** Signed by `by`; the token is a path of these certificates. */
function send(by: TestCertificate, path: readonly TestCertificate[]) {
  const tokens = asPath(aBinaryToken({ der: aSequence(...path.map(({ der }) => der)) }));
  const message = aSignedMessage(anRst(), { by, tokens, keyInfo: asPath(aDirectReference()) });
  const trusted = [anX509Trust([root], { findUser: (id) => ({ id, claims: {} }) })];
  const validator = createX509Validator({ issuer: OWN_ISSUER, trusted, clock: fakeClock() });
  return aWsTrustSetting({ validators: [validator] }).front.handle(aPost(message));
}

test('X.509 Token Profile 1.1.1 §3.1: a PKIPath links its last certificate to an authority of ours', async () => {
  const { status, body } = await send(client, [middle, client]);

  assert.equal(status, 200, body);
});

for (const [what, by, path, code] of [
  ['without the link', client, [client], 'trust:FailedAuthentication'],
  ['in the wrong order', client, [client, middle], 'trust:FailedAuthentication'],
  [
    'of another authority of the same name',
    forged,
    [otherMiddle, forged],
    'trust:FailedAuthentication',
  ],
  [
    'that brings its own anchor',
    forged,
    [otherRoot, otherMiddle, forged],
    'trust:FailedAuthentication',
  ],
  ['of another client than signed', forged, [middle, client], 'trust:FailedAuthentication'],
  [
    'of seven',
    client,
    [...Array.from({ length: 6 }, () => middle), client],
    'wsse:InvalidSecurityToken',
  ],
] as const)
  test(`X.509 Token Profile 1.1.1 §3.1: refuses a PKIPath ${what}`, async () => {
    assert.equal(faultCodeOf(await send(by, path)), code);
  });
