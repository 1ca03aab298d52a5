// Certificates that a request names without a proof: UseKey where the relying party takes a trusted one (ws-trust §3.2,
// `useKeyProof`), and DelegateTo (WS-Trust 1.3 §9.3). The validator is the real one, the authority another implementation.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { nameCertificate } from '#bridge/xml/keys/public-key.ts';
import { ExchangeFailure, type FailureReason } from '#core/failure.ts';
import type { RelyingParty } from '#core/request/relying-party.ts';
import { createX509Validator, type X509Trust } from '#src/trust/x509/x509-validator.ts';
import { aPolicyRow } from '#test/support/core.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { aBinaryToken, aDirectReference, aKeyValue } from '#test/support/soap/signed-message.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import {
  anIssueRequest,
  aSecurityHeader,
  aWsTrustSetting,
  billingRules,
  faultCodeOf,
} from '#test/support/ws-trust/ws-trust.ts';
import { aCertificate, anAuthority, type TestCertificate } from '#test/support/x509/pki.ts';
import { anX509Trust } from '#test/support/x509/x509-trust.ts';

const NOW = 1_800_000_000;
const OTHER = 'https://other.example/soap';
const root = await anAuthority({ name: 'CN=Root', algorithm: 'RSA' });
const impostor = await anAuthority({ name: 'CN=Root', algorithm: 'RSA' });
const batch = await aCertificate({ name: 'CN=batch', issuer: root, algorithm: 'RSA' });
const expired = await aCertificate({ name: 'CN=batch', issuer: root, notAfter: NOW - 60 });
const forged = await aCertificate({ name: 'CN=batch', issuer: impostor });
const own = await aCertificate({ name: 'CN=batch' });
const named = (of: TestCertificate) => nameCertificate(new X509Certificate(of.der));

const DS = 'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"';
const x509Data = ({ der }: TestCertificate): string =>
  `<ds:KeyInfo ${DS}><ds:X509Data><ds:X509Certificate>${der.toString('base64')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`;
const keyValue = (of: TestCertificate): string => `<ds:KeyInfo ${DS}>${aKeyValue(of)}</ds:KeyInfo>`;
const child = (name: string, content: string, attributes = ''): string =>
  `<t:${name}${attributes}>${content}</t:${name}>`;
const key = (name: string): string => child('KeyType', `${TRUST_13}/${name}`);

interface Wishes {
  readonly useKeyProof?: RelyingParty['token']['useKeyProof'];
  readonly delegation?: boolean;
  readonly senderConstraint?: boolean;
  readonly requireUnrevoked?: X509Trust['requireUnrevoked'];
  /** Whether the other target takes what the first one does. */
  readonly isOtherAlike?: boolean;
  /** Tokens of the Security header. */
  readonly header?: string;
}

async function ask(
  children: string,
  {
    useKeyProof,
    delegation = true,
    senderConstraint = false,
    requireUnrevoked = async () => undefined,
    isOtherAlike = true,
    header,
  }: Wishes = {},
) {
  const { relyingParties, ...rules } = billingRules();
  const parties = relyingParties.flatMap(({ token, ...party }) => {
    const taking = { ...token, ...(useKeyProof && { useKeyProof }) };
    return [
      { ...party, token: taking },
      { ...party, id: 'other', appliesTo: [OTHER], token: isOtherAlike ? taking : token },
    ];
  });
  const row = aPolicyRow({
    id: 'users-to-billing',
    requestors: [],
    principals: { issuers: ['self'] },
    subject: { issuers: ['self', 'partner'] },
    targets: ['billing', 'other'],
    grant: { types: ['saml1', 'saml2', 'jwt'], delegation, senderConstraint },
  });
  const validator = createX509Validator({
    issuer: 'https://sts.example.org',
    trusted: [anX509Trust([root], { requireUnrevoked })],
    clock: fakeClock(NOW),
  });
  const setting = aWsTrustSetting({
    rules: { ...rules, rows: [row], relyingParties: parties },
    validators: [validator],
  });
  const body = anRst({ children: anAppliesTo() + children });
  const message = anIssueRequest({ body, header: aSecurityHeader(header) });
  return { answer: await setting.front.handle(message), setting };
}

