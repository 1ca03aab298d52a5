// Wrapping of a signed message (xml-security A1, A9, V10, §11): the signed Body, or the signed Timestamp, moves to each place that there
// is, and a forged one stands in its own. Both versions of SOAP.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SoapVersion } from '#bridge/soap/soap-version.ts';
import { createX509Validator } from '#src/trust/x509/x509-validator.ts';
import { OWN_ISSUER } from '#test/support/core.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import {
  aBinaryToken,
  aDirectReference,
  aTimestamp,
  SIGNATURE,
  signMessage,
  TIMESTAMP,
} from '#test/support/soap/signed-message.ts';
import { anEnvelope, SOAP_VERSIONS } from '#test/support/soap/soap.ts';
import { anAppliesTo, anRst } from '#test/support/ws-trust/rst.ts';
import { aPost, aWsTrustSetting, faultCodeOf } from '#test/support/ws-trust/ws-trust.ts';
import { aCertificate, anAuthority } from '#test/support/x509/pki.ts';
import { anX509Trust } from '#test/support/x509/x509-trust.ts';
import { edited } from '#test/support/xml/tamper.ts';

const root = await anAuthority({ name: 'CN=Root', algorithm: 'RSA' });
const client = await aCertificate({ name: 'CN=alice', issuer: root, algorithm: 'RSA' });

function aMessage(version: SoapVersion): string {
  const header = `<wsse:Security>${aBinaryToken(client)}${TIMESTAMP}${SIGNATURE}</wsse:Security>`;
  const message = anEnvelope({ version, header, body: anRst(), bodyId: 'body' });
  return signMessage(message, { key: client.privateKey, keyInfo: aDirectReference() });
}

function aSetting() {
  const findUser = (name: string) => (name === 'alice' ? { id: name, claims: {} } : undefined);
  const trusted = [anX509Trust([root], { findUser })];
  const validator = createX509Validator({ issuer: OWN_ISSUER, trusted, clock: fakeClock() });
  return aWsTrustSetting({ validators: [validator] });
}

const inWrapper = (xml: string): string => `<w:x xmlns:w="urn:w">${xml}</w:x>`;
const behind = (into: string, tag: string, xml: string): string => edited(into, tag, tag + xml);
const before = (into: string, tag: string, xml: string): string => edited(into, tag, xml + tag);

/** A signed part, and what its signer never said. */
interface Part {
  readonly pattern: RegExp;
  readonly end: string;
  readonly forged: string;
}

const PARTS: Readonly<Record<string, Part>> = {
  Body: {
    pattern: /<s:Body .*<\/s:Body>/s,
    end: '</s:Body>',
    forged: `<s:Body wsu:Id="evil">${anRst({ children: anAppliesTo('https://evil.example/') })}</s:Body>`,
  },
  Timestamp: {
    pattern: /<wsu:Timestamp .*<\/wsu:Timestamp>/s,
    end: '</wsu:Timestamp>',
    forged: aTimestamp('2027-01-15T08:04:00Z').replace('"ts"', '"evil"'),
  },
};

/** Where the signed part goes in a message that has the forged one in its place, and what the record says of it. */
const POSITIONS: Readonly<
  Record<
    string,
    readonly [detail: RegExp, move: (message: string, part: string, end: string) => string]
  >
> = {
  'first in the Header': [
    /out of place|Timestamp is not signed/,
    (message, part) => behind(message, '<s:Header>', part),
  ],
  'in a wrapper in the Header, before Security': [
    /out of place/,
    (message, part) => behind(message, '<s:Header>', inWrapper(part)),
  ],
  'in a wrapper in the Header, behind Security': [
    /out of place/,
    (message, part) => before(message, '</s:Header>', inWrapper(part)),
  ],
  'in a wrapper in Security': [
    /x in the Security header/,
    (message, part) => before(message, '</wsse:Security>', inWrapper(part)),
  ],
  'in an Object of the signature': [
    /unexpected Object/,
    (message, part) => before(message, '</ds:Signature>', `<ds:Object>${part}</ds:Object>`),
  ],
  'in KeyInfo': [/KeyInfo/, (message, part) => before(message, '</ds:KeyInfo>', part)],
  'last in the forged one': [
    /two children of Body|unexpected Timestamp/,
    (message, part, end) => before(message, end, part),
  ],
  'in a wrapper in the forged one': [
    /two children of Body|unexpected x/,
    (message, part, end) => before(message, end, inWrapper(part)),
  ],
  'behind the forged one': [
    /unexpected Body|two Timestamp/,
    (message, part, end) => behind(message, end, part),
  ],
  'in a wrapper behind the Body': [
    /unexpected x/,
    (message, part) => before(message, '</s:Envelope>', inWrapper(part)),
  ],
};

for (const soap of SOAP_VERSIONS) {
  const message = aMessage(soap);

  test(`xml-security A1: the message that is taken apart is good as it is, SOAP ${soap}`, async () => {
    const setting = aSetting();

    const answer = await setting.front.handle(aPost(message, { soap }));

    assert.equal(answer.status, 200, answer.body);
    assert.equal(setting.asked.length, 1);
  });

  for (const [name, { end, forged, pattern }] of Object.entries(PARTS)) {
    const part = pattern.exec(message)?.[0] ?? assert.fail(`no ${name}`);
    for (const [place, [told, move]] of Object.entries(POSITIONS))
      for (const [whose, stand] of [
        ['of another id', forged],
        ['without an id', forged.replace(' wsu:Id="evil"', '')],
        ['of the same id', forged.replace('"evil"', name === 'Body' ? '"body"' : '"ts"')],
      ] as const)
        test(`xml-security A1: the signed ${name} ${place}, a forged one ${whose} in its place, SOAP ${soap}`, async () => {
          const setting = aSetting();

          const answer = await setting.front.handle(
            aPost(move(edited(message, part, stand), part, end), { soap }),
          );

          assert.match(faultCodeOf(answer), /Invalid|AuthenticationBadElements|Unsupported/);
          const { detail = '' } = setting.audit.records.at(-1) ?? {};
          assert.match(detail, whose === 'of the same id' ? /^ID on/ : told);
          assert.deepEqual(setting.asked, []);
          assert.deepEqual(setting.errors, []);
        });
  }
}
