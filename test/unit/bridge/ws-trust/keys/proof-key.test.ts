// The public key that a token is bound to (ws-trust §3.2): only what was signed over Body and Timestamp shows one.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { endorsingKeys, heldKeys } from '#bridge/ws-trust/keys/proof-key.ts';
import { nameCertificate } from '#bridge/xml/keys/public-key.ts';
import { BEARER, type Confirmation, type PublicKeyConfirmation } from '#core/token/confirmation.ts';
import { aRequestor } from '#test/support/core.ts';
import { aCertificate } from '#test/support/x509/pki.ts';

const aKey = async () =>
  nameCertificate(new X509Certificate((await aCertificate({ algorithm: 'RSA' })).der));
const [key, ofTls] = [await aKey(), await aKey()];

interface Shown {
  readonly coversBody?: boolean;
  readonly coversTimestamp?: boolean;
  readonly ofRequestor?: Confirmation;
  readonly named?: string;
  readonly wanted?: PublicKeyConfirmation;
}

function shown(wishes: Shown) {
  const { coversBody = true, coversTimestamp = true, ofRequestor = BEARER } = wishes;
  const { named, wanted = key } = wishes;
  const requestor = aRequestor({ kind: 'principal', confirmation: ofRequestor });
  const signatures = [{ id: 'SIG-1', confirmation: key, tokens: [], coversBody, coversTimestamp }];
  const useKey = { key: wanted, ...(named !== undefined && { signatureId: named }) };
  const rst = { useKey } as Parameters<typeof heldKeys>[0];
  return heldKeys(rst, { requestor, signatures }).confirmation;
}

const UNPROVED = { reason: 'confirmation-missing' };

test('ws-trust §3.2: a signature over Body and Timestamp shows the key of UseKey', () => {
  assert.deepEqual(shown({}), key);
  assert.deepEqual(shown({ named: 'SIG-1' }), key);
});

test('ws-trust §3.2: one over less of the message shows none, whoever else it is good for', () => {
  assert.throws(() => shown({ coversBody: false }), UNPROVED);
  assert.throws(() => shown({ coversTimestamp: false }), UNPROVED);
  // That the requestor signed with it over the Timestamp alone makes it no key of TLS.
  assert.throws(() => shown({ coversBody: false, ofRequestor: key }), UNPROVED);
});

test('ws-trust §3.2: Sig means a signature, and not the key of TLS', () => {
  assert.deepEqual(shown({ wanted: ofTls, ofRequestor: ofTls }), ofTls);
  for (const named of ['SIG-1', 'SIG-2'])
    assert.throws(() => shown({ named, wanted: ofTls, ofRequestor: ofTls }), UNPROVED);
});

test('WS-Trust 1.3 §9.1: public keys endorse what they signed all of; a secret is shown for its own token alone', () => {
  const secret = { method: 'symmetric-key', thumbprint: 'secret-1' } as const;
  const by = (confirmation: Confirmation, coversBody = true, coversTimestamp = true) => ({
    confirmation,
    tokens: [],
    coversBody,
    coversTimestamp,
  });

  const keys = endorsingKeys([by(secret), by(key), by(ofTls, false), by(ofTls, true, false)]);

  assert.deepEqual(keys, [key]);
});
