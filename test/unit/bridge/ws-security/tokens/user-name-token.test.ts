import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PASSWORD_DIGEST, PASSWORD_TEXT } from '#bridge/ws-security/names.ts';
import { readSecurityHeader } from '#bridge/ws-security/security-header.ts';
import { useNonce, validateCreated } from '#bridge/ws-security/tokens/nonce-replay.ts';
import type { Store } from '#core/ports.ts';
import { MemoryStore } from '#src/store/memory/memory-store.ts';
import { LENIENT, NOW, refusedAs } from '#test/support/core.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { anEnvelope, envelopeOf } from '#test/support/soap/soap.ts';
import { fakeStore } from '#test/support/store/fake-store.ts';
import { assertRefused } from '#test/support/xml/refusal.ts';
import { refusedWith } from '../refused-with.ts';

const read = (children: string) =>
  readSecurityHeader(
    envelopeOf(
      anEnvelope({
        header: `<wsse:Security><wsse:UsernameToken wsu:Id="u">${children}</wsse:UsernameToken></wsse:Security>`,
      }),
    ),
  )?.userName;
const NAME = '<wsse:Username>alice</wsse:Username>';
const PASSWORD = '<wsse:Password>secret</wsse:Password>';
const NONCE = '<wsse:Nonce>AAEC</wsse:Nonce>';
const CREATED = '<wsu:Created>2027-01-15T08:00:00.123456+00:00</wsu:Created>';
/** Clocks of hosts may be further apart than those of requestors are taken to be. */
const RULES = { skewSeconds: 60, nonceLifetimeSeconds: 300 };
const MARGIN = { marginSeconds: 400 };

test('ws-trust W11: a Password without Type is text', () => {
  assert.deepEqual(read(NAME + PASSWORD), { name: 'alice', password: 'secret' });
});

test('UsernameToken Profile §3.1: text by its Type, with nonce and creation, in any order', () => {
  const typed = `<wsse:Password Type="${PASSWORD_TEXT}">secret</wsse:Password>`;

  assert.deepEqual(read(CREATED + NONCE + typed + NAME), {
    name: 'alice',
    password: 'secret',
    nonce: Buffer.from([0, 1, 2]),
    created: NOW,
  });
});

test('UsernameToken Profile §3.1: a nonce of 256 bytes is the longest that is taken', () => {
  const nonce = Buffer.alloc(256, 1);

  const token = read(`${NAME}${PASSWORD}<wsse:Nonce>${nonce.toString('base64')}</wsse:Nonce>`);

  assert.deepEqual(token?.nonce, nonce);
});

test('UsernameToken Profile §3.1: name and password are taken exactly as written', () => {
  const token = read(
    '<wsse:Username> alice </wsse:Username><wsse:Password>&lt;\u00e9<![CDATA[&]]> </wsse:Password>',
  );

  assert.deepEqual(token, { name: ' alice ', password: '<\u00e9& ' });
});

