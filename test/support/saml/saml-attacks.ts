// Attacks on the signature of an assertion (xml-security A2-A10, B; ws-trust R7, R10-R19). Where a rule must refuse by itself,
// SignedInfo is signed again by the true key.
import type { FailureReason } from '#core/failure.ts';
import type { TestKey } from '#test/support/xml/keys.ts';
import { cut, edited, resigned } from '#test/support/xml/tamper.ts';
import type { VERSIONS } from './saml.ts';

type Version = (typeof VERSIONS)[number];

const DS = 'http://www.w3.org/2000/09/xmldsig#';

export type Attack = readonly [
  name: string,
  attack: (xml: string, version: Version) => string,
  reason?: FailureReason,
];

const inside = (xml: string, what: string): string =>
  edited(xml, /(?<=<saml\d:(NameID|NameIdentifier)[^>]*>)alice/, `al${what}ice`);

/** The attacks on the assertion that `aSamlIssuer` over this key writes. */
export function signatureAttacks(key: TestKey): readonly Attack[] {
  // Edits SignedInfo and signs it again, so that only the rule under test can refuse.
  const signedAgain =
    (search: string | RegExp, replacement: string) =>
    (xml: string): string =>
      resigned(edited(xml, search, replacement), key);

  return [
    [
      'A2: a comment in the name (R13, CVE-2017-11427, CVE-2018-0489)',
      (xml) => inside(xml, '<!-- -->'),
      'token-malformed',
    ],
    [
      'A2: a comment between elements',
      (xml) => edited(xml, /(?=<saml\d:Conditions)/, '<!-- -->'),
      'token-malformed',
    ],
    [
      'A3: a processing instruction in the name (R11)',
      (xml) => inside(xml, '<?x y?>'),
      'token-malformed',
    ],
    ['A4: a document type (R14, CVE-2025-25291)', (xml) => `<!DOCTYPE x>${xml}`, 'token-malformed'],
    [
      'A4: an entity for the id (R16, CVE-2025-23369)',
      (xml) => `<!DOCTYPE x [<!ENTITY i "_a1">]>${edited(xml, '"_a1"', '"&i;"')}`,
      'token-malformed',
    ],
    [
      'A5: a relative namespace name (R15, CVE-2025-66568)',
      (xml) => edited(xml, ' IssueInstant', ' xmlns:r="relative" IssueInstant'),
      'token-malformed',
    ],
    [
      'A6: the ID in another spelling',
      (xml) => edited(xml, /(?<= (?:Assertion)?ID=")_a1/, '_evil" Id="_a1" id="_a1'),
      'signature-invalid',
    ],
    [
      'A6: the ID in another namespace',
      (xml) =>
        edited(
          xml,
          / ((?:Assertion)?ID)="_a1"/,
          ' xmlns:x="urn:x" x:ID="_a1" ID="_evil" AssertionID="_evil"',
        ),
    ],
    [
      'A7: the prefix is bound anew',
      (xml) => edited(xml, /(?<=xmlns:saml\d=")[^"]+/, 'urn:evil'),
      'token-malformed',
    ],
    [
      'A7: quotes in a namespace name',
      (xml) => edited(xml, ' IssueInstant', ' xmlns:q="urn:x&quot; y=&quot;" IssueInstant'),
      'token-malformed',
    ],
    [
      'A8: an attribute that begins with xmlns',
      (xml) => edited(xml, ' IssueInstant', ' xmlnsRole="admin" IssueInstant'),
    ],
    [
      'A9: an empty signature',
      (xml) => edited(xml, cut(xml, 'Signature'), `<Signature xmlns="${DS}"/>`),
    ],
    [
      'A9: a signature in another namespace',
      (xml) => edited(xml, `<Signature xmlns="${DS}"`, '<Signature xmlns="urn:x"'),
    ],
    ['A10: the text is changed', (xml) => xml.replaceAll('alice', 'admin'), 'signature-invalid'],
    [
      'B1: two SignedInfo (R7, CVE-2025-29774)',
      (xml) => edited(xml, '</SignedInfo>', `</SignedInfo>${cut(xml, 'SignedInfo')}`),
      'signature-invalid',
    ],
    [
      'B2: a comment in DigestValue (R7, CVE-2025-29775)',
      (xml) => edited(xml, '<DigestValue>', '<DigestValue><!-- x -->'),
      'token-malformed',
    ],
    [
      'B3: an Object before SignedInfo',
      (xml) => edited(xml, '<SignedInfo>', '<Object><SignedInfo/></Object><SignedInfo>'),
      'signature-invalid',
    ],
    [
      'B4: a second reference (R19, CVE-2026-33487)',
      (xml) => resigned(edited(xml, '</Reference>', `</Reference>${cut(xml, 'Reference')}`), key),
      'signature-invalid',
    ],
    [
      'B6: a truncated HMAC (R17, CVE-2009-0217)',
      signedAgain(
        /<SignatureMethod Algorithm="[^"]+"\/>/,
        '<SignatureMethod Algorithm="http://www.w3.org/2000/09/xmldsig#hmac-sha1"><HMACOutputLength>1</HMACOutputLength></SignatureMethod>',
      ),
      'signature-invalid',
    ],
    [
      'B8: a RetrievalMethod',
      (xml) =>
        edited(
          xml,
          /<KeyInfo>.*<\/KeyInfo>/s,
          '<KeyInfo><RetrievalMethod URI="http://169.254.169.254/"/></KeyInfo>',
        ),
      'signature-invalid',
    ],
    [
      'B8: an external reference',
      signedAgain('URI="#_a1"', 'URI="http://127.0.0.1/x"'),
      'signature-invalid',
    ],
    ['B9: XSLT', signedAgain('xmldsig#enveloped-signature', 'xmldsig#xslt'), 'signature-invalid'],
    [
      'B9: XPath',
      signedAgain(
        'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
        'http://www.w3.org/TR/1999/REC-xpath-19991116',
      ),
      'signature-invalid',
    ],
    [
      'B9: a long chain of transforms',
      signedAgain(
        '<Transforms>',
        `<Transforms>${'<Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'.repeat(9)}`,
      ),
      'signature-invalid',
    ],
    [
      'B9: comments are digested',
      signedAgain(/xml-exc-c14n#(?="\/><\/Transforms>)/, 'xml-exc-c14n#WithComments'),
      'signature-invalid',
    ],
    [
      'B10: two hundred references',
      (xml) => edited(xml, '</Reference>', `</Reference>${cut(xml, 'Reference').repeat(200)}`),
      'signature-invalid',
    ],
    ['B11: an empty reference', signedAgain('URI="#_a1"', 'URI=""'), 'signature-invalid'],
    ['B11: no reference', signedAgain(' URI="#_a1"', ''), 'signature-invalid'],
    [
      'B11: a pointer',
      signedAgain('URI="#_a1"', 'URI="#xpointer(id(\'_a1\'))"'),
      'signature-invalid',
    ],
    [
      'B12: the ID stands twice',
      (xml) => edited(xml, /(?=<saml\d:Conditions)/, `<x:y xmlns:x="${DS}" Id="_a1"/>`),
      'token-malformed',
    ],
    [
      'B14: space and bits in SignatureValue',
      (xml) => edited(xml, '</SignatureValue>', '!</SignatureValue>'),
      'signature-invalid',
    ],
    [
      'B14: no SignatureValue',
      (xml) => edited(xml, cut(xml, 'SignatureValue'), '<SignatureValue></SignatureValue>'),
      'signature-invalid',
    ],
    [
      'V11: the signature stands elsewhere',
      (xml, version) => {
        const signature = cut(xml, 'Signature');
        const without = edited(xml, signature, '');
        return version === 'saml2'
          ? edited(without, '</saml2:Assertion>', `${signature}</saml2:Assertion>`)
          : edited(without, /<saml1:Conditions/, `${signature}<saml1:Conditions`);
      },
      'signature-invalid',
    ],
  ];
}
