// A certificate that was found good is not read again. That it was good is no verdict: each message asks anew.
import '#test/support/x509/reflect-metadata.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { WsTrustRequest } from '#bridge/ws-trust/front.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { createX509Validator, type X509Trust } from '#src/trust/x509/x509-validator.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { aSignedMessage, aTimestamp } from '#test/support/soap/signed-message.ts';
import { anAppliesTo, anRst } from '#test/support/ws-trust/rst.ts';
import {
  aPost,
  aWsTrustSetting,
  corpRules,
  faultCodeOf,
  type WsTrustSetting,
} from '#test/support/ws-trust/ws-trust.ts';
import { aCertificate, anAuthority } from '#test/support/x509/pki.ts';
import { anX509Trust } from '#test/support/x509/x509-trust.ts';

const NOW = 1_800_000_000;
const root = await anAuthority({ algorithm: 'RSA' });
const impostor = await anAuthority({ algorithm: 'RSA' });
const aClient = (wishes = {}) =>
  aCertificate({ name: 'CN=batch', issuer: root, algorithm: 'RSA', ...wishes });
const client = await aClient();

const instant = (at: number) => new Date(at * 1000).toISOString();

function aMessage(certificate = client, at = NOW, body = anRst({ children: anAppliesTo() })) {
  const timestamp = aTimestamp(instant(at + 300), instant(at));
  return aPost(aSignedMessage(body, { by: certificate, timestamp }));
}

function aSetting(over: Partial<X509Trust> = {}) {
  const clock = fakeClock(NOW);
  const trusted = [anX509Trust([root], over)];
  const validator = createX509Validator({ issuer: 'https://sts.example.org', trusted, clock });
  const parts = { clock };
  const setting = aWsTrustSetting({
    rules: corpRules(),
    validators: [validator],
    parts,
  });
  return {
    clock,
    trusted,
    setting,
    send: (request: WsTrustRequest) => setting.front.handle(request),
  };
}

const reasonOf = ({ audit }: WsTrustSetting) => audit.records.at(-1)?.reason;

describe('ws-trust §4: a certificate that was found good before', () => {
  test('is found good again in another message', async () => {
    const { send } = aSetting();

    const answers = [await send(aMessage()), await send(aMessage(client, NOW + 1))];

    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200],
    );
  });

  test('is refused once it has expired', async () => {
    const shortLived = await aClient({ notAfter: NOW + 100 });
    const { clock, send, setting } = aSetting();

    const before = await send(aMessage(shortLived));
    clock.advance(200);
    const after = await send(aMessage(shortLived, NOW + 200));

    assert.equal(before.status, 200);
    assert.equal(faultCodeOf(after), 'trust:FailedAuthentication');
    assert.equal(reasonOf(setting), 'token-expired');
  });

  test('is refused once it is revoked', async () => {
    let isRevoked = false;
    const { send, setting } = aSetting({
      requireUnrevoked: async () => {
        if (isRevoked) throw new ExchangeFailure('token-revoked', 'revoked');
      },
    });

    const before = await send(aMessage());
    isRevoked = true;
    const after = await send(aMessage(client, NOW + 1));

    assert.equal(before.status, 200);
    assert.equal(faultCodeOf(after), 'trust:FailedAuthentication');
    assert.equal(reasonOf(setting), 'token-revoked');
  });

  test('is refused once its issuer is trusted no more', async () => {
    const { send, setting, trusted } = aSetting();

    const before = await send(aMessage());
    trusted.splice(0, 1, anX509Trust([impostor]));
    const after = await send(aMessage(client, NOW + 1));

    assert.equal(before.status, 200);
    assert.equal(faultCodeOf(after), 'trust:FailedAuthentication');
    assert.equal(reasonOf(setting), 'issuer-untrusted');
  });

  test('does not vouch for another of the same name and issuer name', async () => {
    const { send, setting } = aSetting();
    const forged = await aClient({ issuer: impostor });

    const before = await send(aMessage());
    const after = await send(aMessage(forged, NOW + 1));

    assert.equal(before.status, 200);
    assert.equal(faultCodeOf(after), 'trust:FailedAuthentication');
    assert.equal(reasonOf(setting), 'issuer-untrusted');
  });

  test('does not vouch for a message that its key did not sign', async () => {
    const { send } = aSetting();
    const other = await aClient();

    const before = await send(aMessage());
    const signed = aMessage(other, NOW + 1).body.toString();
    const body = signed.replace(other.der.toString('base64'), client.der.toString('base64'));
    const after = await send(aPost(body));

    assert.notEqual(body, signed);
    assert.equal(before.status, 200);
    assert.equal(faultCodeOf(after), 'trust:FailedAuthentication');
  });
});