const refused = [
  ['GHSA-2p7x-jcr3-7p2c (R4): an empty token', '', 'invalid-security'],
  [
    'GHSA-2p7x-jcr3-7p2c (R4): an empty password',
    `${NAME}<wsse:Password/>`,
    'failed-authentication',
  ],
  [
    'GHSA-2p7x-jcr3-7p2c (R4): an empty name',
    `<wsse:Username/>${PASSWORD}`,
    'failed-authentication',
  ],
  ['GHSA-2p7x-jcr3-7p2c (R4): no password', NAME, 'failed-authentication'],
  ['xml-security V12: two names', NAME + NAME + PASSWORD, 'invalid-security'],
  ['xml-security V12: two passwords', NAME + PASSWORD + PASSWORD, 'invalid-security'],
  [
    'xml-security V12: an element in the password',
    `${NAME}<wsse:Password>se<x xmlns="urn:x"/>cret</wsse:Password>`,
    'invalid-security',
  ],
  ['xml-security V12: two nonces', NAME + PASSWORD + NONCE + NONCE, 'invalid-security'],
  [
    'xml-security B14: a nonce that is no strict base64',
    `${NAME}${PASSWORD}<wsse:Nonce>AAE</wsse:Nonce>`,
    'invalid-security',
  ],
  ['xml-security B14: an empty nonce', `${NAME}${PASSWORD}<wsse:Nonce/>`, 'invalid-security-token'],
  [
    'a nonce of another encoding',
    `${NAME}${PASSWORD}<wsse:Nonce EncodingType="urn:hex">AAEC</wsse:Nonce>`,
    'invalid-security-token',
  ],
  [
    'a nonce of 257 bytes',
    `${NAME}${PASSWORD}<wsse:Nonce>${Buffer.alloc(257).toString('base64')}</wsse:Nonce>`,
    'invalid-security-token',
  ],
  [
    'xml-security E2: a local time',
    `${NAME}${PASSWORD}<wsu:Created>2027-01-15T08:00:00</wsu:Created>`,
    'invalid-security',
  ],
  [
    'a digest without nonce and creation',
    `${NAME}<wsse:Password Type="${PASSWORD_DIGEST}">AAAA</wsse:Password>`,
    'authentication-bad-elements',
  ],
  [
    'a digest without creation',
    `${NAME}<wsse:Password Type="${PASSWORD_DIGEST}">AAAA</wsse:Password>${NONCE}`,
    'authentication-bad-elements',
  ],
  [
    'a digest without nonce',
    `${NAME}<wsse:Password Type="${PASSWORD_DIGEST}">AAAA</wsse:Password>${CREATED}`,
    'authentication-bad-elements',
  ],
  [
    'xml-security B14: a digest that is no strict base64',
    `${NAME}<wsse:Password Type="${PASSWORD_DIGEST}">AAA</wsse:Password>${NONCE}${CREATED}`,
    'invalid-security',
  ],
  [
    'a password of an unknown type',
    `${NAME}<wsse:Password Type="urn:x">AAAA</wsse:Password>`,
    'unsupported-security-token',
  ],
  [
    'key derivation',
    `${NAME}${PASSWORD}<k:Salt xmlns:k="urn:k">AAAA</k:Salt>`,
    'unsupported-security-token',
  ],
] as const;
for (const [what, children, code] of refused)
  test(`UsernameToken: refuses ${what}`, () => {
    assert.throws(() => read(children), refusedWith(code));
  });

test('UsernameToken Profile 1.1.1 §3.1: a digest is read with the text of its time', () => {
  const token = read(
    `${NAME}<wsse:Password Type="${PASSWORD_DIGEST}">AAAA</wsse:Password>${NONCE}<wsu:Created> 2027-01-15T08:00:00.5Z </wsu:Created>`,
  );

  const { digest, password } = token ?? assert.fail();
  assert.equal(password, undefined);
  assert.equal(Buffer.from(digest?.value ?? []).toString('base64'), 'AAAA');
  assert.equal(digest?.created, '2027-01-15T08:00:00.5Z');
});

test('xml-security V3, A2: a comment in the password does not get past the parser', () => {
  assertRefused(
    () => read(`${NAME}<wsse:Password>se<!-- -->cret</wsse:Password>`),
    'comment-refused',
  );
});

test('xml-security E1: a nonce is good once; another nonce, user or time is another token', async () => {
  const parts = {
    store: new MemoryStore(fakeClock(NOW)),
    newId: () => 'attempt',
    ...MARGIN,
    fence: LENIENT.fence,
  };
  const token = { name: 'alice', password: 'secret', nonce: Buffer.from('n'), created: NOW };

  await useNonce(token, RULES, parts);

  await assert.rejects(useNonce(token, RULES, parts), refusedWith('invalid-security'));
  await useNonce({ ...token, nonce: Buffer.from('m') }, RULES, parts);
  await useNonce({ ...token, name: 'bob' }, RULES, parts);
  await useNonce({ ...token, created: NOW + 1 }, RULES, parts);
});

test('xml-security E1: a nonce is remembered as long as its creation is taken', async () => {
  const clock = fakeClock(NOW);
  const parts = {
    store: new MemoryStore(clock),
    newId: () => 'attempt',
    fence: LENIENT.fence,
    ...MARGIN,
  };
  const token = { name: 'alice', password: 'secret', nonce: Buffer.from('n'), created: NOW + 60 };
  await useNonce(token, RULES, parts);

  clock.advance(RULES.nonceLifetimeSeconds + 2 * RULES.skewSeconds - 1);

  validateCreated(token, clock.now(), RULES);
  await assert.rejects(useNonce(token, RULES, parts), refusedWith('invalid-security'));
  clock.advance(1);
  assert.throws(() => validateCreated(token, clock.now(), RULES), refusedWith('message-expired'));
});

