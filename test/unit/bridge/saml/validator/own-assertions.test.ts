// Our own assertions read back: where they are judged by other rules than those of trusted issuers, and where they are not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TokenUse } from '#core/token/security-token.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import {
  aCertifiedKey,
  anOwnIssuer,
  anOwnTrust,
  anOwnValidator,
  aSamlIssuer,
  aSamlSpec,
  assertRefused,
  asText,
  aValidator,
  bearer,
  confirmation2,
  iso,
  NOW,
  signingKeysOf,
  TOKEN_ENDPOINT,
  VERSIONS,
} from '#test/support/saml/saml.ts';

const key = await aCertifiedKey();
const issuer = anOwnIssuer(signingKeysOf(key));
const partner = await aSamlIssuer();
const USES: readonly TokenUse[] = ['subject', 'actor', 'assertion', 'lifecycle'];

interface Reading {
  readonly use?: TokenUse;
  /** Seconds after it was issued. */
  readonly after?: number;
}

/** Issues an assertion that is good for ten minutes, and reads it back. */
async function readBack(spec: Partial<TokenSpec>, { use, after = 0 }: Reading = {}) {
  const { text } = await issuer.issue(aSamlSpec(spec));
  const validator = anOwnValidator(key, {
    clock: fakeClock(NOW + after),
    own: anOwnTrust([key.trusted], { skewSeconds: 60 }),
  });
  return validator.validate(asText(spec.type === 'saml1' ? 'saml1' : 'saml2', text, use));
}

for (const type of VERSIONS) {
  test(`SAML ${type}: an assertion of ours names its target, and is read back for every use`, async () => {
    for (const audiences of [['https://billing.example/soap'], ['billing', 'orders']])
      for (const use of USES)
        assert.deepEqual((await readBack({ type, audiences }, { use })).audiences, audiences);
  });

  test(`SAML ${type}: one of ours that is over is renewed and cancelled, and good for nothing else`, async () => {
    for (const after of [659, 660]) {
      const isOver = after === 660;
      assert.equal((await readBack({ type }, { use: 'lifecycle', after })).id, 'Zm9v-1');
      for (const use of ['subject', 'actor'] as const)
        if (isOver) await assertRefused(() => readBack({ type }, { use, after }), 'token-expired');
        else assert.ok(await readBack({ type }, { use, after }));
    }
  });

  test(`SAML ${type}: one of ours that a clock ahead of this one made is cancelled too, and good for nothing else yet`, async () => {
    const authentication = { instant: NOW, methods: ['pwd'] };
    const early = (use: TokenUse) => readBack({ type, authentication }, { use, after: -120 });

    assert.equal((await early('lifecycle')).id, 'Zm9v-1');
    for (const use of ['subject', 'actor', 'assertion'] as const)
      await assertRefused(() => early(use), 'token-not-yet-valid');
  });

  test(`SAML ${type}: a grant of ours has an age too`, async () => {
    const of = (after: number) => readBack({ type }, { use: 'assertion', after });

    assert.ok(await of(360));
    await assertRefused(() => of(361), 'token-expired');
  });

  test(`SAML ${type}: an assertion of another issuer that is over is neither renewed nor cancelled`, async () => {
    const validator = aValidator([partner.trust()]);
    const over = partner.assertion(type, {
      window: `NotBefore="${iso(NOW - 200)}" NotOnOrAfter="${iso(NOW - 60)}"`,
      issueInstant: iso(NOW - 200),
    });

    await assertRefused(() => validator.validate(asText(type, over, 'lifecycle')), 'token-expired');
  });
}

test('SAML Delegation Restriction: actors of ours come back as they were, whatever their names begin with', async () => {
  const actors = [
    { issuer: 'https://sts.example.org', id: '!gateway' },
    { issuer: 'urn:partner:idp', id: '!broker' },
  ];

  const read = await readBack({ actors, subjectName: '!alice' });

  assert.deepEqual(read.actors, actors);
  assert.equal(read.subject.id, '!alice');
});

test('SAML V5: what we never write is no assertion of ours, though our key signed it', async () => {
  const us = await aSamlIssuer('https://sts.example.org');
  const own = anOwnTrust([us.trusted]);
  const validate = (changes: Parameters<typeof us.assertion>[1]) =>
    aValidator([], { own }).validate(asText('saml2', us.assertion('saml2', changes)));
  const name = (attributes: string) => `<saml2:NameID ${attributes}>alice</saml2:NameID>`;

  assert.equal((await validate({})).id, 'a1');
  await assertRefused(
    () => validate({ confirmation: confirmation2('sender-vouches') }),
    'confirmation-missing',
  );
  for (const changes of [
    { id: 'a1' },
    { name: name('NameQualifier="urn:x"') },
    { name: name('SPNameQualifier="urn:x"') },
  ])
    await assertRefused(() => validate(changes), 'token-malformed');
  await assertRefused(() => validate({ audiences: [['a'], ['b']] }), 'token-audience-mismatch');
  for (const audiences of [
    [
      ['a', 'b'],
      ['b', 'c'],
    ],
    [['b', 'b']],
  ])
    assert.deepEqual((await validate({ audiences })).audiences, ['b']);
});

test('SAML Core 2.0 §2.4.1.1: of the confirmations of another issuer the one that is over does not count, whatever the use', async () => {
  const over = confirmation2(
    'bearer',
    `<saml2:SubjectConfirmationData NotOnOrAfter="${iso(NOW - 60)}" Recipient="${TOKEN_ENDPOINT}"/>`,
  );
  const xml = partner.assertion('saml2', { confirmation: over + bearer() });

  for (const use of USES)
    assert.equal(
      (await aValidator([partner.trust()]).validate(asText('saml2', xml, use))).lifetime
        .notOnOrAfter,
      NOW + 240,
    );
});
