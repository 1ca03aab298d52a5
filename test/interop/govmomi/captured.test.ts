// What the Go SDK of vCenter really sent, judged by our verifier and answered by our front (captured/README.md).
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { VCENTER_PROFILE } from '#bridge/ws-trust/endpoint/profiles.ts';
import { trustPublicKey } from '#bridge/xml/keys/trusted-key.ts';
import { createLedger } from '#core/ledger/ledger.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import { parseCertificate } from '#src/trust/x509/certificate.ts';
import { createX509Validator } from '#src/trust/x509/x509-validator.ts';
import { aPolicyRow, aRelyingParty, ledgerSettings, OWN_ISSUER } from '#test/support/core.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import {
  aCertifiedKey,
  anOwnIssuer,
  anOwnTrust,
  aSamlSpec,
  aValidator,
  signingKeysOf,
} from '#test/support/saml/saml.ts';
import { BILLING } from '#test/support/ws-trust/rst.ts';
import {
  aPost,
  aWsTrustSetting,
  billingRules,
  faultCodeOf,
} from '#test/support/ws-trust/ws-trust.ts';
import { anX509Trust } from '#test/support/x509/x509-trust.ts';
import { certificateIn, verifyCaptured } from '../captured-signature.ts';

const textIn = (name: string): string =>
  readFileSync(new URL(`captured/${name}.xml`, import.meta.url), 'utf8');
const ROOT = readFileSync(new URL('captured/root.crt', import.meta.url), 'utf8');
const BOB = 'principal:corp:bob';
const CAROL = 'principal:self:carol';

const found = (expression: RegExp, text: string): string => expression.exec(text)?.[1] ?? '';
/** The certificate of whom an assertion confirms by key. */
const certificateOfHolder = (text: string): string =>
  found(/SubjectConfirmationData .*?X509Certificate>([^<]+)</, text);
/** Our own, of the server that it was sent to. */
const certificateOfIssuer = (text: string): string =>
  found(/Assertion .*?X509Certificate>([^<]+)</, text);

const verify = (text: string) =>
  verifyCaptured({ text, certificate: certificateIn(text) || certificateOfHolder(text) });

for (const name of ['holder-of-key', 'user-and-key', 'by-token', 'act-as', 'renew', 'renew-acting'])
  test(`govmomi: its signature verifies, over Timestamp and Body (${name})`, async () => {
    const { covered, wanted } = await verify(textIn(name));

    assert.deepEqual(new Set(covered.keys()), new Set(wanted));
  });

test('govmomi: its signature does not verify over another Body', async () => {
  const changed = textIn('holder-of-key').replace('Allow="true"', 'Allow="false"');

  assert.notEqual(changed, textIn('holder-of-key'));
  await assert.rejects(verify(changed), { reason: 'digest-mismatch' });
});

const ours = await aCertifiedKey();
const policy = billingRules({
  relyingParties: [
    aRelyingParty({
      id: 'billing',
      appliesTo: [BILLING],
      servers: [BOB],
      token: {
        type: 'saml2',
        algorithms: { jwt: 'ES256', saml: 'RS256' },
        lifetimeSeconds: 600,
        omitsAudience: true,
      },
    }),
  ],
  rows: [
    aPolicyRow({
      requestors: [],
      principals: { issuers: ['corp'] },
      subject: { issuers: ['self', 'corp'] },
      targets: ['billing'],
      grant: { renewal: { lifetimeSeconds: 3600, maxCount: 9 } },
    }),
  ],
});

/** A front at the time of the message, that wrote what is in it: its assertion verifies with the key that signed it then. */
function aFrontFor(text: string) {
  const now = Math.ceil(Date.parse(found(/<wsu:Created>([^<]+)</, text)) / 1000);
  const clock = fakeClock(now);
  const { publicKey } = new X509Certificate(Buffer.from(certificateOfIssuer(text), 'base64'));
  const own = anOwnTrust([trustPublicKey(publicKey)]);
  const trust = anX509Trust([], { anchors: [parseCertificate(ROOT)] });
  return aWsTrustSetting({
    now,
    rules: policy,
    profiles: [{ ...VCENTER_PROFILE, defaultTarget: 'billing' }],
    validators: [
      createX509Validator({ issuer: OWN_ISSUER, trusted: [trust], clock }),
      aValidator([], { own, clock }),
    ],
    issuers: [anOwnIssuer(signingKeysOf(ours))],
  });
}

