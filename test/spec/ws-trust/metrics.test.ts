// A fault goes out with status 500; the metrics must not take every wrong password for an outage of ours.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { startServer } from '#test/support/server/server.ts';
import { anIssueMessage, sendSoap } from '#test/support/ws-trust/messages.ts';

test('Metrics: a fault for a wrong password is a refusal, named by its reason', async (t) => {
  const server = await startServer(t, async (document, directory) => {
    await withSaml(document, directory);
  });

  const { status } = await sendSoap(server, anIssueMessage({ password: 'wrong' }));
  const metrics = await (await fetch(`${server.managementUrl}/metrics`)).text();

  assert.equal(status, 500);
  assert.match(
    metrics,
    /sts_requests_total\{endpoint="\/ws-trust",grant="ws-trust",outcome="refused",reason="requestor-unauthenticated"\} 1/,
  );
});