test('xml-security E1: a nonce is remembered for longer, as far as the clocks of hosts and store may be apart', async () => {
  const clock = fakeClock(NOW);
  const parts = {
    store: new MemoryStore(clock),
    newId: () => 'attempt',
    fence: LENIENT.fence,
    ...MARGIN,
  };
  const token = { name: 'alice', password: 'secret', nonce: Buffer.from('n'), created: NOW + 60 };
  await useNonce(token, RULES, parts);

  clock.advance(RULES.nonceLifetimeSeconds + 2 * RULES.skewSeconds + MARGIN.marginSeconds - 1);

  await assert.rejects(useNonce(token, RULES, parts), refusedWith('invalid-security'));
  clock.advance(1);
  await useNonce(token, RULES, parts);
});

test('xml-security E1: what was used before is told as a replay, which a watcher of the audit looks for', async () => {
  const parts = {
    store: new MemoryStore(fakeClock(NOW)),
    newId: () => 'attempt',
    ...MARGIN,
    fence: LENIENT.fence,
  };
  const token = { name: 'alice', password: 'secret', nonce: Buffer.from('n'), created: NOW };
  await useNonce(token, RULES, parts);

  await assert.rejects(useNonce(token, RULES, parts), { reason: 'token-replayed' });
});

test('xml-security E1: a mark says what it is of, so the name that a client takes makes it no mark of another kind', async () => {
  const used: (readonly string[])[] = [];
  const store: Pick<Store, 'putOnce'> = {
    async putOnce({ parts }) {
      used.push(parts);
      return { stored: true };
    },
  };
  const token = { name: 'wsse-signature', password: 'secret', nonce: Buffer.from('n') };

  await useNonce(token, RULES, { store, newId: () => 'attempt', fence: LENIENT.fence, ...MARGIN });
  await useNonce({ ...token, created: NOW }, RULES, {
    store,
    newId: () => 'attempt',
    ...MARGIN,
    fence: LENIENT.fence,
  });

  // A server of the release before knows them, too.
  assert.deepEqual(used, [
    ['wsse-nonce', 'wsse-signature', '6e', ''],
    ['wsse-nonce', 'wsse-signature', '6e', String(NOW)],
  ]);
});

test('xml-security E1: a token without a nonce takes no mark', async () => {
  const store = fakeStore(fakeClock(NOW));

  await useNonce({ name: 'alice', password: 'secret' }, RULES, {
    store,
    newId: () => 'attempt',
    ...MARGIN,
    fence: LENIENT.fence,
  });

  assert.deepEqual(store.calls, []);
});

test('xml-security E1: without the store the answer is no', async () => {
  const store = fakeStore(fakeClock(NOW));
  store.breakOn('putOnce:once');
  const token = { name: 'alice', password: 'secret', nonce: Buffer.from('n') };

  await assert.rejects(
    useNonce(token, RULES, { store, newId: () => 'attempt', fence: LENIENT.fence, ...MARGIN }),
    refusedAs('dependency-unavailable'),
  );
});

test('Store: refuses a nonce from before the store began to remember; one without a creation proves no less than its password', async () => {
  const parts = {
    store: new MemoryStore(fakeClock(NOW)),
    newId: () => 'attempt',
    ...MARGIN,
    fence: () => ({ issuedBefore: NOW }),
  };
  const token = { name: 'alice', password: 'secret', nonce: Buffer.from('n') };

  await assert.rejects(
    useNonce({ ...token, created: NOW - 1 }, RULES, parts),
    refusedAs('dependency-unavailable'),
  );
  await useNonce({ ...token, created: NOW }, RULES, parts);
  await useNonce(token, RULES, parts);
});

test('xml-security E2: refuses a creation in the future', () => {
  const token = { name: 'alice', password: 'secret', created: NOW + 61 };

  assert.throws(() => validateCreated(token, NOW, RULES), refusedWith('invalid-security'));
  validateCreated({ ...token, created: NOW + 60 }, NOW, RULES);
  validateCreated({ name: 'alice', password: 'secret' }, NOW, RULES);
});
