// The addresses of AD FS in any case: Windows serves them so, and clients of twenty years have them as somebody once typed them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import { anIssueMessage } from '#test/support/ws-trust/messages.ts';

const HEADERS = { 'content-type': 'application/soap+xml; charset=utf-8' };
const USER_NAME_MIXED = '/adfs/services/trust/13/UsernameMixed';
const LOWER_CASE_METADATA = '/federationmetadata/2007-06/federationmetadata.xml';

async function started(t: Ending): Promise<{ server: TestServer; issuer: string }> {
  let issuer = '';
  const server = await startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    issuer = String(document['issuer']);
    document['wsTrust'] = { profiles: ['adfs', 'vcenter', 'wso2'] };
  });
  return { server, issuer };
}

const post = ({ url }: TestServer, path: string, body: string) =>
  fetch(`${url}${path}`, { method: 'POST', headers: HEADERS, body });

const addressed = (to: string): string =>
  anIssueMessage().replace('<a:Action', `<a:To>${to}</a:To><a:Action`);

test('ws-trust §5, AD FS: an address is taken in any case, and To in the one that was called', async (t) => {
  const { issuer, server } = await started(t);

  const bare = await post(server, USER_NAME_MIXED, anIssueMessage());
  const called = await post(server, USER_NAME_MIXED, addressed(`${issuer}${USER_NAME_MIXED}`));

  assert.equal(bare.status, 200, await bare.text());
  assert.equal(called.status, 200, await called.text());
});

test('ws-trust §5, AD FS: To of another address is refused, in whatever case both are', async (t) => {
  const { issuer, server } = await started(t);
  const other = `${issuer}/adfs/services/trust/13/CertificateMixed`;

  const answer = await post(server, USER_NAME_MIXED, addressed(other));

  assert.equal(answer.status, 500);
  assert.match(await answer.text(), /trust:InvalidRequest</);
});

test('ws-trust §5, AD FS: what an address takes is the same in any case', async (t) => {
  const { server } = await started(t);

  const answer = await post(server, '/ADFS/Services/Trust/13/CertificateMixed', anIssueMessage());

  assert.match(await answer.text(), /trust:FailedAuthentication</);
});

test('ws-trust §5, AD FS: MEX and federation metadata are found in any case, with the addresses as they are published', async (t) => {
  const { issuer, server } = await started(t);

  const mex = await fetch(`${server.url}/ADFS/services/trust/MEX`);
  const metadata = await fetch(`${server.url}${LOWER_CASE_METADATA}`);

  assert.equal(mex.status, 200);
  assert.ok((await mex.text()).includes(`"${issuer}/adfs/services/trust/13/usernamemixed"`));
  assert.equal(metadata.status, 200);
  assert.match(await metadata.text(), /<EntityDescriptor /);
});

test('Metrics: an address is counted under its one name, in whatever case it is called', async (t) => {
  const { server } = await started(t);

  await (await post(server, USER_NAME_MIXED, anIssueMessage({ password: 'wrong' }))).text();
  const metrics = await (await fetch(`${server.managementUrl}/metrics`)).text();

  assert.match(metrics, /endpoint="\/adfs\/services\/trust\/13\/usernamemixed",grant="ws-trust"/);
});

test('ws-trust §6: the addresses of the other profiles are taken as they are written and not otherwise', async (t) => {
  const { server } = await started(t);

  for (const path of [
    '/WS-Trust',
    '/sts/stsservice',
    '/sts/STSSERVICE/tenant',
    '/Services/wso2carbon-sts',
  ])
    assert.equal((await post(server, path, anIssueMessage())).status, 404, path);
});
