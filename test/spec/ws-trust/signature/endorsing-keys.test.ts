// A token in the Body that is bound to a key: a signature over what is asked shows that key, whoever asks (WS-Trust 1.3 §5, §6, §9.1).

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import type { EndpointProfile } from '#bridge/ws-trust/endpoint/endpoint-profile.ts';
import { GENERIC_PROFILE } from '#bridge/ws-trust/endpoint/profiles.ts';
import { nameCertificate } from '#bridge/xml/keys/public-key.ts';
import { attributeOf, type XmlElement } from '#bridge/xml/tree.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { anOwnToken, aPolicyRow, aValidatedToken } from '#test/support/core.ts';
import {
  aBinaryToken,
  aDirectReference,
  aSignedMessage,
  SIGNATURE,
  signMessage,
  TIMESTAMP,
} from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import {
  aPost,
  aSecurityHeader,
  aUserMessage,
  aUserNameToken,
  aWsTrustSetting,
  billingRules,
  faultCodeOf,
  type WsTrustSetting,
} from '#test/support/ws-trust/ws-trust.ts';
import { knownCertificates } from '#test/support/x509/known-certificates.ts';
import { aCertificate, type TestCertificate } from '#test/support/x509/pki.ts';

const holder = await aCertificate({ name: 'CN=holder', algorithm: 'RSA' });
const other = await aCertificate({ name: 'CN=holder', algorithm: 'RSA' });
const confirmation = nameCertificate(new X509Certificate(holder.der));
const PARTNER = '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="partner"/>';
const OWN = PARTNER.replace('partner', '_id-2');

/** Assertions of a partner and of ours, all bound to the key of the holder. */
const assertions: TokenValidator = {
  canHandle: ({ type }) => type === 'saml2',
  async validate({ content, type, use }) {
    const id = attributeOf((content as { element: XmlElement }).element, 'ID') ?? '';
    return id === 'partner'
      ? aValidatedToken({ type, use, id, confirmation })
      : anOwnToken({
          type,
          use,
          id: id.slice(1),
          originClient: id === '_carols' ? 'principal:self:carol' : 'principal:self:alice',
          audiences: ['https://billing.example/soap'],
          confirmation,
        });
  },
};

/** Knows the holder: a message has one key of nobody's at most. */
const certificates = knownCertificates([holder], () => ({
  trustedIssuer: 'partner',
  confirmation,
}));

function aSetting(
  profiles?: readonly EndpointProfile[],
  more: readonly TokenValidator[] = [],
): WsTrustSetting {
  const row = aPolicyRow({
    requestors: [],
    principals: { issuers: ['self'] },
    subject: { issuers: ['self', 'partner'] },
    targets: ['billing'],
    grant: {
      types: ['saml2'],
      impersonation: true,
      delegation: true,
      renewal: { lifetimeSeconds: 3600, maxCount: 9 },
    },
  });
  return aWsTrustSetting({
    rules: billingRules({ rows: [row] }),
    validators: [assertions, ...more],
    ...(profiles && { profiles }),
  });
}

/** Alice's password, and a signature by a key that nobody knows. */
function endorsed(body: string, by: TestCertificate, ids = ['ts', 'body']): string {
  return aSignedMessage(body, { by, tokens: aUserNameToken() + aBinaryToken(by), ids });
}

const keyType = (name: string) => `<t:KeyType>${TRUST_13}/${name}</t:KeyType>`;
const behalf = `<t:OnBehalfOf>${PARTNER}</t:OnBehalfOf>`;
const issue = (children: string) => anRst({ children: anAppliesTo() + children });
const about = (operation: 'Renew' | 'Cancel', more = '', target = OWN) =>
  anRst({
    requestType: `${TRUST_13}/${operation}`,
    children: `${more}<t:${operation}Target>${target}</t:${operation}Target>`,
  });
const USE_KEY = `<t:UseKey>${aDirectReference()}</t:UseKey>`;

/** One of ours, under the id `id-2`. */
async function issueOwn({ front }: WsTrustSetting): Promise<void> {
  const { body } = await front.handle(
    aPost(endorsed(issue(keyType('PublicKey') + USE_KEY), holder)),
  );
  assert.ok(body.includes('ID="_id-2"'), body);
}

