// Certificates of TLS clients, over real TLS and through a proxy (ws-trust §4, W16, RFC 9440).
import assert from 'node:assert/strict';
import { Agent, type AgentOptions, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { withSaml } from '#test/support/saml/saml-document.ts';
import type { ConfigDocument } from '#test/support/server/document.ts';
import { startServer } from '#test/support/server/server.ts';
import { startTlsServer, type TlsServer } from '#test/support/server/tls-server.ts';
import { anIssueMessage, type IssueWishes } from '#test/support/ws-trust/messages.ts';
import { withUserAuthority } from '#test/support/x509/certified-client.ts';
import { aCertificate, anAuthority, type TestCertificate } from '#test/support/x509/pki.ts';

const root = await anAuthority({ name: 'CN=Root' });
const issuing = await anAuthority({ name: 'CN=Issuing', issuer: root });
const bob = await aCertificate({ name: 'CN=bob', issuer: issuing });
const twin = await anAuthority({ name: 'CN=Root' });
const stranger = await aCertificate({ name: 'CN=bob', issuer: twin });
const nobody = await aCertificate({ name: 'CN=eve', issuer: root });
/** Her account has a password only. */
const carol = await aCertificate({ name: 'CN=carol', issuer: root });

async function withAuthority(document: ConfigDocument, directory: string): Promise<void> {
  await withUserAuthority(document, directory, root);
}

const asksFor = (mode: string) => async (document: ConfigDocument, directory: string) => {
  await withAuthority(document, directory);
  const { public: open, ...rest } = document['listeners'] as Record<string, object>;
  document['listeners'] = { ...rest, public: { ...open, clientCertificates: mode } };
};

/** The message of a user without its credential. */
const bare = (wishes: IssueWishes): string =>
  anIssueMessage(wishes).replace(/<o:Security.*<\/o:Security>/, '');
const BARE = bare({});
const CONTENT = { 'content-type': 'application/soap+xml; charset=utf-8' };

const useKeyOf = ({ der }: TestCertificate) =>
  `<trust:UseKey><d:KeyInfo xmlns:d="http://www.w3.org/2000/09/xmldsig#"><d:X509Data><d:X509Certificate>${der.toString('base64')}</d:X509Certificate></d:X509Data></d:KeyInfo></trust:UseKey>`;

type Client = TestCertificate & { readonly chain?: readonly TestCertificate[] };

function send(
  { origin, tlsCertificate }: TlsServer,
  message: string,
  client?: Client,
  agent: Agent | false = false,
): Promise<{ readonly status: number | undefined; readonly body: string }> {
  const { chain = [], pem, privateKeyPem: key } = client ?? {};
  const cert = [pem, ...chain.map((one) => one.pem)].join('');
  const identity = pem === undefined ? {} : { cert, key };
  return new Promise((resolve, reject) => {
    const sent = request(
      `${origin}/ws-trust`,
      { method: 'POST', ca: tlsCertificate, headers: CONTENT, agent, ...identity },
      (response) => {
        text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
      },
    );
    sent.on('error', reject);
    sent.end(message);
  });
}

describe('over TLS', () => {
  test('a client is the user that its certificate names, and the token tells how', async (t) => {
    const server = await startTlsServer(t, asksFor('optional'));

    const { status, body } = await send(server, BARE, { ...bob, chain: [issuing] });

    assert.equal(status, 200, body);
    assert.match(body, />bob</);
    assert.match(body, /urn:ietf:rfc:2246|ac:classes:TLSClient/);
  });

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] satisfies AgentOptions['maxVersion'][])
    test(`a client that would resume its session is the same user on each connection: ${maxVersion}`, async (t) => {
      const server = await startTlsServer(t, asksFor('optional'));
      const agent = new Agent({ keepAlive: false, maxVersion });

      for (const connection of [1, 2, 3]) {
        const { status, body } = await send(server, BARE, { ...bob, chain: [issuing] }, agent);
        assert.equal(status, 200, `connection ${connection}: ${body}`);
      }
    });

  test('policy: a row for certificates is for nobody with a password', async (t) => {
    const server = await startTlsServer(t, async (document, directory) => {
      await asksFor('optional')(document, directory);
      const byCertificate = { issuer: 'self', type: 'x509' };
      Object.assign(document.policy.find(({ id }) => id === 'users-to-orders') ?? {}, {
        requestor: { principal: byCertificate },
        subject: byCertificate,
      });
    });

    const certified = await send(server, BARE, { ...bob, chain: [issuing] });
    const byPassword = await send(server, anIssueMessage());

    assert.equal(certified.status, 200, certified.body);
    assert.equal(byPassword.status, 500);
    assert.match(byPassword.body, /InvalidScope/);
  });

  for (const [type, key] of [
    ['urn:oasis:names:tc:SAML:1.0:assertion', /cm:holder-of-key.*X509Certificate/s],
    ['urn:oasis:names:tc:SAML:2.0:assertion', /cm:holder-of-key.*X509Certificate/s],
    ['urn:ietf:params:oauth:token-type:jwt', /PublicKey/],
  ] as const)
    test(`ws-trust §3.2: PublicKey means the key that TLS proved, by UseKey or without: ${type}`, async (t) => {
      const server = await startTlsServer(t, asksFor('optional'));
      const ask = (useKey: string) =>
        send(
          server,
          bare({ tokenType: type, children: useKey }).replace('/Bearer<', '/PublicKey<'),
          { ...bob, chain: [issuing] },
        );

      for (const useKey of ['', useKeyOf(bob)]) {
        const { status, body } = await ask(useKey);
        assert.equal(status, 200, body);
        assert.match(body, key);
      }
      // TLS is no signature of the message, by whatever name one is asked for.
      for (const useKey of [useKeyOf(carol), useKeyOf(bob).replace('Key>', 'Key Sig="#sig">')]) {
        const { status, body } = await ask(useKey);
        assert.equal(status, 500, body);
        assert.match(body, /:InvalidSecurityToken</);
      }
    });

  test('of an authority of the same name, without its chain, of nobody, of a user without a key: refused', async (t) => {
    const server = await startTlsServer(t, asksFor('optional'));

    for (const client of [
      stranger,
      { ...stranger, chain: [twin] },
      bob,
      nobody,
      carol,
      undefined,
    ]) {
      const { status, body } = await send(server, BARE, client);
      assert.equal(status, 500);
      assert.match(body, /FailedAuthentication/);
    }
  });

  test('W16: a certificate of an unknown CA does not end the handshake; a password beside it counts', async (t) => {
    const server = await startTlsServer(t, asksFor('optional'));

    const { status, body } = await send(server, anIssueMessage(), stranger);

    assert.equal(status, 200, body);
  });

  test('where clients are not asked for certificates a certificate is no credential, in a header neither', async (t) => {
    const server = await startTlsServer(t, withAuthority);

    assert.equal((await send(server, BARE, { ...bob, chain: [issuing] })).status, 500);
  });
});

