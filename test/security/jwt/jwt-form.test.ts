// Attacks on the form: what two readers could read differently is refused (RFC 8725 §2.4, RFC 7493).
import assert from 'node:assert/strict';
import test from 'node:test';
import { aForeignIssuer, part } from '#test/support/jwt/jwt.ts';
import { trustIn, validating } from '#test/support/jwt/jwt-terms.ts';

const NOW = 1_800_000_000;
const partner = await aForeignIssuer();
const validate = validating({ trusted: [trustIn(partner)] });

const HEADER = JSON.stringify({ alg: 'ES256', typ: 'JWT', kid: partner.kid });
const MEMBERS = `"iss":"${partner.issuer}","sub":"alice","aud":"https://sts.example","exp":${NOW + 60}`;
const claimsWith = (more: string): string => `{${MEMBERS}${more}}`;
const isMalformed = { reason: 'token-malformed' };

test('These tests sign claims as text, and the plain text is good', async () => {
  await validate(partner.signRaw(HEADER, claimsWith('')));
  await validate(partner.signRaw(HEADER, claimsWith(',"a":{"x":[{"x":1},{"x":2}]},"x":-0.5e-3')));
});

const claims: readonly (readonly [string, string | Uint8Array])[] = [
  ['sub twice', claimsWith(',"sub":"admin"')],
  ['sub twice, one written with an escape', claimsWith(',"s\\u0075b":"admin"')],
  ['sub twice with the same value', claimsWith(',"sub":"alice"')],
  ['a name twice in a nested object', claimsWith(',"act":{"sub":"a","sub":"b"}')],
  ['a name twice inside a list', claimsWith(',"a":[[{"b":1,"b":2}]]')],
  ['a name twice, with space before the colon', claimsWith(',"sub" \t\n:"admin"')],
  ['__proto__', claimsWith(',"__proto__":{"sub":"admin"}')],
  ['__proto__ in a nested object', claimsWith(',"a":{"__proto__":[]}')],
  ['__proto__ with an escape', claimsWith(',"\\u005f_proto__":1')],
  ['a number that is rounded', claimsWith(',"employee":9007199254740993')],
  ['a number beyond all bounds', claimsWith(',"employee":1e999')],
  ['a lone surrogate', claimsWith(',"a":"\\ud800"')],
  ['a lone surrogate in a name', claimsWith(',"\\udfff":1')],
  ['depth', claimsWith(`,"a":${'['.repeat(24)}${']'.repeat(24)}`)],
  ['a list', `[{${MEMBERS}}]`],
  ['a string', '"x"'],
  ['null', 'null'],
  ['no JSON', 'alice'],
  ['nothing but space', ' '],
  ['a comment', claimsWith('/**/')],
  ['a comma too many', claimsWith(',')],
  ['single quotes', "{'iss':'x'}"],
  ['text after the object', `${claimsWith('')}{}`],
  ['NaN', claimsWith(',"a":NaN')],
  ['a byte order mark', `\ufeff${claimsWith('')}`],
  ['overlong UTF-8', Buffer.concat([Buffer.from(claimsWith(',"a":"')), Buffer.from([0xc0, 0xaf])])],
  ['UTF-16', Buffer.from(claimsWith(''), 'utf16le')],
  ['invalid UTF-8 in a string', Buffer.from(claimsWith(',"a":"\xff"'), 'latin1')],
];

for (const [name, payload] of claims) {
  test(`RFC 8725 §2.4: refuses a signed claims set with ${name}`, async () => {
    await assert.rejects(validate(partner.signRaw(HEADER, payload)), isMalformed);
  });
}

const headers: readonly (readonly [string, string])[] = [
  ['alg twice', HEADER.replace('{', '{"alg":"none",')],
  ['alg twice, one written with an escape', HEADER.replace('{', '{"\\u0061lg":"none",')],
  ['kid twice', HEADER.replace('{', '{"kid":"x",')],
  ['__proto__', HEADER.replace('{', '{"__proto__":{"alg":"ES256"},')],
  ['a list', `[${HEADER}]`],
  ['no JSON', 'ES256'],
];

for (const [name, header] of headers) {
  test(`RFC 7515 §4: refuses a signed header with ${name}`, async () => {
    await assert.rejects(validate(partner.signRaw(header, claimsWith(''))), isMalformed);
  });
}

const text = await partner.sign();
const [header = '', payload = '', signature = ''] = text.split('.');

const forms: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['an empty signature', `${header}.${payload}.`],
  ['an empty header', `.${payload}.${signature}`],
  ['an empty claims set', `${header}..${signature}`],
  ['two parts', `${header}.${payload}`],
  ['four parts', `${text}.AAAA`],
  ['five parts, as encrypted tokens have', `${header}.AA.AA.AA.AA`],
  ['a space before', ` ${text}`],
  ['a line end after', `${text}\n`],
  ['a space inside', `${header}. ${payload}.${signature}`],
  ['a line end inside a part', `${header.slice(0, 8)}\n${header.slice(8)}.${payload}.${signature}`],
  ['padding', `${header}.${payload}.${signature}==`],
  ['a zero byte', `${text}\0`],
  ['the other base64 alphabet', `${header}.${payload}.${signature.slice(0, -1)}+`],
  ['a letter that looks alike', `${header}.${payload}.${signature.slice(0, -1)}А`],
  ['JSON serialization', JSON.stringify({ payload, protected: header, signature })],
  ['a length that base64url cannot have', `${header}.${payload}.${signature.slice(0, -1)}`],
  ['more than 16 KiB', `${header}.${'A'.repeat(16_384)}.${signature}`],
  ['a scheme before', `Bearer ${text}`],
];

for (const [name, form] of forms) {
  test(`RFC 7515 §7.1: refuses ${name}`, async () => {
    await assert.rejects(validate(form), isMalformed);
  });
}

test('RFC 4648 §3.5: refuses every second spelling by bits after the last octet', async () => {
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const octets = Buffer.from(signature, 'base64url');
  const twins = ALPHABET.split('')
    .map((letter) => `${signature.slice(0, -1)}${letter}`)
    .filter((twin) => twin !== signature && Buffer.from(twin, 'base64url').equals(octets));

  assert.equal(twins.length, 15);
  for (const twin of twins) {
    await assert.rejects(validate(`${header}.${payload}.${twin}`), isMalformed);
  }
});

test('Refuses a well-signed token of more than 16 KiB', async () => {
  await validate(partner.sign({ padding: 'x'.repeat(11_000) }));

  await assert.rejects(validate(partner.sign({ padding: 'x'.repeat(12_300) })), isMalformed);
});

test('RFC 7519 §5.2: refuses a nested token, announced or not', async () => {
  const inner = await partner.sign();

  await assert.rejects(validate(partner.sign({}, { cty: 'JWT' })), isMalformed);
  await assert.rejects(validate(partner.signRaw(HEADER, inner)), isMalformed);
  await assert.rejects(validate(`${part(HEADER)}.${part(inner)}.${signature}`), isMalformed);
});

test('RFC 7797 §6: refuses an unencoded payload', async () => {
  const unencoded = JSON.stringify({ alg: 'ES256', kid: partner.kid, b64: false, crit: ['b64'] });

  await assert.rejects(validate(partner.signRaw(unencoded, claimsWith(''))), isMalformed);
  const bare = `${part(unencoded)}.${claimsWith('')}.${signature}`;
  await assert.rejects(validate(bare), isMalformed);
});
