// What is refused where messages protect themselves with a secret (WS-SecurityPolicy 1.2 §7.4, ws-trust §4), and that nothing tells who has no
// secret what of a message was opened (xml-security E9).

import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { describe, test } from 'node:test';
import {
  aMessage,
  aSetting,
  bodyPart,
  PATH,
  send,
  signaturePart,
  USER_TOKEN,
} from '#test/support/soap/message-security.ts';
import {
  addressingOf,
  aSecretMessage,
  aSecretSetting,
  LIST,
  SECRET_PATH,
  sendSecretly,
} from '#test/support/soap/secret-message.ts';
import { SIGNATURE, signMessage, TIMESTAMP } from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anRst, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import { aPost, aWsTrustSetting, faultCodeOf, USER } from '#test/support/ws-trust/ws-trust.ts';
import { EK, OPENED, otherSecret, secret } from './refused-once-opened.ts';
import { TABLE } from './refused-secret-messages.ts';

/** Signed with a secret that was encrypted to us, and nothing else of it encrypted. */
function aSignedOnly(): string {
  const key = aSecretMessage({ secret }).match(/<xenc:EncryptedKey .*?<\/xenc:EncryptedKey>/s)?.[0];
  const tokens = `${key?.replace(LIST, '') ?? ''}${TIMESTAMP}${USER_TOKEN}`;
  const header = `<wsse:Security>${tokens}${SIGNATURE}</wsse:Security>`;
  return signMessage(anEnvelope({ header, body: anRst(), bodyId: 'body' }), {
    key: createSecretKey(secret),
    keyInfo: EK,
    ids: ['ts', 'body', 'user'],
  });
}

describe('WS-SecurityPolicy 1.2 §7.4: at an address for messages under a secret', () => {
  for (const [code, rows] of TABLE)
    for (const [what, detail, wishes] of rows)
      test(`is refused as ${code}: ${what}`, async () => {
        const setting = aSecretSetting();

        const answer = await sendSecretly(aSecretMessage(wishes), setting);

        assert.equal(faultCodeOf(answer), code, JSON.stringify(setting.audit.records));
        // Many a refusal looks alike: only the record tells that it is the one that is meant.
        const said = String(setting.audit.records.at(-1)?.detail);
        assert.ok(said.endsWith(detail), said);
        assert.deepEqual([setting.asked, setting.errors], [[], []]);
      });

  test('xml-security E9: whatever shows only when it is open gets one answer, byte by byte', async () => {
    const answers = await Promise.all(
      OPENED.map(async ([, , wishes]) => {
        const { body, headers, status } = await sendSecretly(aSecretMessage(wishes));
        return JSON.stringify([
          status,
          headers,
          body.replace(/<a:RelatesTo.*?<\/a:RelatesTo>/, ''),
        ]);
      }),
    );

    assert.equal(new Set(answers).size, 1);
  });

  test('xml-security E9: that a message is over is told to whoever has its secret alone', async () => {
    const codes = [];
    for (const wishes of [{}, { encryption: { partKey: otherSecret } }]) {
      const setting = aSecretSetting();
      setting.clock.advance(3600);
      codes.push(faultCodeOf(await sendSecretly(aSecretMessage(wishes), setting)));
    }

    assert.deepEqual(codes, ['wsse:MessageExpired', 'wsse:FailedCheck']);
  });

  test('xml-security E3: a wrong password and an unknown user get one answer', async () => {
    const bodies = [];
    for (const user of [
      USER_TOKEN.replace(USER.password, 'wrong'),
      USER_TOKEN.replace(USER.name, 'nobody'),
    ]) {
      const parts = (text: string) => [
        signaturePart(text),
        bodyPart(text),
        { text: user, type: 'Element' as const },
      ];
      const answer = await sendSecretly(aSecretMessage({ user, parts }));
      assert.equal(faultCodeOf(answer), 'trust:FailedAuthentication');
      bodies.push(answer.body);
    }

    assert.equal(bodies[0], bodies[1]);
  });
});

describe('xml-security E1: a message under a secret is good once', () => {
  test('sent again, and encrypted anew', async () => {
    const setting = aSecretSetting();
    let signed = '';
    const keep = (text: string): string => (signed ||= text);
    const message = aSecretMessage({ secret, edit: keep });

    const first = await sendSecretly(message, setting);
    const again = await sendSecretly(message, setting);
    const anew = await sendSecretly(aSecretMessage({ secret, edit: () => signed }), setting);

    assert.equal(first.status, 200, JSON.stringify(setting.audit.records));
    assert.deepEqual([again, anew].map(faultCodeOf), [
      'wsse:InvalidSecurity',
      'wsse:InvalidSecurity',
    ]);
    assert.equal(setting.asked.length, 1);
  });

  test('many at once: one of them', async () => {
    const setting = aSecretSetting();
    const message = aSecretMessage();

    const answers = await Promise.all(
      Array.from({ length: 8 }, () => sendSecretly(message, setting)),
    );

    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    assert.equal(setting.asked.length, 1);
  });
});

