// An assertion that somebody got by password, for a key that it names by a certificate: whoever has stolen that key has it as long as
// the assertion, so it is no credential once nobody vouches for the certificate any more (decision 30).
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { PASSWORD, withSaml } from '#test/support/saml/saml-document.ts';
import { grantBesides } from '#test/support/server/document.ts';
import { type Ending, startServer } from '#test/support/server/server.ts';
import {
  aBinaryToken,
  aDirectReference,
  aSignedMessage,
  aTimestamp,
} from '#test/support/soap/signed-message.ts';
import { faultOf, SAML2, sendSoap, tokenOf } from '#test/support/ws-trust/messages.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { aUserNameToken } from '#test/support/ws-trust/ws-trust.ts';
import { withUserAuthority } from '#test/support/x509/certified-client.ts';
import {
  aCertificate,
  anAuthority,
  aRevocationList,
  type TestCertificate,
} from '#test/support/x509/pki.ts';

const START = Date.UTC(2027, 0, 15, 8) / 1000;
const EARLY = 50;
const LATE = 100;
/** Both are over by then. */
const AFTER = 200;

const root = await anAuthority({ name: 'CN=Root', algorithm: 'RSA' });
const nobodys = await aCertificate({ name: 'CN=bob', algorithm: 'RSA', notAfter: START + EARLY });

const SAML_ID = 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLID';
const BOB = aUserNameToken({ name: 'bob', password: PASSWORD });

const issueFor = (more = ''): string =>
  anRst({
    children: `${anAppliesTo()}<t:TokenType>${SAML2}</t:TokenType><t:KeyType>${TRUST_13}/PublicKey</t:KeyType>${more}`,
  });
const renewalOf = (token: string): string =>
  anRst({
    requestType: `${TRUST_13}/Renew`,
    children: `<t:RenewTarget>${token}</t:RenewTarget>`,
  });

/** A message that is otherwise the same would be the one before, sent again. */
let second = 10;
function aMoment(): string {
  second += 1;
  return aTimestamp(`2027-01-15T08:04:${second}Z`);
}

interface Ends {
  readonly issuing?: number;
  readonly leaf?: number;
}

async function aKeyOf(authority: TestCertificate, end: number | undefined) {
  const notAfter = end !== undefined && { notAfter: START + end };
  return aCertificate({ name: 'CN=bob', issuer: authority, algorithm: 'RSA', ...notAfter });
}

/** A server, and what sends it messages with the key of an assertion that it issued by password. */
async function start(t: Ending, { issuing: end, leaf: leafEnd }: Ends, key?: TestCertificate) {
  const notAfter = end !== undefined && { notAfter: START + end };
  const issuing = await anAuthority({ name: 'CN=I', issuer: root, algorithm: 'RSA', ...notAfter });
  const leaf = key ?? (await aKeyOf(issuing, leafEnd));
  const server = await startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    const revocation = { lists: [{ file: 'root.crl' }, { file: 'issuing.crl' }] };
    await withUserAuthority(document, directory, { pem: root.pem, revocation });
    const corp = document.trustedIssuers.at(-1) as { x509?: object };
    corp.x509 = { ...corp.x509, intermediates: [{ file: 'issuing.crt' }] };
    grantBesides(document, { renewal: { lifetimeSeconds: 7200, maxCount: 50 } });
    await writeFile(join(directory, 'issuing.crt'), issuing.pem);
    await writeFile(join(directory, 'root.crl'), await aRevocationList(root));
    await writeFile(join(directory, 'issuing.crl'), await aRevocationList(issuing));
  });
  const body = issueFor(`<t:UseKey>${aDirectReference()}</t:UseKey>`);
  const tokens = `${BOB}${aBinaryToken(leaf)}`;
  const message = aSignedMessage(body, { by: leaf, tokens, timestamp: aMoment() });
  const token = tokenOf(await sendSoap(server, message));
  const [, id = ''] = / ID="([^"]+)"/.exec(token) ?? [];
  const keyInfo = `<wsse:SecurityTokenReference><wsse:KeyIdentifier ValueType="${SAML_ID}">${id}</wsse:KeyIdentifier></wsse:SecurityTokenReference>`;
  const send = (asked: string, header: string) =>
    sendSoap(
      server,
      aSignedMessage(asked, { by: leaf, tokens: header, keyInfo, timestamp: aMoment() }),
    );
  return {
    clock: server.clock,
    logIn: () => send(issueFor(), token),
    renew: () => send(renewalOf(token), ''),
    async revoke() {
      const list = await aRevocationList(issuing, { revoked: [leaf] });
      await writeFile(join(server.directory, 'issuing.crl'), list);
      await server.reload();
    },
  };
}

type Estate = Awaited<ReturnType<typeof start>>;

async function assertEnded({ logIn, renew }: Estate): Promise<void> {
  assert.equal(faultOf(await logIn()), 'FailedAuthentication');
  assert.equal(faultOf(await renew()), 'FailedAuthentication');
}

async function assertGoesOn({ logIn, renew }: Estate): Promise<void> {
  for (const { status, text } of [await logIn(), await renew()]) assert.equal(status, 200, text);
}

describe('Decision 30: an assertion that names its key by a certificate', () => {
  for (const [what, ends] of [
    ['that goes on below an authority that has ended', { issuing: EARLY }],
    ['that is over, and its authority was before it', { issuing: EARLY, leaf: LATE }],
  ] as const)
    test(`${what} is no credential: nobody can say any more whether it is revoked (RFC 5280 §6.3.3)`, async (t) => {
      const estate = await start(t, ends);
      await assertGoesOn(estate);

      estate.clock.advance(AFTER);

      await assertEnded(estate);
    });

  test('that is over is no credential while its authority still lists it as revoked', async (t) => {
    const estate = await start(t, { leaf: EARLY });
    await estate.revoke();

    estate.clock.advance(AFTER);

    await assertEnded(estate);
  });

  test('that is over, and of which nobody says anything any more, is one as before', async (t) => {
    const estate = await start(t, { leaf: EARLY });

    estate.clock.advance(AFTER);

    await assertGoesOn(estate);
  });

  test('that is nobody’s here, over or not, is one: the key was proved, and its name says nothing', async (t) => {
    const estate = await start(t, {}, nobodys);
    await assertGoesOn(estate);

    estate.clock.advance(AFTER);

    await assertGoesOn(estate);
  });
});
