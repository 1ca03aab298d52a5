// What rests on a certificate rests on its path (decision 30): on authorities between that end, are revoked, or are taken out of the
// configuration; and what a certificate that is over has to say.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { PASSWORD, withSaml } from '#test/support/saml/saml-document.ts';
import { type ConfigDocument, JWT_TYPE } from '#test/support/server/document.ts';
import { grantRenewals } from '#test/support/server/refresh-tokens.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import {
  aBinaryToken,
  aDirectReference,
  aSignedMessage,
  aTimestamp,
} from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
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
import { aUserNameToken } from '#test/support/ws-trust/ws-trust.ts';
import { withUserAuthority } from '#test/support/x509/certified-client.ts';
import { aSequence } from '#test/support/x509/der.ts';
import {
  aCertificate,
  anAuthority,
  aRevocationList,
  type RevocationWishes,
  type TestCertificate,
} from '#test/support/x509/pki.ts';

/** When the clock of the server stands at its start, and seconds later. */
const at = (seconds: number): number => Date.UTC(2027, 0, 15, 8) / 1000 + seconds;
const EARLY = 50;
const LATE = 100;
/** Both are over by then. */
const AFTER = 200;

const root = await anAuthority({ name: 'CN=Root', algorithm: 'RSA' });

interface Ends {
  readonly issuing?: number;
  readonly leaf?: number;
}

interface Estate {
  readonly server: TestServer;
  readonly issuing: TestCertificate;
  readonly leaf: TestCertificate;
  /** What bob got with the certificate. */
  readonly token: string;
  /** What dave made of it, and may renew. */
  readonly target: string;
}

interface Wishes extends Ends {
  /** The authority between is in the configuration, or comes with each message. */
  readonly isConfigured?: boolean;
}

const x509Of = ({ trustedIssuers }: ConfigDocument): Record<string, unknown> =>
  (trustedIssuers.find(({ id }) => id === 'corp') ?? {})['x509'] as Record<string, unknown>;

const WISH = anRst({
  children: `${anAppliesTo()}<t:TokenType>${JWT}</t:TokenType><t:KeyType>${TRUST_13}/Bearer</t:KeyType><t:Renewing OK="true"></t:Renewing>`,
});

const DAVE = aUserNameToken({ name: 'dave', password: PASSWORD });
const onBehalf = (token: string): string =>
  anEnvelope({
    header: `<wsse:Security>${DAVE}</wsse:Security>`,
    body: WISH.replace('<t:KeyType>', `<t:OnBehalfOf>${token}</t:OnBehalfOf><t:KeyType>`),
  });

function login({ issuing, leaf }: Pick<Estate, 'issuing' | 'leaf'>, isConfigured: boolean) {
  const timestamp = aTimestamp(
    new Date(at(240) * 1000).toISOString().replace('.000', ''),
    new Date(at(0) * 1000).toISOString().replace('.000', ''),
  );
  if (isConfigured) return aSignedMessage(WISH, { by: leaf, timestamp });
  const asPath = (text: string): string => text.replace('#X509v3', '#X509PKIPathv1');
  const tokens = asPath(aBinaryToken({ der: aSequence(issuing.der, leaf.der) }));
  return aSignedMessage(WISH, { by: leaf, tokens, keyInfo: asPath(aDirectReference()), timestamp });
}

/** Bob's certificate is of an authority between. */
async function start(t: Ending, { isConfigured = false, ...ends }: Wishes): Promise<Estate> {
  const by = (issuer: TestCertificate, end: number | undefined) => ({
    issuer,
    algorithm: 'RSA' as const,
    ...(end !== undefined && { notAfter: at(end) }),
  });
  const issuing = await anAuthority({ name: 'CN=Issuing', ...by(root, ends.issuing) });
  const leaf = await aCertificate({ name: 'CN=bob', ...by(issuing, ends.leaf) });
  const server = await startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    grantRenewals(document, ['access_token', 'jwt', 'saml2']);
    document.relyingParties[0] = {
      ...document.relyingParties[0],
      servers: ['principal:self:dave'],
    };
    const revocation = { lists: [{ file: 'root.crl' }, { file: 'issuing.crl' }] };
    await withUserAuthority(document, directory, { pem: root.pem, revocation });
    if (isConfigured) x509Of(document)['intermediates'] = [{ file: 'issuing.crt' }];
    await writeFile(join(directory, 'issuing.crt'), issuing.pem);
    await writeFile(join(directory, 'root.crl'), await aRevocationList(root));
    await writeFile(join(directory, 'issuing.crl'), await aRevocationList(issuing));
  });
  const token = tokenOf(await sendSoap(server, login({ issuing, leaf }, isConfigured)));
  const target = tokenOf(await sendSoap(server, onBehalf(token)));
  return { server, issuing, leaf, token, target };
}

/** From now on this is what an authority says. */
async function list(
  { server }: Estate,
  issuer: TestCertificate,
  wishes: RevocationWishes,
): Promise<void> {
  const name = issuer === root ? 'root.crl' : 'issuing.crl';
  await writeFile(join(server.directory, name), await aRevocationList(issuer, wishes));
  await server.reload();
}

