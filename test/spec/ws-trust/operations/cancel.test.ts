// Cancel over real HTTP (WS-Trust 1.3 §6): who may, what dies with the token, on both fronts.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { SAML1_TYPE, SAML2_TYPE, withSaml } from '#test/support/saml/saml-document.ts';
import { JWT_TYPE } from '#test/support/server/document.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';
import { endingOfSuite } from '#test/support/suite.ts';
import {
  aKeyIdentifier,
  anIssueMessage,
  aReference,
  aTargetMessage,
  carolsToken,
  faultOf,
  idOf,
  isValid,
  JWT,
  jwtAsXml,
  jwtIn,
  SAML1,
  SAML2,
  SOAP_11,
  SOAP_12,
  type SoapAnswer,
  sendSoap,
  type TargetWishes,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';
import { TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import { edited } from '#test/support/xml/tamper.ts';

const referred = (assertion: string): string =>
  aReference(`<o:Reference URI="${idOf(assertion)}"/>`);
const withoutIds = (text: string): string =>
  text.replace(/urn:uuid:[\w-]+|[0-9a-f]{8}-[\w-]+/g, '').replace(/\d{4}-\d\d-\d\dT[^<]+Z/g, '');

const GONE = 'SecurityTokenUnavailable';

const cancel = (server: TestServer, wishes: TargetWishes): Promise<SoapAnswer> =>
  sendSoap(server, aTargetMessage('Cancel', wishes));

/** A token of this type, cancelled, ends what was made from it at the token endpoint, and what was made from that. */
async function assertEndsAll(server: TestServer, type: string): Promise<void> {
  const { body } = await server.exchange({ requested_token_type: type });
  const encoded = String(body['access_token']);
  const evidence = { subject_token: encoded, subject_token_type: type };
  const access = await server.exchange(evidence);
  const jwt = await server.exchange({
    subject_token: String(access.body['access_token']),
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    requested_token_type: JWT_TYPE,
  });
  const introspect = async (token: unknown) =>
    (await server.post('/introspect', { token: String(token) })).body['active'];
  const before = [
    await introspect(access.body['access_token']),
    await introspect(jwt.body['access_token']),
  ];

  const target =
    type === JWT_TYPE ? jwtAsXml(encoded) : Buffer.from(encoded, 'base64url').toString();
  const answer = await cancel(server, { user: 'bob', target });

  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(before, [true, true]);
  assert.equal(await introspect(access.body['access_token']), false);
  assert.equal(await introspect(jwt.body['access_token']), false);
  const again = await server.exchange(evidence);
  assert.deepEqual([again.status, again.body['error']], [400, 'invalid_request']);
}

describe('Cancel', () => {
  let server: TestServer;
  let partnerAssertion: string;
  const ending = endingOfSuite();
  before(async () => {
    server = await startServer(ending, async (document, directory) => {
      const { partner } = await withSaml(document, directory);
      partnerAssertion = partner.assertion('saml2');
      document['wsTrust'] = { profiles: ['adfs', 'vcenter', 'wso2'] };
      // Bob's right to cancel is his own: as a server of the party he may only ask.
      document.relyingParties[0] = {
        ...document.relyingParties[0],
        revokers: ['principal:self:bob'],
      };
    });
  });

  for (const tokenType of [SAML1, SAML2, JWT])
    for (const [trust, soap] of [
      [TRUST_13, SOAP_12],
      [TRUST_13, SOAP_11],
      [TRUST_2005, SOAP_12],
      [TRUST_2005, SOAP_11],
    ] as const)
      test(`WS-Trust 1.3 §6: ${tokenType} dies at once (${trust}, ${soap})`, async () => {
        const target = await carolsToken(server, tokenType);
        const before = await isValid(server, target);

        const answer = await cancel(server, { user: 'carol', target, trust, soap });

        const prefix = trust === TRUST_13 ? 'trust' : 't';
        const final = trust === TRUST_13 ? 'CancelFinal' : 'Cancel';
        assert.equal(answer.status, 200, answer.text);
        assert.match(
          answer.text,
          new RegExp(
            `<s:Body><${prefix}:RequestSecurityTokenResponse xmlns:${prefix}="${trust}"><${prefix}:RequestedTokenCancelled></${prefix}:RequestedTokenCancelled></${prefix}:RequestSecurityTokenResponse></s:Body>`,
          ),
        );
        assert.match(answer.text, new RegExp(`Action[^>]*>${trust}/RSTR/${final}<`));
        assert.deepEqual([before, await isValid(server, target)], [true, false]);
        const exchange = await sendSoap(
          server,
          anIssueMessage({ user: 'carol', onBehalfOf: target }),
        );
        assert.equal(faultOf(exchange), 'InvalidSecurityToken');
      });

  for (const [trust, prefix] of [
    [TRUST_13, 'trust'],
    [TRUST_2005, 't'],
  ] as const)
    test(`ws-trust §6: to the clients of WSO2 it is told a second time, without a namespace (${trust})`, async () => {
      const target = await carolsToken(server, SAML2);
      const message = aTargetMessage('Cancel', { user: 'carol', target, trust });

      const { text } = await sendSoap(server, message, '/services/wso2carbon-sts');

      const local = 'RequestedTokenCancelled';
      const answer = `<${prefix}:${local}></${prefix}:${local}><${local}></${local}>`;
      assert.ok(text.includes(`xmlns:${prefix}="${trust}">${answer}</${prefix}:Request`), text);
      assert.equal(await isValid(server, target), false);
    });

  test('WS-Trust 1.3 §6: a cancelled assertion kills the access tokens made from it, and theirs; so does a JWT', async () => {
    for (const type of [SAML1_TYPE, SAML2_TYPE, JWT_TYPE]) await assertEndsAll(server, type);
  });

  test('WS-Trust 1.3 §6: what was made from a cancelled JWT over SOAP dies over SOAP', async () => {
    const root = await carolsToken(server, JWT);
    const leaf = tokenOf(
      await sendSoap(server, anIssueMessage({ user: 'carol', onBehalfOf: root, tokenType: SAML1 })),
    );

    await cancel(server, { user: 'carol', target: root });

    assert.equal(await isValid(server, leaf), false);
  });

  test('WS-Trust 1.3 §6: cancelling again is answered as the first time', async () => {
    const target = await carolsToken(server, SAML2);

    const first = await cancel(server, { user: 'carol', target });
    const second = await cancel(server, { user: 'carol', target });

    assert.deepEqual([second.status, second.text], [200, first.text]);
  });

  test('WS-Trust 1.3 §6: a stranger cancels nothing, and neither does its audience without a right', async (t) => {
    const own = await startServer(t, async (document, directory) => {
      await withSaml(document, directory);
      Object.assign(document.relyingParties[0] ?? {}, { servers: ['principal:self:bob'] });
    });
    const target = await carolsToken(own, SAML2);

    const stranger = await cancel(own, { user: 'dave', target });
    const audience = await cancel(own, { user: 'bob', target });

    for (const answer of [stranger, audience]) assert.equal(faultOf(answer), 'RequestFailed');
    assert.equal(await isValid(own, target, 'dave'), false, 'dave is no party of it');
    assert.equal(await isValid(own, target, 'bob'), true, 'bob is its audience');
    assert.equal(await isValid(own, target), true);
  });

  test('WS-Trust 1.3 §6: whoever holds the token of another learns not whether it was cancelled, nor whether what it was made from was', async () => {
    for (const tokenType of [SAML1, SAML2, JWT]) {
      const token = await carolsToken(server, tokenType);
      const leaf = tokenOf(
        await sendSoap(server, anIssueMessage({ user: 'carol', onBehalfOf: token })),
      );
      const ask = async () => [
        await cancel(server, { user: 'dave', target: token }),
        await cancel(server, { user: 'dave', target: leaf }),
      ];

      const alive = await ask();
      const cancelled = await cancel(server, { user: 'carol', target: token });
      const dead = await ask();

      assert.equal(cancelled.status, 200, cancelled.text);
      const answers = [...alive, ...dead];
      assert.deepEqual(answers.map(faultOf), Array(4).fill('RequestFailed'));
      const texts = answers.map(({ text }) => withoutIds(text));
      assert.equal(new Set(texts).size, 1, texts.join('\n'));
    }
  });

  test('WS-Trust 1.3 §6: whom the target names may cancel its tokens', async () => {
    const target = await carolsToken(server, SAML2);

    const answer = await cancel(server, { user: 'bob', target });

    assert.equal(answer.status, 200);
    assert.equal(await isValid(server, target), false);
  });

  test('WS-Trust 1.3 §6: a token that is over is cancelled too: what was made from it may live on', async (t) => {
    const own = await startServer(t, async (document, directory) => {
      await withSaml(document, directory);
    });
    const target = await carolsToken(own, JWT);
    own.clock.advance(3600);

    const answer = await cancel(own, { user: 'carol', target });

    assert.equal(answer.status, 200, answer.text);
  });

  for (const [what, target, code] of [
    ['a foreign assertion', () => partnerAssertion, 'InvalidSecurityToken'],
    ['a foreign JWT', async () => jwtAsXml(await server.partner.sign()), 'InvalidSecurityToken'],
    [
      'a forged assertion',
      async () => edited(await carolsToken(server, SAML2), '>carol<', '>wendy<'),
      'InvalidSecurityToken',
    ],
    [
      'a wrapped assertion',
      async () => {
        const token = await carolsToken(server, SAML2);
        return token
          .replace(/ID="[^"]+"/, 'ID="_evil"')
          .replace(/<ds:Signature/, `${token}<ds:Signature`);
      },
      'InvalidSecurityToken',
    ],
    [
      'an assertion with a comment',
      async () => (await carolsToken(server, SAML2)).replace(/>carol/, '><!-- -->carol'),
      'InvalidRequest',
    ],
  ] as const)
    test(`WS-Trust 1.3 §6: refuses ${what}`, async () => {
      assert.equal(faultOf(await cancel(server, { user: 'carol', target: await target() })), code);
    });

  for (const [what, wishes, code] of [
    ['no target', {}, 'InvalidRequest'],
    ['a target of another operation', { children: '<t:RenewTarget/>' }, 'InvalidRequest'],
    [
      'a target beside',
      {
        target: '<TokenWrapper>a.b.c</TokenWrapper>',
        children: '<t:ValidateTarget><TokenWrapper>a.b.c</TokenWrapper></t:ValidateTarget>',
      },
      'InvalidRequest',
    ],
    [
      'parameters that say nothing here',
      { target: '<TokenWrapper>a.b.c</TokenWrapper>', children: '<t:AllowPostdating/>' },
      'BadRequest',
    ],
  ] as const)
    test(`WS-Trust 1.3 §6: refuses ${what}`, async () => {
      assert.equal(faultOf(await cancel(server, { user: 'carol', ...wishes })), code);
    });

  test('WS-Trust 1.3 §6: STSCancel, the notice of an STS to a relying party, is refused by name', async () => {
    const message = aTargetMessage('Cancel', { target: '<TokenWrapper>a.b.c</TokenWrapper>' });

    const answer = await sendSoap(server, message.replaceAll('/Cancel<', '/STSCancel<'));

    assert.equal(faultOf(answer), 'BadRequest');
  });

  for (const [form, tokenType, named] of [
    ['a key identifier', SAML1, aKeyIdentifier],
    ['a key identifier', SAML2, aKeyIdentifier],
    ['a bare reference, as Apache Rampart does', SAML1, referred],
    ['a bare reference, as Apache Rampart does', SAML2, referred],
  ] as const)
    test(`WS-Trust 1.3 §6: an assertion is cancelled by its name alone, in ${form} (${tokenType})`, async () => {
      const token = await carolsToken(server, tokenType);
      const leaf = tokenOf(
        await sendSoap(server, anIssueMessage({ user: 'carol', onBehalfOf: token })),
      );

      const answer = await cancel(server, { user: 'carol', target: named(token) });
      const again = await cancel(server, { user: 'carol', target: named(token) });

      assert.deepEqual([answer.status, again.text], [200, answer.text]);
      assert.match(answer.text, /RequestedTokenCancelled/);
      assert.deepEqual([await isValid(server, token), await isValid(server, leaf)], [false, false]);
    });

  test('WSS 1.1.1 §7.4: what a reference embeds is no name but the token', async () => {
    const token = await carolsToken(server, SAML2);
    const target = aReference(`<o:Embedded>${token}</o:Embedded>`);

    const answer = await cancel(server, { user: 'bob', target });

    assert.equal(answer.status, 200, answer.text);
    assert.equal(await isValid(server, token), false);
  });

  for (const [what, forms, code] of [
    ['nothing', () => '', GONE],
    ['two names', (id: string) => `<o:Reference URI="${id}"/>`.repeat(2), 'InvalidRequest'],
    [
      'a name that holds something',
      (id: string) => `<o:Reference URI="${id}"><x xmlns="urn:x"/></o:Reference>`,
      'InvalidRequest',
    ],
  ] as const)
    test(`WSS 1.1.1 §7: a reference with ${what} names no token`, async () => {
      const token = await carolsToken(server, SAML2);

      const answer = await cancel(server, {
        user: 'carol',
        target: aReference(forms(idOf(token))),
      });

      assert.equal(faultOf(answer), code);
      assert.equal(await isValid(server, token), true);
    });

  test('WS-Trust 1.3 §6: by its name nobody cancels the token of another, nor learns whether there is one', async () => {
    const token = await carolsToken(server, SAML2);

    const answers = [
      await cancel(server, { user: 'dave', target: aKeyIdentifier(token) }),
      // He may cancel what he can show.
      await cancel(server, { user: 'bob', target: aKeyIdentifier(token) }),
      await cancel(server, { user: 'bob', target: referred('ID="_nobody"') }),
      await cancel(server, { user: 'bob', target: referred('ID="no-assertion"') }),
    ];

    assert.deepEqual(answers.map(faultOf), Array(4).fill('RequestFailed'));
    const texts = answers.map(({ text }) => withoutIds(text));
    assert.equal(new Set(texts).size, 1, texts.join('\n'));
    assert.equal(await isValid(server, token), true);
  });

  test('WS-Trust 1.3 §6: what is no assertion has no name that cancels it, though it has a like id', async () => {
    const token = await carolsToken(server, JWT);
    const [, payload = ''] = jwtIn(token).split('.');
    const { jti } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { jti: string };

    for (const named of [aKeyIdentifier, referred]) {
      const answer = await cancel(server, { user: 'carol', target: named(`ID="_${jti}"`) });
      assert.equal(faultOf(answer), 'RequestFailed');
    }
    assert.equal(await isValid(server, token), true);
  });

  test('WS-Trust 1.3 §6: a name that a token in the header has means that token, which must be good', async () => {
    const token = await carolsToken(server, SAML2);
    const forged = token.replace(/>carol</, '>wendy<');

    const answer = await cancel(server, {
      user: 'carol',
      target: aKeyIdentifier(token),
      security: forged,
    });

    assert.equal(faultOf(answer), 'InvalidSecurityToken');
    assert.equal(await isValid(server, token), true);
  });

  for (const [what, target, code] of [
    ['a reference into the message to nothing', aReference('<o:Reference URI="#_1"/>'), GONE],
    ['a reference without an address', aReference('<o:Reference/>'), GONE],
    ['a key identifier of another kind', aReference('<o:KeyIdentifier>_1</o:KeyIdentifier>'), GONE],
    ['two names', aReference('<o:Reference URI="_1"/>').repeat(2), 'InvalidRequest'],
    ['two forms', aReference('<o:Reference URI="_1"/><o:Reference URI="_2"/>'), 'InvalidRequest'],
  ] as const)
    test(`WS-Trust 1.3 §6: refuses as name ${what}`, async () => {
      const answer = await cancel(server, { user: 'carol', target });

      assert.equal(faultOf(answer), code);
    });

  for (const operation of ['Renew', 'Validate'] as const)
    test(`WS-Trust 1.3 §5, §7: ${operation} wants the token itself: a name would vouch for a forged one`, async () => {
      const token = await carolsToken(server, SAML2);

      for (const target of [aKeyIdentifier(token), referred(token)]) {
        const answer = await sendSoap(server, aTargetMessage(operation, { user: 'carol', target }));
        assert.equal(faultOf(answer), 'SecurityTokenUnavailable');
      }
    });

  test('Audit: who cancelled what is on record before and after, a refusal under its own event', async () => {
    const target = await carolsToken(server, SAML2);
    const of = async () =>
      (await server.auditRecords()).filter(({ event }) => event === 'token.revoke');
    const before = await of();

    await cancel(server, { user: 'dave', target });
    await cancel(server, { user: 'carol', target });

    const records = (await of()).slice(before.length);
    assert.deepEqual(
      records.map(({ outcome, reason }) => [outcome, reason]),
      [
        ['refused', 'requestor-not-allowed'],
        ['allowed', undefined],
        ['done', undefined],
      ],
    );
    for (const { sourceAddress } of records) assert.equal(sourceAddress, '127.0.0.1');
  });
});
