// Credentials besides passwords and certificates of signed messages (ws-trust §4): the TLS client, HTTP Basic, tokens in the
// Security header, keys that only an assertion names, and the exceptions of an endpoint.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import {
  changeEndpoints,
  type EndpointChange,
} from '#bridge/ws-trust/endpoint/endpoint-changes.ts';
import { ADFS_PROFILE, GENERIC_PROFILE } from '#bridge/ws-trust/endpoint/profiles.ts';
import type { WsTrustRequest } from '#bridge/ws-trust/front.ts';
import { nameCertificate } from '#bridge/xml/keys/public-key.ts';
import { attributeOf, type XmlElement } from '#bridge/xml/tree.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { BEARER, type Confirmation } from '#core/token/confirmation.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { aPolicyRow, aValidatedToken, NOW } from '#test/support/core.ts';
import {
  aBinaryToken,
  aDirectReference,
  aKeyValue,
  aSignedMessage,
  aTimestamp,
  BASE64_BINARY,
  RSA_SHA1,
} from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import {
  aPost,
  aUserMessage,
  aWsTrustSetting,
  billingRules,
  faultCodeOf,
} from '#test/support/ws-trust/ws-trust.ts';
import { aCertificate } from '#test/support/x509/pki.ts';

const holder = await aCertificate({ name: 'CN=holder', algorithm: 'RSA' });
const thief = await aCertificate({ name: 'CN=thief', algorithm: 'RSA' });
const HELD: Confirmation = nameCertificate(new X509Certificate(holder.der));
const SAML = 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1';

/** Knows the certificate, and assertions by their ID: `held` is bound to its key, `own…` is ours, `acted` has an actor, `once` is good once. */
const validator: TokenValidator = {
  canHandle: ({ type }) => type === 'x509' || type === 'saml2' || type === 'jwt',
  async validate({ type, use, content }) {
    const id = typeof content === 'string' ? 'jwt' : idOf(content);
    if (id === 'bad') throw new ExchangeFailure('issuer-untrusted', 'nobody we know');
    return aValidatedToken({
      type,
      use,
      id,
      trustedIssuer: type === 'x509' || id.startsWith('own') ? 'self' : 'partner',
      ...(id.startsWith('own') && { originClient: 'principal:self:alice' }),
      claims: [],
      ...(id.includes('once') && { onceUntil: NOW + 3900 }),
      confirmation: type === 'x509' || id.includes('held') ? HELD : BEARER,
      actors: id.includes('acted') ? [{ issuer: 'https://sts.example.org', id: 'service' }] : [],
    });
  },
};

function idOf(content: object): string {
  if ('certificates' in content) {
    const [first] = content.certificates as readonly (Uint8Array | X509Certificate)[];
    const der = first instanceof X509Certificate ? first.raw : Buffer.from(first ?? []);
    return holder.der.equals(der) ? 'holder' : 'bad';
  }
  return attributeOf((content as { element: XmlElement }).element, 'ID') ?? 'bad';
}

const RULES = billingRules({
  rows: [
    aPolicyRow({
      id: 'all-to-billing',
      requestors: [],
      principals: { issuers: ['self', 'partner'] },
      subject: { issuers: ['self', 'partner'] },
      targets: ['billing'],
      grant: { types: ['saml1', 'saml2', 'jwt'] },
    }),
  ],
});

const aSetting = (...changes: readonly EndpointChange[]) =>
  aWsTrustSetting({
    validators: [validator],
    rules: RULES,
    profiles: changeEndpoints([GENERIC_PROFILE, ADFS_PROFILE], changes),
  });

const anAssertion = (id: string) =>
  `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${id}"></saml:Assertion>`;
const aJwt = () =>
  `<wsse:BinarySecurityToken ValueType="urn:ietf:params:oauth:token-type:jwt" EncodingType="${BASE64_BINARY}">${Buffer.from('e30.e30.c2ln').toString('base64')}</wsse:BinarySecurityToken>`;
const aSamlReference = (id: string) =>
  `<wsse:SecurityTokenReference><wsse:KeyIdentifier ValueType="${SAML}#SAMLID">${id}</wsse:KeyIdentifier></wsse:SecurityTokenReference>`;

const withHeader = (security: string, over: Partial<WsTrustRequest> = {}) =>
  aPost(
    anEnvelope({
      header: `<wsse:Security>${security}</wsse:Security>`,
      body: anRst(),
      bodyId: 'body',
    }),
    over,
  );

const bare = (over: Partial<WsTrustRequest>) => aPost(anEnvelope({ body: anRst() }), over);

interface Case {
  readonly setting?: ReturnType<typeof aSetting>;
  readonly request: WsTrustRequest;
}

