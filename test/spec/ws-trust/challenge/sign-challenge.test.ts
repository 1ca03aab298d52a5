// WS-Trust 1.3 §8.3: where an address asks for it, a signed request is answered by a challenge, and the signed challenge by the
// token. A signature that was stolen with its message, or made long ago, gets nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeEndpoints } from '#bridge/ws-trust/endpoint/endpoint-changes.ts';
import { ADFS_PROFILE, GENERIC_PROFILE } from '#bridge/ws-trust/endpoint/profiles.ts';
import type { WsTrustFrontParts } from '#bridge/ws-trust/soap-front.ts';
import { MemoryStore } from '#src/store/memory/memory-store.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import {
  aBinaryToken,
  aDirectReference,
  aSignedMessage,
  aTimestamp,
  SIGNATURE,
  signMessage,
} from '#test/support/soap/signed-message.ts';
import { anAppliesTo, anRst, TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import { secondFactor } from '#test/support/ws-trust/second-factor.ts';
import {
  anIssueRequest,
  aPost,
  aSecurityHeader,
  aWsTrustSetting,
  faultCodeOf,
  type WsTrustSetting,
} from '#test/support/ws-trust/ws-trust.ts';
import { knownCertificates } from '#test/support/x509/known-certificates.ts';
import { aCertificate, type TestCertificate } from '#test/support/x509/pki.ts';

const client = await aCertificate({ name: 'CN=batch', algorithm: 'RSA' });
const other = await aCertificate({ name: 'CN=other', algorithm: 'RSA' });
const SAML2 = 'urn:oasis:names:tc:SAML:2.0:assertion';
const GOOD = `<saml:Assertion xmlns:saml="${SAML2}" ID="_good"></saml:Assertion>`;
const MIXED = '/adfs/services/trust/13/certificatemixed';

/** Each certificate is the subject of its name. */
const known = knownCertificates([client, other], ({ name }) => ({
  subject: { issuer: 'https://sts.example.org', id: name },
}));

const aSetting = (
  parts: Partial<WsTrustFrontParts> = {},
  changes: Parameters<typeof aWsTrustSetting>[0] = {},
): WsTrustSetting =>
  aWsTrustSetting({
    validators: [known],
    profiles: changeEndpoints(
      [GENERIC_PROFILE, ADFS_PROFILE],
      [
        { path: '/ws-trust', signChallenge: true },
        { path: MIXED, signChallenge: true },
      ],
    ),
    parts: { challengeKey: new Uint8Array(32).fill(7), ...parts },
    ...changes,
  });

interface Wishes {
  readonly by?: TestCertificate;
  readonly ids?: readonly string[];
  readonly more?: string;
}

let count = 0;

/** A signed message with this Body. Each has a Timestamp of its own, so that none is sent twice. */
function aSigned(
  body: string,
  { by = client, ids = ['ts', 'body'], more = '' }: Wishes = {},
): string {
  count += 1;
  const expires = `2027-01-15T08:04:00.${String(count).padStart(3, '0')}Z`;
  return aSignedMessage(body, {
    by,
    tokens: aBinaryToken(by) + more,
    timestamp: aTimestamp(expires),
    ids,
  });
}

const send = (setting: WsTrustSetting, message: string, path = '/ws-trust') =>
  setting.front.handle(aPost(message, { path }));

interface Challenge {
  readonly context: string;
  readonly challenge: string;
}

async function challenged(
  setting: WsTrustSetting,
  trust = TRUST_13,
  path = '/ws-trust',
): Promise<Challenge> {
  const ids = path === MIXED ? ['ts'] : ['ts', 'body'];
  const { body, status } = await send(setting, aSigned(anRst({ trust }), { ids }), path);
  assert.equal(status, 200, body);
  const [, context = ''] = /Context="([^"]+)"/.exec(body) ?? [];
  const [, challenge = ''] =
    /<(?:trust|t):SignChallenge><(?:trust|t):Challenge>([^<]+)</.exec(body) ?? [];
  assert.ok(context !== '' && challenge !== '', body);
  return { context, challenge };
}

const anAnswer = ({ challenge, context }: Challenge, trust = TRUST_13, more = ''): string =>
  `<t:RequestSecurityTokenResponse xmlns:t="${trust}" Context="${context}"><t:SignChallengeResponse><t:Challenge>${challenge}</t:Challenge>${more}</t:SignChallengeResponse></t:RequestSecurityTokenResponse>`;

const WST14 = 'http://docs.oasis-open.org/ws-sx/ws-trust/200802';

const anOtpAnswer = ({ challenge, context }: Challenge): string =>
  `<t:RequestSecurityTokenResponse xmlns:t="${TRUST_13}" Context="${context}"><w:InteractiveChallengeResponse xmlns:w="${WST14}"><w:TextChallengeResponse RefID="${WST14}/challenge/OTP">123456</w:TextChallengeResponse><w:ContextData RefID="${WST14}/challenge/state">${challenge}</w:ContextData></w:InteractiveChallengeResponse></t:RequestSecurityTokenResponse>`;

