import assert from 'node:assert/strict';
import test from 'node:test';
import type { TokenUse } from '#core/token/security-token.ts';
import { createJwtValidator } from '#src/tokens/jwt/jwt-validator.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { aForeignIssuer, type Members } from '#test/support/jwt/jwt.ts';
import { evidence, ownTrust, trustIn, validating } from '#test/support/jwt/jwt-terms.ts';

const NOW = 1_800_000_000;
const partner = await aForeignIssuer();
const us = await aForeignIssuer({ issuer: 'https://sts.example' });
const validate = validating({ trusted: [trustIn(partner)], own: ownTrust(us) });

test('RFC 7519 §4.1: a good token yields its facts, its subject with the prefix of the trusted issuer', async () => {
  const text = partner.sign({
    jti: 'j1',
    scope: 'read write',
    client_id: 'app',
    roles: ['a', 'b'],
  });

  const token = await validate(text);

  assert.deepEqual(
    { ...token },
    {
      type: 'jwt',
      use: 'subject',
      issuer: partner.issuer,
      trustedIssuer: 'partner',
      lifetime: { notBefore: NOW, notOnOrAfter: NOW + 300 },
      id: 'j1',
      issuedAt: NOW,
      subject: { issuer: partner.issuer, id: 'alice' },
      subjectPrefix: 'partner:',
      claims: [
        {
          name: 'roles',
          values: ['a', 'b'],
          issuer: partner.issuer,
          originalIssuer: partner.issuer,
        },
      ],
      scopes: ['read', 'write'],
      confirmation: { method: 'bearer' },
      audiences: ['https://sts.example'],
      originClient: 'app',
      actors: [],
    },
  );
});

test('Subject mapping: alice of two issuers and our own alice are three subjects', async () => {
  const other = await aForeignIssuer({ issuer: 'https://other.example' });
  const three = validating({
    trusted: [trustIn(partner), trustIn(other, { id: 'other' })],
    own: ownTrust(us),
  });

  const names = [
    await three(partner.sign()),
    await three(other.sign()),
    await three(us.sign({ client_id: 'app' })),
  ].map(({ subject, subjectPrefix }) => `${subjectPrefix}${subject.id}`);

  assert.deepEqual(names, ['partner:alice', 'other:alice', 'alice']);
});

test('Subject mapping: the operator may choose the claim and the prefix', async () => {
  const own = validating({
    trusted: [trustIn(partner, { subjectClaim: 'employee', subjectPrefix: '' })],
  });

  const token = await own(partner.sign({ employee: 'e-1', sub: undefined }));

  assert.equal(token.subject.id, 'e-1');
  assert.equal(token.subjectPrefix, '');
  await assert.rejects(own(partner.sign()), { reason: 'token-malformed' });
  await assert.rejects(own(partner.sign({ employee: 7 })), { reason: 'token-malformed' });
});

test('Trust: an alias is the same issuer, and every other spelling is none', async () => {
  const alias = 'https://idp.partner.example/';
  const aliased = validating({ trusted: [trustIn(partner, { aliases: [alias] })] });

  const token = await aliased(partner.sign({ iss: alias, act: { iss: alias, sub: 'bob' } }));

  assert.equal(token.issuer, partner.issuer);
  assert.deepEqual(token.actors, [{ issuer: partner.issuer, id: 'bob' }]);
  await assert.rejects(validate(partner.sign({ iss: alias })), { reason: 'issuer-untrusted' });
  const upper = partner.sign({ iss: partner.issuer.toUpperCase() });
  await assert.rejects(aliased(upper), { reason: 'issuer-untrusted' });
});

test('Trust: ends at its enabled-until instant', async () => {
  const clock = fakeClock(NOW);
  const ending = validating({ trusted: [trustIn(partner, { enabledUntil: NOW + 10 })], clock });
  const text = await partner.sign();

  await ending(text);
  clock.advance(10);

  await assert.rejects(ending(text), { reason: 'issuer-untrusted' });
});

