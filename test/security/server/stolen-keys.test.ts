// A key of ours that signs no longer and is in wrong hands. It verifies for us for longer than it is published, so that what has ended
// can be renewed and cancelled: nothing else comes of that.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { decodeJwt, decodeProtectedHeader, importPKCS8, SignJWT } from 'jose';
import { parse, stringify } from 'yaml';
import { createSamlIssuer } from '#bridge/saml/issuer/saml-issuer.ts';
import { generateKeyPem } from '#src/keys/generate.ts';
import { aCertifiedKey, aSamlSpec, signingKeysOf } from '#test/support/saml/saml.ts';
import { BILLING, withSaml } from '#test/support/saml/saml-document.ts';
import { ISSUER } from '#test/support/server/document.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import {
  anRst,
  aTargetRst,
  faultOf,
  isValid,
  JWT,
  jwtAsXml,
  SAML2,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/rst.ts';

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

const jwtIn = (xml: string): string =>
  Buffer.from(/>([^<]+)</.exec(xml)?.[1] ?? '', 'base64').toString();

const pemOf = (directory: string, name: string): Promise<string> =>
  readFile(join(directory, 'keys', name), 'utf8');

async function write(directory: string, name: string, text: string): Promise<{ file: string }> {
  await writeFile(join(directory, 'keys', name), text, { mode: 0o600 });
  return { file: `keys/${name}` };
}

const FORMS: Readonly<Record<string, Form>> = {
  'a JWT': {
    tokenType: JWT,
    idOf: (token) => String(decodeJwt(jwtIn(token)).jti),
    async nextKey(directory, token) {
      const { alg: algorithm = '' } = decodeProtectedHeader(jwtIn(token));
      const key = await write(directory, 'next.pem', await generateKeyPem(algorithm));
      return { use: 'jwt', algorithm, key };
    },
    async forge(directory, token, { about, id, issuedAt, notOnOrAfter }) {
      const { alg = '', ...header } = decodeProtectedHeader(jwtIn(token));
      const says = { sub: about, jti: id, iat: issuedAt, nbf: issuedAt, exp: notOnOrAfter };
      const jwt = await new SignJWT({ ...decodeJwt(jwtIn(token)), ...says })
        .setProtectedHeader({ ...header, alg })
        .sign(await importPKCS8(await pemOf(directory, `${alg.toLowerCase()}.pem`), alg));
      return jwtAsXml(jwt);
    },
  },
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
      return (await createSamlIssuer({ keys }).issue(spec)).text;
    },
  },
};

async function start(t: Ending): Promise<TestServer> {
  return startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    const renewal = { lifetimeSeconds: RENEWAL_SECONDS, maxCount: 5, afterExpiry: true };
    for (const row of document.policy) row['allow'] = { ...(row['allow'] as object), renewal };
  });
}

async function addKey({ clock, directory }: TestServer, entry: object): Promise<void> {
  const path = join(directory, 'viaduct.yaml');
  const document = parse(await readFile(path, 'utf8')) as { keys: object[] };
  const activeFrom = new Date((clock.now() + 1) * 1000).toISOString();
  document.keys.push({ ...entry, activeFrom });
  await writeFile(path, stringify(document));
}

describe('A key that was superseded makes nothing, whoever has it:', () => {
  for (const [what, { forge, idOf, nextKey, tokenType }] of Object.entries(FORMS))
    test(`${what} with the id of a token that was issued since, or that lives on, is none of ours`, async (t) => {
      const server = await start(t);
      const { clock, directory } = server;
      const children = '<trust:Renewing OK="true"/>';
      const issue = async () =>
        tokenOf(await sendSoap(server, anRst({ user: 'carol', tokenType, children })));
      const ask = (operation: 'Renew' | 'Cancel', target: string) =>
        sendSoap(server, aTargetRst(operation, { user: 'carol', target }));
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
        const onBehalfOf = anRst({ user: 'bob', tokenType, onBehalfOf: forged });

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
});