for (const trust of [TRUST_13, TRUST_2005]) {
  test(`WS-Trust §8.3: the signed challenge gets the token, ${trust.slice(-6)}`, async () => {
    const setting = aSetting();

    const challenge = await challenged(setting, trust);
    assert.deepEqual(setting.asked, []);
    const { body, status } = await send(setting, aSigned(anAnswer(challenge, trust)));

    assert.equal(status, 200, body);
    assert.match(body, /<saml:Assertion /);
    assert.ok(body.includes(`Context="${challenge.context}"`));
    assert.equal(setting.asked.length, 1);
  });
}

test('WS-Trust 1.3 §8.3: where the first leg signs the Timestamp alone, the answer signs the Body', async () => {
  const setting = aSetting();
  const challenge = await challenged(setting, TRUST_13, MIXED);

  const bare = await send(setting, aSigned(anAnswer(challenge), { ids: ['ts'] }), MIXED);
  assert.equal(faultCodeOf(bare), 'trust:AuthenticationBadElements');

  const again = await challenged(setting, TRUST_13, MIXED);
  const signed = await send(setting, aSigned(anAnswer(again)), MIXED);
  assert.equal(signed.status, 200, signed.body);
});

test('WS-Trust 1.3 §8.3: only who was asked may answer', async () => {
  const setting = aSetting();
  const challenge = await challenged(setting);

  const answer = await send(setting, aSigned(anAnswer(challenge), { by: other }));

  assert.equal(faultCodeOf(answer), 'trust:FailedAuthentication');
  assert.deepEqual(setting.asked, []);
});

test('WS-Trust 1.3 §8.3: a challenge is answered once at hosts whose clocks are apart, whatever the store says of the time', async () => {
  const ofStore = fakeClock();
  const setting = aSetting({ store: new MemoryStore(ofStore) });
  const { clock } = setting;
  // The first host is ahead by as much as the second one is behind.
  ofStore.set(clock.now() - 300);
  const challenge = await challenged(setting);
  const first = await send(setting, aSigned(anAnswer(challenge)));
  clock.advance(299);
  ofStore.set(clock.now() + 300);

  const again = await send(setting, aSigned(anAnswer(challenge)));

  assert.equal(first.status, 200, first.body);
  assert.equal(faultCodeOf(again), 'trust:InvalidSecurityToken');
});

test('WS-Trust 1.3 §8.3: a challenge is answered once, and not by an unsigned message', async () => {
  const setting = aSetting();
  const [first, second] = [await challenged(setting), await challenged(setting)];

  assert.equal((await send(setting, aSigned(anAnswer(first)))).status, 200);
  assert.equal(
    faultCodeOf(await send(setting, aSigned(anAnswer(first)))),
    'trust:InvalidSecurityToken',
  );
  const unsigned = await setting.front.handle(anIssueRequest({ body: anAnswer(second) }));
  assert.equal(faultCodeOf(unsigned), 'trust:AuthenticationBadElements');
});

test('ws-trust §3.6: a challenge for a signature is not answered by a one-time password, nor the reverse', async () => {
  const setting = aSetting();
  const { challenge, context } = await challenged(setting);
  const answer = anOtpAnswer({ challenge, context });

  assert.equal(faultCodeOf(await send(setting, aSigned(answer))), 'trust:InvalidRequest');
});

test('WS-Trust 1.3 §8.3: refuses more than the challenge in an answer, and a changed challenge', async () => {
  const setting = aSetting();
  const challenge = await challenged(setting);

  for (const more of ['<t:Challenge>x</t:Challenge>', '<y xmlns="urn:y"/>']) {
    const answer = aSigned(anAnswer(challenge, TRUST_13, more));
    assert.equal(faultCodeOf(await send(setting, answer)), 'trust:InvalidRequest');
  }
  const good = anAnswer(challenge);
  for (const answer of [
    good.replace('</t:SignChallengeResponse>', '$&<y xmlns="urn:y"/>'),
    good.replace('<t:SignChallengeResponse', `$& xmlns:t="${TRUST_2005}"`),
  ])
    assert.equal(faultCodeOf(await send(setting, aSigned(answer))), 'trust:BadRequest');
  const { challenge: text } = challenge;
  const changed = {
    ...challenge,
    challenge: text.slice(0, -2) + (text.endsWith('AA') ? 'BA' : 'AA'),
  };
  assert.equal(
    faultCodeOf(await send(setting, aSigned(anAnswer(changed)))),
    'trust:InvalidRequest',
  );
});

const OTHER_WAYS = {
  'a collection': `<t:RequestSecurityTokenCollection xmlns:t="${TRUST_13}">${anRst({ requestType: `${TRUST_13}/BatchIssue` }).repeat(2)}</t:RequestSecurityTokenCollection>`,
  'Validate for a new token': anRst({
    requestType: `${TRUST_13}/Validate`,
    children: `<t:TokenType>${SAML2}</t:TokenType><t:ValidateTarget>${GOOD}</t:ValidateTarget>${anAppliesTo()}`,
  }),
  Renew: anRst({
    requestType: `${TRUST_13}/Renew`,
    children: `<t:RenewTarget>${GOOD}</t:RenewTarget>`,
  }),
};

