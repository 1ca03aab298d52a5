// What may stand in the data of a confirmation (SAML Core 2.0 §2.4.1.2, SAML 1.1 §2.4.2.3): its schema lets anything in, and what is
// not understood may say who is to present the assertion.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  aCertifiedKey,
  aSamlIssuer,
  assertRefused,
  type asText,
  aValidator,
  bearer,
  confirmation1,
  ENTRANCES,
  iso,
  NOW,
  TOKEN_ENDPOINT,
  unsignedAssertion,
} from '#test/support/saml/saml.ts';

const issuer = await aSamlIssuer();
const holder = await aCertifiedKey();
const DS = 'http://www.w3.org/2000/09/xmldsig#';
const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
const CERTIFICATE = `<ds:X509Data><ds:X509Certificate>${holder.certificateDer.toString('base64')}</ds:X509Certificate></ds:X509Data>`;
const KEY_INFO = `<ds:KeyInfo xmlns:ds="${DS}">${CERTIFICATE}</ds:KeyInfo>`;
const UNKNOWN = '<x:Channel xmlns:x="urn:x"/>';

const data = (attributes: string, content = ''): string =>
  `<saml2:SubjectConfirmationData NotOnOrAfter="${iso(NOW + 9)}" Recipient="${TOKEN_ENDPOINT}" ${attributes}>${content}</saml2:SubjectConfirmationData>`;
const confirmed = (method: 'bearer' | 'holder-of-key', content: string): string =>
  `<saml2:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:${method}">${content}</saml2:SubjectConfirmation>`;
const validate = (as: typeof asText, confirmation: string) =>
  aValidator([issuer.trust()]).validate(as('saml2', issuer.assertion('saml2', { confirmation })));

const NOT_UNDERSTOOD: readonly (readonly [what: string, data: string])[] = [
  [
    'a type of another namespace',
    data(`${XSI} xmlns:x="urn:x" xsi:type="x:SubjectConfirmationDataType"`),
  ],
  ['another type of SAML', data(`${XSI} xsi:type="saml2:NameIDType"`)],
  ['an attribute of another namespace', data('xmlns:x="urn:x" x:Channel="a"')],
  ['an attribute that SAML has not', data('Channel="a"')],
  ['an element', data('', UNKNOWN)],
  ['an element of SAML', data('', '<saml2:NameID>gateway</saml2:NameID>')],
  ['text', data('', 'gateway')],
  ['a key within something else', data('', `<x:Key xmlns:x="urn:x">${KEY_INFO}</x:Key>`)],
];

for (const [entrance, as] of ENTRANCES) {
  for (const [what, unknown] of NOT_UNDERSTOOD)
    test(`SAML Core 2.0 §2.4.1.2, as ${entrance}: data with ${what} confirms nobody`, async () => {
      await assertRefused(() => validate(as, confirmed('bearer', unknown)), 'confirmation-missing');
      // Another one may do; the bearer beside a key does not.
      assert.ok(await validate(as, confirmed('bearer', unknown) + bearer()));
      await assertRefused(
        () => validate(as, confirmed('holder-of-key', unknown) + bearer()),
        'confirmation-missing',
      );
    });

  test(`SAML Core 2.0 §2.4.1.2, as ${entrance}: a key is not all where something stands beside it`, async () => {
    const key = data('', KEY_INFO);
    const more = data('', `${KEY_INFO}${UNKNOWN}`);

    assert.equal(
      (await validate(as, confirmed('holder-of-key', key))).confirmation.method,
      'public-key',
    );
    await assertRefused(
      () => validate(as, confirmed('holder-of-key', more)),
      'confirmation-missing',
    );
  });

  test(`SAML Core 2.0 §2.4.1.2, §2.4.1.3, as ${entrance}: data says of which type of its schema it is`, async () => {
    const typed = (name: string, content = ''): string =>
      data(`${XSI} xsi:type="saml2:${name}" Address="192.0.2.1"`, content);

    assert.ok(await validate(as, confirmed('bearer', typed('SubjectConfirmationDataType'))));
    assert.ok(
      await validate(
        as,
        confirmed('holder-of-key', typed('KeyInfoConfirmationDataType', KEY_INFO)),
      ),
    );
  });

  test(`SAML 1.1 §2.4.2, as ${entrance}: nor does the subject of another statement without that data`, async () => {
    const data = `<saml1:SubjectConfirmationData>${UNKNOWN}</saml1:SubjectConfirmationData>`;
    const both = unsignedAssertion('saml1', { confirmation: confirmation1('bearer', data) });
    const xml = issuer.sign('saml1', both.replace(data, ''));

    await assertRefused(
      () => aValidator([issuer.trust()]).validate(as('saml1', xml)),
      'token-malformed',
    );
  });

  test(`SAML 1.1 §2.4.2.3, as ${entrance}: data with an element confirms nobody, a key in it included`, async () => {
    const check = (method: 'bearer' | 'holder-of-key', content: string, more = '') =>
      aValidator([issuer.trust()]).validate(
        as(
          'saml1',
          issuer.assertion('saml1', {
            confirmation: confirmation1(
              method,
              `<saml1:SubjectConfirmationData>${content}</saml1:SubjectConfirmationData>${more}`,
            ),
          }),
        ),
      );

    assert.ok(await check('bearer', 'a'));
    assert.ok(await check('holder-of-key', '', KEY_INFO));
    for (const content of [UNKNOWN, KEY_INFO]) {
      await assertRefused(() => check('bearer', content), 'confirmation-missing');
      await assertRefused(() => check('holder-of-key', content, KEY_INFO), 'confirmation-missing');
    }
  });
}
