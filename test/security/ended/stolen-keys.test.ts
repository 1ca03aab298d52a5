// A key of ours that signs no longer and is in wrong hands. It verifies for us for longer than it is published, so that what has ended
// can be renewed and cancelled: nothing else comes of that.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { decodeJwt, decodeProtectedHeader, importPKCS8, type JWTPayload, SignJWT } from 'jose';
import { parse, stringify } from 'yaml';
import { generateKeyPem } from '#src/keys/generate.ts';
import { aCertifiedKey, anOwnIssuer, aSamlSpec, signingKeysOf } from '#test/support/saml/saml.ts';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { grantBesides, ISSUER } from '#test/support/server/document.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import {
  anIssueMessage,
  aTargetMessage,
  faultOf,
  isValid,
  JWT,
  jwtAsXml,
  jwtIn,
  SAML1,
  SAML2,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';
import { BILLING } from '#test/support/ws-trust/rst.ts';

const RENEWAL_SECONDS = 28_800;
const OVERLAP_SECONDS = 3600;

/** What a forger writes: of whom, and when it is said to be issued and to end. */
interface Forgery {
  readonly id: string;
  readonly about: string;
  readonly issuedAt: number;
  readonly notOnOrAfter: number;
}

interface Form {
  readonly tokenType: string;
  /** The id of a token, as the ledger has it. */
  readonly idOf: (token: string) => string;
  /** The entry of a key that takes over from that of a token. */
  readonly nextKey: (directory: string, token: string) => Promise<object>;
  /** As the token, and signed with its key. */
  readonly forge: (directory: string, token: string, forgery: Forgery) => Promise<string>;
}

const pemOf = (directory: string, name: string): Promise<string> =>
  readFile(join(directory, 'keys', name), 'utf8');

async function write(directory: string, name: string, text: string): Promise<{ file: string }> {
  await writeFile(join(directory, 'keys', name), text, { mode: 0o600 });
  return { file: `keys/${name}` };
}

const JWT_FORM = {
  tokenType: JWT,
  idOf: (token: string) => String(decodeJwt(jwtIn(token)).jti),
  async nextKey(directory: string, token: string) {
    const { alg: algorithm = '' } = decodeProtectedHeader(jwtIn(token));
    const key = await write(directory, 'next.pem', await generateKeyPem(algorithm));
    return { use: 'jwt', algorithm, key };
  },
  async forgeClaims(directory: string, token: string, claims: JWTPayload) {
    const { alg = '', ...header } = decodeProtectedHeader(jwtIn(token));
    const jwt = await new SignJWT({ ...decodeJwt(jwtIn(token)), ...claims })
      .setProtectedHeader({ ...header, alg })
      .sign(await importPKCS8(await pemOf(directory, `${alg.toLowerCase()}.pem`), alg));
    return jwtAsXml(jwt);
  },
  forge(directory: string, token: string, { about, id, issuedAt, notOnOrAfter }: Forgery) {
    const says = { sub: about, jti: id, iat: issuedAt, nbf: issuedAt, exp: notOnOrAfter };
    return JWT_FORM.forgeClaims(directory, token, says);
  },
} as const;

const FORMS: Readonly<Record<string, Form>> = {
  'a JWT': JWT_FORM,
  'an assertion': {
    tokenType: SAML2,
    idOf: (token) => /ID="_([^"]+)"/.exec(token)?.[1] ?? '',
    async nextKey(directory) {
      const { certificatePem, privatePem } = await aCertifiedKey();
      const key = await write(directory, 'next.pem', privatePem);
      const certificate = await write(directory, 'next.crt', certificatePem);
      return { use: 'saml', algorithm: 'RS256', key, certificate };
    },
    async forge(directory, _token, { about, id, issuedAt, notOnOrAfter }) {
      const certificatePem = await pemOf(directory, 'saml.crt');
      const privatePem = await pemOf(directory, 'saml.pem');
      const spec = aSamlSpec({
        tokenId: id,
        issuer: ISSUER,
        subject: { issuer: ISSUER, id: about },
        subjectName: about,
        audiences: [BILLING],
        issuedAt,
        lifetime: { notBefore: issuedAt, notOnOrAfter },
      });
      const keys = signingKeysOf({ certificatePem, privatePem });
      return (await anOwnIssuer(keys).issue(spec)).text;
    },
  },
};

async function start(t: Ending): Promise<TestServer> {
  return startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    grantBesides(document, {
      renewal: { lifetimeSeconds: RENEWAL_SECONDS, maxCount: 5, afterExpiry: true },
    });
  });
}

/** Adds a key that signs from the next second on, and tells the server in time. */
async function addKey(server: TestServer, entry: object): Promise<void> {
  const { clock, directory } = server;
  const path = join(directory, 'viaduct.yaml');
  const document = parse(await readFile(path, 'utf8')) as { keys: object[] };
  const activeFrom = new Date((clock.now() + 1) * 1000).toISOString();
  document.keys.push({ ...entry, activeFrom });
  await writeFile(path, stringify(document));
  await server.reload();
}

