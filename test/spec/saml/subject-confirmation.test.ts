// Subject confirmation: RFC 7522 §3 over OAuth, SAML Core 2.0 §2.4.1 and SAML 1.1 §2.4.2.3 at both entrances.

import assert from 'node:assert/strict';
import { generateKeyPairSync, hash, webcrypto } from 'node:crypto';
import { test } from 'node:test';
import '#test/support/x509/reflect-metadata.ts';
import { X509CertificateGenerator } from '@peculiar/x509';
import { calculateJwkThumbprint } from 'jose';
import type { SamlTrust } from '#bridge/saml/validator/saml-trust.ts';
import type { FailureReason } from '#core/failure.ts';
import {
  aCertifiedKey,
  aSamlIssuer,
  asElement,
  assertRefused,
  asText,
  aValidator,
  bearer,
  confirmation1,
  confirmation2,
  confirmationOf,
  iso,
  NOW,
  TOKEN_ENDPOINT,
  VERSIONS,
} from '#test/support/saml/saml.ts';

const issuer = await aSamlIssuer();
const holder = await aCertifiedKey();
const rsaMembers = holder.publicKey.export({ format: 'jwk' });
const DS = 'http://www.w3.org/2000/09/xmldsig#';
const DS11 = 'http://www.w3.org/2009/xmldsig11#';

const keyInfo = (content: string): string =>
  `<ds:KeyInfo xmlns:ds="${DS}" xmlns:ds11="${DS11}">${content}</ds:KeyInfo>`;
const x509 = (der: Buffer): string =>
  keyInfo(
    `<ds:X509Data><ds:X509Certificate>\n${der.toString('base64')}\n</ds:X509Certificate></ds:X509Data>`,
  );

const { x = '', y = '' } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
  format: 'jwk',
});
// A real point. 4 marks its plain form; under 6, the hybrid one, other readers may take it for another key.
const pointUnder = (mark: number): string => {
  const numbers = [x, y].map((number) => Buffer.from(number, 'base64url'));
  const point = Buffer.concat([Buffer.from([mark]), ...numbers]).toString('base64');
  return `<ds11:ECKeyValue><ds11:NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"/><ds11:PublicKey>${point}</ds11:PublicKey></ds11:ECKeyValue>`;
};

const weakCertificate = await (async () => {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(
    { ...algorithm, modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]) },
    true,
    ['sign', 'verify'],
  );
  const made = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=weak',
    keys,
    signingAlgorithm: algorithm,
  });
  return Buffer.from(made.rawData);
})();

const validate = (
  as: typeof asText,
  confirmation: string,
  { type = 'saml2', trust = {} }: { type?: 'saml1' | 'saml2'; trust?: Partial<SamlTrust> } = {},
) => aValidator([issuer.trust(trust)]).validate(as(type, issuer.assertion(type, { confirmation })));

const until = (seconds: number): string => `NotOnOrAfter="${iso(NOW + seconds)}"`;
const here = `Recipient="${TOKEN_ENDPOINT}"`;

type Row = readonly [
  rule: string,
  confirmation: string,
  text: FailureReason | 'good',
  element: FailureReason | 'good',
];

