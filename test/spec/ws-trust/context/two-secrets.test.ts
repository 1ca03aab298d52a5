// Two secrets in one message: that of the credential, and that of the context which is renewed or cancelled (WS-SecureConversation 1.3 §5, §6).
import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { test } from 'node:test';
import { aReferenceTo } from '#test/support/soap/derived-key.ts';
import { SIGNATURE, signMessage, TIMESTAMP } from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { about, aSetting, type Context, issued } from '#test/support/ws-trust/security-context.ts';
import { aPost, faultCodeOf } from '#test/support/ws-trust/ws-trust.ts';

/** About the context, signed with the secrets of these, one after the other. */
function aMessage(operation: 'Renew' | 'Cancel', target: Context, signers: readonly Context[]) {
  const tokens = signers.map(({ token }) => token).join('');
  const places = SIGNATURE.repeat(signers.length);
  const header = `<wsse:Security>${tokens}${TIMESTAMP}${places}</wsse:Security>`;
  const message = anEnvelope({ header, body: about(target, operation), bodyId: 'body' });
  return signers.reduce((text, { id, secret, version }, index) => {
    const keyInfo = aReferenceTo(id, `${version.wsc}/sct`);
    return signMessage(text, { key: createSecretKey(secret), keyInfo, id: `SIG-${index}` });
  }, message);
}

for (const operation of ['Renew', 'Cancel'] as const)
  for (const place of ['first', 'second'] as const)
    test(`ws-trust W13: ${operation} by the secret of its target beside that of another context, the ${place} signature`, async () => {
      const setting = aSetting();
      const [target, credential] = [await issued(setting), await issued(setting)];
      const signers = place === 'first' ? [target, credential] : [credential, target];

      const answer = await setting.front.handle(aPost(aMessage(operation, target, signers)));

      assert.equal(answer.status, 200, JSON.stringify(setting.audit.records.at(-1)));
    });

for (const operation of ['Renew', 'Cancel'] as const)
  test(`WS-SecureConversation 1.3 §5, §6: ${operation} by the secrets of two other contexts is refused`, async () => {
    const setting = aSetting();
    const [target, one, other] = [
      await issued(setting),
      await issued(setting),
      await issued(setting),
    ];

    const answer = await setting.front.handle(aPost(aMessage(operation, target, [one, other])));

    assert.equal(faultCodeOf(answer), 'wsc:BadContextToken');
  });
