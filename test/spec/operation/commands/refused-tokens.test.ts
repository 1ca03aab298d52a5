// What the audit says of a token that was refused: whose it was and what it said, for the client is told neither.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { startServer } from '#test/support/server/server.ts';
import { aTokenMessage, jwtAsXml, sendSoap } from '#test/support/ws-trust/messages.ts';

const SAML2_TYPE = 'urn:ietf:params:oauth:token-type:saml2';

type World = Awaited<ReturnType<typeof withSaml>>;

async function start(t: Parameters<typeof startServer>[0]) {
  let world: World | undefined;
  const server = await startServer(t, async (document, directory) => {
    world = await withSaml(document, directory);
  });
  const lastDetail = async (): Promise<unknown> => (await server.auditRecords()).at(-1)?.['detail'];
  return { server, partner: (world ?? assert.fail()).partner, lastDetail };
}

describe('Audit: of a refused token it says', () => {
  test('which issuer of a JWT is not known, of a long name no more than its beginning', async (t) => {
    const { server, lastDetail } = await start(t);
    const long = `https://${'x'.repeat(5000)}`;

    const details: unknown[] = [];
    for (const iss of ['https://nobody.example', long]) {
      const { text } = await server.exchange({ subject_token: await server.partner.sign({ iss }) });
      assert.doesNotMatch(text, /nobody|xxx/);
      details.push(await lastDetail());
    }

    assert.deepEqual(details, [
      'the issuer is not known: https://nobody.example',
      `the issuer is not known: ${long.slice(0, 200)}`,
    ]);
  });

  test('no half of a character, which readers of JSON refuse with the line', async (t) => {
    const { server, lastDetail } = await start(t);
    const whole = `https://${'x'.repeat(191)}`;

    await server.exchange({ subject_token: await server.partner.sign({ iss: `${whole}😀` }) });

    assert.equal(await lastDetail(), `the issuer is not known: ${whole}\ufffd`);
  });

  test('for whom a JWT is, and of which trusted issuer', async (t) => {
    const { server, lastDetail } = await start(t);
    const aud = ['https://other.example', 'https://third.example'];

    await server.exchange({ subject_token: await server.partner.sign({ aud }) });

    assert.equal(
      await lastDetail(),
      'no audience of the JWT is ours: https://other.example https://third.example (of partner)',
    );
  });

  test('of which trusted issuer the credential of a SOAP message is, whatever length its words have', async (t) => {
    const { server, partner, lastDetail } = await start(t);
    const long = 'x'.repeat(5000);
    const jwt = await server.partner.sign({ aud: [`https://${long}.example`] });
    const good = partner.assertion('saml2', { id: long });
    const assertion = good.replace(/(<(?:\w+:)?NameID[^>]*>)/, '$1x');

    const details: string[] = [];
    for (const token of [jwtAsXml(jwt), assertion]) {
      await sendSoap(server, aTokenMessage(token));
      details.push(String(await lastDetail()));
    }

    const [ofJwt = '', ofAssertion = ''] = details;
    assert.match(ofJwt, /^no audience of the JWT is ours: https:\/\/x+ \(of partner\)$/);
    assert.match(ofAssertion, /^digest-mismatch: .*x \(of partner-saml\)$/);
    assert.ok(details.every(({ length }) => length <= 400));
  });

  test('of which trusted issuer a JWT is that nobody signed', async (t) => {
    const { server, lastDetail } = await start(t);
    const [head, claims] = (await server.partner.sign()).split('.');

    await server.exchange({ subject_token: `${head}.${claims}.${'A'.repeat(86)}` });

    assert.match(String(await lastDetail()), / \(of partner\)$/);
  });

  test('which issuer of an assertion is not known', async (t) => {
    const { server, partner, lastDetail } = await start(t);
    const assertion = partner
      .assertion('saml2')
      .replace(/(<(?:\w+:)?Issuer[^>]*>)[^<]*/, '$1urn:nobody');

    await server.exchange({
      subject_token: Buffer.from(assertion).toString('base64url'),
      subject_token_type: SAML2_TYPE,
    });

    assert.equal(await lastDetail(), 'the issuer is not known: urn:nobody');
  });

  test('of which trusted issuer an assertion is that was changed', async (t) => {
    const { server, partner, lastDetail } = await start(t);
    const assertion = partner.assertion('saml2').replace(/(<(?:\w+:)?NameID[^>]*>)/, '$1x');

    await server.exchange({
      subject_token: Buffer.from(assertion).toString('base64url'),
      subject_token_type: SAML2_TYPE,
    });

    assert.match(String(await lastDetail()), /^digest-mismatch: .* \(of partner-saml\)$/);
  });
});