// The skew is 60 seconds.
const ROWS: readonly Row[] = [
  ['§3 rule 5: Recipient and NotOnOrAfter', bearer(), 'good', 'good'],
  ['§3 rule 5: no data, for Conditions have an end', confirmation2('bearer'), 'good', 'good'],
  ['§3 rule 5: data without Recipient', bearer(until(9)), 'confirmation-missing', 'good'],
  ['§3 rule 5: data without NotOnOrAfter', bearer(here), 'confirmation-missing', 'good'],
  ['§3 rule 5: data that is empty', bearer(''), 'confirmation-missing', 'good'],
  [
    '§3 rule 5: another Recipient',
    bearer(`${until(9)} Recipient="https://sp.example/acs"`),
    'token-audience-mismatch',
    'token-audience-mismatch',
  ],
  [
    '§3 rule 5: a Recipient of another case',
    bearer(`${until(9)} Recipient="${TOKEN_ENDPOINT.toUpperCase()}"`),
    'token-audience-mismatch',
    'token-audience-mismatch',
  ],
  [
    '§3 rule 5: no bearer confirmation',
    confirmation2('sender-vouches'),
    'confirmation-missing',
    'confirmation-missing',
  ],
  [
    '§3 rule 5: an unknown method',
    confirmation2('other'),
    'confirmation-missing',
    'confirmation-missing',
  ],
  [
    '§3 rule 5: the name that the method has in SAML 1.1',
    '<saml2:SubjectConfirmation Method="urn:oasis:names:tc:SAML:1.0:cm:bearer"/>',
    'confirmation-missing',
    'confirmation-missing',
  ],
  [
    '§3 rule 5: Address is at our discretion',
    bearer(`${until(9)} ${here} Address="192.0.2.1"`),
    'good',
    'good',
  ],
  ['§3 rule 6: expired within the skew', bearer(`${until(-59)} ${here}`), 'good', 'good'],
  ['§3 rule 6: expired', bearer(`${until(-60)} ${here}`), 'token-expired', 'token-expired'],
  [
    '§3 rule 6: one is expired, another is good',
    bearer(`${until(-60)} ${here}`) + bearer(),
    'good',
    'good',
  ],
  [
    '§3 rule 6: none is good, and the first says why',
    bearer(`${until(-60)} ${here}`) + confirmation2('other'),
    'token-expired',
    'token-expired',
  ],
  [
    'SAML Core §2.4.1.2: not yet',
    bearer(`${until(100)} ${here} NotBefore="${iso(NOW + 61)}"`),
    'token-not-yet-valid',
    'token-not-yet-valid',
  ],
  [
    'SAML Core §2.4.1.2: not yet, within the skew',
    bearer(`${until(100)} ${here} NotBefore="${iso(NOW + 60)}"`),
    'good',
    'good',
  ],
  [
    'SAML Core §2.4.1.2: it answers a request, which none of ours was',
    bearer(`${until(9)} ${here} InResponseTo="_r"`),
    'confirmation-missing',
    'confirmation-missing',
  ],
  [
    'SAML Core §2.4.1.1: a method without name',
    '<saml2:SubjectConfirmation/>',
    'token-malformed',
    'token-malformed',
  ],
  [
    'SAML Core §2.4.1.1: something else inside',
    '<saml2:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><x:y xmlns:x="urn:x"/></saml2:SubjectConfirmation>',
    'token-malformed',
    'token-malformed',
  ],
];

for (const [rule, confirmation, text, element] of ROWS)
  for (const [as, entrance, expected] of [
    [asText, 'text', text],
    [asElement, 'element', element],
  ] as const)
    test(`RFC 7522 ${rule}, as ${entrance}: ${expected}`, async () => {
      if (expected === 'good')
        assert.equal((await validate(as, confirmation)).confirmation.method, 'bearer');
      else await assertRefused(() => validate(as, confirmation), expected);
    });

for (const name of [
  '<saml2:NameID>gateway</saml2:NameID>',
  '<saml2:BaseID/>',
  '<saml2:EncryptedID/>',
])
  test(`SAML Core §2.4.1.1: a confirmation for one party to present, ${name.slice(7, -2)}`, async () => {
    const named = bearer().replace(
      '<saml2:SubjectConfirmationData',
      `${name}<saml2:SubjectConfirmationData`,
    );

    await assertRefused(() => validate(asText, named), 'confirmation-missing');
    await assertRefused(
      () => validate(asText, confirmation2('bearer', name)),
      'confirmation-missing',
    );
    assert.ok(await validate(asText, named + bearer()));
  });

test('RFC 7522 §3 rule 4: the earlier end of confirmation and Conditions is the end', async () => {
  assert.equal((await validate(asText, bearer())).lifetime.notOnOrAfter, NOW + 240);
  assert.equal((await validate(asText, confirmation2('bearer'))).lifetime.notOnOrAfter, NOW + 300);
});

test('RFC 7522 §3 rule 4: the end may stand in the confirmation alone', async () => {
  const xml = issuer.assertion('saml2', { window: '' });

  const facts = await aValidator([issuer.trust()]).validate(asText('saml2', xml));

  assert.equal(facts.lifetime.notOnOrAfter, NOW + 240);
});