const window: readonly (readonly [string, Members, number, string | undefined])[] = [
  ['exp has passed, inside the skew', { exp: NOW + 10 }, NOW + 69, undefined],
  ['exp has passed', { exp: NOW + 10 }, NOW + 70, 'token-expired'],
  ['nbf has not come, inside the skew', { nbf: NOW + 60 }, NOW, undefined],
  ['nbf has not come', { nbf: NOW + 61 }, NOW, 'token-not-yet-valid'],
  ['iat is in the future', { nbf: undefined, iat: NOW + 61 }, NOW, 'token-not-yet-valid'],
  ['iat is in the future and nbf is not', { nbf: NOW, iat: NOW + 61 }, NOW, 'token-not-yet-valid'],
  ['auth_time is in the future, inside the skew', { auth_time: NOW + 60 }, NOW, undefined],
  ['auth_time is in the future', { auth_time: NOW + 61 }, NOW, 'token-not-yet-valid'],
  ['exp is nbf', { exp: NOW, nbf: NOW }, NOW, 'token-malformed'],
  ['exp is nbf, without iat', { exp: NOW, nbf: NOW, iat: undefined }, NOW, 'token-malformed'],
  ['exp is before iat', { exp: NOW - 5, nbf: NOW - 10, iat: NOW }, NOW, 'token-malformed'],
  ['only exp', { nbf: undefined, iat: undefined }, NOW, undefined],
];

for (const [name, claims, now, reason] of window) {
  test(`RFC 7519 §4.1.4-6: ${name}: ${reason ?? 'accepted'}`, async () => {
    const at = validating({ trusted: [trustIn(partner)], clock: fakeClock(now) });

    const result = at(partner.sign(claims));

    if (reason === undefined) await result;
    else await assert.rejects(result, { reason });
  });
}

test('RFC 7519 §4.1.4-6: a refusal tells how far the clocks are apart', async () => {
  const at = validating({ trusted: [trustIn(partner)], clock: fakeClock(NOW) });
  const past = { nbf: NOW - 600, iat: NOW - 600, exp: NOW - 300 };

  await assert.rejects(at(partner.sign(past)), /exp was 300 s ago, and the skew is 60 s/);
  await assert.rejects(at(partner.sign({ nbf: NOW + 240 })), /in 240 s, and the skew is 60 s/);
  await assert.rejects(at(partner.sign({ nbf: NOW, iat: NOW + 120 })), /iat is in 120 s, and/);
});

test('Trust: a maximum age needs iat and is held', async () => {
  const clock = fakeClock(NOW);
  const young = validating({ trusted: [trustIn(partner, { maxAgeSeconds: 20 })], clock });
  const text = await partner.sign();

  clock.advance(80);
  await young(text);
  clock.advance(1);

  await assert.rejects(young(text), { reason: 'token-expired' });
  await assert.rejects(young(partner.sign({ iat: undefined })), { reason: 'token-malformed' });
});

test('One reading of the clock for each validation', async () => {
  let readings = 0;
  const clock = {
    ...fakeClock(),
    now: () => {
      readings += 1;
      return NOW;
    },
  };
  const counted = validating({ trusted: [trustIn(partner, { maxAgeSeconds: 20 })], clock });

  await counted(partner.sign(), 'jwt', 'assertion');

  assert.equal(readings, 1);
});

test('RFC 7523 §3: an assertion is good once: its mark outlives the window and the skew', async () => {
  const token = await validate(partner.sign(), 'jwt', 'assertion');

  assert.equal(token.onceUntil, NOW + 300 + 60);
  await assert.rejects(validate(partner.sign({ jti: undefined }), 'jwt', 'assertion'), {
    reason: 'token-malformed',
  });
});

test('RFC 7523 §3: the age of an assertion is capped, with iat and without', async () => {
  const old = partner.sign({ iat: NOW - 361, nbf: NOW - 361 });
  const long = partner.sign({ iat: undefined, nbf: undefined, exp: NOW + 361 });
  const short = partner.sign({ iat: undefined, nbf: undefined, exp: NOW + 360 });

  await assert.rejects(validate(old, 'jwt', 'assertion'), { reason: 'token-expired' });
  await assert.rejects(validate(long, 'jwt', 'assertion'), { reason: 'token-malformed' });
  await validate(short, 'jwt', 'assertion');
});

test('Trust: a single-use issuer makes every token one-time; others only assertions', async () => {
  const single = validating({ trusted: [trustIn(partner, { singleUse: true })] });

  assert.equal((await single(partner.sign())).onceUntil, NOW + 360);
  assert.equal((await validate(partner.sign())).onceUntil, undefined);
  for (const missing of ['jti', 'iat'])
    await assert.rejects(single(partner.sign({ [missing]: undefined })), {
      reason: 'token-malformed',
    });
});

