// WSDL (ws-trust §5): whoever asks for descriptions, of addresses that he made up too, does not have us write again and again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndpointProfile } from '#bridge/ws-trust/endpoint/endpoint-profile.ts';
import { GENERIC_PROFILE, VCENTER_PROFILE } from '#bridge/ws-trust/endpoint/profiles.ts';
import { aPost, aWsTrustSetting } from '#test/support/ws-trust/ws-trust.ts';

/** The profile, which counts how often its ports are read. */
function counted(profile: EndpointProfile) {
  let written = 0;
  const counting = {
    ...profile,
    get ports() {
      written += 1;
      return profile.ports;
    },
  };
  const { front } = aWsTrustSetting({ profiles: [counting] });
  return {
    get: (path: string) => front.handle({ ...aPost(''), method: 'GET', path, query: '?wsdl' }),
    written: () => written,
  };
}

test('WSDL: one of an address is written once, however often it is asked for', async () => {
  const { get, written } = counted(GENERIC_PROFILE);

  const [first, again] = [await get('/ws-trust'), await get('/ws-trust')];
  const other = await get('/ws-trust/soap12');

  assert.equal(first.status, 200);
  assert.equal(again.body, first.body);
  assert.notEqual(other.body, '');
  assert.equal(written(), 2);
});

test('WSDL: that of all tenants is written once, however many are made up', async () => {
  const { get, written } = counted(VCENTER_PROFILE);

  const [one, other] = [await get('/sts/STSService/one'), await get('/sts/STSService/other')];

  assert.match(one.body, /location="[^"]+\/sts\/STSService\/one"/);
  assert.equal(other.body, one.body.replaceAll('/STSService/one', '/STSService/other'));
  assert.equal(written(), 1);
});
