// `viaduct explain --rst` of a message that was captured: a question changes nothing. What the message is good for once is left
// to it, and asking twice gives one answer.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { iso, STS } from '#test/support/saml/saml.ts';
import { PASSWORD, type SamlWorld, withSaml } from '#test/support/saml/saml-document.ts';
import { viaduct } from '#test/support/server/process.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';
import {
  aBinaryToken,
  SIGNATURE,
  signMessage,
  X509_PROFILE,
} from '#test/support/soap/signed-message.ts';
import {
  aContextMessage,
  askForContext,
  aTimestamp,
  withContexts,
  withHeader,
} from '#test/support/ws-trust/context-message.ts';
import {
  anIssueMessage,
  aTargetMessage,
  faultOf,
  jwtAsXml,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';
import { aCertificate, anAuthority } from '#test/support/x509/pki.ts';

const DIGEST =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest';
const CREDENTIALS = ['username', 'certificate', 'bearer-token', 'security-context'];
const NOW = Math.floor(Date.now() / 1000);

const root = await anAuthority({ name: 'CN=Root' });
const client = await aCertificate({ name: 'CN=client', issuer: root, algorithm: 'RSA' });

function digestMessage(password = PASSWORD): string {
  const nonce = randomBytes(16);
  const created = iso(NOW);
  const digest = createHash('sha1').update(nonce).update(created).update(password).digest('base64');
  return withHeader(
    `<o:UsernameToken><o:Username>bob</o:Username><o:Password Type="${DIGEST}">${digest}</o:Password><o:Nonce>${nonce.toString('base64')}</o:Nonce><wsu:Created>${created}</wsu:Created></o:UsernameToken>`,
  );
}

function signedMessage(): string {
  const token = aBinaryToken(client).replaceAll('wsse:', 'o:');
  const message = withHeader(`${aTimestamp(NOW)}${token}${SIGNATURE}`);
  return signMessage(message.replace('<s:Body>', '<s:Body wsu:Id="body">'), {
    key: client.privateKey,
    keyInfo: `<o:SecurityTokenReference><o:Reference URI="#bst" ValueType="${X509_PROFILE}#X509v3"/></o:SecurityTokenReference>`,
  });
}

function assertionMessage({ partner }: SamlWorld): string {
  const [start, end] = [iso(NOW - 30), iso(NOW + 240)];
  return withHeader(
    partner.assertion('saml2', {
      issueInstant: start,
      window: `NotBefore="${start}" NotOnOrAfter="${end}"`,
      audiences: [[STS]],
      confirmation: `<saml2:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml2:SubjectConfirmationData NotOnOrAfter="${end}" Recipient="${STS}/token"/></saml2:SubjectConfirmation>`,
      authentication: '',
    }),
  );
}

describe('viaduct explain --rst', () => {
  const steps: (() => Promise<unknown>)[] = [];
  let server: TestServer;
  let saml: SamlWorld;

  before(async () => {
    const ending = { after: (step: () => Promise<unknown>) => void steps.unshift(step) };
    server = await startServer(ending, async (document, directory, clock) => {
      // The store remembers from before what is presented to it.
      clock.set(NOW - 1000);
      saml = await withSaml(document, directory);
      await writeFile(join(directory, 'root.crt'), root.pem);
      await writeFile(join(directory, 'bob.password'), PASSWORD, { mode: 0o600 });
      const users = join(directory, 'users.yaml');
      const kept = (await readFile(users, 'utf8')).replace(
        '"id":"bob"',
        '"id":"bob","recoverablePassword":{"file":"bob.password"}',
      );
      await writeFile(users, kept);
      const trusted = document.trustedIssuers.find(({ id }) => id === 'partner-saml');
      Object.assign(trusted?.['saml'] ?? {}, { singleUse: true });
      document.trustedIssuers.push({
        id: 'corp',
        issuer: 'urn:corp',
        x509: { anchors: [{ file: 'root.crt' }], revocation: 'none', subject: 'commonName' },
      });
      await withContexts(document, directory, CREDENTIALS);
      document['lockout'] = { maxFailures: 2 };
      const [, row] = document.policy;
      document.policy.push({
        ...row,
        id: 'others-to-orders',
        requestor: { principal: { issuer: ['partner-saml', 'corp'] } },
        subject: { issuer: ['partner-saml', 'corp'] },
      });
    });
    server.clock.set(NOW);
  });
  after(async () => {
    for (const step of steps) await step();
  });

  async function explain(message: string) {
    await writeFile(join(server.directory, 'rst.xml'), message);
    const { code, out, error } = await viaduct(['explain', '--rst', 'rst.xml'], server.directory);
    // What is left of an assertion's own time passes.
    return { code, out: out.replace(/lifetime \d+ s/, 'lifetime'), error };
  }

  const messages: Readonly<Record<string, () => string | Promise<string>>> = {
    'of a password digest with its nonce': () => digestMessage(),
    'that is signed': signedMessage,
    'that is signed in a security context': async () =>
      aContextMessage(await askForContext(server), NOW),
    'with an assertion that is good once': () => assertionMessage(saml),
  };
  for (const [what, message] of Object.entries(messages)) {
    test(`changes nothing: a message ${what} is explained, then served, then a replay, and explained as before`, async () => {
      const captured = await message();

      const first = await explain(captured);
      const served = await sendSoap(server, captured);
      const replayed = await sendSoap(server, captured);
      const later = await explain(captured);

      assert.equal(first.code, 0, first.out + first.error);
      assert.match(first.out, /granted: /);
      assert.equal(served.status, 200, served.text);
      assert.notEqual(faultOf(replayed), '');
      assert.deepEqual(later, first);
    });
  }

  test('a message is explained at the address it was sent to', async () => {
    const path = '/ws-trust/soap12';
    const address = `<a:To s:mustUnderstand="1">${STS}${path}</a:To>`;
    const captured = digestMessage().replace('</a:Action>', `</a:Action>${address}`);
    await writeFile(join(server.directory, 'rst.xml'), captured);
    const at = (...words: readonly string[]) =>
      viaduct(['explain', '--rst', 'rst.xml', ...words], server.directory);

    const usual = await at();
    const there = await at('--path', path);
    const nowhere = await at('--path', '/nowhere');

    assert.match(usual.out, /refused before policy: request-malformed: .*addressed to another/);
    assert.ok(usual.out.includes(`: here is ${STS}/ws-trust\n`), usual.out);
    assert.match(there.out, /granted: /);
    assert.equal(there.code, 0);
    assert.notEqual(nowhere.code, 0);
    assert.match(
      nowhere.error,
      /the configuration has no such address as \/nowhere; messages are taken at \/ws-trust, \/ws-trust\/soap12, /,
    );
  });

  test('changes nothing: a wrong password that is explained twice locks nobody out', async () => {
    const wrong = digestMessage('wrong');

    const answers = [];
    for (let asked = 0; asked < 2; asked += 1) answers.push(await explain(wrong));
    const served = await sendSoap(server, digestMessage());

    for (const { out } of answers)
      assert.match(out, /refused before policy: requestor-unauthenticated: .*(password|digest)/);
    assert.equal(served.status, 200, served.text);
  });

  test('a message is refused with what the audit would say of it', async () => {
    const { out } = await explain(digestMessage().replace('<s:Body>', '<?x y?><s:Body>'));

    assert.match(out, /refused before policy: request-malformed: processing instruction/);
  });

  test('a message whose evidence is refused is explained by what is wrong with that', async () => {
    const aud = 'https://elsewhere.example';
    const onBehalfOf = jwtAsXml(await server.partner.sign({ aud }));

    const { code, out } = await explain(anIssueMessage({ onBehalfOf }));

    assert.match(
      out,
      /^refused before policy: token-audience-mismatch: no audience of the JWT is ours/,
    );
    assert.equal(code, 1);
  });

  test('the Cancel of a token that is dead already is answered, and nothing to explain; of another it is a refusal', async () => {
    const token = tokenOf(await sendSoap(server, anIssueMessage()));
    const cancel = aTargetMessage('Cancel', { target: token });
    const cancelled = await sendSoap(server, cancel);

    const own = await explain(cancel);
    const other = await explain(aTargetMessage('Cancel', { target: token, user: 'carol' }));

    assert.equal(cancelled.status, 200, cancelled.text);
    assert.match(own.error, /answered without asking policy/);
    assert.match(other.out, /^refused before policy: requestor-not-allowed: /);
  });

  test('a message that asks no policy is no refusal, and nothing to explain', async () => {
    const { code, error } = await explain(
      aTargetMessage('Validate', { target: saml.partner.assertion('saml2') }),
    );

    assert.notEqual(code, 0);
    assert.match(error, /answered without asking policy/);
  });
});

test('changes nothing: a store that is damaged stays where it is, and the question is not answered', async (t) => {
  const server = await startServer(t, async (document, directory) => {
    await withSaml(document, directory);
  });
  await server.stop();
  const path = join(server.directory, 'data/viaduct.db');
  const garbage = 'not a database, '.repeat(1000);
  await writeFile(path, garbage);
  await writeFile(join(server.directory, 'rst.xml'), anIssueMessage());

  const explained = await viaduct(['explain', '--rst', 'rst.xml'], server.directory);
  const checked = await viaduct(['check', '--live'], server.directory);

  assert.notEqual(explained.code, 0);
  assert.doesNotMatch(explained.out, /granted/);
  assert.notEqual(checked.code, 0);
  assert.match(checked.out + checked.error, /store/);
  assert.equal(await readFile(path, 'utf8'), garbage);
});
