// The faults of WS-SecureConversation (1.3 §9, February 2005 §10): which one, in whose words, and that none of them tells whether a
// context exists.
import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { describe, test } from 'node:test';
import type { SoapVersion } from '#bridge/soap/soap-version.ts';
import { aDerivedKeyToken, aReferenceTo, WSC_13 } from '#test/support/soap/derived-key.ts';
import { SIGNATURE, signMessage, TIMESTAMP } from '#test/support/soap/signed-message.ts';
import { anEnvelope, SOAP_VERSIONS } from '#test/support/soap/soap.ts';
import { anAppliesTo, anRst } from '#test/support/ws-trust/rst.ts';
import {
  about,
  anIssue,
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
} from '#test/support/ws-trust/security-context.ts';
import {
  aPost,
  aUserMessage,
  faultCodeOf,
  type WsTrustSetting,
} from '#test/support/ws-trust/ws-trust.ts';

const SENTENCES = {
  BadContextToken: 'The requested context elements are insufficient or unsupported',
  UnsupportedContextToken: 'Not all of the values associated with the SCT are supported',
  UnknownDerivationSource: 'The specified source for the derivation is unknown',
  RenewNeeded: 'The provided context token has expired',
  UnableToRenew: 'The specified context token could not be renewed',
} as const;
type Code = keyof typeof SENTENCES;

const RENEWABLE_LATER = '<t:Renewing Allow="true" OK="true"/>';
const LATER_SECONDS = 700;
const later = (text: string): string => text.replaceAll('2027-01-15T08:0', '2027-01-15T08:1');

/** A message as it is sent when the context is over: signed with its secret, unless the test says otherwise. */
function aLaterMessage(
  context: Context,
  body: string,
  { secret = context.secret, soap = '1.2' as SoapVersion } = {},
): string {
  const text = anEnvelope({
    version: soap,
    header: `<wsse:Security>${context.token}${later(TIMESTAMP)}${SIGNATURE}</wsse:Security>`,
    body,
    bodyId: 'body',
  });
  const keyInfo = aReferenceTo(context.id, `${context.version.wsc}/sct`);
  return signMessage(text, { key: createSecretKey(secret), keyInfo });
}

/** The context of another name: there is none. */
function unknown(context: Context): Context {
  const identifier = `${context.identifier}x`;
  return { ...context, identifier, token: context.token.replace(context.identifier, identifier) };
}

const withCookie = (context: Context): string =>
  context.token.replace(
    '</wsc:SecurityContextToken>',
    '<d:Cookie xmlns:d="urn:d">AA==</d:Cookie></wsc:SecurityContextToken>',
  );

interface Asked {
  readonly setting: WsTrustSetting;
  readonly version: typeof V13;
  readonly soap: SoapVersion;
}

/** A request that ends in each code. */
const REQUESTS: Readonly<Record<Code, (asked: Asked) => Promise<string>>> = {
  async BadContextToken({ setting, version, soap }) {
    return signed(unknown(await issued(setting, version)), anIssue(version), { soap });
  },
  async UnsupportedContextToken({ setting, version, soap }) {
    const context = await issued(setting, version);
    return signed({ ...context, token: withCookie(context) }, anIssue(version), { soap });
  },
  async UnknownDerivationSource({ setting, version, soap }) {
    const context = await issued(setting, version);
    const { wsc } = version;
    const tokens = aDerivedKeyToken(aReferenceTo('nowhere', `${wsc}/sct`), { wsc });
    return signed(context, anIssue(version), { tokens, soap });
  },
  async RenewNeeded({ setting, version, soap }) {
    const context = await issued(setting, version, RENEWABLE_LATER);
    setting.clock.advance(LATER_SECONDS);
    return aLaterMessage(context, anIssue(version), { soap });
  },
  async UnableToRenew({ setting, version, soap }) {
    const context = await issued(setting, version, '<t:Renewing Allow="false"/>');
    return signed(context, about(context, 'Renew'), { header: USER, soap });
  },
};

const send = (setting: WsTrustSetting, message: string) => setting.front.handle(aPost(message));

