// Security contexts as WCF keeps its sessions: asked for without a target, signed with over the Timestamp alone, renewed with another
// secret.
import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { describe, test } from 'node:test';
import { aReferenceTo } from '#test/support/soap/derived-key.ts';
import { TIMESTAMP } from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anRst, BILLING } from '#test/support/ws-trust/rst.ts';
import {
  about,
  anAction,
  anEntropy,
  aSetting,
  aWish,
  type Context,
  contextIn,
  issued,
  signed,
  toIdentifier,
  USER,
  V13,
  V2005,
  type Wishes,
  WSA,
} from '#test/support/ws-trust/security-context.ts';
import {
  aPost,
  aSecurityHeader,
  aUserMessage,
  faultCodeOf,
  type WsTrustSetting,
} from '#test/support/ws-trust/ws-trust.ts';

const OURS = 'https://sts.example.org/ws-trust';
const NONCE = Buffer.alloc(32, 7);

/** A Timestamp that began so many seconds after the usual one: over it alone, the same words would be signed again. */
const at = (seconds: number): string => TIMESTAMP.replace('08:00:00Z', `08:00:${String(seconds)}Z`);
const LATER = at(10);

/** Signed with the secret itself over the Timestamp, beside a user name or alone. */
const overTimestamp = ({ id, secret, token, version }: Context): Wishes => ({
  tokens: token,
  key: createSecretKey(secret),
  keyInfo: aReferenceTo(id, `${version.wsc}/sct`),
  ids: ['ts'],
});

const post = ({ front }: WsTrustSetting, message: string) => front.handle(aPost(message));

const anIssueWithoutTarget = ({ trust, wsc } = V13): string =>
  anRst({ trust, children: `<t:TokenType>${wsc}/sct</t:TokenType>` });

