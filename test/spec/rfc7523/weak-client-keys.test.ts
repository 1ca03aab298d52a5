// Keys that a client publishes are held against what keys must be, as those in a file are: by some of them anybody could sign.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomUUID, type webcrypto } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { ISSUER } from '#test/support/server/document.ts';
import { aKey, startServerOf } from '#test/support/server/publishing-client.ts';

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** SHA-256 in its DER frame (RFC 8017 §9.2). */
const SHA256 = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** A signature of nobody: with the exponent 1 it is the padded digest itself. */
function forged(kid: string): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: 'worker', sub: 'worker', aud: ISSUER, jti: randomUUID(), exp: now + 60 };
  const input = `${encoded({ alg: 'RS256', kid })}.${encoded({ ...claims, iat: now })}`;
  const digest = Buffer.concat([SHA256, createHash('sha256').update(input).digest()]);
  const padding = Buffer.alloc(256 - 3 - digest.byteLength, 0xff);
  const signature = Buffer.concat([Buffer.from([0, 1]), padding, Buffer.from([0]), digest]);
  return `${input}.${signature.toString('base64url')}`;
}

function anRsaKey(kid: string) {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...publicKey.export({ format: 'jwk' }), kid };
}

async function startWith(t: TestContext, ...keys: readonly object[]) {
  const started = await startServerOf(t);
  started.client.publish(started.client.jwk, ...keys);
  return started;
}

test('RFC 8017 §3.1: an RSA key of a client with the exponent 1, by which anybody could sign, is none', async (t) => {
  const { authenticate, present } = await startWith(t, { ...anRsaKey('one'), e: 'AQ' });

  const answers = [await present(forged('one')), await authenticate()];

  assert.deepEqual(
    answers.map(({ status }) => status),
    [401, 200],
  );
});

test('RFC 7517 §9.2: a private key among those of a client is none, and the others are good', async (t) => {
  const { jwk, privateKey } = await aKey('leaked');
  const { d } = (await crypto.subtle.exportKey('jwk', privateKey)) as webcrypto.JsonWebKey;
  const { authenticate } = await startWith(t, { ...jwk, ...(d !== undefined && { d }) });

  const answers = [await authenticate({ kid: 'leaked' }, privateKey), await authenticate()];

  assert.deepEqual(
    answers.map(({ status }) => status),
    [401, 200],
  );
});