test('RFC 8725 §3.9: aud must name us, as a string or in a list', async () => {
  await validate(partner.sign({ aud: ['x', 'https://sts.example'] }));

  for (const aud of ['x', ['x'], 'https://sts.example/', undefined, []]) {
    await assert.rejects(validate(partner.sign({ aud })), { reason: 'token-audience-mismatch' });
  }
});

test('Trust: required claims must be there', async () => {
  const strict = validating({ trusted: [trustIn(partner, { requiredClaims: ['tenant'] })] });

  await strict(partner.sign({ tenant: 'a' }));

  await assert.rejects(strict(partner.sign()), { reason: 'token-malformed' });
});

const clients: readonly (readonly [string, 'jwt' | 'id_token', Members, string | undefined])[] = [
  ['client_id before azp', 'jwt', { client_id: 'a', azp: 'b' }, 'a'],
  ['azp', 'jwt', { azp: 'b' }, 'b'],
  ['the audience of an access token is no client', 'jwt', {}, undefined],
  ['azp of an ID token', 'id_token', { azp: 'b' }, 'b'],
  ['sole audience of an ID token', 'id_token', {}, 'https://sts.example'],
  [
    'several audiences of an ID token',
    'id_token',
    { aud: ['https://sts.example', 'https://sts.example'] },
    undefined,
  ],
];

for (const [name, type, claims, expected] of clients) {
  test(`Origin client: ${name}`, async () => {
    const token = await validate(partner.sign(claims), type);

    assert.equal(token.originClient, expected);
  });
}

const scopes: readonly (readonly [string, Members, readonly string[]])[] = [
  ['a string', { scope: 'a b a' }, ['a', 'b']],
  ['an empty string', { scope: '' }, []],
  ['a list', { scp: ['a', 'b'] }, ['a', 'b']],
  ['scp as a string', { scp: 'a b' }, ['a', 'b']],
  ['absent', {}, []],
];

for (const [name, claims, expected] of scopes) {
  test(`RFC 8693 §4.2: scope as ${name}`, async () => {
    assert.deepEqual((await validate(partner.sign(claims))).scopes, expected);
  });
}

test('OIDC Core §2: auth_time, acr and amr become the authentication', async () => {
  const token = await validate(partner.sign({ auth_time: NOW - 5, acr: 'loa3', amr: ['pwd'] }));

  assert.deepEqual(token.authentication, {
    instant: NOW - 5,
    methods: ['pwd'],
    contextClass: 'loa3',
  });
});

test('OIDC Core §2: auth_time as text in UTC, as AD FS writes it in access tokens, is the same instant', async () => {
  const at = async (auth_time: string) =>
    (await validate(partner.sign({ auth_time }))).authentication?.instant;
  const login = new Date((NOW - 5) * 1000).toISOString();

  assert.equal(await at(login), NOW - 5);
  assert.equal(await at(login.replace('.000Z', 'Z')), NOW - 5);
  assert.equal(await at(login.replace('.000Z', '.9999999Z')), NOW - 5);
  for (const text of [
    '',
    String(NOW - 5),
    '2024-02-30T00:00:00Z',
    '2024-02-01T24:00:00Z',
    '1969-12-31T23:59:59Z',
    login.replace('Z', ''),
    login.replace('Z', '+00:00'),
    login.replace('T', ' '),
    ` ${login}`,
  ])
    await assert.rejects(at(text), { reason: 'token-malformed' }, text);
  await assert.rejects(at(new Date((NOW + 61) * 1000).toISOString()), {
    reason: 'token-not-yet-valid',
  });
});

test('RFC 7800 §3.1: cnf with jkt or x5t#S256 binds the token', async () => {
  const thumbprint = 'a'.repeat(42) + 'A';
  const jkt = await validate(partner.sign({ cnf: { jkt: thumbprint } }));
  const certificate = await validate(partner.sign({ cnf: { 'x5t#S256': thumbprint } }));

  assert.deepEqual(jkt.confirmation, { method: 'public-key', jwkThumbprint: thumbprint });
  assert.deepEqual(certificate.confirmation, {
    method: 'public-key',
    certificateThumbprint: thumbprint,
  });
});