async function accepted({ setting = aSetting(), request }: Case, method: string) {
  const answer = await setting.front.handle(request);

  assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
  assert.equal(setting.asked[0]?.requestor.method, method);
  return setting.asked[0].requestor;
}

async function refused({ setting = aSetting(), request }: Case, code: string) {
  const answer = await setting.front.handle(request);

  assert.equal(faultCodeOf(answer), code, JSON.stringify(setting.audit.records));
  assert.deepEqual(setting.asked, []);
  assert.deepEqual(setting.errors, []);
}

describe('ws-trust §4: the certificate of the TLS client', () => {
  test('is a credential without anything in the message, and proves its key', async () => {
    const request = bare({ clientCertificates: [holder.der] });

    const requestor = await accepted({ request }, 'tls_client_certificate');

    assert.deepEqual(requestor.confirmation, HELD);
  });

  test('is taken at certificatetransport, and not where it is not listed', async () => {
    const clientCertificates = [holder.der];
    const at = (name: string) =>
      bare({ clientCertificates, path: `/adfs/services/trust/13/${name}` });

    await accepted({ request: at('certificatetransport') }, 'tls_client_certificate');
    await refused({ request: at('usernamemixed') }, 'trust:FailedAuthentication');
  });

  test('of an authority that is not ours is refused, and W16: no harm beside a password', async () => {
    const clientCertificates = [thief.der];

    await refused({ request: bare({ clientCertificates }) }, 'trust:FailedAuthentication');
    const message = aUserMessage(anRst());
    await accepted({ request: aPost(message, { clientCertificates }) }, 'username');
  });

  test('without a credential there is no requestor', () =>
    refused({ request: bare({}) }, 'trust:FailedAuthentication'));
});

describe('ws-trust §4: HTTP Basic', () => {
  const basic = (login: string) =>
    bare({
      headers: {
        'content-type': 'application/soap+xml; charset=utf-8',
        authorization: `Basic ${Buffer.from(login).toString('base64')}`,
      },
    });

  test('is taken where the endpoint says so, and nowhere else', async () => {
    const request = basic('alice:correct horse');
    const setting = aSetting({ path: '/ws-trust', credentials: ['basic'] });

    await accepted({ setting, request }, 'http_basic');
    await refused({ request }, 'trust:FailedAuthentication');
  });

  for (const login of ['alice:wrong', 'alice:', ':x', 'alice', '']) {
    test(`is refused: ${login || 'nothing'}`, () =>
      refused(
        {
          setting: aSetting({ path: '/ws-trust', credentials: ['basic'] }),
          request: basic(login),
        },
        'trust:FailedAuthentication',
      ));
  }
});

describe('ws-trust §4: a token in the Security header', () => {
  test('of a trusted issuer is a credential in the hands of who has it', async () => {
    await accepted({ request: withHeader(anAssertion('foreign')) }, 'saml2');
    await accepted({ request: withHeader(aJwt()) }, 'jwt');
  });

  test('of ours is none, unless the endpoint says so', async () => {
    const request = withHeader(anAssertion('own-bearer'));
    const setting = aSetting({ path: '/ws-trust', takesOwnBearerTokens: true });

    await refused({ request }, 'trust:FailedAuthentication');
    await accepted({ setting, request }, 'saml2');
  });

  test('xml-security E5: bound to a key it is none without a signature, whoever issued it', async () => {
    const setting = aSetting({ path: '/ws-trust', takesOwnBearerTokens: true });

    await refused(
      { setting, request: withHeader(anAssertion('own-held')) },
      'trust:FailedAuthentication',
    );
    await refused({ request: withHeader(anAssertion('held')) }, 'trust:FailedAuthentication');
  });

  test('that no issuer of ours vouches for, or one of two, is refused', async () => {
    await refused({ request: withHeader(anAssertion('bad')) }, 'trust:FailedAuthentication');
    await refused(
      { request: withHeader(anAssertion('one') + anAssertion('two')) },
      'wsse:UnsupportedSecurityToken',
    );
  });

  test('is refused where the endpoint takes passwords only', () =>
    refused(
      {
        setting: aSetting({ path: '/ws-trust', credentials: ['username'] }),
        request: withHeader(anAssertion('foreign')),
      },
      'trust:FailedAuthentication',
    ));
});

