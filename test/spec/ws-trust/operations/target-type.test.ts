// TokenType beside CancelTarget (ws-trust §3.1): it is held against the target, and never passed over.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';
import { endingOfSuite } from '#test/support/suite.ts';
import {
  aKeyIdentifier,
  aTargetMessage,
  carolsToken,
  faultOf,
  isValid,
  JWT,
  SAML1,
  SAML2,
  sendSoap,
} from '#test/support/ws-trust/messages.ts';

describe('Cancel with a TokenType', () => {
  let server: TestServer;
  const ending = endingOfSuite();
  before(async () => {
    server = await startServer(ending, async (document, directory) => {
      await withSaml(document, directory);
    });
  });

  for (const tokenType of [SAML1, SAML2, JWT])
    test(`ws-trust §3.1: a TokenType beside the target is that of the target, or refused: ${tokenType}`, async () => {
      const target = await carolsToken(server, tokenType);
      const naming = (named: string, token = target) =>
        sendSoap(
          server,
          aTargetMessage('Cancel', { user: 'carol', target: token, tokenType: named }),
        );
      const others = [SAML1, SAML2, JWT, 'urn:x'].filter((each) => each !== tokenType);

      for (const other of others)
        assert.equal(faultOf(await naming(other)), 'UnsupportedSecurityToken');
      if (tokenType !== JWT)
        for (const other of others)
          assert.equal(
            faultOf(await naming(other, aKeyIdentifier(target))),
            'UnsupportedSecurityToken',
          );
      assert.equal(await isValid(server, target), true);
      const answer = await naming(tokenType);

      assert.equal(answer.status, 200, answer.text);
      assert.equal(await isValid(server, target), false);
    });
});