const renew = ({ server, target }: Estate) =>
  sendSoap(server, aTargetMessage('Renew', { user: 'dave', target }));

async function assertEnded(estate: Estate): Promise<void> {
  const { server, token } = estate;
  const form = { subject_token: jwtIn(token), subject_token_type: JWT_TYPE };
  const exchanged = await server.exchange(form);
  const introspected = await server.post('/introspect', { token: jwtIn(token) });
  assert.equal(exchanged.body['error'], 'invalid_request', exchanged.text);
  assert.equal(introspected.body['active'], false);
  assert.equal(await isValid(server, token, 'dave'), false);
  assert.equal(faultOf(await renew(estate)), 'UnableToRenew');
}

async function assertGoesOn(estate: Estate): Promise<void> {
  const { status, text } = await renew(estate);
  assert.equal(status, 200, text);
}

describe('Decision 30: of a certificate that goes on, below an authority that has ended', () => {
  for (const isConfigured of [false, true])
    test(`nothing is good, for nobody can vouch for it any more (RFC 5280 §6.1.3): ${isConfigured ? 'the authority is in the configuration' : 'the authority came with it'}`, async (t) => {
      const estate = await start(t, { issuing: EARLY, isConfigured });
      estate.server.clock.advance(LATE);

      await assertEnded(estate);
    });

  test('nothing is good either once it is revoked', async (t) => {
    const estate = await start(t, { issuing: EARLY });
    await list(estate, estate.issuing, { revoked: [estate.leaf] });
    estate.server.clock.advance(LATE);

    await assertEnded(estate);
  });

  test('what rests on it does not come back when it is over as well', async (t) => {
    const estate = await start(t, { issuing: EARLY, leaf: LATE });
    estate.server.clock.advance(AFTER);

    await assertEnded(estate);
  });

  test('what rests on it goes on where the authority has another certificate in the configuration', async (t) => {
    const estate = await start(t, { issuing: EARLY, isConfigured: true });
    const { keys, name } = estate.issuing;
    const renewed = await anAuthority({ name, keys, issuer: root, algorithm: 'RSA' });
    await writeFile(join(estate.server.directory, 'issuing.crt'), renewed.pem);
    await estate.server.reload();
    estate.server.clock.advance(LATE);

    await assertGoesOn(estate);
  });
});

describe('Decision 30: of a certificate that is over', () => {
  test('what rests on it goes on, also when the authority above it has ended since', async (t) => {
    const estate = await start(t, { leaf: EARLY, issuing: LATE });
    estate.server.clock.advance(AFTER);

    await assertGoesOn(estate);
  });

  test('what rests on it goes on where the authority has a certificate since in the configuration', async (t) => {
    const estate = await start(t, { leaf: EARLY, issuing: LATE, isConfigured: true });
    const { keys, name } = estate.issuing;
    const wishes = { name, keys, issuer: root, notBefore: at(LATE) };
    const renewed = await anAuthority({ ...wishes, algorithm: 'RSA' });
    await writeFile(join(estate.server.directory, 'issuing.crt'), renewed.pem);
    estate.server.clock.advance(AFTER);
    await estate.server.reload();

    await assertGoesOn(estate);
  });

  test('nothing is good once an authority above it is revoked', async (t) => {
    const estate = await start(t, { leaf: EARLY });
    estate.server.clock.advance(LATE);
    await list(estate, root, { revoked: [estate.issuing] });

    await assertEnded(estate);
  });

  test('nothing is good while its authority still lists it as revoked', async (t) => {
    const estate = await start(t, { leaf: EARLY });
    await list(estate, estate.issuing, { revoked: [estate.leaf] });
    estate.server.clock.advance(LATE);

    await assertEnded(estate);
  });

  test('what rests on it goes on where nobody says anything of it any more', async (t) => {
    const estate = await start(t, { leaf: EARLY });
    estate.server.clock.advance(LATE);
    await list(estate, estate.issuing, { nextUpdate: at(EARLY) });

    await assertGoesOn(estate);
  });

  test('nothing is made while nobody can say whether the authority above it is revoked', async (t) => {
    const estate = await start(t, { leaf: EARLY });
    estate.server.clock.advance(LATE);
    await list(estate, root, { nextUpdate: at(EARLY) });

    const answer = await renew(estate);

    assert.equal(answer.status, 500, answer.text);
    assert.equal(faultOf(answer), 'RequestFailed');
  });
});

describe('Decision 30: of a certificate whose path went through the configuration', () => {
  for (const [what, ends, seconds] of [
    ['that goes on', {}, 0],
    ['that is over', { leaf: EARLY }, LATE],
  ] as const)
    test(`${what}, nothing is good once the authority between was removed from there`, async (t) => {
      const estate = await start(t, { ...ends, isConfigured: true });
      const path = join(estate.server.directory, 'viaduct.yaml');
      const document = parse(await readFile(path, 'utf8')) as ConfigDocument;
      x509Of(document)['intermediates'] = [];
      estate.server.clock.advance(seconds);

      await writeFile(path, stringify(document));
      await estate.server.reload();

      await assertEnded(estate);
    });
});
