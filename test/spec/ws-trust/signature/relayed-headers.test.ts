// A message that was signed for somebody else, over the Timestamp alone, who sends its header on to us under a Body of their own
// (ws-trust §4).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeEndpoints } from '#bridge/ws-trust/endpoint/endpoint-changes.ts';
import { ADFS_PROFILE, GENERIC_PROFILE } from '#bridge/ws-trust/endpoint/profiles.ts';
import { aPolicyRow } from '#test/support/core.ts';
import {
  aBinaryToken,
  aDirectReference,
  aKeyValue,
  aSignedMessage,
  aTimestamp,
  SIGNATURE,
  signMessage,
  TIMESTAMP,
} from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { anIssue, V13 } from '#test/support/ws-trust/security-context.ts';
import {
  aPost,
  aWsTrustSetting,
  billingRules,
  faultCodeOf,
} from '#test/support/ws-trust/ws-trust.ts';
import { knownCertificates } from '#test/support/x509/known-certificates.ts';
import { aCertificate } from '#test/support/x509/pki.ts';

const holder = await aCertificate({ name: 'CN=holder', algorithm: 'RSA' });
const thief = await aCertificate({ name: 'CN=thief', algorithm: 'RSA' });

/** The Timestamp alone will do there. */
const PATH = '/adfs/services/trust/13/certificatemixed';

/** Where contexts are credentials, and the Timestamp alone will do by choice of the operator. */
const SESSIONS = '/ws-trust/context';

/** The holder is a partner. */
const certificates = knownCertificates([holder], () => ({ trustedIssuer: 'partner' }));

const row = aPolicyRow({
  requestors: [],
  principals: { issuers: ['partner'] },
  subject: { issuers: ['partner'] },
  targets: ['billing'],
  grant: { types: ['saml2'], impersonation: true },
});
const OWN_KEY = '<t:UseKey Sig="#SIG-2"/>';
const BEHALF =
  '<t:OnBehalfOf><saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_good"/></t:OnBehalfOf>';
const TARGET =
  '<t:ValidateTarget><saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_good"/></t:ValidateTarget>';

test('ws-trust §4: who asks in the name of another signs that', async () => {
  const { audit, front } = aWsTrustSetting({
    validators: [certificates],
    rules: billingRules({ rows: [row] }),
  });
  const send = (ids: readonly string[]) => {
    const message = aSignedMessage(anRst({ children: anAppliesTo() + BEHALF }), {
      by: holder,
      ids,
    });
    return front.handle(aPost(message, { path: PATH }));
  };

  const relayed = await send(['ts']);
  const meant = await send(['ts', 'body']);

  assert.equal(faultCodeOf(relayed), 'trust:AuthenticationBadElements');
  assert.equal(meant.status, 200, JSON.stringify(audit.records));
});

/** The header of a message that was signed for a relying party, with what of it was `moved`, under a Body of the relying party. */
function relayed(
  ids: readonly string[],
  sent: { readonly to?: string; readonly body?: string },
  moved: string,
): string {
  const { body = '<o:Order xmlns:o="urn:o"></o:Order>', to = '' } = sent;
  const security = `<wsse:Security>${aBinaryToken(holder)}${TIMESTAMP}${SIGNATURE}</wsse:Security>`;
  const original = signMessage(anEnvelope({ header: to + security, body, bodyId: 'body' }), {
    key: holder.privateKey,
    keyInfo: aDirectReference(),
    ids,
  });
  const [signed = ''] = /<wsse:Security>.*<\/wsse:Security>/s.exec(original) ?? [];
  return anEnvelope({ header: moved + signed, body: anRst() });
}

const TO = '<a:To wsu:Id="to">https://relying.example/orders</a:To>';
const ORDER = '<o:Order xmlns:o="urn:o" wsu:Id="order"></o:Order>';
const BODY = '<s:Body wsu:Id="body"><o:Order xmlns:o="urn:o"></o:Order></s:Body>';
const EVIDENCE =
  '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="evidence"></saml:Assertion>';