const TRUSTED = { useKeyProof: 'trusted-certificate' } as const;

test('useKeyProof trusted-certificate: a certificate with a path needs no signature', async () => {
  const { answer, setting } = await ask(
    key('PublicKey') + child('UseKey', x509Data(batch)),
    TRUSTED,
  );

  assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
  assert.deepEqual(setting.asked[0]?.confirmation, named(batch));
  // It says whose key the token is bound to, and nothing about who asks.
  assert.equal(setting.asked[0]?.requestor.id, 'alice');
  assert.equal(setting.asked[0]?.requestor.confirmation.method, 'bearer');
});

test('WS-Trust 1.3 §4.2, §9.3: UseKey and DelegateTo may refer to a certificate of the header, which signs nothing', async () => {
  const header = aBinaryToken(batch);
  for (const name of ['UseKey', 'DelegateTo']) {
    const children = key('PublicKey') + child(name, aDirectReference());

    const { answer, setting } = await ask(children, { ...TRUSTED, header });
    const alone = await ask(key('PublicKey') + child(name, x509Data(batch)), {
      ...TRUSTED,
      header,
    });

    assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
    assert.deepEqual(setting.asked[0]?.confirmation, named(batch));
    // B7: what nothing refers to is there for something that we do not know.
    assert.equal(faultCodeOf(alone.answer), 'wsse:UnsupportedSecurityToken');
  }
});

test('WS-Trust 1.3 §4.2: a certificate of the header that signs nothing shows no key', async () => {
  const children = key('PublicKey') + child('UseKey', aDirectReference());

  const { answer } = await ask(children, { header: aBinaryToken(batch) });

  assert.equal(faultCodeOf(answer), 'trust:InvalidSecurityToken');
});

test('senderConstraint: a certificate that is only named is none, whatever the relying party takes', async () => {
  for (const children of [
    key('PublicKey') + child('UseKey', x509Data(batch)),
    key('PublicKey') + child('DelegateTo', x509Data(batch)),
  ]) {
    const wishes = { ...TRUSTED, senderConstraint: true };
    const { answer, setting } = await ask(children, wishes);

    assert.equal(faultCodeOf(answer), 'trust:InvalidSecurityToken');
    assert.equal(setting.audit.records.at(-1)?.reason, 'confirmation-missing');
    assert.equal((await ask(children, TRUSTED)).answer.status, 200);
  }
});

for (const [what, useKey, wishes] of [
  ['where the relying party does not say so', child('UseKey', x509Data(batch)), {}],
  ['of another authority of the same name', child('UseKey', x509Data(forged)), TRUSTED],
  ['that has expired', child('UseKey', x509Data(expired)), TRUSTED],
  ['that is its own authority', child('UseKey', x509Data(own)), TRUSTED],
  ['of which only the key is named', child('UseKey', keyValue(batch)), TRUSTED],
  [
    'where a signature is named to prove it',
    child('UseKey', x509Data(batch), ' Sig="#s"'),
    TRUSTED,
  ],
] as const)
  test(`useKeyProof: refuses a certificate ${what}`, async () => {
    const { answer, setting } = await ask(key('PublicKey') + useKey, wishes);

    assert.equal(faultCodeOf(answer), 'trust:InvalidSecurityToken');
    assert.deepEqual(setting.asked, []);
  });

test('useKeyProof: for a token of two targets each must take a certificate that signs nothing', async () => {
  const reference = `<a:EndpointReference><a:Address>${OTHER}</a:Address></a:EndpointReference>`;
  const participants = child('Participants', child('Participant', reference));
  const useKey = key('PublicKey') + child('UseKey', x509Data(batch)) + participants;

  const both = await ask(useKey, TRUSTED);
  const one = await ask(useKey, { ...TRUSTED, isOtherAlike: false });

  assert.equal(both.answer.status, 200, JSON.stringify(both.setting.audit.records));
  assert.equal(both.setting.asked[0]?.targets.length, 2);
  assert.equal(faultCodeOf(one.answer), 'trust:InvalidSecurityToken');
  assert.deepEqual(one.setting.asked, []);
});

