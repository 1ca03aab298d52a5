import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTimestamp, validateTimestamp } from '#bridge/ws-security/timestamp.ts';
import { WSU_NS } from '#bridge/xml/namespaces.ts';
import { NOW } from '#test/support/core.ts';
import { assertRefused, parse } from '#test/support/xml/refusal.ts';
import { refusedWith } from './refused-with.ts';

const RULES = { skewSeconds: 60, maxLifetimeSeconds: 3600 };
const read = (children: string) =>
  readTimestamp(parse(`<u:Timestamp xmlns:u="${WSU_NS}">${children}</u:Timestamp>`).root);
const CREATED = '<u:Created>2027-01-15T08:00:00Z</u:Created>';
const EXPIRES = '<u:Expires>2027-01-15T08:10:00Z</u:Expires>';
const validate = (created: number, expires: number) =>
  validateTimestamp({ ...read(CREATED + EXPIRES), created, expires }, NOW, RULES);

for (const time of [
  '2027-01-15T08:10:00Z',
  '2027-01-15T08:10:00.9Z',
  '2027-01-15T08:10:00.1234567Z',
  '2027-01-15T08:10:00.123456+00:00',
])
  test(`ws-trust W11: reads the time ${time}`, () => {
    const { created, expires } = read(`${CREATED}<u:Expires>${time}</u:Expires>`);

    assert.deepEqual([created, expires], [NOW, NOW + 600]);
  });

const refused = [
  ['no end', CREATED, 'element-unexpected'],
  ['no beginning', EXPIRES, 'element-unexpected'],
  ['two ends', CREATED + EXPIRES + EXPIRES, 'element-unexpected'],
  ['the wrong order', EXPIRES + CREATED, 'element-unexpected'],
  ['something else in it', `${CREATED}${EXPIRES}<x xmlns="urn:x"/>`, 'element-unexpected'],
  ['a local time', `${CREATED}<u:Expires>2027-01-15T08:10:00</u:Expires>`, 'text-malformed'],
  ['another zone', `${CREATED}<u:Expires>2027-01-15T09:10:00+01:00</u:Expires>`, 'text-malformed'],
] as const;
for (const [what, children, reason] of refused)
  test(`xml-security E2: refuses a Timestamp with ${what}`, () => {
    assertRefused(() => read(children), reason);
  });

test('xml-security E2: takes a Timestamp within the skew and within its longest life', () => {
  validate(NOW + 60, NOW + 120);
  validate(NOW - 300, NOW - 59);
  validate(NOW, NOW + 3600);
});

test('xml-security E2: refuses a Timestamp that is over, from the future, endless or reversed', () => {
  assert.throws(() => validate(NOW - 300, NOW - 60), refusedWith('message-expired'));
  assert.throws(() => validate(NOW + 61, NOW + 120), refusedWith('invalid-security'));
  assert.throws(() => validate(NOW, NOW + 3601), refusedWith('invalid-security'));
  assert.throws(() => validate(NOW, NOW + 315_360_000), refusedWith('invalid-security'));
  assert.throws(() => validate(NOW + 10, NOW + 10), refusedWith('invalid-security'));
});

test('xml-security E2: a refusal tells how far the clocks are apart, or how long it lives', () => {
  assert.throws(() => validate(NOW - 900, NOW - 300), /over 300 s ago, and the skew is 60 s/);
  assert.throws(() => validate(NOW + 240, NOW + 300), /in 240 s, and the skew is 60 s/);
  assert.throws(() => validate(NOW, NOW + 3601), /lives 3601 s, and 3600 are the most/);
});
