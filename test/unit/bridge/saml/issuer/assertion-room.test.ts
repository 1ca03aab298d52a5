// However an assertion looks and whatever it is bound to: what is issued is no longer than what comes back, and is read.
import '#test/support/x509/reflect-metadata.ts';

import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import * as x509 from '@peculiar/x509';
import { SAML_SHAPES } from '#bridge/saml/issuer/saml-shape.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { Confirmation } from '#core/token/confirmation.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import { aClaim } from '#test/support/core.ts';
import {
  aCertifiedKey,
  anOwnIssuer,
  anOwnValidator,
  aSamlSpec,
  assertRefused,
  asText,
  STS,
  signingKeysOf,
  VERSIONS,
} from '#test/support/saml/saml.ts';

const MAX_BYTES = 46 * 1024;
/** So long that it matters whether an assertion has the certificate once or twice. */
const LONG_BYTES = 12.5 * 1024;
const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};
const key = await aCertifiedKey();
const issuer = anOwnIssuer(signingKeysOf(key), { maxBytes: MAX_BYTES });

async function aLongCertificate(): Promise<string> {
  const keys = await crypto.subtle.generateKey(RSA, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=holder',
    keys,
    signingAlgorithm: RSA,
    extensions: [new x509.Extension('1.2.3.4', false, new Uint8Array(LONG_BYTES))],
  });
  return certificate.toString('pem');
}

function heldKey(certificatePem = key.certificatePem): Confirmation {
  const { publicKey, raw } = new X509Certificate(certificatePem);
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  const certificateThumbprint = createHash('sha256').update(raw).digest('base64url');
  const certificate = raw.toString('base64');
  return { method: 'public-key', jwk: { kty: 'RSA', n, e }, certificateThumbprint, certificate };
}

const HELD: readonly (readonly [string, Confirmation])[] = [
  ['bearer', { method: 'bearer' }],
  ['a key', heldKey()],
  ['a key with a long certificate', heldKey(await aLongCertificate())],
];

const values = (count: number, value: string) => [
  aClaim({ name: 'groups', values: Array.from({ length: count }, () => value) }),
];

/** What grows, by its size. */
const GROWTHS: readonly (readonly [string, (size: number) => Partial<TokenSpec>])[] = [
  ['a value', (size) => ({ claims: values(1, 'x'.repeat(size * 100)) })],
  ['a value of markup', (size) => ({ claims: values(1, '<'.repeat(size * 25)) })],
  ['a value beyond ASCII', (size) => ({ claims: values(1, '\u20AC'.repeat(size * 12)) })],
  ['a value beyond the BMP', (size) => ({ claims: values(1, '\u{1F600}'.repeat(size * 10)) })],
  ['values', (size) => ({ claims: values(size * 3, '') })],
  ['the name of a claim', (size) => ({ claims: [aClaim({ name: 'n'.repeat(size * 100) })] })],
  ['the name of the subject', (size) => ({ subjectName: 's'.repeat(size * 100) })],
  [
    'audiences',
    (size) => ({ audiences: Array.from({ length: size * 3 }, (_, at) => `urn:${at}`) }),
  ],
];

const growing = (tokenShape: string, type: (typeof VERSIONS)[number]) =>
  [...GROWTHS, ...(type === 'saml2' ? ACTORS : [])].flatMap(([what, grown]) =>
    HELD.map(([held, confirmation]) => ({
      title: `${what} (${type}, ${tokenShape}, ${held})`,
      specOf: (size: number) => aSamlSpec({ type, tokenShape, confirmation, ...grown(size) }),
    })),
  );

const ACTORS: typeof GROWTHS = [
  [
    'the issuer of an actor',
    (size) => ({ actors: [{ issuer: `urn:${'i'.repeat(size * 100)}`, id: 'a' }] }),
  ],
  ['the id of an actor', (size) => ({ actors: [{ issuer: 'urn:i', id: 'a'.repeat(size * 100) }] })],
];

describe('SAML issue: what is too long to come back is refused,', () => {
  for (const shape of SAML_SHAPES.keys())
    for (const type of VERSIONS)
      for (const { title, specOf } of growing(shape, type))
        test(title, async () => {
          const validator = anOwnValidator(key);
          const outcomes: boolean[] = [];
          for (let size = 1; size <= 601; size += 25) {
            const spec = specOf(size);
            try {
              issuer.requireExpressible?.(spec);
            } catch (cause) {
              assert.ok(cause instanceof ExchangeFailure && cause.reason === 'claim-missing');
              await assertRefused(() => issuer.issue(spec), 'claim-missing');
              outcomes.push(false);
              continue;
            }
            const { text } = await issuer.issue(spec);
            assert.ok(text.length <= MAX_BYTES, `${text.length} bytes`);
            assert.equal((await validator.validate(asText(type, text))).issuer, STS);
            outcomes.push(true);
          }

          const falls = outcomes.filter((one, at) => one !== outcomes[at - 1]).length;
          assert.deepEqual([outcomes[0], outcomes.at(-1), falls], [true, false, 2]);
        });
});
