// Assertions of others in the REST form: they are held to what holds over SOAP, and not to the profile of OAuth.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { confirmation2, iso, NOW, STS } from '#test/support/saml/saml.ts';
import type { SamlWorld } from '#test/support/saml/saml-document.ts';
import { startSamlServer } from '#test/support/saml/saml-server.ts';
import type { TestServer } from '#test/support/server/server.ts';
import { endingOfSuite } from '#test/support/suite.ts';
import { anIssueMessage, isValid, SAML2, sendSoap } from '#test/support/ws-trust/messages.ts';
import { askRest } from '#test/support/ws-trust/rest.ts';
import { BILLING } from '#test/support/ws-trust/rst.ts';

describe('SAML Core 2.0 §2.4.1: an assertion of another issuer, as WS-Trust has it', () => {
  const ending = endingOfSuite();
  let server: TestServer;
  let saml: SamlWorld;
  let serial = 0;

  before(async () => {
    ({ server, saml } = await startSamlServer(ending, (document) => {
      document['wsTrust'] = { rest: { credentials: ['basic'] } };
    }));
  });

  for (const [what, data, isTaken] of [
    ['with an end alone', `NotOnOrAfter="${iso(NOW + 200)}"`, true],
    ['with a recipient alone', `Recipient="${STS}/token"`, true],
    ['with nothing', '', true],
    ['for another recipient', 'Recipient="https://elsewhere.example/token"', false],
    ['that is over', `NotOnOrAfter="${iso(NOW - 200)}"`, false],
  ] as const)
    test(`with a confirmation ${what} is ${isTaken ? 'taken' : 'refused'} over SOAP and in the REST form`, async () => {
      const confirmation = confirmation2('bearer', `<saml2:SubjectConfirmationData ${data}/>`);
      const assertion = () =>
        saml.partner.assertion('saml2', { id: `_r${serial++}`, confirmation });
      const shown = () => ({ token: assertion(), tokenType: SAML2 });

      const soap = await sendSoap(
        server,
        anIssueMessage({ onBehalfOf: assertion(), tokenType: SAML2 }),
      );
      const rest = await askRest(server, '/ws-trust/token/saml2', {
        body: { appliesTo: BILLING, onBehalfOf: shown() },
      });
      const validated = await askRest(server, '/ws-trust/validate', { body: shown() });

      assert.equal(soap.status === 200, isTaken, soap.text);
      assert.equal(rest.status === 200, isTaken, rest.text);
      assert.equal(await isValid(server, assertion()), isTaken);
      assert.equal(validated.body['status'], isTaken ? 'valid' : 'invalid');
    });
});