for (const type of VERSIONS)
  for (const [as, entrance] of [
    [asText, 'text'],
    [asElement, 'element'],
  ] as const) {
    const check = (confirmation: string, trust: Partial<SamlTrust> = {}) =>
      validate(as, confirmation, { type, trust });
    const held = (content: string): string => confirmationOf(type, 'holder-of-key', content);

    test(`SAML ${type} E5, as ${entrance}: holder-of-key is the SHA-256 of its certificate`, async () => {
      const { confirmation } = await check(held(x509(holder.certificateDer)));

      assert.deepEqual(confirmation, {
        method: 'public-key',
        jwk: rsaMembers,
        jwkThumbprint: await calculateJwkThumbprint(rsaMembers),
        certificate: holder.certificateDer.toString('base64'),
        certificateThumbprint: hash('sha256', holder.certificateDer, 'base64url'),
      });
    });

    test(`SAML ${type} E5, as ${entrance}: holder-of-key of a bare RSA key is its JWK thumbprint`, async () => {
      const jwk = holder.publicKey.export({ format: 'jwk' });
      const number = (text = '', lead = ''): string =>
        Buffer.concat([Buffer.from(lead, 'hex'), Buffer.from(text, 'base64url')]).toString(
          'base64',
        );

      for (const lead of ['', '0000']) {
        const value = `<ds:RSAKeyValue><ds:Modulus>${number(jwk.n, lead)}</ds:Modulus><ds:Exponent>${number(jwk.e, lead)}</ds:Exponent></ds:RSAKeyValue>`;

        const { confirmation } = await check(held(keyInfo(`<ds:KeyValue>${value}</ds:KeyValue>`)));

        assert.deepEqual(confirmation, {
          method: 'public-key',
          jwk,
          jwkThumbprint: await calculateJwkThumbprint(jwk),
        });
      }
    });

    test(`SAML ${type} E5, as ${entrance}: holder-of-key of a bare EC key is its JWK thumbprint`, async () => {
      for (const [curve, oid] of [
        ['P-256', '1.2.840.10045.3.1.7'],
        ['P-384', '1.3.132.0.34'],
        ['P-521', '1.3.132.0.35'],
      ]) {
        const { publicKey } = generateKeyPairSync('ec', { namedCurve: curve ?? '' });
        const jwk = publicKey.export({ format: 'jwk' });
        const point = Buffer.concat([
          Buffer.from([4]),
          Buffer.from(jwk.x ?? '', 'base64url'),
          Buffer.from(jwk.y ?? '', 'base64url'),
        ]);
        const value = `<ds11:ECKeyValue><ds11:NamedCurve URI="urn:oid:${oid}"/><ds11:PublicKey>${point.toString('base64')}</ds11:PublicKey></ds11:ECKeyValue>`;

        const { confirmation } = await check(held(keyInfo(`<ds:KeyValue>${value}</ds:KeyValue>`)));

        assert.deepEqual(confirmation, {
          method: 'public-key',
          jwk,
          jwkThumbprint: await calculateJwkThumbprint(jwk),
        });
      }
    });

    test(`SAML ${type} E5, as ${entrance}: holder-of-key never falls back to bearer beside it (R2, CVE-2014-3623)`, async () => {
      const bound = held(x509(holder.certificateDer));
      const both =
        type === 'saml2'
          ? [bearer() + bound, bound + bearer()]
          : [
              bound.replace(
                '<saml1:ConfirmationMethod>',
                '<saml1:ConfirmationMethod>urn:oasis:names:tc:SAML:1.0:cm:bearer</saml1:ConfirmationMethod><saml1:ConfirmationMethod>',
              ),
            ];
      for (const confirmation of both) {
        assert.equal((await check(confirmation)).confirmation.method, 'public-key');
        await assertRefused(
          () => check(confirmation, { subjectConfirmation: ['bearer'] }),
          'confirmation-missing',
        );
      }
    });

    test(`SAML ${type} E5, as ${entrance}: a key that cannot be told is no key`, async () => {
      const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
        format: 'jwk',
      });
      const number = (text = ''): string => Buffer.from(text, 'base64url').toString('base64');
      const missing = [
        '',
        keyInfo('<ds:KeyName>x</ds:KeyName>'),
        keyInfo('<ds:X509Data><ds:X509SubjectName>CN=x</ds:X509SubjectName></ds:X509Data>'),
        keyInfo('<ds:KeyValue/>'),
        keyInfo('<ds:KeyValue><ds:DSAKeyValue/></ds:KeyValue>'),
        keyInfo('<ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>'),
        keyInfo(
          '<ds:KeyValue><ds11:ECKeyValue><ds11:NamedCurve URI="urn:oid:1.2.3"/><ds11:PublicKey>AAAA</ds11:PublicKey></ds11:ECKeyValue></ds:KeyValue>',
        ),
        keyInfo(
          `<ds:KeyValue><ds11:ECKeyValue><ds11:NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"/><ds11:PublicKey>${Buffer.alloc(65, 4).toString('base64')}</ds11:PublicKey></ds11:ECKeyValue></ds:KeyValue>`,
        ),
        keyInfo(
          `<ds:KeyValue><ds11:ECKeyValue><ds11:NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"/><ds11:PublicKey>${Buffer.alloc(65, 2).toString('base64')}</ds11:PublicKey></ds11:ECKeyValue></ds:KeyValue>`,
        ),
        x509(holder.certificateDer) + x509(issuer.certificateDer),
        keyInfo(`<ds:KeyValue>${pointUnder(6)}</ds:KeyValue>`),
        keyInfo(`<ds:KeyValue>${pointUnder(4)}<ds:DSAKeyValue/></ds:KeyValue>`),
      ];
      for (const content of missing)
        await assertRefused(() => check(held(content)), 'confirmation-missing');
      const malformed = [
        x509(weakCertificate),
        keyInfo('<ds:X509Data><ds:X509Certificate>A=</ds:X509Certificate></ds:X509Data>'),
        keyInfo(
          `<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>${number(weak.n)}</ds:Modulus><ds:Exponent>${number(weak.e)}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>`,
        ),
        keyInfo('<ds:KeyValue><ds:RSAKeyValue/></ds:KeyValue>'),
        x509(holder.certificateDer).replace('</ds:X509Data>', '</ds:X509Data><ds:X509Data/>'),
      ];
      for (const content of malformed)
        await assertRefused(
          () => check(held(content)),
          ['token-malformed', 'confirmation-missing'],
        );
    });

    test(`SAML ${type} E5, as ${entrance}: a confirmation that cannot be read is not passed over for another`, async () => {
      if (type === 'saml1') return; // One confirmation is all that a subject has there.
      const malformed = keyInfo('<ds:KeyValue><ds:RSAKeyValue/></ds:KeyValue>');

      await assertRefused(
        () => check(held(malformed) + held(x509(holder.certificateDer))),
        'token-malformed',
      );
    });

    test(`SAML ${type} E5, as ${entrance}: bytes behind a certificate do not make another key`, async () => {
      const longer = Buffer.concat([holder.certificateDer, Buffer.from([0])]);

      const { confirmation } = await check(held(x509(longer)));

      assert.deepEqual(confirmation, {
        method: 'public-key',
        jwk: rsaMembers,
        jwkThumbprint: await calculateJwkThumbprint(rsaMembers),
        certificate: holder.certificateDer.toString('base64'),
        certificateThumbprint: hash('sha256', holder.certificateDer, 'base64url'),
      });
    });

    test(`SAML ${type}, as ${entrance}: sender-vouches only where the record says so`, async () => {
      const confirmation = confirmationOf(type, 'sender-vouches');

      assert.equal(
        (await check(confirmation, { subjectConfirmation: ['sender-vouches'] })).confirmation
          .method,
        'bearer',
      );
      await assertRefused(() => check(confirmation), 'confirmation-missing');
    });

    test(`SAML ${type}, as ${entrance}: a key in a confirmation for any bearer is not passed over`, async () => {
      const trust = { subjectConfirmation: ['bearer', 'sender-vouches'] } as const;

      for (const method of trust.subjectConfirmation) {
        const data = `${until(9)} ${here}`;
        const key = x509(holder.certificateDer);
        const keyed =
          type === 'saml1'
            ? confirmation1(method, key)
            : confirmation2(
                method,
                `<saml2:SubjectConfirmationData ${data}>${key}</saml2:SubjectConfirmationData>`,
              );
        await assertRefused(() => check(keyed, trust), 'confirmation-missing');
      }
    });

    test(`SAML ${type}, as ${entrance}: bearer only where the record says so`, async () => {
      await assertRefused(
        () => check(confirmationOf(type, 'bearer'), { subjectConfirmation: ['holder-of-key'] }),
        'confirmation-missing',
      );
    });
  }

test('SAML 1.1 §2.4.2.3: methods and their data', async () => {
  const check = (confirmation: string) => validate(asText, confirmation, { type: 'saml1' });

  assert.ok(
    await check(
      confirmation1('bearer', '<saml1:SubjectConfirmationData>x</saml1:SubjectConfirmationData>'),
    ),
  );
  for (const confirmation of [
    confirmation1('other'),
    confirmation1('bearer').replace('1.0:cm', '2.0:cm'),
    '<saml1:SubjectConfirmation/>',
  ])
    await assertRefused(() => check(confirmation), 'confirmation-missing');
});