test('RFC 8693 §4.1: the chain is read outermost first, an actor without iss is of the issuer', async () => {
  const act = { sub: 'b', client_id: 'cb', act: { iss: 'https://elsewhere.example', sub: 'c' } };

  const token = await validate(partner.sign({ act }));

  assert.deepEqual(token.actors, [
    { issuer: partner.issuer, id: 'b', clientId: 'cb' },
    { issuer: 'https://elsewhere.example', id: 'c' },
  ]);
});

test('RFC 8693 §4.4: may_act names parties as act does', async () => {
  const mayActs = [
    { sub: 'b' },
    { iss: partner.issuer },
    { client_id: 'c' },
    { iss: us.issuer, sub: 'gateway', client_id: 'c' },
  ];

  const read = await Promise.all(
    mayActs.map(async (may_act) => (await validate(partner.sign({ may_act }))).mayAct),
  );

  assert.deepEqual(read, [
    { issuer: partner.issuer, id: 'b' },
    { issuer: partner.issuer },
    { clientId: 'c' },
    { issuer: us.issuer, id: 'gateway', clientId: 'c' },
  ]);
});

test('Own tokens: any audience is taken, for the origin binding is decided in core', async () => {
  const token = await validate(us.sign({ aud: 'orders', client_id: 'app' }));

  assert.equal(token.trustedIssuer, 'self');
  assert.equal(token.subject.id, 'alice');
  assert.deepEqual(token.audiences, ['orders']);
});

test('RFC 7009 §2.1: a token of ours is renewed and revoked when it is over, or not good yet by a clock that is behind', async () => {
  const over = { iat: NOW - 900, nbf: NOW - 900, exp: NOW - 600 };
  const early = { iat: NOW + 600, nbf: NOW + 600, auth_time: NOW + 600, exp: NOW + 900 };

  for (const [claims, reason] of [
    [over, 'token-expired'],
    [early, 'token-not-yet-valid'],
  ] as const) {
    const ours = us.sign({ client_id: 'app', ...claims });
    assert.equal((await validate(ours, 'jwt', 'lifecycle')).use, 'lifecycle');
    await assert.rejects(validate(ours), { reason });
    await assert.rejects(validate(partner.sign(claims), 'jwt', 'lifecycle'), { reason });
  }
});

test('RFC 9068 §2.2: a token of ours without audience is refused', async () => {
  const text = us.sign({ aud: undefined, client_id: 'app' });

  await assert.rejects(validate(text), { reason: 'token-audience-mismatch' });
});

test('canHandle: JWT types as text, an access token only with a dot in it', () => {
  const parts = { own: ownTrust(us), otherOwnNames: [], trusted: [], clock: fakeClock() };
  const validator = createJwtValidator(parts);
  const node = { type: 'jwt', use: 'subject', content: {} } as const;
  const saml = { type: 'saml2', use: 'subject', content: 'a.b.c' } as const;

  assert.ok(validator.canHandle(evidence('opaque', 'jwt')));
  assert.ok(validator.canHandle(evidence('a.b', 'access_token')));
  assert.ok(!validator.canHandle(evidence('opaque', 'access_token')));
  assert.ok(!validator.canHandle(node));
  assert.ok(!validator.canHandle(saml));
});

test('Trust: unsafe records are refused before any token is seen', () => {
  const own = ownTrust(us);
  const refused: readonly (readonly [Parameters<typeof trustIn>[1], RegExp])[] = [
    [{ audiences: [] }, /needs at least one audience/],
    [{ algorithms: ['HS256'] }, /HS256 is not an asymmetric/],
    [{ algorithms: ['none'] }, /none is not an asymmetric/],
    [{ id: 'self' }, /cannot have the id self/],
    [{ id: 'a:b' }, /needs a subjectPrefix/],
    [{ issuer: us.issuer }, /configured twice/],
    [{ aliases: [us.issuer] }, /configured twice/],
  ];

  for (const [terms, message] of refused) {
    const trusted = [trustIn(partner, terms)];
    const parts = { own, otherOwnNames: [], trusted, clock: fakeClock() };
    assert.throws(() => createJwtValidator(parts), message);
  }
});

test('Use: the declared use is kept', async () => {
  for (const use of ['subject', 'actor', 'assertion'] as const satisfies readonly TokenUse[]) {
    assert.equal((await validate(partner.sign(), 'jwt', use)).use, use);
  }
});
