// The keys of a client that authenticates by assertions: one of them has to be for what it may sign with.
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { it } from 'node:test';
import {
  type Change,
  errorsOf,
  first,
  parseChanged,
  problemsOf,
} from '#test/unit/config/document.ts';

const jwkOf = ({ publicKey }: { readonly publicKey: KeyObject }, more: object = {}): object => ({
  ...publicKey.export({ format: 'jwk' }),
  ...more,
});
const onCurve = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed25519 = generateKeyPairSync('ed25519');

const client =
  (more: object = {}): Change =>
  (document) => {
    const { client_secret: _, ...gateway } = first(document.clients);
    const keys = { token_endpoint_auth_method: 'private_key_jwt', jwks: { file: 'keys.json' } };
    document.clients = [{ ...gateway, ...keys, ...more }];
  };

const withKeys = (...keys: readonly object[]) => ({
  files: { 'keys.json': JSON.stringify({ keys }) },
});

for (const [what, key, algorithm] of [
  ['of another curve', jwkOf(onCurve('P-521')), undefined],
  ['to agree on secrets', jwkOf(generateKeyPairSync('x25519')), undefined],
  ['to encrypt to', jwkOf(rsa, { use: 'enc' }), undefined],
  ['for another algorithm', jwkOf(rsa, { alg: 'RS384' }), undefined],
  ['for other operations', jwkOf(rsa, { key_ops: ['wrapKey'] }), undefined],
  ['of another kind than its one algorithm', jwkOf(rsa), 'ES256'],
  ['of another curve than its one algorithm', jwkOf(onCurve('P-384')), 'ES256'],
  ['with the other name of its one algorithm', jwkOf(ed25519, { alg: 'Ed25519' }), 'EdDSA'],
] as const)
  it(`RFC 7517 §4: a client that has only a key ${what} is told, or no request of it would be answered`, async () => {
    const change = client(algorithm && { token_endpoint_auth_signing_alg: algorithm });

    const problems = await problemsOf(parseChanged(change, withKeys(key)));
    const [problem, ...others] = problems.filter(({ severity }) => severity === 'error');
    const besideAnother = await errorsOf(client(), withKeys(key, jwkOf(onCurve('P-256'))));

    assert.deepEqual(others, []);
    assert.equal(problem?.path, 'clients[0].jwks.file');
    assert.match(problem.what, algorithm ? new RegExp(`^has no key for ${algorithm}$`) : /ES256, /);
    assert.match(problem.fix, /token_endpoint_auth_signing_alg/);
    assert.deepEqual(besideAnother, []);
  });

for (const [algorithm, key] of [
  ['ES256', jwkOf(onCurve('P-256'), { use: 'sig', key_ops: ['verify'] })],
  ['ES384', jwkOf(onCurve('P-384'), { alg: 'ES384' })],
  ['RS256', jwkOf(rsa)],
  ['PS256', jwkOf(rsa, { alg: 'PS256' })],
  ['EdDSA', jwkOf(ed25519)],
  ['Ed25519', jwkOf(ed25519, { alg: 'Ed25519' })],
] as const)
  it(`RFC 7518 §3.1: a client that has a key for ${algorithm} may sign with it, alone or among all`, async () => {
    for (const more of [{}, { token_endpoint_auth_signing_alg: algorithm }])
      assert.deepEqual(await errorsOf(client(more), withKeys(key)), []);
  });