describe('RFC 9440: through a proxy', () => {
  const sequence = ({ der }: TestCertificate) => `:${der.toString('base64')}:`;
  const behindProxy =
    (mode: string, proxies = ['127.0.0.1/32']) =>
    async (document: ConfigDocument, directory: string) => {
      await withSaml(document, directory);
      await asksFor(mode)(document, directory);
      document['trustedProxies'] = proxies;
    };
  const post = async (url: string, headers: Record<string, string>) => {
    const response = await fetch(`${url}/ws-trust`, {
      method: 'POST',
      headers: { ...CONTENT, ...headers },
      body: BARE,
    });
    return { status: response.status, body: await response.text() };
  };
  const header = {
    'client-cert': sequence(bob),
    'client-cert-chain': `${sequence(issuing)}, ${sequence(root)}`,
  };

  test('a trusted proxy tells of the certificate of its client', async (t) => {
    const { url } = await startServer(t, behindProxy('client-cert-header'));

    const { status, body } = await post(url, header);

    assert.equal(status, 200, body);
    assert.match(body, />bob</);
  });

  test('a proxy that is not said to set the header is not believed', async (t) => {
    const { url } = await startServer(t, behindProxy('none'));

    assert.equal((await post(url, header)).status, 500);
  });

  test('a header that is none is no credential', async (t) => {
    const { url } = await startServer(t, behindProxy('client-cert-header'));

    for (const value of [
      bob.der.toString('base64'),
      `${sequence(bob)}, ${sequence(nobody)}`,
      '::',
      ':x:',
      sequence(stranger),
      sequence(issuing),
    ]) {
      const { status } = await post(url, { ...header, 'client-cert': value });
      assert.equal(status, 500, value.slice(0, 10));
    }
    const halved = { ...header, 'client-cert-chain': `${sequence(issuing)}, x` };
    assert.equal((await post(url, halved)).status, 500);
  });

  test('whoever is no trusted proxy cannot tell of certificates', async (t) => {
    const { url } = await startServer(t, behindProxy('client-cert-header', ['192.0.2.1/32']));

    const { status, body } = await post(url, header);

    assert.equal(status, 500);
    assert.doesNotMatch(body, />bob</);
  });
});