describe('sessions', () => {
  for (const version of [V13, V2005])
    test(`WS-SecureConversation 1.3 §3: a context that names no target is for the address that was called (${version.trust})`, async () => {
      const setting = aSetting({ standsFor: OURS });
      const header = `${anAction('/SCT', version)}${aSecurityHeader()}`;

      const answer = await post(
        setting,
        anEnvelope({ header, body: anIssueWithoutTarget(version) }),
      );

      assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
      assert.deepEqual(setting.asked.at(-1)?.targets, [{ kind: 'applies-to', value: OURS }]);
      const used = await post(setting, signed(contextIn(answer.body, version), aWish()));
      assert.equal(used.status, 200, used.body);
    });

  test('WS-Trust 1.3 §4.1: a context that names a target is for that one, whatever stands for the address', async () => {
    const setting = aSetting({ standsFor: OURS });

    await issued(setting);

    assert.deepEqual(setting.asked.at(-1)?.targets, [{ kind: 'applies-to', value: BILLING }]);
  });

  for (const [what, standsFor, children] of [
    ['a context where no relying party stands for the address', undefined, anIssueWithoutTarget()],
    ['a context where one stands for another address', `${OURS}/soap12`, anIssueWithoutTarget()],
    ['an assertion', OURS, anRst({ children: '' })],
  ] as const)
    test(`WS-Trust 1.3 §4.1: refuses ${what}, without a target`, async () => {
      const message = aUserMessage(children);

      const answer = await post(aSetting(standsFor === undefined ? {} : { standsFor }), message);

      assert.equal(faultCodeOf(answer), 'trust:InvalidScope');
    });

  test('ws-trust §6: where no relying party stands for the address, a context is for the default target of its profile', async () => {
    const setting = aSetting({ defaultTarget: 'billing' });
    const message = aUserMessage(anIssueWithoutTarget());

    const answer = await post(setting, message);

    assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
    assert.deepEqual(setting.asked.at(-1)?.targets, []);
  });

  for (const [what, header, takesContexts] of [
    ['alone', '', true],
    ['beside a user name', USER, true],
    ['beside a user name, where contexts are no credentials', USER, false],
  ] as const)
    test(`WS-SecureConversation 1.3 §5, §6: where the Timestamp is what must be signed, that renews and cancels a context, ${what}`, async () => {
      const setting = aSetting({ signedParts: 'timestamp', takesContexts });
      const context = await issued(setting);
      const wishes = { ...overTimestamp(context), header };

      const renewed = await post(setting, signed(context, about(context, 'Renew'), wishes));
      const cancelled = await post(
        setting,
        signed(context, about(context, 'Cancel'), { ...wishes, timestamp: LATER }),
      );

      assert.equal(renewed.status, 200, JSON.stringify(setting.audit.records));
      assert.equal(cancelled.status, 200, JSON.stringify(setting.audit.records));
    });

  const named = (message: string, id: string): string =>
    message.replace('<s:Header>', `<s:Header><a:MessageID xmlns:a="${WSA}">${id}</a:MessageID>`);

  for (const takesRepeatedTimestamps of [true, false])
    test(`xml-security E1: the same Timestamp, signed for several messages, is ${takesRepeatedTimestamps ? 'good once in each, where the operator says so' : 'good once'}`, async () => {
      const setting = aSetting({ signedParts: 'timestamp', takesRepeatedTimestamps });
      const context = await issued(setting);
      const message = signed(context, aWish(), overTimestamp(context));

      // At once, as clients send them.
      const answers = await Promise.all(
        ['urn:uuid:1', 'urn:uuid:2', 'urn:uuid:3'].map((id) => post(setting, named(message, id))),
      );
      const again = await post(setting, named(message, 'urn:uuid:1'));
      const unnamed = await post(setting, message);

      const good = answers.filter(({ status }) => status === 200);
      assert.equal(good.length, takesRepeatedTimestamps ? 3 : 1);
      for (const answer of [again, unnamed])
        assert.equal(faultCodeOf(answer), 'wsse:InvalidSecurity');
    });

  test('xml-security E1: where Timestamps may repeat, a context is renewed and cancelled once all the same', async () => {
    const setting = aSetting({ signedParts: 'timestamp', takesRepeatedTimestamps: true });
    const context = await issued(setting);
    const wishes = overTimestamp(context);
    const renewal = signed(context, about(context, 'Renew'), wishes);
    const later = { ...wishes, timestamp: LATER };

    const used = await post(setting, named(signed(context, aWish(), later), 'urn:uuid:1'));
    const stolen = await post(
      setting,
      named(signed(context, about(context, 'Cancel'), later), 'urn:uuid:2'),
    );
    const renewed = await post(setting, named(renewal, 'urn:uuid:3'));
    const again = await post(setting, named(renewal, 'urn:uuid:4'));

    assert.equal(used.status, 200, JSON.stringify(setting.audit.records));
    assert.equal(renewed.status, 200, JSON.stringify(setting.audit.records));
    for (const answer of [stolen, again]) assert.equal(faultCodeOf(answer), 'wsse:InvalidSecurity');
  });

  test('wsTrust.endpoints: where the Body must be signed, no Timestamp repeats', () => {
    assert.throws(() => aSetting({ takesRepeatedTimestamps: true }), /no repeatedTimestamps/);
  });

  for (const operation of ['Renew', 'Cancel'] as const) {
    test(`ws-trust §4: elsewhere the Body must be signed to ${operation} a context`, async () => {
      const setting = aSetting();
      const context = await issued(setting);
      const message = signed(context, about(context, operation), overTimestamp(context));

      const answer = await post(setting, message);

      assert.equal(faultCodeOf(answer), 'trust:AuthenticationBadElements');
    });

    test(`xml-security E1: what was signed to ${operation} a context, over the Timestamp alone, is good for nothing else`, async () => {
      const setting = aSetting({ signedParts: 'timestamp' });
      const [context, other] = [await issued(setting), await issued(setting)];
      const wishes = overTimestamp(context);
      const first = await post(setting, signed(context, about(context, operation), wishes));

      const again = await post(setting, signed(context, aWish(), wishes));
      const ofOther = await post(
        setting,
        signed(context, about(other, operation), { ...wishes, header: USER, timestamp: LATER }),
      );

      assert.equal(first.status, 200, JSON.stringify(setting.audit.records));
      assert.notEqual(again.status, 200);
      assert.notEqual(ofOther.status, 200);
    });
  }

  test('ws-trust §4: what a context signs over the Timestamp alone renews no assertion', async () => {
    const setting = aSetting({ signedParts: 'timestamp' });
    const context = await issued(setting);
    const target = '<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1"/>';
    const body = anRst({
      requestType: `${V13.trust}/Renew`,
      children: `<t:RenewTarget>${target}</t:RenewTarget>`,
    });

    const answer = await post(setting, signed(context, body, overTimestamp(context)));

    assert.equal(faultCodeOf(answer), 'trust:AuthenticationBadElements');
  });

  test('ws-trust §4: what is signed over the Timestamp alone cancels nothing by its name', async () => {
    const setting = aSetting({ signedParts: 'timestamp' });
    const context = await issued(setting);
    const form = '<wsse:Reference URI="_1"></wsse:Reference>';
    const body = anRst({
      requestType: `${V13.trust}/Cancel`,
      children: `<t:CancelTarget><wsse:SecurityTokenReference>${form}</wsse:SecurityTokenReference></t:CancelTarget>`,
    });

    const bare = await post(setting, signed(context, body, overTimestamp(context)));
    const whole = await post(setting, signed(context, body));

    assert.equal(faultCodeOf(bare), 'trust:AuthenticationBadElements');
    assert.equal(faultCodeOf(whole), 'trust:RequestFailed');
  });

  test('ws-trust §4: nor does it in a collection, beside a context that it renews', async () => {
    const setting = aSetting({ signedParts: 'timestamp' });
    const context = await issued(setting);
    const target = '<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1"/>';
    const ofAssertion = anRst({
      requestType: `${V13.trust}/Renew`,
      children: `<t:RenewTarget>${target}</t:RenewTarget>`,
    });
    const items = `${about(context, 'Renew')}${ofAssertion}`.replaceAll('/Renew<', '/BatchRenew<');
    const body = `<t:RequestSecurityTokenCollection xmlns:t="${V13.trust}">${items}</t:RequestSecurityTokenCollection>`;

    const answer = await post(setting, signed(context, body, overTimestamp(context)));

    assert.equal(faultCodeOf(answer), 'trust:AuthenticationBadElements');
  });

  test('WS-SecureConversation 1.3 §2, §5: with Entropy a context is renewed with another secret, as an instance of its own', async () => {
    const setting = aSetting({ signedParts: 'timestamp' });
    const context = await issued(setting);
    const more = `${anEntropy(NONCE)}<t:KeySize>256</t:KeySize>`;
    const wishes = overTimestamp(context);

    const answer = await post(
      setting,
      signed(context, about(context, 'Renew', undefined, more), wishes),
    );

    assert.equal(answer.status, 200, JSON.stringify(setting.audit.records));
    assert.ok(answer.body.includes('/CK/PSHA1<'), answer.body);
    const renewed = contextIn(answer.body, V13, NONCE);
    assert.equal(renewed.identifier, context.identifier);
    assert.notEqual(renewed.instance, context.instance);
    assert.notDeepEqual(renewed.secret, context.secret);
    const uses = [renewed, context, { ...renewed, secret: context.secret }].map((each, index) =>
      post(setting, signed(each, aWish(), { ...overTimestamp(each), timestamp: at(10 + index) })),
    );
    const [withNew, withOld, mixed] = await Promise.all(uses);
    assert.equal(withNew?.status, 200, JSON.stringify(setting.audit.records));
    assert.equal(withOld?.status, 200, JSON.stringify(setting.audit.records));
    assert.ok(mixed);
    assert.equal(faultCodeOf(mixed), 'wsc:BadContextToken');
  });

  test('WS-SecureConversation 1.3 §5: a context with another secret is renewed again, and cancelled with all of them', async () => {
    const setting = aSetting();
    const context = await issued(setting);
    const more = anEntropy(NONCE);
    const first = await post(setting, signed(context, about(context, 'Renew', undefined, more)));
    const renewed = contextIn(first.body, V13, NONCE);
    setting.clock.advance(1);
    const name = ` wsc:Instance="${renewed.instance ?? ''}" xmlns:wsc="${V13.wsc}"`;
    const target = toIdentifier(renewed, name);

    const second = await post(setting, signed(renewed, about(renewed, 'Renew', target, more)));
    const last = contextIn(second.body, V13, NONCE);
    const cancelled = await post(setting, signed(last, about(context, 'Cancel')));
    const uses = await Promise.all(
      [context, renewed, last].map((each) => post(setting, signed(each, aWish()))),
    );

    assert.equal(second.status, 200, JSON.stringify(setting.audit.records));
    assert.equal(cancelled.status, 200, JSON.stringify(setting.audit.records));
    for (const use of uses) assert.equal(faultCodeOf(use), 'wsc:BadContextToken');
  });

  test('WS-SecureConversation 1.3 §5: whose answer was lost renews again with the old secret, which goes on until the context is cancelled', async () => {
    const setting = aSetting({ maxCount: 2 });
    const context = await issued(setting);
    const renewal = about(context, 'Renew', undefined, anEntropy(NONCE));
    const renew = async (second: number) =>
      post(setting, signed(context, renewal, { timestamp: at(second) }));

    const lost = await renew(10);
    const again = await renew(11);
    const tooOften = await renew(12);
    const rekeyed = contextIn(again.body, V13, NONCE);
    await post(setting, signed(rekeyed, about(context, 'Cancel'), { timestamp: at(13) }));
    const old = await post(setting, signed(context, aWish(), { timestamp: at(14) }));

    assert.equal(lost.status, 200, JSON.stringify(setting.audit.records));
    assert.equal(again.status, 200, JSON.stringify(setting.audit.records));
    assert.equal(faultCodeOf(tooOften), 'wsc:UnableToRenew');
    assert.equal(faultCodeOf(old), 'wsc:BadContextToken');
  });

  for (const [what, more, code] of [
    ['a nonce that is shorter than the key', anEntropy(NONCE.subarray(1)), 'trust:InvalidRequest'],
    [
      'a bearer token in its place',
      `${anEntropy(NONCE)}<t:KeyType>${V13.trust}/Bearer</t:KeyType>`,
      'trust:InvalidRequest',
    ],
    [
      'a public key in its place',
      `${anEntropy(NONCE)}<t:KeyType>${V13.trust}/PublicKey</t:KeyType>`,
      'trust:InvalidRequest',
    ],
    ['an empty nonce', anEntropy(Buffer.alloc(0)), 'trust:InvalidRequest'],
    [
      'a size that we do not make',
      `${anEntropy(NONCE)}<t:KeySize>7</t:KeySize>`,
      'trust:InvalidRequest',
    ],
    ['Forwardable', '<t:Forwardable>true</t:Forwardable>', 'trust:BadRequest'],
    ['Delegatable', '<t:Delegatable>true</t:Delegatable>', 'trust:BadRequest'],
  ] as const)
    test(`WS-Trust 1.3 §4.4.4: refuses to renew a context with ${what}`, async () => {
      const setting = aSetting();
      const context = await issued(setting);

      const answer = await post(setting, signed(context, about(context, 'Renew', undefined, more)));

      assert.equal(faultCodeOf(answer), code);
    });
});