describe('faults of security contexts', () => {
  for (const code of Object.keys(SENTENCES) as Code[])
    for (const [name, version] of [
      ['1.3 §9', V13],
      ['of February 2005 §10', V2005],
    ] as const)
      for (const soap of SOAP_VERSIONS)
        test(`WS-SecureConversation ${name}: ${code} in SOAP ${soap}, in the namespace of its version`, async () => {
          const setting = aSetting();
          const message = await REQUESTS[code]({ setting, version, soap });

          const answer = await setting.front.handle(aPost(message, { soap }));

          assert.equal(faultCodeOf(answer), `wsc:${code}`, JSON.stringify(setting.audit.records));
          assert.ok(answer.body.includes(`xmlns:wsc="${version.wsc}"`), answer.body);
          assert.ok(answer.body.includes(`>${SENTENCES[code]}<`), answer.body);
          assert.equal(setting.audit.records.at(-1)?.outcome, 'refused');
        });

  test('a context that never was, was cancelled, or is of another instance signs alike', async () => {
    const setting = aSetting();
    const context = await issued(setting);
    const cancelled = await issued(setting);
    await send(setting, signed(cancelled, about(cancelled, 'Cancel')));
    const other = await issued(setting);
    const { body } = await send(setting, signed(other, about(other, 'Renew')));
    const { instance = '' } = contextIn(body, V13);
    const mixed = context.token.replace(
      '</wsc:SecurityContextToken>',
      `<wsc:Instance>${instance}</wsc:Instance></wsc:SecurityContextToken>`,
    );

    const answers = [];
    for (const each of [unknown(context), cancelled, { ...context, token: mixed }])
      answers.push(await send(setting, signed(each, aWish())));

    const [first] = answers;
    assert.ok(first);
    assert.equal(faultCodeOf(first), 'wsc:BadContextToken');
    for (const answer of answers) assert.deepEqual(answer, { ...first, reason: answer.reason });
  });

  for (const operation of ['Renew', 'Cancel'] as const)
    test(`${operation}: a context that never was, that was cancelled, that is not renewable, and that is somebody else’s are refused alike`, async () => {
      const setting = aSetting();
      const own = await issued(setting);
      const cancelled = await issued(setting);
      await send(setting, signed(cancelled, about(cancelled, 'Cancel')));
      const fixed = await issued(setting, V13, '<t:Renewing Allow="false"/>');

      const answers = [];
      for (const target of [unknown(own), own, fixed, cancelled])
        answers.push(await send(setting, aUserMessage(about(target, operation))));
      for (const target of [unknown(own), own, fixed, cancelled]) {
        const mine = await issued(setting);
        answers.push(await send(setting, signed(mine, about(target, operation), { header: USER })));
      }

      const [first] = answers;
      assert.ok(first);
      assert.equal(faultCodeOf(first), 'wsc:BadContextToken');
      for (const answer of answers) assert.deepEqual(answer, { ...first, reason: answer.reason });
      // Why is on record.
      assert.equal(answers[0]?.reason, 'token-malformed');
      assert.notEqual(answers[1]?.reason, 'token-malformed');
    });

  test('what is too large to be signed does not tell whether there is such a context', async () => {
    const setting = aSetting();
    const context = await issued(setting);
    // In canonical form each of them is six characters.
    const long = `<ds:Reference Type='${'"'.repeat(16_000)}'`;
    const tooLarge = (of: Context) => signed(of, aWish()).replaceAll('<ds:Reference', long);

    const known = await send(setting, tooLarge(context));
    const nobody = await send(setting, tooLarge(unknown(context)));

    assert.equal(faultCodeOf(known), 'wsc:BadContextToken');
    assert.deepEqual(known, { ...nobody, reason: known.reason });
  });

  test('that a context is over is told to who signs with its secret, and to nobody else', async () => {
    const setting = aSetting();
    const context = await issued(setting, V13, RENEWABLE_LATER);
    setting.clock.advance(LATER_SECONDS);
    const secret = Buffer.alloc(32, 3);

    const holder = await send(setting, aLaterMessage(context, aWish()));
    const stranger = await send(setting, aLaterMessage(context, aWish(), { secret }));
    const nobody = await send(setting, aLaterMessage(unknown(context), aWish(), { secret }));

    assert.equal(faultCodeOf(holder), 'wsc:RenewNeeded');
    assert.equal(holder.reason, 'renewal-needed');
    assert.equal(faultCodeOf(stranger), 'wsc:BadContextToken');
    assert.deepEqual(stranger, { ...nobody, reason: stranger.reason });
    assert.equal(setting.asked.length, 1);
  });

  test('a Body that moved does not tell that a context is over', async () => {
    const setting = aSetting();
    const context = await issued(setting, V13, RENEWABLE_LATER);
    setting.clock.advance(LATER_SECONDS);
    const message = aLaterMessage(context, aWish()).replace('/SymmetricKey<', '/Bearer<');

    const answer = await send(setting, message);

    assert.equal(faultCodeOf(answer), 'wsc:BadContextToken');
  });

  for (const [what, context] of [
    ['without an Identifier', (token: string) => token.replace(/<wsc:Identifier.*Identifier>/, '')],
    ['with two', (token: string) => token.replace(/(<wsc:Identifier.*Identifier>)/, '$1$1')],
    ['with text', (token: string) => token.replace('<wsc:Identifier>', 'x<wsc:Identifier>')],
    [
      'with an empty Instance',
      (token: string) =>
        token.replace('</wsc:Identifier>', '</wsc:Identifier><wsc:Instance></wsc:Instance>'),
    ],
  ] as const)
    test(`WS-SecureConversation 1.3 §2: refuses a token ${what}, in the header and as target`, async () => {
      const setting = aSetting();
      const own = await issued(setting);
      const token = context(own.token);
      assert.notEqual(token, own.token);

      const header = await send(setting, signed({ ...own, token }, aWish()));
      const target = await send(setting, aUserMessage(about(own, 'Cancel', token)));

      assert.equal(faultCodeOf(header), 'wsc:BadContextToken');
      assert.equal(faultCodeOf(target), 'wsc:BadContextToken');
    });

  for (const [what, tokens] of [
    ['names none', ({ token }: Context) => `${token}${aDerivedKeyToken('')}`],
    [
      'names a token that is not there',
      ({ token }: Context) => `${token}${aDerivedKeyToken(aReferenceTo('nowhere'))}`,
    ],
    ['is itself', ({ token }: Context) => `${token}${aDerivedKeyToken(aReferenceTo('dkt'))}`],
  ] as const)
    test(`WS-SecureConversation 1.3 §7: UnknownDerivationSource where the source ${what}`, async () => {
      const setting = aSetting();
      const context = await issued(setting);

      const answer = await send(setting, signed(context, aWish(), { tokens: tokens(context) }));

      assert.equal(faultCodeOf(answer), 'wsc:UnknownDerivationSource');
    });

  test('a context that is not known is so too where a key is derived of it', async () => {
    const setting = aSetting();
    const context = unknown(await issued(setting));
    const tokens = aDerivedKeyToken(toIdentifier(context));

    const answer = await send(setting, signed(context, aWish(), { tokens }));

    assert.equal(faultCodeOf(answer), 'wsc:BadContextToken');
  });

  test('WS-Trust 1.3 §9.1: a context that is not the requestor’s is no evidence, and is refused as one that never was', async () => {
    const setting = aSetting();
    const context = await issued(setting);
    const other = await issued(setting);
    const onBehalfOf = (of: Context) =>
      anRst({ children: `${anAppliesTo()}<t:OnBehalfOf>${toIdentifier(of)}</t:OnBehalfOf>` });

    const answers = [
      await send(setting, aUserMessage(onBehalfOf(unknown(context)))),
      await send(setting, aUserMessage(onBehalfOf(context))),
      await send(setting, signed(other, onBehalfOf(context))),
    ];

    for (const answer of answers) assert.equal(faultCodeOf(answer), 'wsc:BadContextToken');
  });

  test('WS-Trust 1.3 §3.4: in a collection the sentence is that of its item', async () => {
    const setting = aSetting();
    const own = await issued(setting);
    const item = (of: Context) =>
      anRst({
        requestType: `${V13.trust}/BatchCancel`,
        children: `<t:CancelTarget>${toIdentifier(of)}</t:CancelTarget>`,
      });
    const collection = `<t:RequestSecurityTokenCollection xmlns:t="${V13.trust}">${item(unknown(own))}${item(own)}</t:RequestSecurityTokenCollection>`;

    const { body, status } = await send(setting, aUserMessage(collection));

    assert.equal(status, 200, body);
    assert.equal(body.split(`>${SENTENCES.BadContextToken}<`).length, 3, body);
  });

  test('an address that takes no contexts says so of each alike, in the words of WS-Trust', async () => {
    const setting = aSetting({ takesContexts: false });
    const context = await issued(setting);

    for (const each of [context, unknown(context)])
      assert.equal(
        faultCodeOf(await send(setting, signed(each, aWish()))),
        'trust:FailedAuthentication',
      );
  });

  test('a context that is cancelled while its message is answered is refused as one that was cancelled before', async () => {
    const setting = aSetting();
    const context = await issued(setting);
    const { audit } = setting;
    const append = audit.append.bind(audit);
    let isCancelled = false;
    // The decision is on record before the token: between the two the context ends.
    audit.append = async (record) => {
      await append(record);
      if (isCancelled || record.outcome !== 'allowed') return;
      isCancelled = true;
      const { status } = await send(setting, signed(context, about(context, 'Cancel')));
      assert.equal(status, 200);
    };
    const timestamp = TIMESTAMP.replace('08:05', '08:04');

    const answer = await send(setting, signed(context, aWish(), { timestamp }));

    assert.ok(isCancelled);
    assert.equal(faultCodeOf(answer), 'wsc:BadContextToken');
    assert.equal(answer.reason, 'token-revoked');
  });

  test('a refusal that is not about the context keeps its own fault', async () => {
    const setting = aSetting();
    const context = await issued(setting);
    const body = about(context, 'Renew').replace(`${WSC_13}/sct<`, 'urn:other<');

    const answer = await send(setting, signed(context, body));

    assert.equal(faultCodeOf(answer), 'wsse:UnsupportedSecurityToken');
  });
});