const aside = (part: string): string =>
  `<x:Aside xmlns:x="urn:x" s:role="urn:nobody">${part}</x:Aside>`;

for (const [what, ids, sent, moved] of [
  ['the Body', ['ts', 'body'], {}, BODY],
  ['the Body, within another header', ['ts', 'body'], {}, aside(BODY)],
  ['the child of the Body', ['ts', 'order'], { body: ORDER }, ORDER],
  ['To', ['ts', 'to'], { to: TO }, aside(TO)],
  ['To, within a reference', ['ts', 'to'], { to: TO }, TO],
  ['a token in the Body, within a reference', ['ts', 'evidence'], { body: EVIDENCE }, EVIDENCE],
] as const)
  test(`xml-security A1, A9: whoever was sent a message does not put aside what was signed in it: ${what}`, async () => {
    const { audit, front } = aWsTrustSetting({
      validators: [certificates],
      rules: billingRules({ rows: [row] }),
    });
    const within = `<wsse:SecurityTokenReference><wsse:Embedded>${moved}</wsse:Embedded></wsse:SecurityTokenReference></wsse:Security>`;
    const message = what.endsWith('reference')
      ? relayed(ids, sent, '').replace('</wsse:Security>', within)
      : relayed(ids, sent, moved);

    const answer = await front.handle(aPost(message, { path: PATH }));

    assert.equal(faultCodeOf(answer), 'trust:AuthenticationBadElements');
    assert.match(JSON.stringify(audit.records.at(-1)), /is signed and out of place/);
  });

/** A message of the holder with a header of its own. */
const withHeader = (header: string, ids: readonly string[], body = anRst()): string => {
  const security = `<wsse:Security>${aBinaryToken(holder)}${TIMESTAMP}${SIGNATURE}</wsse:Security>`;
  return signMessage(anEnvelope({ header: header + security, body, bodyId: 'body' }), {
    key: holder.privateKey,
    keyInfo: aDirectReference(),
    ids,
  });
};

test('WS-SecurityPolicy 1.2 §4.1.1: a header of the client’s own may be signed with the Body', async () => {
  const { audit, front } = aWsTrustSetting({
    validators: [certificates],
    rules: billingRules({ rows: [row] }),
  });
  const own = (attributes = '') =>
    `<x:Context xmlns:x="urn:x" wsu:Id="own"${attributes}>1</x:Context>`;
  const send = (header: string, ids: readonly string[]) =>
    front.handle(aPost(withHeader(header, ids), { path: PATH }));

  const forUs = await send(own(), ['ts', 'body', 'own']);
  const forAnother = await send(own(' s:role="urn:nobody"'), ['ts', 'own', 'body']);
  const alone = await send(own(), ['ts', 'own']);
  const inAnother = await send(`<x:Outer xmlns:x="urn:x">${own()}</x:Outer>`, [
    'ts',
    'body',
    'own',
  ]);

  assert.equal(forUs.status, 200, JSON.stringify(audit.records));
  assert.equal(forAnother.status, 200, JSON.stringify(audit.records));
  assert.equal(faultCodeOf(alone), 'trust:AuthenticationBadElements');
  assert.equal(faultCodeOf(inAnother), 'trust:AuthenticationBadElements');
});

for (const [what, header] of [
  ['To for another', TO.replace('wsu:Id', 's:role="urn:nobody" wsu:Id')],
  ['a Security header for another', '<wsse:Security s:role="urn:nobody" wsu:Id="to"/>'],
] as const)
  test(`xml-security A9: of the headers that are read here none is signed elsewhere: ${what}`, async () => {
    const { front } = aWsTrustSetting({ validators: [certificates] });
    const message = withHeader(header, ['ts', 'body', 'to']);

    const answer = await front.handle(aPost(message, { path: PATH }));

    assert.equal(faultCodeOf(answer), 'trust:AuthenticationBadElements');
  });

