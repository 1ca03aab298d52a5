// Which certificates of signers are remembered: only those that core found good.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { createCertificateMemory } from '#bridge/ws-security/certificate-memory.ts';
import type { CredentialService } from '#bridge/ws-trust/credential.ts';
import { trustSigners } from '#bridge/ws-trust/signer-trust.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { aValidatedToken } from '#test/support/core.ts';
import { aCertificate } from '#test/support/pki.ts';
import { parse } from '#test/support/xml/refusal.ts';

const { der } = await aCertificate({ algorithm: 'RSA' });
const refuse = async (): Promise<never> => {
  throw new ExchangeFailure('issuer-untrusted', 'no path');
};

function aSetting(validate: CredentialService['validateCredential'], mayProvePossession = false) {
  const certificates = createCertificateMemory();
  const sts = {
    validate,
    validateCredential: validate,
    findSecret: async () => undefined,
    useCredentials: async () => undefined,
  };
  const document = parse('<a xmlns="urn:a"></a>');
  const trust = trustSigners({
    document,
    sts,
    tokens: [],
    mayProvePossession,
    mayProveSecret: false,
    takesContexts: false,
    certificates,
  });
  const sign = () => trust({ kind: 'certificate', chain: [new X509Certificate(der)] });
  return { certificates, sign };
}

test('xml-security §4: the certificate of a signer is remembered once it was found good', async () => {
  const { certificates, sign } = aSetting(async () => aValidatedToken({ type: 'x509' }));

  await sign();

  assert.ok(certificates.recall(der));
});

test('xml-security §4: a certificate without a path is not remembered, also where it may show possession', async () => {
  const refused = aSetting(refuse);
  const possessed = aSetting(refuse, true);

  await assert.rejects(refused.sign(), /no path/);
  await possessed.sign();

  assert.equal(refused.certificates.recall(der), undefined);
  assert.equal(possessed.certificates.recall(der), undefined);
});
