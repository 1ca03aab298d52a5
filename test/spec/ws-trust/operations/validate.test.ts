// Validate over real HTTP (WS-Trust 1.3 §7): to status and to a new token, in every version, and what must not come of it.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { confirmationOf } from '#test/support/saml/saml.ts';
import { SAML1_TYPE, SAML2_TYPE, withSaml } from '#test/support/saml/saml-document.ts';
import { ACCESS_TOKEN_TYPE, JWT_TYPE } from '#test/support/server/document.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';
import { endingOfSuite } from '#test/support/suite.ts';
import {
  anIssueMessage,
  aTargetMessage,
  carolsToken,
  faultOf,
  JWT,
  jwtAsXml,
  SAML1,
  SAML2,
  SOAP_11,
  SOAP_12,
  type SoapAnswer,
  sendSoap,
  type TargetWishes,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';
import { anAppliesTo, BILLING, TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import { edited } from '#test/support/xml/tamper.ts';

const TYPES = [SAML1, SAML2, JWT];
const VERSIONS = [
  [TRUST_13, SOAP_12],
  [TRUST_13, SOAP_11],
  [TRUST_2005, SOAP_12],
  [TRUST_2005, SOAP_11],
] as const;

const validate = (server: TestServer, wishes: TargetWishes): Promise<SoapAnswer> =>
  sendSoap(server, aTargetMessage('Validate', wishes));

const statusOf = ({ status, text }: SoapAnswer): string => {
  const code = /<(t|trust):Status><\1:Code>([^<]*)<\/\1:Code><\/\1:Status>/.exec(text)?.[2];
  if (status !== 200 || code === undefined) throw new Error(`no status: ${text}`);
  return code;
};

describe('Validate', () => {
  let server: TestServer;
  let partnerAssertion: string;
  let unconfirmedAssertion: string;
  const ending = endingOfSuite();
  before(async () => {
    server = await startServer(ending, async (document, directory) => {
      const { partner } = await withSaml(document, directory);
      partnerAssertion = partner.assertion('saml2');
      const confirmation = confirmationOf('saml2', 'sender-vouches');
      unconfirmedAssertion = partner.assertion('saml2', { id: '_a2', confirmation });
    });
  });

  for (const tokenType of TYPES)
    for (const [trust, soap] of VERSIONS)
      test(`WS-Trust 1.3 §7: tells that ${tokenType} is valid (${trust}, ${soap})`, async () => {
        const target = await carolsToken(server, tokenType);

        const answer = await validate(server, { user: 'carol', target, trust, soap });

        assert.equal(statusOf(answer), `${trust}/status/valid`);
        assert.match(answer.text, new RegExp(`TokenType>${trust}/RSTR/Status<`));
        const final = trust === TRUST_13 ? 'ValidateFinal' : 'Validate';
        assert.match(answer.text, new RegExp(`Action[^>]*>${trust}/RSTR/${final}<`));
        assert.doesNotMatch(answer.text, /RequestedSecurityToken|ResponseCollection/);
      });

  test('WS-Trust 1.3 §7: with the TokenType of a status the same is answered as without', async () => {
    const target = await carolsToken(server, SAML2);
    const tokenType = `${TRUST_13}/RSTR/Status`;

    const answer = await validate(server, { user: 'carol', target, tokenType });

    assert.equal(statusOf(answer), `${TRUST_13}/status/valid`);
  });

  test('WS-Trust 1.3 §7: the server a token is addressed to learns that it is valid, a stranger does not', async () => {
    const target = await carolsToken(server, SAML2);

    const audience = await validate(server, { user: 'bob', target });
    const stranger = await validate(server, { user: 'dave', target });

    assert.equal(statusOf(audience), `${TRUST_13}/status/valid`);
    assert.equal(statusOf(stranger), `${TRUST_13}/status/invalid`);
  });

  test('WS-Trust 1.3 §7: takes assertions and JWTs of trusted issuers', async () => {
    const assertion = await validate(server, { target: partnerAssertion });
    const jwt = await validate(server, { target: jwtAsXml(await server.partner.sign()) });

    assert.equal(statusOf(assertion), `${TRUST_13}/status/valid`);
    assert.equal(statusOf(jwt), `${TRUST_13}/status/valid`);
  });

  test('WS-Trust 1.3 §7: a token of a trusted issuer that is good once is valid until it is used up', async (t) => {
    const strict = await startServer(t, async (document, directory) => {
      await withSaml(document, directory);
      for (const { jwt } of document.trustedIssuers)
        if (jwt) Object.assign(jwt, { singleUse: true });
    });
    const subject_token = await strict.partner.sign();
    const target = jwtAsXml(subject_token);

    const before = [await validate(strict, { target }), await validate(strict, { target })];
    const used = await strict.exchange({ subject_token });
    const after = await validate(strict, { target });

    for (const answer of before) assert.equal(statusOf(answer), `${TRUST_13}/status/valid`);
    assert.equal(used.status, 200, used.text);
    assert.equal(statusOf(after), `${TRUST_13}/status/invalid`);
  });

  test('WS-Trust 1.3 §7.1: the target may be a reference to a token of the header', async () => {
    const security = await carolsToken(server, SAML2);
    const id = /ID="([^"]+)"/.exec(security)?.[1] ?? '';
    const target = `<o:SecurityTokenReference><o:KeyIdentifier ValueType="http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLID">${id}</o:KeyIdentifier></o:SecurityTokenReference>`;
    const elsewhere = target.replace(id, '_other');

    const found = await validate(server, { user: 'carol', security, target: inWsse(target) });
    const missing = await validate(server, { user: 'carol', security, target: inWsse(elsewhere) });

    assert.equal(statusOf(found), `${TRUST_13}/status/valid`);
    assert.equal(faultOf(missing), 'SecurityTokenUnavailable');
  });

  for (const [what, change] of [
    ['changed', (token: string) => edited(token, '>carol<', '>wendy<')],
    [
      'without a signature',
      (token: string) => token.replace(/<ds:Signature.*<\/ds:Signature>/s, ''),
    ],
    [
      'wrapped',
      (token: string) =>
        token.replace(/ID="[^"]+"/, 'ID="_evil"').replace(/<ds:Signature/, `${token}<ds:Signature`),
    ],
    [
      'encrypted to somebody',
      () =>
        '<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><x:EncryptedData xmlns:x="http://www.w3.org/2001/04/xmlenc#"><x:CipherData><x:CipherValue>AAAA</x:CipherValue></x:CipherData></x:EncryptedData></saml:EncryptedAssertion>',
    ],
  ] as const)
    test(`WS-Trust 1.3 §7: an assertion that is ${what} is not valid, and that is no fault`, async () => {
      const token = await carolsToken(server, SAML2);
      const target = change(token);
      assert.notEqual(target, token);

      const status = await validate(server, { user: 'carol', target });
      const transformed = await validate(server, {
        user: 'carol',
        target,
        tokenType: JWT,
        children: anAppliesTo(),
      });

      assert.equal(statusOf(status), `${TRUST_13}/status/invalid`);
      assert.equal(statusOf(transformed), `${TRUST_13}/status/invalid`);
      assert.doesNotMatch(transformed.text, /RequestedSecurityToken/);
    });

  test('WS-Trust 1.3 §7: an expired token and one of an unknown issuer are not valid', async () => {
    const expired = jwtAsXml(await server.partner.sign({ exp: server.clock.now() - 3600 }));
    const unknown = jwtAsXml(await server.partner.sign({ iss: 'https://unknown.example' }));

    for (const target of [expired, unknown])
      assert.equal(statusOf(await validate(server, { target })), `${TRUST_13}/status/invalid`);
  });

  test('SAML Core 2.0 §2.4.1.1: an assertion whose subject nothing confirms is not valid, and that is no fault', async () => {
    for (const wishes of [{}, { tokenType: JWT, children: anAppliesTo() }])
      assert.equal(
        statusOf(await validate(server, { target: unconfirmedAssertion, ...wishes })),
        `${TRUST_13}/status/invalid`,
      );
  });

  for (const [trust, soap] of VERSIONS)
    for (const presented of TYPES)
      for (const tokenType of TYPES)
        test(`WS-Trust 1.3 §7: a valid token becomes ${tokenType}, with its status: of ${presented} (${trust}, ${soap})`, async () => {
          const target = await carolsToken(server, presented);
          const wishes = { user: 'carol', trust, soap };

          const answer = await validate(server, {
            ...wishes,
            target,
            tokenType,
            children: anAppliesTo(),
          });

          assert.equal(statusOf(answer), `${trust}/status/valid`);
          assert.equal([...answer.text.matchAll(/<t(?:rust)?:TokenType>/g)].length, 1);
          assert.ok(answer.text.includes(`:TokenType>${tokenType}</`));
          assert.doesNotMatch(answer.text, /ResponseCollection/);
          const again = await validate(server, { ...wishes, target: tokenOf(answer) });
          assert.equal(statusOf(again), `${trust}/status/valid`);
        });

  test('WS-Trust 1.3 §7: a new token is policy like an exchange: refused for an unknown target', async () => {
    const target = await carolsToken(server, SAML2);
    const children = anAppliesTo().replace(BILLING, 'https://unknown.example/');

    const answer = await validate(server, { user: 'carol', target, tokenType: JWT, children });

    assert.equal(faultOf(answer), 'InvalidScope');
  });

  for (const [what, wishes, code] of [
    ['no target', {}, 'InvalidRequest'],
    ['an empty target', { target: '' }, 'InvalidRequest'],
    ['two tokens in the target', { target: '<TokenWrapper/><TokenWrapper/>' }, 'InvalidRequest'],
    [
      'two targets',
      { target: '<TokenWrapper>a.b.c</TokenWrapper>', children: '<t:ValidateTarget/>' },
      'InvalidRequest',
    ],
    [
      'another target beside',
      {
        target: '<TokenWrapper>a.b.c</TokenWrapper>',
        children: '<t:CancelTarget><TokenWrapper>a.b.c</TokenWrapper></t:CancelTarget>',
      },
      'InvalidRequest',
    ],
    [
      'OnBehalfOf beside',
      {
        target: '<TokenWrapper>a.b.c</TokenWrapper>',
        tokenType: SAML2,
        children: '<t:OnBehalfOf><TokenWrapper>a.b.c</TokenWrapper></t:OnBehalfOf>',
      },
      'InvalidRequest',
    ],
    [
      'a target in SecondaryParameters',
      {
        target: '<TokenWrapper>a.b.c</TokenWrapper>',
        tokenType: SAML2,
        children: '<t:SecondaryParameters><t:ValidateTarget/></t:SecondaryParameters>',
      },
      'BadRequest',
    ],
    [
      'a lifetime for a status',
      { target: '<TokenWrapper>a.b.c</TokenWrapper>', children: '<t:Lifetime/>' },
      'BadRequest',
    ],
    [
      'a user name in the target',
      { target: inWsse('<o:UsernameToken/>') },
      'UnsupportedSecurityToken',
    ],
    [
      'a processing instruction',
      { target: '<?x y?><TokenWrapper>a.b.c</TokenWrapper>' },
      'InvalidRequest',
    ],
  ] as const)
    test(`WS-Trust 1.3 §7: refuses ${what}`, async () => {
      assert.equal(faultOf(await validate(server, wishes)), code);
    });

  test('Audit: every validation is on record with what was found', async () => {
    const target = await carolsToken(server, SAML2);
    const of = async () =>
      (await server.auditRecords()).filter(({ event }) => event === 'token.validate');
    const before = await of();

    await validate(server, { user: 'carol', target });
    await validate(server, { user: 'dave', target });
    await validate(server, {});

    const records = (await of()).slice(before.length);
    assert.deepEqual(
      records.map(({ outcome, detail, operation }) => [operation, outcome, detail]),
      [
        ['validate', 'done', 'valid'],
        ['validate', 'done', 'invalid'],
        ['validate', 'refused', 'Validate without ValidateTarget'],
      ],
    );
  });

  for (const requested_token_type of [SAML1_TYPE, SAML2_TYPE, JWT_TYPE])
    test(`WS-Trust 1.3 §7: a token that OAuth revoked is not valid here, and brings nothing (${requested_token_type})`, async () => {
      const root = await server.exchange();
      const made = await server.exchange({
        subject_token: String(root.body['access_token']),
        subject_token_type: ACCESS_TOKEN_TYPE,
        requested_token_type,
      });
      const token = String(made.body['access_token']);
      const target =
        requested_token_type === JWT_TYPE
          ? jwtAsXml(token)
          : Buffer.from(token, 'base64url').toString();
      const asServer = () => validate(server, { user: 'bob', target });

      const first = await asServer();
      await server.post('/revoke', { token: String(root.body['access_token']) });

      assert.equal(statusOf(first), `${TRUST_13}/status/valid`);
      assert.equal(statusOf(await asServer()), `${TRUST_13}/status/invalid`);
      const used = await sendSoap(server, anIssueMessage({ onBehalfOf: target }));
      assert.equal(faultOf(used), 'InvalidSecurityToken');
      const renewed = await sendSoap(server, aTargetMessage('Renew', { target }));
      assert.equal(faultOf(renewed), 'RequestFailed', 'it was issued to another, and says no more');
    });
});

function inWsse(xml: string): string {
  const wsse = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
  return xml.replace(/^<o:(\w+)/, `<o:$1 xmlns:o="${wsse}"`);
}