test('xml-security A1: a header of the client’s own does not change places with the child of its Body', async () => {
  const { front } = aWsTrustSetting({ validators: [certificates] });
  const request = anRst().replace('Token ', 'Token wsu:Id="request" ');
  const original = withHeader(request, ['ts', 'request', 'order'], ORDER);

  const swapped = original.replace(request, '@').replace(ORDER, request).replace('@', ORDER);
  const answer = await front.handle(aPost(swapped, { path: PATH }));

  assert.equal(faultCodeOf(answer), 'trust:AuthenticationBadElements');
});

test('ws-trust §4: who has a token of another exchanged by Validate signs that', async () => {
  const { audit, front } = aWsTrustSetting({
    validators: [certificates],
    rules: billingRules({ rows: [row] }),
  });
  const send = (ids: readonly string[], tokenType: string) => {
    const body = anRst({
      requestType: `${TRUST_13}/Validate`,
      children: `${tokenType}${TARGET}`,
    });
    return front.handle(aPost(aSignedMessage(body, { by: holder, ids }), { path: PATH }));
  };
  const newToken = `${anAppliesTo()}<t:TokenType>urn:oasis:names:tc:SAML:2.0:assertion</t:TokenType>`;

  const relayed = await send(['ts'], newToken);
  const meant = await send(['ts', 'body'], newToken);
  const ofStatus = await send(['ts'], '');

  assert.equal(faultCodeOf(relayed), 'trust:AuthenticationBadElements');
  assert.equal(meant.status, 200, JSON.stringify(audit.records));
  assert.equal(ofStatus.status, 200, JSON.stringify(audit.records));
});

test('ws-trust §4: who names another key in UseKey signs that with their own key, too', async () => {
  const { audit, front } = aWsTrustSetting({
    validators: [certificates],
    rules: billingRules({ rows: [row] }),
  });
  const useKey = `<t:KeyType>${TRUST_13}/PublicKey</t:KeyType>${OWN_KEY}`;
  const send = (ids: readonly string[]) => {
    const body = anRst({ children: `${anAppliesTo()}${useKey}` });
    const once = aSignedMessage(body, { by: holder, ids });
    const twice = once.replace('</wsse:Security>', `${SIGNATURE}</wsse:Security>`);
    const second = { key: thief.privateKey, keyInfo: aKeyValue(thief), id: 'SIG-2' };
    return aPost(signMessage(twice, second), { path: PATH });
  };

  const relayed = await front.handle(send(['ts']));
  const meant = await front.handle(send(['ts', 'body']));

  assert.equal(faultCodeOf(relayed), 'trust:AuthenticationBadElements');
  assert.equal(meant.status, 200, JSON.stringify(audit.records));
});

test('ws-trust §4: who asks for a context, which is a login, signs that, but where sessions begin so', async () => {
  const ofContexts = aPolicyRow({ ...row, grant: { ...row.grant, types: ['sct'] } });
  const known = { id: 'partner', names: [], actorIssuers: [], subjectPrefixes: ['partner:'] };
  const { audit, front } = aWsTrustSetting({
    validators: [certificates],
    rules: billingRules({ rows: [ofContexts], issuers: [known] }),
    keepsSecrets: true,
    profiles: changeEndpoints(
      [GENERIC_PROFILE, ADFS_PROFILE],
      [
        {
          path: SESSIONS,
          credentials: ['certificate', 'security-context'],
          signedParts: 'timestamp',
        },
      ],
    ),
  });
  const send = (ids: readonly string[], path: string) => {
    const timestamp = aTimestamp(path === PATH ? '2027-01-15T08:05:00Z' : '2027-01-15T08:04:00Z');
    const message = aSignedMessage(anIssue(V13), { by: holder, ids, timestamp });
    return front.handle(aPost(message, { path }));
  };

  const relayed = await send(['ts'], PATH);
  const meant = await send(['ts', 'body'], PATH);
  const begun = await send(['ts'], SESSIONS);

  assert.equal(faultCodeOf(relayed), 'trust:AuthenticationBadElements');
  assert.equal(meant.status, 200, JSON.stringify(audit.records));
  assert.equal(begun.status, 200, JSON.stringify(audit.records));
});