describe('A key that was superseded makes nothing, whoever has it:', () => {
  for (const [what, { forge, idOf, nextKey, tokenType }] of Object.entries(FORMS))
    test(`${what} with the id of a token that was issued since, or that lives on, is none of ours`, async (t) => {
      const server = await start(t);
      const { clock, directory } = server;
      const children = '<trust:Renewing OK="true"/>';
      const issue = async () =>
        tokenOf(await sendSoap(server, anIssueMessage({ user: 'carol', tokenType, children })));
      const ask = (operation: 'Renew' | 'Cancel', target: string) =>
        sendSoap(server, aTargetMessage(operation, { user: 'carol', target }));
      const old = await issue();
      const begun = clock.now();
      await addKey(server, await nextKey(directory, old));
      clock.advance(OVERLAP_SECONDS);
      await server.reload();
      const fresh = await issue();
      const now = clock.now();

      for (const [token, issuedAt] of [
        [fresh, now],
        [fresh, begun],
        [old, begun],
      ] as const) {
        const says = { id: idOf(token), about: 'dave', issuedAt, notOnOrAfter: now + 300 };
        const forged = await forge(directory, old, says);
        const onBehalfOf = anIssueMessage({ user: 'bob', tokenType, onBehalfOf: forged });

        assert.equal(await isValid(server, forged), false);
        for (const answer of [
          await ask('Renew', forged),
          await ask('Cancel', forged),
          await sendSoap(server, onBehalfOf),
        ])
          assert.equal(faultOf(answer), 'InvalidSecurityToken');
      }

      assert.equal(await isValid(server, fresh), true);
      assert.equal(await isValid(server, tokenOf(await ask('Renew', old))), true);
    });

  for (const [what, { forge, idOf, nextKey, tokenType }] of Object.entries(FORMS))
    test(`${what} that has ended is renewed and cancelled as it was, and not in other words under its id`, async (t) => {
      const server = await start(t);
      const { clock, directory } = server;
      const children = '<trust:Renewing OK="true"/>';
      const old = tokenOf(
        await sendSoap(server, anIssueMessage({ user: 'carol', tokenType, children })),
      );
      const begun = clock.now();
      await addKey(server, await nextKey(directory, old));
      clock.advance(OVERLAP_SECONDS);
      await server.reload();
      const ask = (operation: 'Renew' | 'Cancel', target: string) =>
        sendSoap(server, aTargetMessage(operation, { user: 'carol', target }));

      for (const notOnOrAfter of [begun + 300, begun + 200]) {
        const says = { id: idOf(old), about: 'dave', issuedAt: begun, notOnOrAfter };
        const forged = await forge(directory, old, says);

        assert.equal(await isValid(server, forged), false);
        assert.equal(faultOf(await ask('Renew', forged)), 'InvalidSecurityToken');
        assert.equal(faultOf(await ask('Cancel', forged)), 'InvalidSecurityToken');
      }

      const renewed = tokenOf(await ask('Renew', old));
      assert.equal(await isValid(server, renewed), true);
      assert.equal((await ask('Cancel', old)).status, 200);
      assert.equal(await isValid(server, renewed), false);
    });

  test('a JWT that has ended does not say of another client, key or login what was never said', async (t) => {
    const server = await start(t);
    const { clock, directory } = server;
    const children = '<trust:Renewing OK="true"/>';
    const issued = await sendSoap(
      server,
      anIssueMessage({ user: 'carol', tokenType: JWT, children }),
    );
    const old = tokenOf(issued);
    const { auth_time } = decodeJwt(jwtIn(old));
    await addKey(server, await JWT_FORM.nextKey(directory, old));
    clock.advance(OVERLAP_SECONDS);
    await server.reload();
    const ask = (operation: 'Renew' | 'Cancel', user: string, target: string) =>
      sendSoap(server, aTargetMessage(operation, { user, target }));

    for (const claims of [
      { client_id: 'principal:self:dave' },
      { aud: 'billing' },
      { scope: 'orders.read orders.write' },
      { roles: 'approver' },
      { email: ['carol@example.org', 'ceo@example.org'] },
      { act: { iss: ISSUER, sub: 'bob' } },
      { cnf: { jkt: 'A'.repeat(43) } },
    ])
      for (const operation of ['Renew', 'Cancel'] as const) {
        const forged = await JWT_FORM.forgeClaims(directory, old, claims);
        assert.equal(faultOf(await ask(operation, 'dave', forged)), 'InvalidSecurityToken');
        assert.equal(faultOf(await ask(operation, 'carol', forged)), 'InvalidSecurityToken');
      }

    const fresher = await JWT_FORM.forgeClaims(directory, old, {
      auth_time: clock.now(),
      acr: 'mfa',
    });
    const renewed = decodeJwt(jwtIn(tokenOf(await ask('Renew', 'carol', fresher))));
    assert.equal(renewed['auth_time'], auth_time);
    assert.notEqual(renewed['acr'], 'mfa');
  });

  for (const tokenType of [JWT, SAML1, SAML2])
    test(`whatever it says, what has ended is renewed under its old key: ${tokenType}`, async (t) => {
      const server = await start(t);
      const { clock, directory } = server;
      const children = '<trust:Renewing OK="true"/>';
      const evidence = jwtAsXml(
        await server.partner.sign({ groups: ['buyer', 'approver'], acr: 'urn:x', auth_time: 1 }),
      );
      const canName = tokenType !== SAML1;
      const wishes = [
        { onBehalfOf: evidence },
        ...(canName ? [{ actAs: evidence }] : []),
        { children: `${children}<trust:Delegatable>false</trust:Delegatable>` },
      ];
      const olds: string[] = [];
      for (const wish of wishes)
        olds.push(
          tokenOf(
            await sendSoap(server, anIssueMessage({ user: 'carol', tokenType, children, ...wish })),
          ),
        );
      const form = tokenType === JWT ? FORMS['a JWT'] : FORMS['an assertion'];
      await addKey(server, (await form?.nextKey(directory, olds[0] ?? '')) ?? {});
      clock.advance(OVERLAP_SECONDS);
      await server.reload();

      for (const target of olds) {
        const renewed = await sendSoap(server, aTargetMessage('Renew', { user: 'carol', target }));
        assert.equal(await isValid(server, tokenOf(renewed)), true);
      }
    });
});