for (const [way, body] of Object.entries(OTHER_WAYS)) {
  test(`WS-Trust 1.3 §8.3: ${way} is no way around the challenge`, async () => {
    const setting = aSetting();

    const answer = await send(setting, aSigned(body));

    assert.equal(faultCodeOf(answer), 'trust:BadRequest');
    assert.equal(setting.audit.records.at(-1)?.reason, 'operation-unsupported');
    assert.deepEqual(setting.asked, []);
  });
}

test('WS-Trust 1.3 §8.3: what makes no token needs no challenge', async () => {
  const children = `<t:ValidateTarget>${GOOD}</t:ValidateTarget>`;
  const message = aSigned(anRst({ requestType: `${TRUST_13}/Validate`, children }));

  const { body, status } = await send(aSetting(), message);

  assert.equal(status, 200, body);
  assert.match(body, /status\/valid/);
});

test('WS-Trust 1.3 §8.3: after a one-time password the signature covers the Body, and so the challenge', async () => {
  const profiles = changeEndpoints(
    [ADFS_PROFILE],
    [{ path: MIXED, signChallenge: true, credentials: ['certificate', 'username'] }],
  );
  const setting = aSetting({}, { profiles, validators: [secondFactor, known] });
  const userName = aSecurityHeader().replace(/<\/?wsse:Security>/g, '');
  const asUser = (body: string, ids: readonly string[]) =>
    send(setting, aSigned(body, { ids, more: userName }), MIXED);
  const answered = async (ids: readonly string[]) => {
    const { body } = await asUser(anRst(), ['ts']);
    const [, context = ''] = /Context="([^"]+)"/.exec(body) ?? [];
    const [, state = ''] = /<wst14:ContextData [^>]*>([^<]+)</.exec(body) ?? [];
    assert.ok(context !== '' && state !== '', body);
    return asUser(anOtpAnswer({ context, challenge: state }), ids);
  };

  assert.equal(faultCodeOf(await answered(['ts'])), 'trust:AuthenticationBadElements');
  assert.deepEqual(setting.asked, []);
  const { body, status } = await answered(['ts', 'body']);
  assert.equal(status, 200, body);
});

test('WS-Trust 1.3 §8.3: a key of nobody’s that signs beside a user name is no credential, and is not challenged', async () => {
  const own = await aCertificate({ name: 'CN=anybody', algorithm: 'RSA' });
  const more = aSecurityHeader().replace(/<\/?wsse:Security>/g, '');
  const children = `${anAppliesTo()}<t:KeyType>${TRUST_13}/PublicKey</t:KeyType><t:UseKey Sig="#SIG-1"/>`;
  const setting = aSetting();

  const { body, status } = await send(setting, aSigned(anRst({ children }), { by: own, more }));

  assert.equal(status, 200, JSON.stringify(setting.audit.records.at(-1)));
  assert.doesNotMatch(body, /SignChallenge/);
});

test('WS-Trust 1.3 §8.3: a signature over the Timestamp alone is no answer beside one over the Body', async () => {
  const setting = aSetting();
  const challenge = await challenged(setting, TRUST_13, MIXED);
  const one = aSigned(anAnswer(challenge), { more: '@SIGNATURE@' });
  const wishes = { key: client.privateKey, keyInfo: aDirectReference(), id: 'SIG-2', ids: ['ts'] };
  const two = signMessage(one.replace('@SIGNATURE@', SIGNATURE), wishes);

  const answer = await send(setting, two, MIXED);

  assert.equal(faultCodeOf(answer), 'trust:AuthenticationBadElements');
  assert.equal(setting.audit.records.at(-1)?.detail, 'the challenge is not signed');
});

test('WS-Trust 1.3 §8.3: an answer signs the Body though its address asks for no signature any more', async () => {
  const challenge = await challenged(aSetting(), TRUST_13, MIXED);
  const reloaded = aSetting({}, { profiles: [GENERIC_PROFILE, ADFS_PROFILE] });

  const bare = await send(reloaded, aSigned(anAnswer(challenge), { ids: ['ts'] }), MIXED);

  assert.equal(faultCodeOf(bare), 'trust:AuthenticationBadElements');
});

test('WS-Trust 1.3 §8.3: a user name is not challenged, and neither is a signature at another address', async () => {
  const setting = aSetting();

  const byName = await setting.front.handle(anIssueRequest());
  const elsewhere = await send(setting, aSigned(anRst()), '/ws-trust/soap12');

  for (const { body, status } of [byName, elsewhere]) {
    assert.equal(status, 200, body);
    assert.doesNotMatch(body, /SignChallenge/);
  }
});
