// The keys of a trusted issuer of JWTs as certificates.
import assert from 'node:assert/strict';
import { hash, X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import {
  type Change,
  certificatePem,
  ecKeyPem,
  errorsOf,
  first,
  parseChanged,
  rsaKeyPem,
} from '#test/unit/config/document.ts';
import { refuses } from '#test/unit/config/refusals.ts';

const certificates =
  (...files: readonly string[]): Change =>
  (document) => {
    const { jwks: _, ...jwt } = first(document.trustedIssuers).jwt ?? {};
    document.trustedIssuers = [
      {
        ...first(document.trustedIssuers),
        jwt: { ...jwt, certificates: files.map((file) => ({ file })) },
      },
    ];
  };

describe('Configuration: certificates of a trusted issuer of JWTs', () => {
  it('RFC 7517 §4.9: takes their keys, named by their thumbprints', async () => {
    const [one, other] = [certificatePem(rsaKeyPem()), certificatePem(ecKeyPem())];
    const files = { 'one.crt': one, 'other.crt': other };

    const config = await parseChanged(certificates('one.crt', 'other.crt'), { files });

    const source = config.trustedIssuers[0]?.jwt?.keySource;
    assert.ok(source?.kind === 'pinned');
    assert.deepEqual(
      source.jwks.keys.map(({ kty, kid, 'x5t#S256': thumbprint }) => [kty, kid, thumbprint]),
      [one, other].map((pem, index) => [
        index === 0 ? 'RSA' : 'EC',
        undefined,
        hash('sha256', new X509Certificate(pem).raw, 'base64url'),
      ]),
    );
    assert.ok(source.jwks.keys.every((key) => !('d' in key)));
  });

  it('refuses one that has ended', async () => {
    const files = { 'one.crt': certificatePem(ecKeyPem(), { days: 1 }) };
    const now = Math.floor(Date.now() / 1000) + 2 * 86_400;

    assert.deepEqual(await errorsOf(certificates('one.crt'), { files, now }), [
      'CONFIG_KEY trustedIssuers[0].jwt.certificates[0]',
    ]);
  });
});

refuses('trustedIssuers[].jwt.certificates', [
  {
    rule: 'a private key has no business there',
    change: certificates('one.key'),
    errors: ['CONFIG_INSECURE trustedIssuers[0].jwt.certificates[0]'],
    world: { files: { 'one.key': ecKeyPem() } },
  },
  {
    rule: 'there is one at least',
    change: certificates(),
    errors: ['CONFIG_OUT_OF_RANGE trustedIssuers[0].jwt.certificates'],
  },
  {
    rule: 'the keys have one source',
    change: (document) => {
      const issuer = first(document.trustedIssuers);
      document.trustedIssuers = [
        { ...issuer, jwt: { ...issuer.jwt, certificates: [{ file: 'one.crt' }] } },
      ];
    },
    errors: ['CONFIG_EXACTLY_ONE trustedIssuers[0].jwt'],
  },
]);