describe('WS-Trust 1.3 §9.1: a signature shows the key of the token in OnBehalfOf', () => {
  test('with UseKey, and for a secret of the requestor', async () => {
    for (const children of [keyType('PublicKey') + USE_KEY, keyType('SymmetricKey')]) {
      const { front, audit } = aSetting();

      const answer = await front.handle(aPost(endorsed(issue(children + behalf), holder)));

      assert.equal(answer.status, 200, JSON.stringify(audit.records));
    }
  });

  for (const [what, message] of [
    ['not at all', aUserMessage(issue(behalf))],
    ['with another key', endorsed(issue(keyType('SymmetricKey') + behalf), other)],
    ['for a bearer token', endorsed(issue(keyType('Bearer') + behalf), holder)],
  ] as const)
    test(`refuses the token ${what}`, async () => {
      const { front, audit } = aSetting();

      const answer = await front.handle(aPost(message));

      assert.equal(faultCodeOf(answer), 'trust:InvalidSecurityToken');
      assert.equal(audit.records.at(-1)?.reason, 'confirmation-missing');
    });

  test('where TLS signs the Body, a signature over the Timestamp alone does not', async () => {
    const endpoint = {
      path: '/ws-trust',
      credentials: ['username'],
      signedParts: 'timestamp',
    } as const;
    const { front, audit } = aSetting([{ ...GENERIC_PROFILE, endpoints: [endpoint] }]);
    const carols = about('Cancel', '', PARTNER.replace('partner', '_carols'));

    const ofEvidence = await front.handle(
      aPost(endorsed(issue(keyType('SymmetricKey') + behalf), holder, ['ts'])),
    );
    const ofTarget = await front.handle(aPost(endorsed(carols, holder, ['ts'])));

    assert.equal(faultCodeOf(ofEvidence), 'trust:AuthenticationBadElements');
    assert.equal(faultCodeOf(ofTarget), 'trust:RequestFailed');
    assert.equal(audit.records.at(-1)?.reason, 'requestor-not-allowed');
  });
});

describe('WS-Trust 1.3 §5, §6: a signature shows the key of the target, without UseKey too', () => {
  for (const operation of ['Renew', 'Cancel'] as const) {
    test(`${operation} beside the password of its owner`, async () => {
      const setting = aSetting();
      await issueOwn(setting);

      const answer = await setting.front.handle(aPost(endorsed(about(operation), holder)));

      assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
    });
  }

  test('Cancel by whoever shows the key, whomever the token was issued to; and by nobody else', async () => {
    const carols = about('Cancel', '', OWN.replace('_id-2', '_carols'));
    const { front } = aSetting();

    const refused = await front.handle(aPost(endorsed(carols, other)));
    const answer = await front.handle(aPost(endorsed(carols, holder)));

    assert.equal(faultCodeOf(refused), 'trust:RequestFailed');
    assert.equal(answer.status, 200, answer.body);
  });

  test('Renew refuses another key, and a UseKey of another key', async () => {
    for (const more of ['', USE_KEY]) {
      const setting = aSetting();
      await issueOwn(setting);

      const answer = await setting.front.handle(aPost(endorsed(about('Renew', more), other)));

      assert.equal(faultCodeOf(answer), 'trust:InvalidSecurityToken');
    }
  });

  test('Renew that names another key in UseKey is refused, though the key of the token was shown as well', async () => {
    const setting = aSetting(undefined, [certificates]);
    await issueOwn(setting);
    const useOther = `<t:UseKey>${aDirectReference('bst2')}</t:UseKey>`;
    const header = aSecurityHeader(
      `${aBinaryToken(holder)}${aBinaryToken(other, 'bst2')}${TIMESTAMP}${SIGNATURE}@SIGNATURE2@`,
    );
    const message = anEnvelope({ header, body: about('Renew', useOther), bodyId: 'body' });
    const first = signMessage(message, { key: holder.privateKey, keyInfo: aDirectReference() });
    const second = signMessage(first.replace('@SIGNATURE2@', SIGNATURE), {
      key: other.privateKey,
      keyInfo: aDirectReference('bst2'),
      id: 'SIG-2',
    });

    const answer = await setting.front.handle(aPost(second));

    assert.equal(faultCodeOf(answer), 'trust:InvalidSecurityToken');
  });
});
