// Parts of captured messages, put together anew (xml-security E9): whoever does that has the key of none, and learns nothing of what is in
// them. One answer from where a message opens to where its signature has verified, byte for byte; the audit knows more.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExchangeFailure } from '#core/failure.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import {
  aMessage,
  aSetting,
  client,
  ec,
  send,
  stranger,
  USER_TOKEN,
} from '#test/support/soap/message-security.ts';
import { aBinaryToken, TIMESTAMP } from '#test/support/soap/signed-message.ts';
import { faultCodeOf } from '#test/support/ws-trust/ws-trust.ts';

/** Signature, Body and user name, in this order, under one key. */
const captured = aMessage({ more: USER_TOKEN });
/** The same, under another key. */
const other = aMessage({ more: USER_TOKEN });
const dataOf = (id: string, message = captured): string =>
  new RegExp(`<xenc:EncryptedData [^>]*Id="${id}".*?</xenc:EncryptedData>`, 's').exec(
    message,
  )?.[0] ?? '';
const keyOf = (message: string): string =>
  /<xenc:EncryptedKey .*?<\/xenc:EncryptedKey>/s.exec(message)?.[0] ?? '';
const bst = aBinaryToken(client);
const change = (from: string, to: string) => captured.replace(from, () => to);
/** What is in one part, as another. */
const moved = (from: string, to: string, type: 'Element' | 'Content' = 'Element'): string =>
  dataOf(from)
    .replace(`"${from}"`, () => `"${to}"`)
    .replace(/xmlenc#(?:Element|Content)"/, () => `xmlenc#${type}"`);
const without = (id: string): string =>
  change(dataOf(id), '').replace(`<xenc:DataReference URI="#${id}"/>`, '');
const withPart = (data: string): string =>
  change('</wsse:Security>', `${data}</wsse:Security>`).replace(
    '</xenc:ReferenceList>',
    '<xenc:DataReference URI="#more"/></xenc:ReferenceList>',
  );
const beside = (more: string): string => change('</wsse:Security>', `${more}</wsse:Security>`);

const SPLICES: Readonly<Record<string, string>> = {
  'the key of another': change(keyOf(captured), keyOf(other)),
  'the signature of another': change(dataOf('ED-0'), dataOf('ED-0', other)),
  'the Body of another': change(dataOf('ED-1'), dataOf('ED-1', other)),
  'no signature': without('ED-0'),
  'no user name': without('ED-2'),
  'the signature twice': withPart(moved('ED-0', 'more')),
  'the user name twice': withPart(moved('ED-2', 'more')),
  'what the Body holds, in the header': withPart(moved('ED-1', 'more')),
  'the user name in the place of the signature': change(dataOf('ED-0'), moved('ED-2', 'ED-0')),
  'the signature in the place of the user name': change(dataOf('ED-2'), moved('ED-0', 'ED-2')),
  'the signature in the Body': change(dataOf('ED-1'), moved('ED-0', 'ED-1', 'Content')),
  'the user name in the Body': change(dataOf('ED-1'), moved('ED-2', 'ED-1', 'Content')),
  'no certificate': change(bst, ''),
  'a certificate of another id': change('wsu:Id="bst"', 'wsu:Id="other"'),
  'a certificate of nobody': change(bst, aBinaryToken(stranger)),
  'a certificate of another client': change(bst, aBinaryToken(ec)),
  'a certificate that is none': change(bst, bst.replace(/>[^<]+</, '>AAAA<')),
  'a token that is none': change(bst, bst.replace(/ValueType="[^"]*"/, 'ValueType="urn:x"')),
  'an id that is in the user name': beside('<y wsu:Id="user"></y>'),
  'an id that is nowhere': beside('<y wsu:Id="nowhere"></y>'),
  'two Timestamps': beside(TIMESTAMP.replace('"ts"', '"ts2"')),
  'no Timestamp': change(TIMESTAMP, ''),
  'a Timestamp of another id': change('wsu:Id="ts"', 'wsu:Id="ts2"'),
  'a Timestamp that is over': change(TIMESTAMP, TIMESTAMP.replaceAll(/20\d\d-/g, '2001-')),
  'a Timestamp without end': change(TIMESTAMP, TIMESTAMP.replace(/(Expires>)20\d\d-/, '$12090-')),
  'a Timestamp that is none': change(
    TIMESTAMP,
    TIMESTAMP.replace(/Created>[^<]*</, 'Created>now<'),
  ),
  'an Action of another id': change('wsu:Id="action"', 'wsu:Id="action2"'),
  'another Action': change('/RST/Issue<', '/RST/Renew<'),
  'no To': captured.replace(/<a:To .*?<\/a:To>/, ''),
  'the Body of another id': change('wsu:Id="body"', 'wsu:Id="body2"'),
};

test('XML E9: whatever is made of parts of a captured message has one answer, byte for byte', async () => {
  const answers = new Map<string, string>();
  const details = new Set<unknown>();
  for (const [what, message] of Object.entries(SPLICES)) {
    assert.notEqual(message, captured, what);
    const setting = aSetting();
    const { body, headers, reason: _, status } = await send(message, setting);
    assert.deepEqual([setting.asked, setting.errors], [[], []], what);
    const said = body.replace(/<a:RelatesTo.*?<\/a:RelatesTo>/, '');
    answers.set(what, JSON.stringify([status, headers, said]));
    details.add(setting.audit.records.at(-1)?.detail);
  }

  const [first = ''] = answers.values();
  assert.match(first, /wsse:FailedCheck/);
  for (const [what, answer] of answers) assert.equal(answer, first, what);
  assert.ok(details.size > 12, 'the audit tells one from the other');
  assert.equal((await send(captured)).status, 200, 'as it was captured it is good');
});

test('XML E9: that a message is over, and that its certificate is nobody’s, is told to who signed it alone', async () => {
  const codes = [];
  for (const message of [
    aMessage(),
    captured.replace(dataOf('ED-1'), () => dataOf('ED-1', other)),
  ]) {
    const setting = aSetting();
    setting.clock.advance(3600);
    codes.push(faultCodeOf(await send(message, setting)));
  }
  codes.push(faultCodeOf(await send(aMessage({ certificate: stranger }))));

  assert.deepEqual(codes, [
    'wsse:MessageExpired',
    'wsse:FailedCheck',
    'trust:FailedAuthentication',
  ]);
});

test('XML E9: that a certificate cannot be asked about is told to who signed with it, and to nobody else', async () => {
  const unreachable: TokenValidator = {
    canHandle: ({ type }) => type === 'x509',
    async validate() {
      throw new ExchangeFailure('dependency-unavailable', 'no list of revocation');
    },
  };
  const codes = [];
  for (const message of [captured, SPLICES['a certificate of another client'] ?? ''])
    codes.push(faultCodeOf(await send(message, aSetting([unreachable]))));

  assert.deepEqual(codes, ['trust:RequestFailed', 'wsse:FailedCheck']);
});

test('XML E9: an error of ours while a certificate is looked at stays an error of ours, whatever is signed', async () => {
  const broken: TokenValidator = {
    canHandle: ({ type }) => type === 'x509',
    validate: () => Promise.reject(new TypeError('an oversight')),
  };
  for (const message of [captured, SPLICES['a certificate of another client'] ?? '']) {
    const setting = aSetting([broken]);

    const answer = await send(message, setting);

    assert.equal(answer.reason, 'server-error');
    assert.equal(setting.errors.length, 1);
  }
});