/** Puts on record what the assertion in a message was issued as. */
async function record(
  text: string,
  { clock, store }: ReturnType<typeof aFrontFor>,
  over: Partial<TokenSpec>,
): Promise<void> {
  const ledger = createLedger(store, clock, ledgerSettings());
  const notOnOrAfter = clock.now() + 3600;
  const tokenId = found(/Assertion [^>]*ID="_([^"]+)"/, text);
  const renewal = {
    family: tokenId,
    count: 0,
    afterExpiry: false,
    notOnOrAfter,
    subject: { trustedIssuer: 'corp', type: 'x509', issuer: 'urn:corp', id: 'bob' },
  } as const;
  await ledger.record(
    aSamlSpec({
      tokenId,
      issuer: OWN_ISSUER,
      clientId: BOB,
      audiences: [BILLING],
      omitsAudience: true,
      issuedAt: clock.now() - 1,
      lifetime: { notBefore: clock.now() - 1, notOnOrAfter },
      renewal,
      ...over,
    }),
  );
}

const post = (text: string, { front }: ReturnType<typeof aFrontFor>) =>
  front.handle(aPost(text, { soap: '1.1', path: '/sts/STSService' }));

const CASES = {
  'act-as': { subject: 'carol', actor: 'bob', over: { clientId: CAROL } },
  renew: { subject: 'bob', actor: '', over: {} },
  'renew-again': { subject: 'bob', actor: '', over: {} },
  'renew-acting': { subject: 'carol', actor: 'bob', over: {} },
} as const;

for (const [name, { actor, over, subject }] of Object.entries(CASES)) {
  test(`govmomi: ${name} is answered with a token`, async () => {
    const text = textIn(name);
    const setting = aFrontFor(text);
    await record(text, setting, over);

    const { body, status } = await post(text, setting);

    assert.equal(status, 200, body);
    assert.equal(
      found(/<saml2:NameID [^>]*>([^<]*)<\/saml2:NameID><saml2:SubjectC/, body),
      subject,
    );
    assert.equal(found(/<del:Delegate [^>]*><saml2:NameID [^>]*>([^<]*)</, body), actor);
    assert.equal(certificateOfHolder(body), certificateIn(text));
    assert.doesNotMatch(body, /AudienceRestriction/);
  });

  test(`govmomi: ${name} is refused where it is not on record for whom its assertion is`, async () => {
    const text = textIn(name);
    const setting = aFrontFor(text);
    await record(text, setting, { ...over, omitsAudience: false });

    assert.equal(faultCodeOf(await post(text, setting)), 'trust:InvalidSecurityToken');
  });
}

test('govmomi: nobody acts for whom its assertion is not addressed to', async () => {
  const text = textIn('act-as');
  const setting = aFrontFor(text);
  await record(text, setting, { clientId: CAROL, audiences: ['https://archive.example/soap'] });

  assert.equal(faultCodeOf(await post(text, setting)), 'trust:InvalidSecurityToken');
});

for (const name of ['act-as-said', 'renew-said', 'act-as-bearer'])
  test(`govmomi: it signs an assertion that names its audience as it would write it, which is not what it sends (${name})`, async () => {
    const text = textIn(name);
    assert.match(text, /<saml2:AudienceRestriction>/);
    const setting = aFrontFor(text);
    await record(text, setting, {});

    await assert.rejects(verify(text), { reason: 'digest-mismatch' });
    assert.equal(faultCodeOf(await post(text, setting)), 'wsse:FailedCheck');
  });