describe('ws-trust §4: a message signed with the key that an assertion names', () => {
  const signed = (
    id: string,
    over: Partial<{
      keyInfo: string;
      certificate: typeof holder;
      more: string;
      ids: readonly string[];
      path: string;
    }> = {},
  ) => {
    const { certificate = holder, keyInfo = aSamlReference(id), more = '' } = over;
    const { ids = ['ts', 'body'], path = '/ws-trust' } = over;
    const tokens = anAssertion(id) + more;
    return aPost(aSignedMessage(anRst(), { by: certificate, tokens, keyInfo, ids }), { path });
  };

  test('is accepted, though the key is nowhere but in the assertion', async () => {
    const requestor = await accepted({ request: signed('held') }, 'saml2');

    assert.deepEqual(requestor.confirmation, HELD);
    await accepted({ request: signed('own-held') }, 'saml2');
  });

  test('is accepted when KeyInfo names the key or its certificate, and the assertion is beside it', async () => {
    await accepted({ request: signed('held', { keyInfo: aKeyValue(holder) }) }, 'saml2');
    const more = aBinaryToken(holder);
    const setting = aSetting({ path: '/ws-trust', credentials: ['issued-token'] });
    const request = signed('held', { keyInfo: aDirectReference(), more });
    await accepted({ setting, request }, 'saml2');
  });

  test('ws-trust §4: of an assertion of ours over the Body, also where the Timestamp alone would do: its relying party could send such a header on', async () => {
    const path = '/adfs/services/trust/13/issuedtokenmixedasymmetricbasic256';
    const bare = (id: string) => signed(id, { ids: ['ts'], path });
    const setting = aSetting({ path, takesOwnBearerTokens: true });

    await refused({ request: bare('own-held') }, 'trust:AuthenticationBadElements');
    await accepted({ request: signed('own-held', { path }) }, 'saml2');
    await accepted({ request: bare('held') }, 'saml2');
    await accepted({ setting, request: bare('own-held') }, 'saml2');
  });

  test('is refused with another key', () =>
    refused({ request: signed('held', { certificate: thief }) }, 'trust:FailedAuthentication'));

  test('is refused with a key of the sender beside the assertion of another', () =>
    refused(
      { request: signed('held', { certificate: thief, keyInfo: aKeyValue(thief) }) },
      'trust:FailedAuthentication',
    ));

  test('xml-security E5: is refused when the assertion names no key', () =>
    refused({ request: signed('foreign') }, 'trust:FailedAuthentication'));
});

test('ws-trust §4: the record of a refusal tells what was shown, and what the address takes', async () => {
  const setting = aSetting();
  const path = '/adfs/services/trust/13/usernamemixed';

  await refused({ setting, request: bare({ path }) }, 'trust:FailedAuthentication');
  const request = aPost(aSignedMessage(anRst(), { by: holder }), { path });
  await refused({ setting, request }, 'trust:FailedAuthentication');

  assert.deepEqual(
    setting.audit.records.map(({ detail }) => detail),
    [
      'no credential: this address takes username',
      'certificate is not taken: this address takes username',
    ],
  );
});

describe('RFC 8693 §4.1: a token with an actor is no credential of its subject', () => {
  for (const id of ['acted-held', 'own-acted-held'])
    test(`also signed with the key of the actor: ${id}`, async () => {
      const setting = aSetting();
      const tokens = anAssertion(id);
      for (const keyInfo of [aSamlReference(id), aKeyValue(holder)]) {
        const request = aPost(aSignedMessage(anRst(), { by: holder, tokens, keyInfo }));
        await refused({ setting, request }, 'trust:FailedAuthentication');
      }
      assert.equal(setting.audit.records.at(-1)?.reason, 'requestor-unauthenticated');
    });

  for (const id of ['acted', 'own-acted'])
    test(`nor as bearer: ${id}`, async () => {
      const setting = aSetting({ path: '/ws-trust', takesOwnBearerTokens: true });

      await refused(
        { setting, request: withHeader(anAssertion(id)) },
        'trust:FailedAuthentication',
      );
      assert.equal(setting.audit.records.at(-1)?.reason, 'requestor-unauthenticated');
    });
});

