// An issuer without a prefix of its own names its subjects as they are called in tokens of ours, and none of them as one of another issuer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { type Ending, startServer } from '#test/support/server/server.ts';

const startWith = (t: Ending, prefixOfOther: object) =>
  startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    const [partner = {}, other = {}] = document.trustedIssuers;
    Object.assign(partner['jwt'] as object, { subjectPrefix: '' });
    Object.assign(other['saml'] as object, prefixOfOther);
  });

for (const [what, prefix, name] of [
  ['the prefix of its id', {}, 'partner-saml:alice'],
  ['a prefix that was chosen', { subjectPrefix: 'p/' }, 'p/alice'],
  ['nothing but the prefix', {}, 'partner-saml:'],
] as const)
  test(`RFC 7519 §4.1.2: an issuer without prefix does not speak of the subjects of another, by ${what}`, async (t) => {
    const server = await startWith(t, prefix);

    const { body, status } = await server.exchange({
      subject_token: await server.partner.sign({ sub: name }),
    });

    assert.deepEqual([status, body['error']], [400, 'invalid_request']);
  });

test('RFC 7519 §4.1.2: an issuer without prefix speaks of its own', async (t) => {
  const server = await startWith(t, {});

  for (const sub of ['alice', 'partner-saml', 'partner:alice']) {
    const { body, text } = await server.exchange({
      subject_token: await server.partner.sign({ sub }),
    });
    assert.equal(decodeJwt(String(body['access_token'])).sub, sub, text);
  }
});
