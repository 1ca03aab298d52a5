// Security contexts (WS-SecureConversation 1.3 §2 to §6, February 2005): issued, used as credential, renewed, validated and cancelled.
import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { describe, test } from 'node:test';
import { aDerivedKeyToken, aReferenceTo, WSC_13 } from '#test/support/soap/derived-key.ts';
import { SIGNATURE, signMessage, TIMESTAMP } from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import {
  about,
  anAction,
  anEntropy,
  anIssue,
  aSetting,
  aWish,
  type Context,
  contextIn,
  issued,
  one,
  signed,
  toIdentifier,
  USER,
  V13,
  V2005,
  type Wishes,
} from '#test/support/ws-trust/security-context.ts';
import {
  aPost,
  aSecurityHeader,
  aUserMessage,
  faultCodeOf,
} from '#test/support/ws-trust/ws-trust.ts';

describe('security contexts', () => {
  for (const [name, version] of [
    ['1.3 §3', V13],
    ['of February 2005 §4', V2005],
  ] as const)
    test(`WS-SecureConversation ${name}: a context is issued, with its secret and both references`, async () => {
      const setting = aSetting();
      const message = aUserMessage(anIssue(version));

      const { body } = await setting.front.handle(aPost(message));

      const { identifier, id, secret, instance } = contextIn(body, version);
      assert.ok(URL.canParse(identifier));
      assert.equal(secret.length, 32);
      assert.equal(instance, undefined);
      assert.equal(body.includes('ResponseCollection'), version === V13);
      assert.ok(body.includes(`TokenType>${version.wsc}/sct<`), body);
      assert.ok(body.includes(`KeySize>256<`), body);
      const attached = one(/RequestedAttachedReference>(.*)<\/[a-z]+:RequestedAttached/, body);
      assert.ok(attached.includes(`URI="#${id}" ValueType="${version.wsc}/sct"`), attached);
      const unattached = one(/RequestedUnattachedReference>(.*)<\/[a-z]+:RequestedUn/, body);
      assert.ok(unattached.includes(`URI="${identifier}" ValueType="${version.wsc}/sct"`));
    });

  test('WS-Trust 1.3 §9.2: a SignatureAlgorithm for a context is refused: nobody signs it', async () => {
    for (const name of ['rsa-sha256', 'ecdsa-sha256']) {
      const uri = `http://www.w3.org/2001/04/xmldsig-more#${name}`;
      const wish = `<t:SignatureAlgorithm>${uri}</t:SignatureAlgorithm>`;

      const answer = await aSetting().front.handle(aPost(aUserMessage(anIssue(V13, wish))));

      assert.equal(faultCodeOf(answer), 'wsse:UnsupportedAlgorithm', name);
    }
  });

  test('WS-Trust 1.3 §4.4.4: the secret of a context is computed of both entropies', async () => {
    const setting = aSetting();
    const entropy = Buffer.alloc(32, 9);
    const more = `<t:KeySize>256</t:KeySize>${anEntropy(entropy)}`;
    const message = aUserMessage(anIssue(V13, more));
    const { body } = await setting.front.handle(aPost(message));
    const context = contextIn(body, V13, entropy);

    const used = await setting.front.handle(aPost(signed(context, aWish())));

    assert.equal(used.status, 200, used.body);
  });

  for (const [what, version, wishes] of [
    ['a key derived of it', V13, () => ({})],
    ['a key derived of it, in February 2005', V2005, () => ({})],
    [
      'its secret itself, by its id',
      V13,
      (context: Context) => ({
        tokens: context.token,
        key: createSecretKey(context.secret),
        keyInfo: aReferenceTo(context.id, `${WSC_13}/sct`),
      }),
    ],
    [
      'its secret, by its Identifier alone',
      V13,
      (context: Context) => ({
        tokens: '',
        key: createSecretKey(context.secret),
        keyInfo: toIdentifier(context),
      }),
    ],
    [
      'a key derived of it by its Identifier',
      V13,
      (context: Context) => ({ tokens: aDerivedKeyToken(toIdentifier(context)) }),
    ],
  ] as const)
    test(`WS-SecureConversation 1.3 §7: a message signed with ${what} is of whom the context is about`, async () => {
      const setting = aSetting();
      const context = await issued(setting, version);

      const answer = await setting.front.handle(
        aPost(signed(context, aWish(), wishes(context) as Wishes)),
      );

      assert.equal(answer.status, 200, JSON.stringify(setting.audit.records.at(-1)));
      const { requestor } = setting.asked.at(-1) ?? {};
      assert.equal(requestor?.identity?.subject.id, 'alice');
      assert.equal(requestor?.method, 'sct');
    });

  for (const [what, header] of [
    ['alone', ''],
    ['beside a user name', USER],
  ] as const)
    test(`WS-SecureConversation 1.3 §5: a context is renewed with proof of its secret, ${what}, and again`, async () => {
      const setting = aSetting();
      const context = await issued(setting);

      const first = await setting.front.handle(
        aPost(signed(context, about(context, 'Renew'), { header })),
      );
      assert.equal(first.status, 200, JSON.stringify(setting.audit.records.at(-1)));
      const renewed = contextIn(first.body, V13);
      setting.clock.advance(1);
      const target = toIdentifier(
        renewed,
        ` wsc:Instance="${renewed.instance ?? ''}" xmlns:wsc="${WSC_13}"`,
      );
      const second = await setting.front.handle(
        aPost(signed(renewed, about(renewed, 'Renew', target), { header })),
      );

      assert.equal(second.status, 200, JSON.stringify(setting.audit.records.at(-1)));
      assert.equal(first.body.includes('Collection'), false);
      assert.equal(renewed.identifier, context.identifier);
      assert.notEqual(renewed.instance, undefined);
      assert.notEqual(contextIn(second.body, V13).instance, renewed.instance);
      assert.deepEqual(renewed.secret, context.secret);
      assert.equal(setting.audit.records.at(-1)?.confirmation, 'symmetric-key');
    });

  test('WS-SecureConversation 1.3 §5: a context that has ended is renewed where that was asked for, and is no credential', async () => {
    const setting = aSetting();
    const context = await issued(setting, V13, '<t:Renewing Allow="true" OK="true"/>');
    const other = await issued(setting);
    setting.clock.advance(700);
    const later = (text: string) => text.replaceAll('2027-01-15T08:0', '2027-01-15T08:1');
    const at = (message: string) => setting.front.handle(aPost(message));
    const message = (of: Context, body: string) => {
      const text = anEnvelope({
        header: `<wsse:Security>${USER}${of.token}${later(TIMESTAMP)}${SIGNATURE}</wsse:Security>`,
        body,
        bodyId: 'body',
      });
      const keyInfo = aReferenceTo(of.id, `${WSC_13}/sct`);
      return signMessage(text, { key: createSecretKey(of.secret), keyInfo });
    };

    const renewed = await at(message(context, about(context, 'Renew')));
    const refused = await at(message(other, about(other, 'Renew')));
    const used = await at(message(context, aWish()));

    assert.equal(renewed.status, 200, JSON.stringify(setting.audit.records));
    assert.equal(faultCodeOf(refused), 'wsc:UnableToRenew');
    assert.equal(faultCodeOf(used), 'wsc:RenewNeeded');
  });

  test('ws-trust §3.4: what was asked for with a renewed context goes on counting where that one was', async () => {
    const setting = aSetting({ maxCount: 2 });
    let sent = 10;
    const send = (context: Context, body: string) => {
      setting.clock.advance(1);
      const timestamp = TIMESTAMP.replace('08:00:00Z', `08:00:${String((sent += 1))}Z`);
      return setting.front.handle(aPost(signed(context, body, { timestamp })));
    };
    const renew = (context: Context) => {
      const { instance } = context;
      const more = instance === undefined ? '' : ` w:Instance="${instance}" xmlns:w="${WSC_13}"`;
      return send(context, about(context, 'Renew', toIdentifier(context, more)));
    };
    const renewed = async (context: Context) => contextIn((await renew(context)).body, V13);
    const next = async (context: Context) =>
      contextIn((await send(context, anIssue(V13))).body, V13);

    const once = await renewed(await issued(setting));
    const twice = await renewed(once);
    const onceToo = await next(once);
    const last = await renewed(onceToo);

    for (const ended of [twice, await next(twice), last, await next(last)])
      assert.equal(faultCodeOf(await renew(ended)), 'wsc:UnableToRenew');
  });

  test('WS-SecureConversation 1.3 §8: a context that signs and is the target stands twice in the message, under one Identifier', async () => {
    const setting = aSetting();
    const context = await issued(setting);
    const unnamed = context.token.replace(/ wsu:Id="[^"]*"/, '');
    const keyInfo = toIdentifier(context);
    const key = createSecretKey(context.secret);
    const wishes = { tokens: unnamed, key, keyInfo };

    const renewed = await setting.front.handle(
      aPost(signed(context, about(context, 'Renew', unnamed), wishes)),
    );
    const { instance } = contextIn(renewed.body, V13);
    const other = unnamed.replace(
      '</wsc:SecurityContextToken>',
      `<wsc:Instance>${instance ?? ''}</wsc:Instance></wsc:SecurityContextToken>`,
    );
    const mixed = await setting.front.handle(
      aPost(signed(context, about(context, 'Cancel', other), wishes)),
    );

    assert.equal(renewed.status, 200, JSON.stringify(setting.audit.records.at(-1)));
    assert.equal(faultCodeOf(mixed), 'wsse:SecurityTokenUnavailable');
  });

  test('WS-SecureConversation 1.3 §6: a context is cancelled with proof, and with it all its instances, at once', async () => {
    const setting = aSetting();
    const context = await issued(setting);
    const renewal = await setting.front.handle(aPost(signed(context, about(context, 'Renew'))));
    const renewed = contextIn(renewal.body, V13);

    const cancelled = await setting.front.handle(
      aPost(
        signed(context, about(context, 'Cancel', context.token), {
          tokens: aDerivedKeyToken(toIdentifier(context)),
        }),
      ),
    );
    const uses = await Promise.all(
      [context, renewed].map((each) => setting.front.handle(aPost(signed(each, aWish())))),
    );
    const validated = await setting.front.handle(aPost(aUserMessage(about(context, 'Validate'))));

    assert.equal(cancelled.status, 200, JSON.stringify(setting.audit.records.at(-1)));
    assert.ok(cancelled.body.includes('RequestedTokenCancelled'));
    for (const use of uses) assert.equal(faultCodeOf(use), 'wsc:BadContextToken');
    assert.ok(validated.body.includes('/status/invalid'), validated.body);
  });

  test("WS-SecureConversation 1.3 §6: a context is not cancelled by a name without a proof, though it is the requestor's own", async () => {
    const setting = aSetting();
    const context = await issued(setting);
    const id = context.identifier.slice(context.identifier.lastIndexOf('/') + 1);

    for (const name of [`_${id}`, id, context.identifier]) {
      const target = `<wsse:SecurityTokenReference><wsse:Reference URI="${name}"/></wsse:SecurityTokenReference>`;
      const message = anEnvelope({
        header: aSecurityHeader(),
        body: about(context, 'Cancel', target),
      });
      const answer = await setting.front.handle(aPost(message));
      assert.equal(faultCodeOf(answer), 'trust:RequestFailed', answer.body);
    }

    const used = await setting.front.handle(aPost(signed(context, aWish())));
    assert.equal(used.status, 200);
  });

  test('WS-Trust 1.3 §7: a context is validated for whom it was issued to', async () => {
    const setting = aSetting();
    const context = await issued(setting);

    const { body } = await setting.front.handle(
      aPost(aUserMessage(about(context, 'Validate', context.token))),
    );

    assert.ok(body.includes('/status/valid'), body);
  });

  for (const [operation, suffix, spelling] of [
    ['Issue', '', ''],
    ['Renew', '/Renew', '/Renew'],
    ['Renew', '-Renew', '-Renew'],
    ['Cancel', '/Cancel', '/Cancel'],
    ['Cancel', '-Cancel', '-Cancel'],
  ] as const)
    test(`WS-SecureConversation 1.3 §3: the action RST/SCT${suffix} is answered by its own, in a collection`, async () => {
      const setting = aSetting();
      const context = await issued(setting);
      const body = operation === 'Issue' ? anIssue(V13) : about(context, operation);
      const header = `<s:Header>${anAction(`/SCT${suffix}`)}`;
      const message = signed(context, body).replace('<s:Header>', header);

      const answer = await setting.front.handle(aPost(message));

      assert.equal(answer.status, 200, JSON.stringify(setting.audit.records.at(-1)));
      assert.ok(answer.body.includes(`>${TRUST_13}/RSTR/SCT${spelling}<`), answer.body);
      assert.match(answer.body, /<s:Body><[a-z]+:RequestSecurityTokenResponseCollection /);
    });

  for (const operation of ['Renew', 'Cancel'] as const)
    test(`WS-Trust 1.3 §5, §6: the action of ${operation} is answered by a bare response, for a context too`, async () => {
      const setting = aSetting();
      const context = await issued(setting);
      const header = `<s:Header>${anAction(`/${operation}`)}`;
      const message = signed(context, about(context, operation)).replace('<s:Header>', header);

      const answer = await setting.front.handle(aPost(message));

      assert.equal(answer.status, 200, JSON.stringify(setting.audit.records.at(-1)));
      assert.ok(answer.body.includes(`>${TRUST_13}/RSTR/${operation}Final<`), answer.body);
      assert.match(answer.body, /<s:Body><[a-z]+:RequestSecurityTokenResponse /);
    });

  test('WS-SecureConversation 1.3 §8: an instance of another version, or of both, is none', async () => {
    const setting = aSetting();
    const context = await issued(setting);
    const first = await setting.front.handle(aPost(signed(context, about(context, 'Renew'))));
    const renewed = contextIn(first.body, V13);
    const named = ({ wsc }: typeof V13, prefix: string) =>
      ` ${prefix}:Instance="${renewed.instance ?? ''}" xmlns:${prefix}="${wsc}"`;

    for (const more of [named(V2005, 'o'), named(V13, 'w') + named(V2005, 'o')]) {
      const body = about(renewed, 'Cancel', toIdentifier(renewed, more));
      const answer = await setting.front.handle(aPost(signed(renewed, body)));
      assert.equal(faultCodeOf(answer), 'wsse:SecurityTokenUnavailable');
    }
  });

  test('WS-SecureConversation February 2005 §8: an instance is named in the namespace of its version, and another is none', async () => {
    const setting = aSetting();
    const context = await issued(setting, V2005);
    const first = await setting.front.handle(aPost(signed(context, about(context, 'Renew'))));
    assert.equal(first.status, 200, JSON.stringify(setting.audit.records.at(-1)));
    const renewed = contextIn(first.body, V2005);
    setting.clock.advance(1);
    const named = (instance = '') =>
      toIdentifier(renewed, ` wsc:Instance="${instance}" xmlns:wsc="${V2005.wsc}"`);
    const cancel = (instance?: string) =>
      setting.front.handle(aPost(signed(renewed, about(renewed, 'Cancel', named(instance)))));

    assert.equal(faultCodeOf(await cancel('id-99')), 'wsc:BadContextToken');
    const cancelled = await cancel(renewed.instance);

    assert.equal(cancelled.status, 200, JSON.stringify(setting.audit.records.at(-1)));
  });

  for (const [what, action, body, code] of [
    ['SCT/Amend', '/SCT/Amend', anIssue(V13), 'trust:BadRequest'],
    ['an action of contexts for an assertion', '/SCT', anRst(), 'trust:InvalidRequest'],
    ['the action of another operation', '/SCT/Cancel', anIssue(V13), 'trust:InvalidRequest'],
  ] as const)
    test(`WS-SecureConversation 1.3 §4: refuses ${what}`, async () => {
      const message = anEnvelope({
        header: `${anAction(action)}${aSecurityHeader()}`,
        body,
      });

      const answer = await aSetting().front.handle(aPost(message));

      assert.equal(faultCodeOf(answer), code);
    });
});
