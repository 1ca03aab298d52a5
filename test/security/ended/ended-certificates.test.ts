// What somebody got with a certificate rests on it (decision 30): on the trust in its authority, of users of ours and of others.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { FakeClock } from '#test/support/fake-clock.ts';
import { PASSWORD, withSaml } from '#test/support/saml/saml-document.ts';
import { type ConfigDocument, JWT_TYPE } from '#test/support/server/document.ts';
import { viaduct } from '#test/support/server/process.ts';
import { grantRenewals, REFRESH_TOKEN_TYPE, refresh } from '#test/support/server/refresh-tokens.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import { forgetLogins } from '#test/support/server/user-file.ts';
import {
  aBinaryToken,
  aDirectReference,
  aSignedMessage,
  aTimestamp,
} from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { withContexts } from '#test/support/ws-trust/context-message.ts';
import {
  aTargetMessage,
  faultOf,
  isValid,
  JWT,
  jwtIn,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { type Context, contextIn, signed, V13 } from '#test/support/ws-trust/security-context.ts';
import { aUserNameToken } from '#test/support/ws-trust/ws-trust.ts';
import { withUserAuthority } from '#test/support/x509/certified-client.ts';
import { aSequence } from '#test/support/x509/der.ts';
import { aCertificate, anAuthority, aRevocationList } from '#test/support/x509/pki.ts';

const root = await anAuthority({ name: 'CN=Root', algorithm: 'RSA' });
const certified = await aCertificate({ name: 'CN=bob', issuer: root, algorithm: 'RSA' });

const CREDENTIALS = ['username', 'certificate', 'security-context'];

/** Whose certificate it is: a user of ours, or a party of the authority. */
const WHOSE: Readonly<Record<string, (document: ConfigDocument) => void>> = {
  'a user of ours': () => undefined,
  'a party of another issuer': ({ policy, trustedIssuers }) => {
    const corp = trustedIssuers.find(({ id }) => id === 'corp');
    Object.assign(corp?.['x509'] ?? {}, { users: false });
    const issuer = ['partner', 'self', 'corp'];
    for (const row of policy) row['subject'] = { issuer };
    for (const row of policy)
      if (row['id'] === 'users-to-orders')
        row['requestor'] = { principal: { issuer: ['self', 'corp'] } };
  },
};

const start = (
  t: Ending,
  change: (document: ConfigDocument, directory: string, clock: FakeClock) => unknown,
): Promise<TestServer> =>
  startServer(t, async (document, directory, clock) => {
    await withSaml(document, directory);
    await withContexts(document, directory, CREDENTIALS);
    grantRenewals(document, ['access_token', 'jwt', 'refresh_token', 'saml2', 'sct']);
    document.relyingParties[0] = {
      ...document.relyingParties[0],
      servers: ['principal:self:dave'],
    };
    await writeFile(join(directory, 'root.crl'), await aRevocationList(root));
    await withUserAuthority(document, directory, {
      pem: root.pem,
      revocation: { lists: [{ file: 'root.crl' }] },
    });
    await change(document, directory, clock);
  });

/** A message that is otherwise the same would be the one before, sent again. */
let second = 10;
function aMoment({ clock }: TestServer): string {
  second += 1;
  const at = (seconds: number) =>
    new Date((clock.now() + seconds) * 1000).toISOString().replace('.000', '');
  return aTimestamp(at(200 + (second % 90)), at(0));
}

const aWish = (type: string, keyType: string): string =>
  anRst({
    children: `${anAppliesTo()}<t:TokenType>${type}</t:TokenType><t:KeyType>${TRUST_13}/${keyType}</t:KeyType><t:Renewing OK="true"></t:Renewing>`,
  });

const byCertificate = async (server: TestServer, body: string) =>
  sendSoap(server, aSignedMessage(body, { by: certified, timestamp: aMoment(server) }));

const aToken = async (server: TestServer): Promise<string> =>
  tokenOf(await byCertificate(server, aWish(JWT, 'Bearer')));

/** The body of a request for a context. */
const A_CONTEXT = aWish(`${V13.wsc}/sct`, 'SymmetricKey');

const aContext = async (server: TestServer): Promise<Context> =>
  contextIn((await byCertificate(server, A_CONTEXT)).text, V13);

const inContext = (server: TestServer, context: Context) =>
  sendSoap(server, signed(context, A_CONTEXT, { timestamp: aMoment(server) }));

const DAVE = aUserNameToken({ name: 'dave', password: PASSWORD });
const onBehalf = (server: TestServer, token: string) =>
  sendSoap(
    server,
    anEnvelope({
      header: `<wsse:Security>${DAVE}</wsse:Security>`,
      body: aWish(JWT, 'Bearer').replace(
        '<t:KeyType>',
        `<t:OnBehalfOf>${token}</t:OnBehalfOf><t:KeyType>`,
      ),
    }),
  );

const exchange = (server: TestServer, token: string, form: Record<string, string> = {}) =>
  server.exchange({ subject_token: jwtIn(token), subject_token_type: JWT_TYPE, ...form });
const isActive = async (server: TestServer, token: string): Promise<unknown> =>
  (await server.post('/introspect', { token })).body['active'];

const ENDS: Readonly<Record<string, (server: TestServer) => Promise<void>>> = {
  'the trust in its authority has ended': async ({ clock }) => clock.advance(60),
  'it was revoked': async (server) => {
    const list = await aRevocationList(root, { revoked: [certified] });
    await writeFile(join(server.directory, 'root.crl'), list);
    await server.reload();
  },
};
const forAMinute = ({ trustedIssuers }: ConfigDocument): void => {
  const corp = trustedIssuers.find(({ id }) => id === 'corp');
  Object.assign(corp ?? {}, { enabledUntil: '2027-01-15T08:01:00Z' });
};

for (const [whose, make] of Object.entries(WHOSE))
  for (const [what, end] of Object.entries(ENDS))
    describe(`Decision 30: of the certificate of ${whose}, once ${what},`, () => {
      const begin = (t: Ending) =>
        start(t, (document) => {
          make(document);
          if (what.includes('trust')) forAMinute(document);
        });

      test('a security context is a bad one', async (t) => {
        const server = await begin(t);
        const context = await aContext(server);
        const before = await inContext(server, context);

        await end(server);

        assert.equal(before.status, 200, before.text);
        assert.equal(faultOf(await inContext(server, context)), 'BadContextToken');
      });

      test('a token is exchanged and acted for no more', async (t) => {
        const server = await begin(t);
        const token = await aToken(server);
        const before = [await exchange(server, token), await onBehalf(server, token)];

        await end(server);

        for (const { status, text } of before) assert.equal(status, 200, text);
        assert.equal((await exchange(server, token)).body['error'], 'invalid_request');
        assert.equal(faultOf(await onBehalf(server, token)), 'InvalidSecurityToken');
      });

      test('what others had made of it is renewed and refreshed no more', async (t) => {
        const server = await begin(t);
        const token = await aToken(server);
        const target = tokenOf(await onBehalf(server, token));
        const renew = () => sendSoap(server, aTargetMessage('Renew', { user: 'dave', target }));
        const family = await exchange(server, token, { requested_token_type: REFRESH_TOKEN_TYPE });
        const { body, text } = await refresh(server, family.body['access_token']);
        const before = await renew();

        await end(server);
        const after = await refresh(server, body['refresh_token']);

        assert.equal(before.status, 200, before.text);
        assert.ok(body['access_token'], text);
        assert.equal(faultOf(await renew()), 'UnableToRenew');
        assert.equal(after.body['error'], 'invalid_grant', after.text);
      });

      test('a token is not valid, and not active', async (t) => {
        const server = await begin(t);
        const token = await aToken(server);
        const told = async () => [
          await isValid(server, token, 'dave'),
          await isActive(server, jwtIn(token)),
        ];
        const before = await told();

        await end(server);

        assert.deepEqual(before, [true, true]);
        assert.deepEqual(await told(), [false, false]);
      });
    });

const revoke = async (server: TestServer, list: string): Promise<void> => {
  await writeFile(join(server.directory, 'root.crl'), list);
  await server.reload();
};

describe('Decision 30: of a certificate', () => {
  test('that another authority of the same issuer would have to vouch for now, nothing is good', async (t) => {
    const server = await start(t, () => undefined);
    const token = await aToken(server);
    const other = await anAuthority({ name: 'CN=Root', algorithm: 'RSA' });

    await writeFile(join(server.directory, 'root.crt'), other.pem);
    await revoke(server, await aRevocationList(other));

    assert.equal((await exchange(server, token)).body['error'], 'invalid_request');
    assert.equal(await isActive(server, jwtIn(token)), false);
  });

  test('of which nobody can say whether it is revoked, nothing is made, and what there is stays valid', async (t) => {
    const server = await start(t, () => undefined);
    const token = await aToken(server);
    const context = await aContext(server);

    await revoke(server, await aRevocationList(root, { nextUpdate: server.clock.now() - 1 }));

    const { body, status } = await exchange(server, token);
    assert.equal(status, 503);
    assert.equal(body['error'], 'temporarily_unavailable');
    assert.equal((await inContext(server, context)).status, 500);
    assert.equal(await isActive(server, jwtIn(token)), true);
  });

  test('whose path came with it, nothing is made once an authority of that is revoked', async (t) => {
    const issuing = await anAuthority({ name: 'CN=Issuing', issuer: root, algorithm: 'RSA' });
    const below = await aCertificate({ name: 'CN=bob', issuer: issuing, algorithm: 'RSA' });
    const server = await start(t, async ({ trustedIssuers }, directory) => {
      const lists = [{ file: 'root.crl' }, { file: 'issuing.crl' }];
      const corp = trustedIssuers.find(({ id }) => id === 'corp');
      Object.assign(corp?.['x509'] ?? {}, { revocation: { lists } });
      await writeFile(join(directory, 'issuing.crl'), await aRevocationList(issuing));
    });
    const path = aBinaryToken({ der: aSequence(issuing.der, below.der) }).replace(
      '#X509v3',
      '#X509PKIPathv1',
    );
    const message = aSignedMessage(aWish(JWT, 'Bearer'), {
      by: below,
      tokens: path,
      keyInfo: aDirectReference().replace('#X509v3', '#X509PKIPathv1'),
      timestamp: aMoment(server),
    });
    const token = tokenOf(await sendSoap(server, message));
    const before = await exchange(server, token);

    await revoke(server, await aRevocationList(root, { revoked: [issuing] }));

    assert.equal(before.status, 200, before.text);
    assert.equal((await exchange(server, token)).body['error'], 'invalid_request');
  });

  test('that is over, what rests on it is renewed for as long as it was promised', async (t) => {
    const server = await start(t, () => undefined);
    const wishes = { name: 'CN=bob', issuer: root, algorithm: 'RSA' } as const;
    const short = await aCertificate({ ...wishes, notAfter: server.clock.now() + 100 });
    const body = aWish(JWT, 'Bearer');
    const message = aSignedMessage(body, { by: short, timestamp: aMoment(server) });
    const target = tokenOf(await onBehalf(server, tokenOf(await sendSoap(server, message))));
    server.clock.advance(200);

    const { status, text } = await sendSoap(
      server,
      aTargetMessage('Renew', { user: 'dave', target }),
    );

    assert.equal(status, 200, text);
  });

  test('that was revoked, what is on record without it goes on until it ends', async (t) => {
    const server = await start(t, () => undefined);
    const token = await aToken(server);
    forgetLogins(server);

    await revoke(server, await aRevocationList(root, { revoked: [certified] }));

    assert.equal((await exchange(server, token)).status, 200);
  });

  test('that was revoked, what rests on it is refused where it is explained, too', async (t) => {
    // A command has no other clock.
    const server = await start(t, (_, __, clock) => clock.set(Math.floor(Date.now() / 1000)));
    const token = await aToken(server);
    await revoke(server, await aRevocationList(root, { revoked: [certified] }));

    const { out } = await viaduct(
      ['explain', '--client', 'gateway', '--subject-token', jwtIn(token), '--audience', 'orders'],
      server.directory,
    );

    assert.match(out, /^refused before policy: token-revoked: /);
  });

  test('that was revoked, what rests on it is still cancelled', async (t) => {
    const server = await start(t, () => undefined);
    const token = await aToken(server);
    const target = tokenOf(await onBehalf(server, token));
    await revoke(server, await aRevocationList(root, { revoked: [certified] }));

    const cancelled = await sendSoap(server, aTargetMessage('Cancel', { user: 'dave', target }));

    assert.equal(cancelled.status, 200, cancelled.text);
  });
});