describe('xml-security D5: parts of two messages make none', () => {
  const dataOf = (message: string, id: string): string =>
    new RegExp(`<xenc:EncryptedData [^>]*Id="${id}".*?</xenc:EncryptedData>`, 's').exec(
      message,
    )?.[0] ?? '';
  const keyIn = (message: string): string =>
    /<xenc:EncryptedKey .*?<\/xenc:EncryptedKey>/s.exec(message)?.[0] ?? '';
  /** Signature, Body and user name, in this order. */
  const victim = aSecretMessage();
  const attacker = aSecretMessage({ body: anRst({ children: '' }), secret: otherSecret });
  const swap = (message: string, id: string): string =>
    message.replace(dataOf(message, id), () => dataOf(victim, id));
  const rows: readonly (readonly [string, string, string])[] = [
    ['the user name of another', swap(attacker, 'ED-2'), 'wsse:FailedCheck'],
    [
      'the user name and the key of another',
      swap(attacker, 'ED-2').replace(keyIn(attacker), () => keyIn(victim)),
      'wsse:FailedCheck',
    ],
    [
      'the user name of another, and its key besides',
      swap(attacker, 'ED-2').replace(
        '</wsse:Security>',
        () => `${keyIn(victim).replace('"EK"', '"EK2"')}</wsse:Security>`,
      ),
      'wsse:InvalidSecurity',
    ],
    ['the signature of another', swap(attacker, 'ED-0'), 'wsse:FailedCheck'],
    ['the Body of another', swap(attacker, 'ED-1'), 'wsse:FailedCheck'],
    [
      'the Body of the attacker under the key of another',
      victim.replace(dataOf(victim, 'ED-1'), () => dataOf(attacker, 'ED-1')),
      'wsse:FailedCheck',
    ],
    [
      'the user name in the place of the Body',
      victim.replace(dataOf(victim, 'ED-1'), () =>
        dataOf(victim, 'ED-2').replace('"ED-2"', '"ED-1"').replace('#Element', '#Content'),
      ),
      'wsse:FailedCheck',
    ],
    [
      'a user name that is left out',
      victim.replace(dataOf(victim, 'ED-2'), '').replace('<xenc:DataReference URI="#ED-2"/>', ''),
      'wsse:FailedCheck',
    ],
    ['another Timestamp', victim.replace('08:05:00Z', '08:04:00Z'), 'wsse:FailedCheck'],
    [
      'another To',
      victim.replace('http://sts.example.org', 'https://sts.example.org'),
      'wsse:FailedCheck',
    ],
  ];
  for (const [what, message, code] of rows)
    test(what, async () => {
      assert.notEqual(message, victim);
      const setting = aSecretSetting();

      const answer = await sendSecretly(message, setting);

      assert.equal(faultCodeOf(answer), code, JSON.stringify(setting.audit.records));
      assert.deepEqual(setting.asked, []);
    });
});

test('ws-trust W2: once a message is open its refusal is in the words of its version', async () => {
  const body = anRst({ trust: TRUST_2005, children: '<x xmlns="urn:x"/>' });

  const answer = await sendSecretly(aSecretMessage({ body }));

  assert.equal(faultCodeOf(answer), 't:BadRequest');
});

describe('ws-trust §4: nothing falls back', () => {
  test('a message by certificate is none by secret, nor the other way round', async () => {
    const setting = aSecretSetting();
    const byCertificate = await sendSecretly(aMessage({ more: USER_TOKEN }), setting);
    const other = aSetting();
    const bySecret = await send(aSecretMessage({ addressing: addressingOf('Issue', PATH) }), other);

    assert.equal(faultCodeOf(byCertificate), 'wsse:FailedCheck');
    assert.equal(faultCodeOf(bySecret), 'wsse:FailedCheck');
    assert.deepEqual([setting.asked, other.asked], [[], []]);
  });

  test('over TLS neither: a user name, or a message that is signed with a secret and not encrypted', async () => {
    const signed = aSignedOnly();
    const plain = anEnvelope({
      header: `<wsse:Security>${USER_TOKEN}</wsse:Security>`,
      body: anRst(),
    });
    for (const message of [signed, plain]) {
      const setting = aSecretSetting();

      const answer = await setting.front.handle(
        aPost(message, { path: SECRET_PATH, isSecure: true }),
      );

      assert.equal(faultCodeOf(answer), 'wsse:InvalidSecurity');
      assert.deepEqual(setting.asked, []);
    }
  });

  test('at other addresses a secret of nobody’s signs nothing', async () => {
    const message = aSignedOnly();
    const setting = aSecretSetting();

    const codes = [];
    for (const each of [message, aSecretMessage()])
      codes.push(faultCodeOf(await setting.front.handle(aPost(each, { path: '/ws-trust' }))));

    assert.equal(codes[0], 'wsse:UnsupportedSecurityToken');
    assert.equal(codes[1], 'wsse:InvalidSecurity');
    assert.deepEqual(setting.asked, []);
  });

  test('the address is not there unless the operator says so', async () => {
    assert.equal((await sendSecretly(aSecretMessage(), aWsTrustSetting())).status, 404);
  });
});
