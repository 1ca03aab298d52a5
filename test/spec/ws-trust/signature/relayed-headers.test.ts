// A message that was signed for somebody else, over the Timestamp alone, who sends its header on to us under a Body of their own
// (ws-trust §4).
import assert from 'node:assert/strict';
import type { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { changeEndpoints } from '#bridge/ws-trust/endpoint/endpoint-changes.ts';
import { ADFS_PROFILE, GENERIC_PROFILE } from '#bridge/ws-trust/endpoint/profiles.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { TokenValidator } from '#core/token-validator.ts';
import { aPolicyRow, aValidatedToken } from '#test/support/core.ts';
import {
  aBinaryToken,
  aDirectReference,
  aKeyValue,
  SIGNATURE,
  signMessage,
  TIMESTAMP,
} from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anIssue, V13 } from '#test/support/ws-trust/security-context.ts';
import {
  anAppliesTo,
  anRst,
  aPost,
  aWsTrustSetting,
  billingRules,
  faultCodeOf,
  TRUST_13,
} from '#test/support/ws-trust/ws-trust.ts';
import { aCertificate } from '#test/support/x509/pki.ts';

const holder = await aCertificate({ name: 'CN=holder', algorithm: 'RSA' });
const thief = await aCertificate({ name: 'CN=thief', algorithm: 'RSA' });

/** The Timestamp alone will do there. */
const PATH = '/adfs/services/trust/13/certificatemixed';

/** Where contexts are credentials, and the Timestamp alone will do by choice of the operator. */
const SESSIONS = '/ws-trust/context';

/** Knows the certificate of the holder. */
const certificates: TokenValidator = {
  canHandle: ({ type }) => type === 'x509',
  async validate({ content, use }) {
    const { certificates: chain } = content as { certificates: readonly X509Certificate[] };
    if (!chain[0]?.raw.equals(holder.der)) throw new ExchangeFailure('issuer-untrusted', 'unknown');
    return aValidatedToken({ type: 'x509', use, claims: [] });
  },
};

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
    const header = `<wsse:Security>${aBinaryToken(holder)}${TIMESTAMP}${SIGNATURE}</wsse:Security>`;
    const body = anRst({ children: anAppliesTo() + BEHALF });
    const message = anEnvelope({ header, body, bodyId: 'body' });
    const signed = signMessage(message, {
      key: holder.privateKey,
      keyInfo: aDirectReference(),
      ids,
    });
    return front.handle(aPost(signed, { path: PATH }));
  };

  const relayed = await send(['ts']);
  const meant = await send(['ts', 'body']);

  assert.equal(faultCodeOf(relayed), 'trust:AuthenticationBadElements');
  assert.equal(meant.status, 200, JSON.stringify(audit.records));
});

test('ws-trust §4: who has a token of another exchanged by Validate signs that', async () => {
  const { audit, front } = aWsTrustSetting({
    validators: [certificates],
    rules: billingRules({ rows: [row] }),
  });
  const send = (ids: readonly string[], tokenType: string) => {
    const header = `<wsse:Security>${aBinaryToken(holder)}${TIMESTAMP}${SIGNATURE}</wsse:Security>`;
    const body = anRst({
      requestType: `${TRUST_13}/Validate`,
      children: `${tokenType}${TARGET}`,
    });
    const message = anEnvelope({ header, body, bodyId: 'body' });
    const wishes = { key: holder.privateKey, keyInfo: aDirectReference(), ids };
    return front.handle(aPost(signMessage(message, wishes), { path: PATH }));
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
    const header = `${aBinaryToken(holder)}${TIMESTAMP}${SIGNATURE}`;
    const message = anEnvelope({
      header: `<wsse:Security>${header}</wsse:Security>`,
      body: anRst({ children: `${anAppliesTo()}${useKey}` }),
      bodyId: 'body',
    });
    const once = signMessage(message, {
      key: holder.privateKey,
      keyInfo: aDirectReference(),
      ids,
    });
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
    const header = `<wsse:Security>${aBinaryToken(holder)}${TIMESTAMP.replace('00Z', `0${path.length % 10}Z`)}${SIGNATURE}</wsse:Security>`;
    const message = anEnvelope({ header, body: anIssue(V13), bodyId: 'body' });
    const wishes = { key: holder.privateKey, keyInfo: aDirectReference(), ids };
    return front.handle(aPost(signMessage(message, wishes), { path }));
  };

  const relayed = await send(['ts'], PATH);
  const meant = await send(['ts', 'body'], PATH);
  const begun = await send(['ts'], SESSIONS);

  assert.equal(faultCodeOf(relayed), 'trust:AuthenticationBadElements');
  assert.equal(meant.status, 200, JSON.stringify(audit.records));
  assert.equal(begun.status, 200, JSON.stringify(audit.records));
});
