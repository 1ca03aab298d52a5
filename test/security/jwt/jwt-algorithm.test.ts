// Attacks on the signature: algorithm confusion, keys brought along, signatures of another form (RFC 8725 §2.1, §3.1).
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import type { ClaimValue } from '#core/claims/claim.ts';
import { aForeignIssuer, part } from '#test/support/jwt/jwt.ts';
import { trustIn, validating } from '#test/support/jwt/jwt-terms.ts';

const partner = await aForeignIssuer();
const rsaPartner = await aForeignIssuer({ algorithm: 'RS256', issuer: 'https://rsa.example' });
const attacker = await aForeignIssuer({ issuer: partner.issuer });
const validate = validating({
  trusted: [trustIn(partner), trustIn(rsaPartner, { id: 'rsa' })],
});

const claimsPart = async (token: Promise<string>): Promise<string> =>
  (await token).split('.')[1] ?? '';
const derLength = (octets: Buffer): Buffer => Buffer.from([octets.length]);

function derInteger(half: Buffer): Buffer {
  const trimmed = half.subarray(
    Math.max(
      half.findIndex((octet) => octet !== 0),
      0,
    ),
  );
  const padding = (trimmed[0] ?? 0) >= 0x80 ? [0] : [];
  const octets = Buffer.concat([Buffer.from(padding), trimmed]);
  return Buffer.concat([Buffer.from([2]), derLength(octets), octets]);
}

test('RFC 8725 §3.1: the tokens of these tests are good when nobody tampers with them', async () => {
  await validate(partner.sign());
  await validate(rsaPartner.sign());
});

for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
  test(`RFC 8725 §2.1: refuses alg ${alg}, with no signature, with any, and with a real one`, async () => {
    const header = part(JSON.stringify({ alg, typ: 'JWT' }));
    const claims = await claimsPart(partner.sign());

    await assert.rejects(validate(`${header}.${claims}.`), { reason: 'token-malformed' });
    await assert.rejects(validate(`${header}.${claims}`), { reason: 'token-malformed' });
    await assert.rejects(validate(`${header}.${claims}.AAAA`), { reason: 'signature-invalid' });
    await assert.rejects(validate(partner.sign({}, { alg })), { reason: 'signature-invalid' });
  });
}

for (const secret of [rsaPartner.publicPem, rsaPartner.publicPem.trim()]) {
  test('RFC 8725 §2.1: refuses HS256 with the RSA public key as the secret', async () => {
    const header = part(JSON.stringify({ alg: 'HS256', kid: rsaPartner.kid, typ: 'JWT' }));
    const input = `${header}.${await claimsPart(rsaPartner.sign())}`;
    const signature = createHmac('sha256', secret).update(input).digest('base64url');

    await assert.rejects(validate(`${input}.${signature}`), { reason: 'signature-invalid' });
  });
}

test('RFC 8725 §3.1: refuses an algorithm off the list of the issuer, even with its own key', async () => {
  for (const alg of ['PS256', 'RS384', 'RS1', 'ES256', 'EdDSA', '', 'rs256', 'RS256 ']) {
    const text = rsaPartner.sign({}, { alg });

    await assert.rejects(validate(text), { reason: 'signature-invalid' });
  }
});

test('RFC 8725 §3.1: the list of the issuer decides, also when its key would verify', async () => {
  const terms = { algorithms: ['ES256'], verificationKey: async () => rsaPartner.publicKey };
  const narrow = validating({ trusted: [trustIn(rsaPartner, terms)] });

  await assert.rejects(narrow(rsaPartner.sign()), { reason: 'signature-invalid' });
});

test('RFC 8725 §3.1: refuses a header that names another algorithm of the list than the key is for', async () => {
  const terms = { algorithms: ['ES256', 'RS256', 'PS256'] };
  const loose = validating({
    trusted: [trustIn(rsaPartner, { ...terms, verificationKey: async () => rsaPartner.publicKey })],
  });

  await loose(rsaPartner.sign());

  for (const alg of ['PS256', 'ES256']) {
    await assert.rejects(loose(rsaPartner.sign({}, { alg })), { reason: 'signature-invalid' });
  }
});

