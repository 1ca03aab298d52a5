// The work of one signed request: verify a message signed with the key of a certificate, issue a holder-of-key assertion.

import type { SamlSigningKeys } from '#bridge/saml/issuer/assertion-signer.ts';
import { createX509Validator } from '#src/trust/x509/x509-validator.ts';
import { OWN_ISSUER } from '#test/support/core.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { anOwnIssuer } from '#test/support/saml/saml.ts';
import { aSignedMessage } from '#test/support/soap/signed-message.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { aPost, aWsTrustSetting, corpRules } from '#test/support/ws-trust/ws-trust.ts';
import { aCertificate, anAuthority } from '#test/support/x509/pki.ts';
import { anX509Trust } from '#test/support/x509/x509-trust.ts';

/** One turn: the same message each time, so that its mark is always taken as new. */
export async function signedIssue(keys: SamlSigningKeys): Promise<() => Promise<void>> {
  const root = await anAuthority({ algorithm: 'RSA' });
  const client = await aCertificate({ name: 'CN=batch', issuer: root, algorithm: 'RSA' });
  const clock = fakeClock();
  const validator = createX509Validator({
    issuer: OWN_ISSUER,
    trusted: [anX509Trust([root])],
    clock,
  });
  const { front } = aWsTrustSetting({
    rules: corpRules(),
    validators: [validator],
    issuers: [anOwnIssuer(keys)],
    parts: { store: { putOnce: async () => ({ stored: true }) } },
  });
  const children = `${anAppliesTo()}<t:KeyType>${TRUST_13}/PublicKey</t:KeyType>`;
  const request = aPost(aSignedMessage(anRst({ children }), { by: client }));
  return async () => {
    const { body, status } = await front.handle(request);
    if (status !== 200) throw new Error(body);
  };
}
