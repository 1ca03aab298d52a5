// An issuer with a path: the SOAP front, its REST form and everything it publishes are below it, as the OAuth front is.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { oneAfterTheOther, RATE, statuses } from '#test/support/server/limited.ts';
import type { Ending, TestServer } from '#test/support/server/server.ts';
import { anIssueMessage } from '#test/support/ws-trust/messages.ts';
import { basicOf, startRestServer } from '#test/support/ws-trust/rest.ts';

const PATH = '/tenant';
const HEADERS = { 'content-type': 'application/soap+xml; charset=utf-8' };

async function started(t: Ending): Promise<{ server: TestServer; issuer: string }> {
  let issuer = '';
  const server = await startRestServer(t, (document) => {
    issuer = `${String(document['issuer'])}${PATH}`;
    document['issuer'] = issuer;
    document['limits'] = { perAddress: RATE };
    Object.assign(document['wsTrust'] as object, { profiles: ['adfs'] });
  });
  return { server, issuer };
}

const post = ({ url }: TestServer, path: string, body: string) =>
  fetch(`${url}${path}`, { method: 'POST', headers: HEADERS, body });

const addressed = (to: string): string =>
  anIssueMessage().replace('<a:Action', `<a:To>${to}</a:To><a:Action`);

describe('ws-trust §5: where the issuer has a path', () => {
  test('messages are answered below it and nowhere else, under the address that is published', async (t) => {
    const { issuer, server } = await started(t);

    const below = await post(server, `${PATH}/ws-trust`, addressed(`${issuer}/ws-trust`));
    const other = await post(
      server,
      `${PATH}/ws-trust`,
      addressed(`${new URL(issuer).origin}/ws-trust`),
    );
    const root = await post(server, '/ws-trust', anIssueMessage());

    assert.equal(below.status, 200, await below.text());
    assert.match(await other.text(), /trust:InvalidRequest</);
    assert.equal(root.status, 404);
  });

  test('the WSDL, MEX and federation metadata are below it, and every address in them is', async (t) => {
    const { issuer, server } = await started(t);
    const ours = new URL(issuer).origin;
    const addresses = /(?:location="|Address>)([^"<]+)/g;

    for (const path of [
      '/ws-trust?wsdl',
      '/adfs/services/trust/mex',
      '/FederationMetadata/2007-06/FederationMetadata.xml',
    ]) {
      const found = await fetch(`${server.url}${PATH}${path}`);
      const published = [...(await found.text()).matchAll(addresses)].flatMap(([, address = '']) =>
        address.startsWith(ours) ? [address] : [],
      );

      assert.equal(found.status, 200);
      assert.ok(published.length >= 4, path);
      for (const address of published) assert.ok(address.startsWith(`${issuer}/`), address);
      assert.equal((await fetch(`${server.url}${path}`)).status, 404);
    }
  });

  test('the REST form is below it, and is counted there', async (t) => {
    const { server } = await started(t);
    const target = encodeURIComponent('https://billing.example/soap');
    const path = `${PATH}/ws-trust/token/saml2?appliesTo=${target}`;

    const answers = await oneAfterTheOther(4, () =>
      fetch(`${server.url}${path}`, { headers: basicOf('carol') }),
    );

    assert.deepEqual(statuses(answers), [200, 200, 200, 429]);
  });

  test('what is refused before it is read is a fault there too', async (t) => {
    const { server } = await started(t);
    const send = () => post(server, `${PATH}/ws-trust`, anIssueMessage());

    const answers = await oneAfterTheOther(4, send);

    assert.deepEqual(statuses(answers), [200, 200, 200, 500]);
    assert.match((await answers[3]?.text()) ?? '', /s:Receiver<.*RequestFailed/);
  });
});
