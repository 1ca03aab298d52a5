// The requestor's credential (ws-trust §4, xml-security E1, E9).
import assert from 'node:assert/strict';
import type { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { BEARER } from '#core/token/confirmation.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { aValidatedToken, OWN_ISSUER } from '#test/support/core.ts';
import { aBinaryToken, aSignedMessage } from '#test/support/soap/signed-message.ts';
import { anRst } from '#test/support/ws-trust/rst.ts';
import {
  anIssueRequest,
  aPost,
  aSecurityHeader,
  aUserNameToken,
  aWsTrustSetting,
  faultCodeOf,
} from '#test/support/ws-trust/ws-trust.ts';
import { aCertificate } from '#test/support/x509/pki.ts';

test('xml-security E9: unknown user and wrong password get the very same answer', async () => {
  const answerTo = (name: string) =>
    aWsTrustSetting().front.handle(
      anIssueRequest({ header: aSecurityHeader('', { name, password: 'wrong' }) }),
    );

  const known = await answerTo('alice');
  assert.equal(faultCodeOf(known), 'trust:FailedAuthentication');
  assert.deepEqual(known, await answerTo('nobody'));
});

test('ws-trust §4: a user name is taken over TLS only', async () => {
  const setting = aWsTrustSetting();

  const answer = await setting.front.handle(anIssueRequest({}, { isSecure: false }));

  assert.equal(faultCodeOf(answer), 'wsse:InvalidSecurity');
  assert.deepEqual(setting.asked, []);
});

test('xml-security E1: a nonce is good once; the second send fails, and is told in the audit', async () => {
  const header = aSecurityHeader().replace(
    '</wsse:UsernameToken>',
    '<wsse:Nonce>AAEC</wsse:Nonce><wsu:Created>2027-01-15T08:00:00Z</wsu:Created></wsse:UsernameToken>',
  );
  const setting = aWsTrustSetting();

  const first = await setting.front.handle(anIssueRequest({ header }));
  const second = await setting.front.handle(anIssueRequest({ header }));

  assert.equal(first.status, 200, first.body);
  assert.equal(faultCodeOf(second), 'wsse:InvalidSecurity');
  assert.equal(setting.audit.records.at(-1)?.event, 'replay.detected');
});

test('xml-security E1: a nonce is that of its user, whoever signs the message beside', async () => {
  const validator: TokenValidator = {
    canHandle: ({ type }) => type === 'x509',
    async validate({ content, type, use }) {
      const [certificate] = (content as { certificates: readonly X509Certificate[] }).certificates;
      const subject = { issuer: OWN_ISSUER, id: certificate?.subject ?? '' };
      return aValidatedToken({ type, use, subject, trustedIssuer: 'self', confirmation: BEARER });
    },
  };
  const setting = aWsTrustSetting({ validators: [validator] });
  const user = aUserNameToken().replace('</wsse:Username', '$&><wsse:Nonce>AAEC</wsse:Nonce');
  const send = async (name: string) => {
    const by = await aCertificate({ name, algorithm: 'RSA' });
    return setting.front.handle(
      aPost(aSignedMessage(anRst(), { by, tokens: aBinaryToken(by) + user })),
    );
  };

  const first = await send('CN=one');
  const second = await send('CN=two');

  assert.equal(first.status, 200, JSON.stringify(setting.audit.records));
  assert.equal(faultCodeOf(second), 'wsse:InvalidSecurity');
  assert.equal(setting.audit.records.at(-1)?.event, 'replay.detected');
});

test('xml-security E1: whoever does not know the password does not use up a nonce', async () => {
  const nonce = '<wsse:Nonce>AAEC</wsse:Nonce></wsse:UsernameToken>';
  const header = (password: string) =>
    aSecurityHeader('', { name: 'alice', password }).replace('</wsse:UsernameToken>', nonce);
  const setting = aWsTrustSetting();

  await setting.front.handle(anIssueRequest({ header: header('wrong') }));
  const answer = await setting.front.handle(anIssueRequest({ header: header('correct horse') }));

  assert.equal(answer.status, 200, answer.body);
});

test('the audit of a refused login does not have what was typed', async () => {
  const setting = aWsTrustSetting();

  await setting.front.handle(
    anIssueRequest({ header: aSecurityHeader('', { name: 'hunter2', password: 'hunter3' }) }),
  );

  assert.doesNotMatch(JSON.stringify(setting.audit.records), /hunter/);
});

test('xml-security E2: a UsernameToken that is too old is refused before its password is looked at', async () => {
  const created = '<wsu:Created>2027-01-15T07:50:00Z</wsu:Created></wsse:UsernameToken>';
  const header = aSecurityHeader().replace('</wsse:UsernameToken>', created);
  const setting = aWsTrustSetting();

  const answer = await setting.front.handle(anIssueRequest({ header }));

  assert.equal(faultCodeOf(answer), 'wsse:MessageExpired');
  assert.deepEqual(setting.asked, []);
});