test('Refuses alg that is no string', async () => {
  for (const alg of [null, 256, ['ES256'], { name: 'ES256' }, undefined]) {
    await assert.rejects(validate(partner.sign({}, { alg })), { reason: 'token-malformed' });
  }
});

test('RFC 7515 §4.1.3: refuses a signature by a key that is not of the issuer', async () => {
  await assert.rejects(validate(attacker.sign({}, { kid: partner.kid })), {
    reason: 'signature-invalid',
  });
});

test('RFC 7518 §3.4: refuses an ES256 signature in DER', async () => {
  const [header, claims, signature = ''] = (await partner.sign()).split('.');
  const raw = Buffer.from(signature, 'base64url');
  const halves = [raw.subarray(0, 32), raw.subarray(32)].map(derInteger);
  const body = Buffer.concat(halves);
  const encoded = part(Buffer.concat([Buffer.from([0x30]), derLength(body), body]));

  await assert.rejects(validate(`${header}.${claims}.${encoded}`), {
    reason: 'signature-invalid',
  });
});

test('CVE-2022-21449: refuses an ECDSA signature of zeros', async () => {
  const [header, claims] = (await partner.sign()).split('.');

  for (const zeros of [new Uint8Array(64), new Uint8Array(1)]) {
    const text = `${header}.${claims}.${part(zeros)}`;
    await assert.rejects(validate(text), { reason: 'signature-invalid' });
  }
});

test('Refuses a claims set, a header and a signature of three tokens put together', async () => {
  const first = (await partner.sign({ sub: 'alice' })).split('.');
  const second = (await partner.sign({ sub: 'admin' }, { extra: 1 })).split('.');

  for (const mixed of [
    [first[0], second[1], first[2]],
    [second[0], first[1], first[2]],
    [first[0], first[1], second[2]],
  ]) {
    await assert.rejects(validate(mixed.join('.')), { reason: 'signature-invalid' });
  }
});

const brought: readonly (readonly [string, ClaimValue])[] = [
  ['jwk', attacker.publicJwk as ClaimValue],
  ['jwk', null],
  ['x5c', ['MIIB']],
  ['crit', ['exp']],
  ['crit', []],
  ['crit', ['b64']],
  ['b64', false],
  ['b64', true],
  ['cty', 'JWT'],
  ['zip', 'DEF'],
  ['enc', 'A256GCM'],
];

for (const [name, value] of brought) {
  test(`RFC 8725 §3.10: refuses a header with ${name} ${JSON.stringify(value).slice(0, 20)}`, async () => {
    await assert.rejects(validate(attacker.sign({}, { [name]: value })), {
      reason: 'token-malformed',
    });
    await assert.rejects(validate(partner.sign({}, { [name]: value })), {
      reason: 'token-malformed',
    });
  });
}

test('RFC 8725 §3.10: refuses jku and x5u, and no request leaves', async (context) => {
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    response.end(JSON.stringify({ keys: [attacker.publicJwk] }));
  }).listen(0, '127.0.0.1');
  context.after(() => server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;

  for (const name of ['jku', 'x5u']) {
    const text = attacker.sign({}, { [name]: url });
    await assert.rejects(validate(text), { reason: 'token-malformed' });
  }

  assert.equal(requests, 0);
});

const HOSTILE_KIDS = ['../../dev/null', '/dev/null', "' OR 1=1 --", 'http://evil.example', '%00'];

test('RFC 8725 §3.10: a kid is a name to compare and nothing else', async () => {
  for (const kid of [...HOSTILE_KIDS, '', '__proto__', 'constructor', `${partner.kid} `]) {
    await assert.rejects(validate(partner.sign({}, { kid })), { reason: 'signature-invalid' });
  }
  for (const kid of [null, 1, [partner.kid], { kid: partner.kid }, 'k'.repeat(513)]) {
    await assert.rejects(validate(partner.sign({}, { kid })), { reason: 'token-malformed' });
  }
});

test('RFC 8725 §3.8: the keys of one issuer do not vouch for another', async () => {
  const text = rsaPartner.sign({ iss: partner.issuer });

  await assert.rejects(validate(text), { reason: 'signature-invalid' });
});
