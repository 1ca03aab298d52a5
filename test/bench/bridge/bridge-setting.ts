// The configuration of the server under the bench of the bridge: TLS, users, our SAML key, a partner that writes assertions.
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PATIENT, PATIENT_AUDIT } from '#test/bench/bench-setting.ts';
import { type ForeignSamlIssuer, iso, TOKEN_ENDPOINT } from '#test/support/saml/saml.ts';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { aConfigDocument } from '#test/support/server/document.ts';
import { createPartner, writeConfiguration } from '#test/support/server/server.ts';
import { selfSigned } from '#test/support/x509/certificate.ts';

export interface BridgeSetting {
  readonly directory: string;
  readonly configPath: string;
  readonly tlsCertificate: string;
  readonly partner: ForeignSamlIssuer;
}

const now = (): number => Math.floor(Date.now() / 1000);

/** Writes everything the server needs into a fresh directory. */
export async function createBridgeSetting(): Promise<BridgeSetting> {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-bench-'));
  const { jwks } = await createPartner({ now });
  const { certPem, keyPem } = await selfSigned(['127.0.0.1']);
  const document = aConfigDocument();
  const { partner } = await withSaml(document, directory);
  const tls = { certificate: { file: 'tls.crt' }, key: { file: 'tls.key' } };
  document['listeners'] = {
    public: { address: '127.0.0.1:0', tls },
    management: { address: '127.0.0.1:0' },
  };
  document['trustedProxies'] = [];
  document['limits'] = PATIENT;
  Object.assign(document['audit'] as object, PATIENT_AUDIT);
  await writeFile(join(directory, 'tls.crt'), certPem);
  await writeFile(join(directory, 'tls.key'), keyPem, { mode: 0o600 });
  const configPath = await writeConfiguration(directory, document, jwks);
  return { directory, configPath, tlsCertificate: certPem, partner };
}

/** A signed assertion of the partner that is good now and for half an hour. */
export function aCurrentAssertion(partner: ForeignSamlIssuer): string {
  const at = now();
  return partner.assertion('saml2', {
    issueInstant: iso(at),
    window: `NotBefore="${iso(at)}" NotOnOrAfter="${iso(at + 3600)}"`,
    confirmation: `<saml2:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml2:SubjectConfirmationData NotOnOrAfter="${iso(at + 3600)}" Recipient="${TOKEN_ENDPOINT}"/></saml2:SubjectConfirmation>`,
    authentication: `<saml2:AuthnStatement AuthnInstant="${iso(at)}"><saml2:AuthnContext><saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement>`,
  });
}
