// SAML metadata documents as an identity provider publishes them, and their signature.

import { SignedXml } from 'xml-crypto';
import { type CertifiedKey, PARTNER } from '#test/support/saml/saml.ts';

const MD = 'urn:oasis:names:tc:SAML:2.0:metadata';
const EXC = 'http://www.w3.org/2001/10/xml-exc-c14n#';

export const descriptor = ({ certificateDer }: CertifiedKey, use = 'use="signing"'): string =>
  `<KeyDescriptor ${use}><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${certificateDer.toString('base64')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>`;
export const idp = (content: string, attributes = ''): string =>
  `<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol" ${attributes}>${content}</IDPSSODescriptor>`;
export const entity = (content: string, attributes = '', entityId = PARTNER): string =>
  `<EntityDescriptor xmlns="${MD}" ID="_m" entityID="${entityId}" ${attributes}>\n<!-- by hand -->\n${content}</EntityDescriptor>`;
export const entities = (content: string, attributes = ''): string =>
  `<EntitiesDescriptor xmlns="${MD}" ID="_all" ${attributes}>${content.replaceAll('ID="_m"', '')}</EntitiesDescriptor>`;

/** The document with an enveloped signature as first child, by xml-crypto. */
export function signedMetadata(xml: string, key: CertifiedKey): string {
  const signing = new SignedXml({
    privateKey: key.privatePem,
    publicCert: key.certificatePem,
    signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    canonicalizationAlgorithm: EXC,
  });
  signing.addReference({
    xpath: '/*',
    digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
    transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', EXC],
  });
  signing.computeSignature(xml, { location: { reference: '/*', action: 'prepend' } });
  return signing.getSignedXml();
}
