// Signature wrapping over assertions (xml-security A1; R3, R5, R8, R9): the signed one moves, a forged one stands where
// the reader looks. Every position, both versions, both entrances, over our assertions and over those of a partner.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  anOwnIssuer,
  anOwnTrust,
  aSamlIssuer,
  aSamlSpec,
  asElement,
  assertForgeryRefused,
  assertRefused,
  asText,
  aValidator,
  ENTRANCES,
  elementIn,
  inSoap,
  STS,
  signingKeysOf,
  VERSIONS,
} from '#test/support/saml/saml.ts';
import { piecesOf, wrappings } from '#test/support/saml/saml-wrappings.ts';
import { edited } from '#test/support/xml/tamper.ts';

type Version = (typeof VERSIONS)[number];

const partner = await aSamlIssuer();
const own = anOwnIssuer(signingKeysOf(partner));
const validator = aValidator([partner.trust()], {
  own: anOwnTrust([partner.trusted]),
});

async function originals(version: Version): Promise<readonly (readonly [string, string])[]> {
  const spec = aSamlSpec({
    type: version,
    claims: [{ name: 'role', values: ['buyer'], issuer: STS, originalIssuer: STS }],
  });
  const { text } = await own.issue(spec);
  return [
    ['of a partner', partner.assertion(version)],
    ['of ours', text],
  ];
}

for (const version of VERSIONS) {
  for (const [whose, original] of await originals(version)) {
    for (const [entrance, as] of ENTRANCES) {
      test(`SAML A1: the ${version} assertion ${whose} is good as it is, as ${entrance}`, async () => {
        assert.match((await validator.validate(as(version, original))).subject.id, /alice/);
      });

      for (const [position, xml] of wrappings(original)) {
        test(`SAML A1: position ${position}: ${version} ${whose}, as ${entrance}`, async () => {
          assert.match(xml, /admin|_evil/);
          await assertForgeryRefused(validator, as, { type: version, xml }, [
            'signature-invalid',
            'token-malformed',
          ]);
        });
      }
    }

    const { forged, sameId, signature, bare, withSignature } = piecesOf(original);
    const soap = inSoap('#');
    const signedForged = withSignature(forged, signature);
    // The reader takes the first token of the Security header: what else is in the message must not matter.
    const messages: readonly (readonly [string, string])[] = [
      ['behind the forged one in the header', edited(soap, '#', forged + original)],
      ['behind the forged one, which has the signature', edited(soap, '#', signedForged + bare)],
      [
        'in the Body',
        edited(soap, '#', signedForged).replace('<s:Body/>', `<s:Body>${bare}</s:Body>`),
      ],
      [
        'in the Body, signed',
        edited(soap, '#', forged).replace('<s:Body/>', `<s:Body>${original}</s:Body>`),
      ],
      [
        'in a header of another name',
        edited(soap, '#', signedForged).replace(
          '</s:Header>',
          `<x:W xmlns:x="urn:x">${bare}</x:W></s:Header>`,
        ),
      ],
    ];
    for (const [place, message] of messages)
      test(`SAML A1, R3, CVE-2015-5253: the signed ${version} assertion ${whose} stands ${place}`, async () => {
        const content = elementIn(message);

        await assertRefused(
          () => validator.validate({ type: version, use: 'subject', content }),
          'signature-invalid',
        );
      });

    test(`SAML B12: two ${version} assertions ${whose} of one ID in a message are refused by the parser`, () => {
      assert.throws(() => elementIn(edited(soap, '#', sameId + original)), /ID on Assertion/);
    });

    test(`SAML A9, R8, CVE-2025-54419: the signature of the ${version} assertion ${whose} is stripped`, async () => {
      for (const [, as] of ENTRANCES)
        for (const xml of [bare, bare.replaceAll('alice', 'admin')])
          await assertRefused(() => validator.validate(as(version, xml)), 'signature-invalid');
    });

    test(`SAML V11: an assertion in the Advice of the ${version} assertion ${whose} gets no trust from it`, async () => {
      const inner = forged.replace(/^<\?xml.*?\?>/, '');
      const isSaml2 = version === 'saml2';
      const outer = partner.assertion(version, {
        advice: isSaml2
          ? `<saml2:Advice>${inner}</saml2:Advice>`
          : `<saml1:Advice>${inner}</saml1:Advice>`,
      });
      const { document, element } = elementIn(inSoap(outer));
      const nested = document.ids.get('_evil');
      assert.ok(nested);

      assert.match(
        (
          await validator.validate({
            type: version,
            use: 'subject',
            content: { document, element },
          })
        ).subject.id,
        /alice/,
      );
      await assertRefused(
        () =>
          validator.validate({
            type: version,
            use: 'subject',
            content: { document, element: nested },
          }),
        'signature-invalid',
      );
    });
  }
}

test('SAML A4: an element of one parse is not verified in the document of another', async () => {
  const xml = partner.assertion('saml2');
  const first = elementIn(inSoap(xml));
  const second = elementIn(inSoap(xml));
  const content = { document: first.document, element: second.element };

  await assertRefused(
    () => validator.validate({ type: 'saml2', use: 'subject', content }),
    'signature-invalid',
  );
});

test('SAML R1, CVE-2014-0034: a forged assertion is refused also right after the good one', async () => {
  for (const version of VERSIONS) {
    const xml = partner.assertion(version);

    assert.ok(await validator.validate(asText(version, xml)));
    for (const as of [asText, asElement])
      await assertRefused(
        () => validator.validate(as(version, xml.replaceAll('alice', 'admin'))),
        'signature-invalid',
      );
  }
});