describe('SAML 2.0 core §2.5.1.5, RFC 7521 §4.1: what is good once is a credential once', () => {
  let count = 0;
  const signedWith = (id: string, body = anRst()) => {
    count += 1;
    const message = aSignedMessage(body, {
      by: holder,
      tokens: anAssertion(id),
      timestamp: aTimestamp(`2027-01-15T08:05:00.${String(count).padStart(3, '0')}Z`),
      keyInfo: aSamlReference(id),
    });
    return aPost(message);
  };

  async function replayed(setting: ReturnType<typeof aSetting>, request: WsTrustRequest) {
    const answer = await setting.front.handle(request);

    assert.equal(faultCodeOf(answer), 'trust:FailedAuthentication');
    assert.equal(setting.audit.records.at(-1)?.reason, 'token-replayed');
    assert.deepEqual(setting.errors, []);
  }

  test('as bearer, and the request it comes with does not refuse itself', async () => {
    const setting = aSetting();

    await accepted({ setting, request: withHeader(anAssertion('once')) }, 'saml2');
    await replayed(setting, withHeader(anAssertion('once')));
    await accepted({ setting, request: withHeader(anAssertion('once-more')) }, 'saml2');
  });

  test('with the key that it names', async () => {
    const setting = aSetting();

    await accepted({ setting, request: signedWith('once-held') }, 'saml2');
    await replayed(setting, signedWith('once-held'));
  });

  test('also when the request was about something else', async () => {
    const setting = aSetting();
    const validate = `<t:RequestSecurityToken xmlns:t="${TRUST_13}"><t:RequestType>${TRUST_13}/Validate</t:RequestType><t:ValidateTarget>${anAssertion('other')}</t:ValidateTarget></t:RequestSecurityToken>`;

    const answer = await setting.front.handle(signedWith('once-held', validate));
    assert.equal(answer.status, 200, answer.body);
    await replayed(setting, signedWith('once-held'));
  });

  test('a refused message does not use it up', async () => {
    const setting = aSetting();
    const [request, other] = [signedWith('once-held'), signedWith('once-held')];
    const changed = Buffer.from(
      Buffer.from(request.body).toString('utf8').replace('soap<', 'soup<'),
    );

    const answer = await setting.front.handle({ ...request, body: changed });
    assert.equal(faultCodeOf(answer), 'wsse:FailedCheck');
    await accepted({ setting, request: other }, 'saml2');
  });

  test('of fifty messages at once one is taken', async () => {
    const setting = aSetting();
    const messages = Array.from({ length: 50 }, () => signedWith('once-held'));

    const answers = await Promise.all(messages.map((each) => setting.front.handle(each)));

    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  });

  test('for one token: a collection does not multiply it', async () => {
    const setting = aSetting();
    const batchOf = (rst: string) =>
      `<t:RequestSecurityTokenCollection xmlns:t="${TRUST_13}">${rst}${rst}</t:RequestSecurityTokenCollection>`;
    const rst = anRst().replace('/Issue<', '/BatchIssue<');

    const { body, status } = await setting.front.handle(signedWith('once-held', batchOf(rst)));

    assert.equal(status, 200, body);
    assert.equal(body.match(/<saml:Assertion /g)?.length, 1);
  });

  test('and not at all once it was used up elsewhere', async () => {
    const setting = aWsTrustSetting({
      validators: [validator],
      rules: billingRules({
        rows: RULES.rows.map((row) => ({ ...row, grant: { ...row.grant, singleUse: true } })),
      }),
    });
    const onBehalfOf = `<t:OnBehalfOf>${anAssertion('foreign')}</t:OnBehalfOf>${anAppliesTo()}`;
    const request = aPost(aSignedMessage(anRst({ children: onBehalfOf }), { by: holder }));

    await accepted({ setting, request }, 'x509');
    await replayed(setting, withHeader(anAssertion('foreign')));
  });
});

describe('xml-security §5: SHA-1 in message signatures', () => {
  const request = () => aPost(aSignedMessage(anRst(), { by: holder, algorithm: RSA_SHA1 }));

  test('is taken until the day that the endpoint names, and is on record', async () => {
    const setting = aSetting({ path: '/ws-trust', legacySha1Until: 1_800_000_001 });

    await accepted({ setting, request: request() }, 'x509');

    const record = setting.audit.records.find(({ operation }) => operation === 'message-signature');
    assert.equal(record?.detail, 'SHA-1 by the exception of /ws-trust');
  });

  test('is not on record where it had no part', async () => {
    const setting = aSetting({ path: '/ws-trust', legacySha1Until: 1_800_000_001 });

    await accepted({ setting, request: aPost(aSignedMessage(anRst(), { by: holder })) }, 'x509');

    assert.ok(setting.audit.records.every(({ operation }) => operation !== 'message-signature'));
  });

  test('is not taken where it cannot be put on record', async () => {
    const setting = aSetting({ path: '/ws-trust', legacySha1Until: 1_800_000_001 });
    setting.audit.breakOn('allowed');

    await refused({ setting, request: request() }, 'trust:RequestFailed');
  });

  test('is refused from that day on, and at other endpoints', async () => {
    const setting = aSetting({ path: '/ws-trust', legacySha1Until: 1_800_000_000 });

    await refused({ setting, request: request() }, 'wsse:UnsupportedAlgorithm');
    const other = aSetting({ path: '/ws-trust/2005', legacySha1Until: 1_900_000_000 });
    await refused({ setting: other, request: request() }, 'wsse:UnsupportedAlgorithm');
  });
});

test('an exception for an address that no profile has is a mistake', () => {
  assert.throws(() => changeEndpoints([GENERIC_PROFILE], [{ path: '/other' }]), /\/other/);
});
