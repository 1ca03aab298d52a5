// Whom the rate limit of the SOAP front counts, and how often.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withRest } from '#bridge/ws-trust/rest/rest-front.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { basicOf } from '#test/support/ws-trust/rest.ts';
import { anRst, BILLING, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { aPost, aSecurityHeader, aWsTrustSetting, USER } from '#test/support/ws-trust/ws-trust.ts';

describe('Row 32: requests are counted by the one name of their requestor', () => {
  const counting = (limit = Number.POSITIVE_INFINITY) => {
    const counted: string[] = [];
    const admitRequestor = (name: string) => {
      if (counted.length >= limit) throw new ExchangeFailure('rate-limited', 'too many');
      counted.push(name);
    };
    const setting = aWsTrustSetting({
      parts: { admitRequestor },
    });
    return { admitRequestor, counted, setting };
  };
  const foreign =
    '<wsse:Security><saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_good"></saml:Assertion></wsse:Security>';
  const header = aSecurityHeader();
  const rst = anRst().replace('/Issue<', '/BatchIssue<');
  const batch = `<t:RequestSecurityTokenCollection xmlns:t="${TRUST_13}">${rst.repeat(5)}</t:RequestSecurityTokenCollection>`;

  test('alice of a partner does not use up what alice of ours may', async () => {
    const { setting, counted } = counting();

    await setting.front.handle(aPost(anEnvelope({ header: foreign, body: anRst() })));
    await setting.front.handle(aPost(anEnvelope({ header, body: anRst() })));

    assert.deepEqual(counted, ['principal:partner:alice', 'principal:self:alice']);
  });

  test('a collection counts for each of its requests, and what is too much is refused', async () => {
    const { setting, counted } = counting(3);

    const answer = await setting.front.handle(aPost(anEnvelope({ header, body: batch })));

    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.body.match(/<saml:Assertion /g)?.length, 3);
    assert.equal(answer.body.match(/status\/invalid/g)?.length, 2);
    assert.deepEqual(counted, Array(3).fill('principal:self:alice'));
    // A flood must not cost a record for each: whoever limits records the first.
    assert.ok(setting.audit.records.every(({ reason }) => reason !== 'rate-limited'));
    assert.deepEqual(setting.errors, []);
  });

  test('so it is in the REST form, before anything is used up', async () => {
    const { admitRequestor, counted, setting } = counting(1);
    const front = withRest(setting.front, {
      ...setting.core,
      admitRequestor,
      onError: assert.fail,
      credentials: ['basic'],
      parseJson: () => new Map(),
    });
    const headers = basicOf(USER.name, USER.password);
    const query = `appliesTo=${encodeURIComponent(BILLING)}`;
    const ask = () =>
      front.handle(aPost('', { method: 'GET', path: '/ws-trust/token/saml2', headers, query }));

    const statuses = [(await ask()).status, (await ask()).status];

    assert.deepEqual(statuses, [200, 429]);
    assert.deepEqual(counted, ['principal:self:alice']);
  });
});
