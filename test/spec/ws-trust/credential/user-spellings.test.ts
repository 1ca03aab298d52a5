// One user whose name has several spellings, `CORP\bob` and `bob@corp.example`: over whole servers.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { PASSWORD, withSaml } from '#test/support/saml/saml-document.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';
import {
  anIssueMessage,
  faultOf,
  SAML2,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';
import { withUserAuthority } from '#test/support/x509/certified-client.ts';
import { aCertificate, anAuthority } from '#test/support/x509/pki.ts';

const DOMAIN: Readonly<Record<string, unknown>> = { names: ['CORP', 'corp.example'] };
const DEFAULT_DOMAIN = { ...DOMAIN, default: true };
const SPELLINGS = ['bob@corp.example', 'CORP\\bob', 'corp\\bob', 'bob@CORP.example', 'bob@corp'];
const OTHERS = ['bob', 'Bob@corp.example', 'OTHER\\bob', 'corp.example\\bob@corp', '\\bob'];

const root = await anAuthority({ name: 'CN=Root' });

/** A server whose user is `bob@corp.example`. */
const start = (
  t: TestContext,
  { domain = DOMAIN, lockout = {}, bob = {} } = {},
): Promise<TestServer> =>
  startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    await withUserAuthority(document, directory, root);
    const { public: open, ...rest } = document['listeners'] as Record<string, object>;
    document['listeners'] = {
      ...rest,
      public: { ...open, clientCertificates: 'client-cert-header' },
    };
    document['userDomains'] = [domain];
    Object.assign(document, lockout);
    for (const party of document.relyingParties) delete party['servers'];
    const path = join(directory, 'users.yaml');
    const { users } = JSON.parse(await readFile(path, 'utf8')) as { users: object[] };
    const recoverablePassword = { file: 'bob.password' };
    const changed = { ...users[0], id: 'bob@corp.example', recoverablePassword, ...bob };
    await writeFile(path, JSON.stringify({ users: [changed] }));
    await writeFile(join(directory, 'bob.password'), PASSWORD, { mode: 0o600 });
  });

const askAs = (server: TestServer, user: string, password = PASSWORD) =>
  sendSoap(server, anIssueMessage({ user, password, tokenType: SAML2 }));

describe('docs/users.md: spellings of a name', () => {
  test('are one user, whose Subject and audit have the name of the file', async (t) => {
    const server = await start(t);

    const answers = [];
    for (const user of SPELLINGS) answers.push(await askAs(server, user));

    const subjects = answers.map((answer) => /NameID[^>]*>([^<]*)</.exec(tokenOf(answer))?.[1]);
    assert.deepEqual(new Set(subjects), new Set(['bob@corp.example']));
    const issued = (await server.auditRecords()).filter(({ outcome }) => outcome === 'minted');
    assert.equal(issued.length, SPELLINGS.length);
    assert.doesNotMatch(JSON.stringify(issued), /CORP\\/i);
  });

  test('of other domains, of none and in another case are others', async (t) => {
    const server = await start(t);

    for (const user of OTHERS)
      assert.equal(faultOf(await askAs(server, user)), 'FailedAuthentication', user);
  });

  test('have none without a domain, but where the domain is the default', async (t) => {
    const server = await start(t, { domain: DEFAULT_DOMAIN });

    assert.match(tokenOf(await askAs(server, 'bob')), />bob@corp\.example</);
  });

  const ANY_CASE = ['Bob@corp.example', 'CORP\\BOB', 'bOb', ...SPELLINGS];

  test('are one user in any case where the domain ignores it, as in a Windows domain', async (t) => {
    const server = await start(t, { domain: { ...DEFAULT_DOMAIN, ignoreCase: true } });

    const answers = [];
    for (const user of ANY_CASE) answers.push(await askAs(server, user));

    const subjects = answers.map((answer) => /NameID[^>]*>([^<]*)</.exec(tokenOf(answer))?.[1]);
    assert.deepEqual(new Set(subjects), new Set(['bob@corp.example']));
    assert.equal(faultOf(await askAs(server, 'OTHER\\bob')), 'FailedAuthentication');
  });

  test('xml-security E3, lock-out: give no more guesses in another case, where the domain ignores it', async (t) => {
    const domain = { ...DOMAIN, ignoreCase: true };
    const server = await start(t, { domain, lockout: { lockout: { maxFailures: 2 } } });
    for (const user of ['CORP\\BOB', 'Bob@corp.example']) await askAs(server, user, 'wrong');
    const before = await server.auditRecords();

    await askAs(server, 'corp\\boB');

    const refused = (await server.auditRecords()).slice(before.length);
    assert.match(JSON.stringify(refused), /"bob@corp.example is locked out"/);
  });

  test('are disabled together', async (t) => {
    const server = await start(t, { bob: { disabled: true } });

    for (const user of SPELLINGS)
      assert.equal(faultOf(await askAs(server, user)), 'FailedAuthentication', user);
  });

  for (const [name, told] of [
    ['bob', 'bob@corp.example is locked out'],
    ['nobody', 'the user name is locked out'],
  ] as const)
    test(`xml-security E3, lock-out: give no more guesses, whether there is a user or not: ${name}`, async (t) => {
      const server = await start(t, { lockout: { lockout: { maxFailures: 2 } } });
      for (const user of [`CORP\\${name}`, `${name}@corp.example`])
        await askAs(server, user, 'wrong');
      const before = await server.auditRecords();

      await askAs(server, `corp\\${name}`);

      const refused = (await server.auditRecords()).slice(before.length);
      assert.deepEqual(
        refused.map(({ detail }) => detail),
        [told],
      );
    });

  test('xml-security E1: a digest that was taken under one is not taken again under another', async (t) => {
    const server = await start(t);
    const created = new Date(server.clock.now() * 1000).toISOString();
    const nonce = Buffer.from('0123456789abcdef');
    const digest = createHash('sha1').update(nonce).update(created).update(PASSWORD);
    const value = digest.digest('base64');
    const type =
      'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest';
    const utility =
      'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
    const send = (user: string) =>
      sendSoap(
        server,
        anIssueMessage({ user }).replace(
          /<o:Password>.*<\/o:Password>/,
          `<o:Password Type="${type}">${value}</o:Password><o:Nonce>${nonce.toString('base64')}</o:Nonce><u:Created xmlns:u="${utility}">${created}</u:Created>`,
        ),
      );

    const first = await send('CORP\\bob');
    const again = [];
    for (const user of SPELLINGS) again.push(faultOf(await send(user)));

    assert.equal(first.status, 200, first.text);
    assert.deepEqual(new Set(again), new Set(['InvalidSecurity']));
  });

  test('stand in certificates, too', async (t) => {
    const server = await start(t);
    const ask = async (name: string) => {
      const { der } = await aCertificate({ name: `CN=${name}`, issuer: root });
      const response = await fetch(`${server.url}/ws-trust`, {
        method: 'POST',
        headers: {
          'content-type': 'application/soap+xml; charset=utf-8',
          'client-cert': `:${der.toString('base64')}:`,
        },
        body: anIssueMessage({ tokenType: SAML2 }).replace(/<o:Security.*<\/o:Security>/, ''),
      });
      return { status: response.status, text: await response.text() };
    };

    assert.match(tokenOf(await ask('bob@CORP')), />bob@corp\.example</);
    assert.equal((await ask('bob')).status, 500);
  });
});