test('useKeyProof: refuses a certificate that is revoked, and one of which nobody can say it', async () => {
  const useKey = key('PublicKey') + child('UseKey', x509Data(batch));
  const saying = (reason: FailureReason) => ({
    ...TRUSTED,
    requireUnrevoked: () => Promise.reject(new ExchangeFailure(reason, 'a certificate')),
  });

  const revoked = await ask(useKey, saying('token-revoked'));
  const unknown = await ask(useKey, saying('dependency-unavailable'));

  assert.equal(faultCodeOf(revoked.answer), 'trust:InvalidSecurityToken');
  // Who asks again later may have an answer.
  assert.equal(unknown.answer.reason, 'dependency-unavailable');
  assert.equal(unknown.answer.headers['retry-after'], '1');
  assert.deepEqual([...revoked.setting.asked, ...unknown.setting.asked], []);
});

test('WS-Trust 1.3 §9.3: DelegateTo makes the holder of the certificate act, and binds the token to its key', async () => {
  const size = child('KeySize', '2048');
  const { answer, setting } = await ask(
    key('PublicKey') + size + child('DelegateTo', x509Data(batch)),
  );

  assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
  const [asked] = setting.asked;
  assert.equal(asked?.subject.type, 'requestor');
  assert.equal(asked.actor?.type, 'x509');
  assert.deepEqual(asked.confirmation, named(batch));
  assert.match(answer.body, /alice by batch/);
  const minted = setting.audit.records.at(-1);
  assert.equal(minted?.outcome, 'minted');
  assert.deepEqual(
    minted.actors?.map(({ id, issuer }) => [issuer, id]),
    [['urn:corp', 'batch']],
  );
});

const delegate = child('DelegateTo', x509Data(batch));
const ASSERTION =
  '<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="_good"/>';
for (const [what, children, code, wishes = {}] of [
  [
    'no permission to delegate',
    key('PublicKey') + delegate,
    'trust:RequestFailed',
    { delegation: false },
  ],
  ['no KeyType', delegate, 'trust:InvalidRequest'],
  ['a bearer token', key('Bearer') + delegate, 'trust:InvalidRequest'],
  ['a secret', key('SymmetricKey') + delegate, 'trust:InvalidRequest'],
  [
    'UseKey beside it',
    key('PublicKey') + delegate + child('UseKey', x509Data(batch)),
    'trust:InvalidRequest',
  ],
  [
    'ActAs beside it',
    key('PublicKey') + delegate + child('ActAs', ASSERTION),
    'trust:InvalidRequest',
  ],
  [
    'OnBehalfOf beside it',
    key('PublicKey') + delegate + child('OnBehalfOf', ASSERTION),
    'trust:InvalidRequest',
  ],
  ['two of it', key('PublicKey') + delegate + delegate, 'trust:InvalidRequest'],
  [
    'a KeySize that its key has not',
    key('PublicKey') + delegate + child('KeySize', '256'),
    'trust:InvalidRequest',
  ],
  ['a bare key', key('PublicKey') + child('DelegateTo', keyValue(batch)), 'trust:BadRequest'],
  ['a Sig', key('PublicKey') + child('DelegateTo', '', ' Sig="#s"'), 'trust:BadRequest'],
  ['an assertion', key('PublicKey') + child('DelegateTo', ASSERTION), 'trust:BadRequest'],
  [
    'a certificate of another authority of the same name',
    key('PublicKey') + child('DelegateTo', x509Data(forged)),
    'trust:InvalidSecurityToken',
  ],
  [
    'a certificate that has expired',
    key('PublicKey') + child('DelegateTo', x509Data(expired)),
    'trust:ExpiredData',
  ],
] as const)
  test(`WS-Trust 1.3 §9.3: DelegateTo refuses ${what}`, async () => {
    const { answer } = await ask(children, wishes);

    assert.equal(faultCodeOf(answer), code);
  });
