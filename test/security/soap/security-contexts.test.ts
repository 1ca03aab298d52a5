// Attacks on security contexts (xml-security A1, E1; WS-SecureConversation 1.3): forged names, no proof, another's proof, replay.
import assert from 'node:assert/strict';
import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { aDerivedKey, aReferenceTo } from '#test/support/soap/derived-key.ts';
import { SIGNATURE, signMessage, TIMESTAMP } from '#test/support/soap/signed-message.ts';
import { anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import {
  about,
  anIssue,
  aSetting,
  aWish,
  type Context,
  contextIn,
  issued,
  one,
  signed,
  USER,
  V13,
} from '#test/support/ws-trust/security-context.ts';
import { aPost, aUserMessage, faultCodeOf } from '#test/support/ws-trust/ws-trust.ts';

const SCT = `${V13.wsc}/sct`;

describe('security contexts: refused', () => {
  test('there is no context where nothing is kept', async () => {
    const message = aUserMessage(anIssue(V13));

    const answer = await aSetting({ keepsSecrets: false }).front.handle(aPost(message));

    assert.equal(faultCodeOf(answer), 'wsse:UnsupportedSecurityToken');
  });

  test('a bearer context', async () => {
    const body = anIssue(V13, `<t:KeyType>${TRUST_13}/Bearer</t:KeyType>`);

    const answer = await aSetting().front.handle(aPost(aUserMessage(body)));

    assert.equal(faultCodeOf(answer), 'trust:InvalidRequest');
  });

  for (const entropy of ['', 'AA==', Buffer.alloc(31).toString('base64')])
    test(`entropy of ${String(Buffer.from(entropy, 'base64').length)} bytes`, async () => {
      const more = `<t:Entropy><t:BinarySecret Type="${TRUST_13}/Nonce">${entropy}</t:BinarySecret></t:Entropy>`;

      const answer = await aSetting().front.handle(aPost(aUserMessage(anIssue(V13, more))));

      assert.equal(faultCodeOf(answer), 'trust:InvalidRequest');
    });

  test('a context as credential where the address takes none', async () => {
    const setting = aSetting({ takesContexts: false });
    const context = await issued(setting);

    const answer = await setting.front.handle(aPost(signed(context, aWish())));

    assert.equal(faultCodeOf(answer), 'trust:FailedAuthentication');
  });

  test('proof alone renews nothing where a context is no credential; beside a user name it does', async () => {
    const setting = aSetting({ takesContexts: false });
    const context = await issued(setting);

    const alone = await setting.front.handle(aPost(signed(context, about(context, 'Renew'))));
    const beside = await setting.front.handle(
      aPost(signed(context, about(context, 'Renew'), { header: USER })),
    );

    assert.equal(faultCodeOf(alone), 'trust:FailedAuthentication');
    assert.equal(beside.status, 200, JSON.stringify(setting.audit.records.at(-1)));
  });

  for (const operation of ['Renew', 'Cancel'] as const)
    test(`${operation} without proof of the secret, and with proof of another`, async () => {
      const setting = aSetting();
      const context = await issued(setting);
      const other = await issued(setting);
      const body = about(context, operation);

      const bare = await setting.front.handle(aPost(aUserMessage(body)));
      const foreign = await setting.front.handle(aPost(signed(other, body, { header: USER })));
      const used = await setting.front.handle(aPost(signed(context, aWish())));

      for (const answer of [bare, foreign])
        assert.equal(faultCodeOf(answer), 'wsc:BadContextToken');
      assert.equal(used.status, 200, used.body);
    });

  const forged = (identifier: string) => (context: Context) => ({
    ...context,
    token: context.token.replace(context.identifier, identifier),
    identifier,
  });
  for (const [what, change] of [
    ['of nobody', (context: Context) => forged(`${context.identifier}x`)(context)],
    ['of another issuer', forged('https://evil.example/ws-trust/context/id-1')],
    ['that is no absolute URI', forged('context')],
    ['without end', forged(`urn:${'x'.repeat(300)}`)],
    ['of a path', (context: Context) => forged(`${context.identifier}/../id-1`)(context)],
    [
      'with an Instance of its own making',
      (context: Context) => ({
        ...context,
        token: context.token.replace(
          '</wsc:SecurityContextToken>',
          '<wsc:Instance>id-99</wsc:Instance></wsc:SecurityContextToken>',
        ),
      }),
    ],
    [
      'with a cookie',
      (context: Context) => ({
        ...context,
        token: context.token.replace(
          '</wsc:SecurityContextToken>',
          '<d:Cookie xmlns:d="urn:d">AA==</d:Cookie></wsc:SecurityContextToken>',
        ),
      }),
    ],
  ] as const)
    test(`a forged name ${what}`, async () => {
      const setting = aSetting();
      const context = await issued(setting);

      const answer = await setting.front.handle(aPost(signed(change(context), aWish())));

      const code = what === 'with a cookie' ? 'UnsupportedContextToken' : 'BadContextToken';
      assert.equal(faultCodeOf(answer), `wsc:${code}`);
      assert.equal(setting.asked.length, 1);
    });

  test('an Instance of another context', async () => {
    const setting = aSetting();
    const mine = await issued(setting);
    const other = await issued(setting);
    const { body } = await setting.front.handle(aPost(signed(other, about(other, 'Renew'))));
    const { instance = '' } = contextIn(body, V13);
    const mixed = {
      ...mine,
      token: mine.token.replace(
        '</wsc:SecurityContextToken>',
        `<wsc:Instance>${instance}</wsc:Instance></wsc:SecurityContextToken>`,
      ),
    };

    const answer = await setting.front.handle(aPost(signed(mixed, aWish())));

    assert.equal(faultCodeOf(answer), 'wsc:BadContextToken');
  });

  for (const [what, wishes, code] of [
    [
      'whose Body moved',
      {
        edit: (text: string) => {
          const body = one(/(<s:Body.*<\/s:Body>)/, text);
          return text
            .replace(body, `<s:Body>${anRst()}</s:Body>`)
            .replace('<s:Header>', `<s:Header><w:x xmlns:w="urn:w">${body}</w:x>`);
        },
      },
      'trust:AuthenticationBadElements',
    ],
    ['whose Timestamp is not signed', { ids: ['body'] }, 'trust:AuthenticationBadElements'],
    ['whose Body is not signed', { ids: ['ts'] }, 'trust:AuthenticationBadElements'],
    ['with another secret', { key: createSecretKey(Buffer.alloc(32)) }, 'wsc:BadContextToken'],
  ] as const)
    test(`a message ${what}`, async () => {
      const setting = aSetting();
      const context = await issued(setting);

      const answer = await setting.front.handle(aPost(signed(context, aWish(), wishes)));

      assert.equal(faultCodeOf(answer), code);
    });

  for (const takesContexts of [true, false])
    for (const operation of ['Renew', 'Cancel'] as const)
      test(`WS-SecureConversation 1.3 §9: ${operation} with a secret of one’s own is answered alike for a context that is and one that never was, at an address that takes ${takesContexts ? 'them' : 'none'}`, async () => {
        const setting = aSetting({ takesContexts });
        const context = await issued(setting);
        const never = forged(`${context.identifier}x`)(context);
        const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

        const answers = [];
        for (const each of [never, context])
          for (const wishes of [
            { key: createSecretKey(Buffer.alloc(32)) },
            { key: createSecretKey(Buffer.alloc(32)), header: USER },
            { key: rsa, header: USER },
            { key: rsa, header: USER, tokens: each.token, keyInfo: aReferenceTo(each.id, SCT) },
          ])
            answers.push(
              await setting.front.handle(aPost(signed(each, about(each, operation), wishes))),
            );

        const [first] = answers;
        assert.ok(first);
        assert.equal(faultCodeOf(first), 'wsc:BadContextToken');
        for (const answer of answers) assert.deepEqual(answer, { ...first, reason: answer.reason });
      });

  test('xml-security V5: more signatures than anybody needs', async () => {
    const setting = aSetting({ signedParts: 'timestamp' });
    const context = await issued(setting);
    const keyInfo = aReferenceTo('dkt', `${V13.wsc}/dk`);
    const more = (text: string, id: string, ids: readonly string[]) =>
      signMessage(text.replace('</wsse:Security>', `${SIGNATURE}</wsse:Security>`), {
        key: aDerivedKey(context.secret),
        keyInfo,
        id,
        ids,
      });
    const two = more(signed(context, aWish()), 'SIG-2', ['ts']);
    const timestamp = TIMESTAMP.replace('08:00:00Z', '08:00:10Z');
    const three = more(more(signed(context, aWish(), { timestamp }), 'SIG-2', ['ts']), 'SIG-3', [
      'body',
      'ts',
    ]);

    const answers = [two, three].map((message) => setting.front.handle(aPost(message)));

    const [ofTwo, ofThree] = await Promise.all(answers);
    assert.equal(ofTwo?.status, 200, JSON.stringify(setting.audit.records));
    assert.equal(ofThree && faultCodeOf(ofThree), 'wsse:InvalidSecurity');
    assert.match(JSON.stringify(setting.audit.records), /more signatures than expected/);
  });

  test('xml-security E1: the same message again', async () => {
    const setting = aSetting();
    const message = signed(await issued(setting), aWish());

    const first = await setting.front.handle(aPost(message));
    const second = await setting.front.handle(aPost(message));

    assert.equal(first.status, 200, first.body);
    assert.equal(faultCodeOf(second), 'wsse:InvalidSecurity');
  });

  test('nothing of a secret is on record in the clear', async () => {
    const setting = aSetting();
    const { secret } = await issued(setting);

    const entry = await setting.store.get({
      class: 'ledger',
      parts: ['https://sts.example.org', 'id-1'],
    });

    assert.equal(JSON.stringify(setting.audit.records).includes(secret.toString('base64')), false);
    assert.ok(entry?.includes('"sealed":"'), entry);
    assert.equal(entry?.includes(secret.toString('base64')), false);
  });
});
