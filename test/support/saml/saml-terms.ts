// Assertions that are signed as they should be, or by somebody else, and that the server must not take all the same (xml-security §5, B5,
// B7, B13, C3, E2, E4-E6).
import type { FailureReason } from '#core/failure.ts';
import { ISSUER } from '#test/support/server/document.ts';
import { edited, resigned } from '#test/support/xml/tamper.ts';
import {
  type AssertionChanges,
  aCertifiedKey,
  aSamlIssuer,
  bearer,
  confirmation1,
  confirmation2,
  confirmationOf,
  type ForeignSamlIssuer,
  iso,
  NOW,
  unsignedAssertion,
  type VERSIONS,
} from './saml.ts';

type Version = (typeof VERSIONS)[number];
type TermAttack = readonly [name: string, xml: string, reason: FailureReason];

const DSIG_MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const DS = 'http://www.w3.org/2000/09/xmldsig#';

/** Of a bearer in SAML 2.0 the confirmation has an end as well. */
const NO_END = [
  'E2: no end',
  { window: `NotBefore="${iso(NOW - 30)}"` },
  'token-malformed',
] as const;

/** A confirmation whose data has a key in it, but not where a holder-of-key has it. */
const keptFromReaders = (version: Version, keyInfo: string): string =>
  version === 'saml1'
    ? confirmation1(
        'bearer',
        `<saml1:SubjectConfirmationData>${keyInfo}</saml1:SubjectConfirmationData>`,
      )
    : confirmation2(
        'bearer',
        `<saml2:SubjectConfirmationData NotOnOrAfter="${iso(NOW + 240)}" Recipient="${ISSUER}/token"><x:Key xmlns:x="urn:x">${keyInfo}</x:Key></saml2:SubjectConfirmationData>`,
      );

/** What is wrong with the terms of an assertion of this issuer whose signature is right. */
function wrongTerms(
  version: Version,
  keyInfo: string,
): readonly (readonly [string, AssertionChanges, FailureReason])[] {
  const window = (from: number, to: number): string =>
    `NotBefore="${iso(NOW + from)}" NotOnOrAfter="${iso(NOW + to)}"`;
  const deep = '<x xmlns="urn:x">'.repeat(70) + '</x>'.repeat(70);
  const advice = `<${version}:Advice>${deep}</${version}:Advice>`;
  return [
    ['C3: too deep', { advice }, 'token-malformed'],
    ['E2: it is over', { window: window(-300, -61) }, 'token-expired'],
    ['E2: its time is not yet', { window: window(61, 300) }, 'token-not-yet-valid'],
    ['E2: issued in the future', { issueInstant: iso(NOW + 61) }, 'token-not-yet-valid'],
    ['E2: another zone', { issueInstant: iso(NOW - 30).replace('Z', '+01:00') }, 'token-malformed'],
    ['E4: another audience', { audiences: [['https://other.example']] }, 'token-audience-mismatch'],
    ['E4: no audience', { audiences: [] }, 'token-audience-mismatch'],
    [
      'E4: one audience of ours, and one of another',
      { audiences: [[ISSUER], ['https://other.example']] },
      'token-audience-mismatch',
    ],
    [
      'E5: sender-vouches',
      { confirmation: confirmationOf(version, 'sender-vouches') },
      'confirmation-missing',
    ],
    [
      'E5: an unknown confirmation',
      { confirmation: confirmationOf(version, 'other') },
      'confirmation-missing',
    ],
    [
      'E5: a key for the bearer that stands where nobody reads it',
      { confirmation: keptFromReaders(version, keyInfo) },
      'confirmation-missing',
    ],
    ['E6: an unknown issuer', { issuer: 'urn:third' }, 'issuer-untrusted'],
    ['E6: under our name', { issuer: ISSUER }, 'signature-invalid'],
    ...(version === 'saml1' ? [NO_END] : wrongData(keyInfo)),
  ];
}

/** What only SAML 2.0 can say. */
function wrongData(
  keyInfo: string,
): readonly (readonly [string, AssertionChanges, FailureReason])[] {
  const data = (end: number, recipient: string, more = ''): string =>
    `NotOnOrAfter="${iso(NOW + end)}" Recipient="${recipient}"${more}`;
  const confirmed = (text: string): AssertionChanges => ({ confirmation: bearer(text) });
  const attester =
    '<saml2:NameID>admin</saml2:NameID><saml2:SubjectConfirmationData></saml2:SubjectConfirmationData>';
  return [
    [
      'E4: another recipient',
      confirmed(data(240, 'https://other.example/token')),
      'token-audience-mismatch',
    ],
    ['E2: its confirmation is over', confirmed(data(-61, `${ISSUER}/token`)), 'token-expired'],
    [
      'E5: the answer to a request of somebody',
      confirmed(data(240, `${ISSUER}/token`, ' InResponseTo="_r"')),
      'confirmation-missing',
    ],
    [
      'E5: for one party to present',
      { confirmation: confirmation2('bearer', attester) },
      'confirmation-missing',
    ],
    [
      'E5: a key beside the bearer',
      {
        confirmation:
          confirmationOf('saml2', 'bearer') + confirmationOf('saml2', 'holder-of-key', keyInfo),
      },
      'confirmation-missing',
    ],
  ];
}

/** The attacks on what an assertion says and on whose key signed it. */
export async function termAttacks(
  partner: ForeignSamlIssuer,
  version: Version,
): Promise<readonly TermAttack[]> {
  const [stranger, holder] = await Promise.all([aSamlIssuer(), aCertifiedKey()]);
  const certificate = (der: Buffer): string =>
    `<X509Certificate>${der.toString('base64')}</X509Certificate>`;
  const strange = stranger.assertion(version);
  const hmac = edited(
    partner.assertion(version),
    `${DSIG_MORE}rsa-sha256`,
    `${DSIG_MORE}hmac-sha256`,
  );
  const keyInfo = `<ds:KeyInfo xmlns:ds="${DS}"><ds:X509Data><ds:X509Certificate>${holder.certificateDer.toString('base64')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`;
  return [
    [
      'B5: an HMAC keyed by the certificate',
      resigned(hmac, Buffer.from(partner.certificatePem)),
      'signature-invalid',
    ],
    [
      'B5: an HMAC keyed by the public key',
      resigned(hmac, partner.publicKey.export({ type: 'spki', format: 'der' })),
      'signature-invalid',
    ],
    ['B7: the key of a stranger, in KeyInfo', strange, 'signature-invalid'],
    [
      'B7: the key of a stranger, the true certificate in KeyInfo',
      strange.replace(/<X509Certificate>.*<\/X509Certificate>/s, () =>
        certificate(partner.certificateDer),
      ),
      'signature-invalid',
    ],
    [
      'B13: SHA-1',
      partner.sign(version, unsignedAssertion(version), { signatureAlgorithm: `${DS}rsa-sha1` }),
      'signature-invalid',
    ],
    ...wrongTerms(version, keyInfo).map(
      ([name, changes, reason]): TermAttack => [name, partner.assertion(version, changes), reason],
    ),
  ];
}
