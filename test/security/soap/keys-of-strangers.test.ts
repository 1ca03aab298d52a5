// Keys that a stranger sends and that are none (xml-security B13, E9): refused as such before anything is made, and no fault of ours.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import {
  aBinaryToken,
  aDirectReference,
  aSignedMessage,
  TIMESTAMP,
} from '#test/support/soap/signed-message.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import {
  aPost,
  aUserMessage,
  aUserNameToken,
  aWsTrustSetting,
  faultCodeOf,
} from '#test/support/ws-trust/ws-trust.ts';
import { knownCertificates } from '#test/support/x509/known-certificates.ts';
import { aCertificate, type TestCertificate } from '#test/support/x509/pki.ts';

const DS = 'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"';
const rsa = await aCertificate({ algorithm: 'RSA' });
const ec = await aCertificate({ algorithm: 'P-256' });

/** The certificate with other octets in the place of some: its key is of a kind or a curve that there is not, or a point of no curve. */
function altered({ der, privateKey }: TestCertificate, from: string, to: string) {
  const at = der.indexOf(Buffer.from(from, 'hex'));
  assert.notEqual(at, -1);
  const octets = Buffer.from(der);
  Buffer.from(to, 'hex').copy(octets, at);
  return { der: octets, privateKey };
}

const UNREADABLE = {
  'of an unknown kind': altered(rsa, '2a864886f70d010101', '2a864886f70d010163'),
  'on an unknown curve': altered(ec, '2a8648ce3d030107', '2a8648ce3d030163'),
  'that is no point': altered(ec, '2a8648ce3d03010703420004', '2a8648ce3d03010703420005'),
};

const KEY_TYPE = { UseKey: 'PublicKey', ProofEncryption: 'SymmetricKey' } as const;
type Parameter = keyof typeof KEY_TYPE;

const anRstWith = (parameter: Parameter, content: string, attributes = ''): string =>
  anRst({
    children: `${anAppliesTo()}<t:KeyType>${TRUST_13}/${KEY_TYPE[parameter]}</t:KeyType><t:${parameter}${attributes}>${content}</t:${parameter}>`,
  });

async function refusalOf(message: string): Promise<string> {
  const setting = aWsTrustSetting({ validators: [knownCertificates([])] });
  const answer = await setting.front.handle(aPost(message));
  assert.deepEqual(setting.errors, []);
  assert.deepEqual(setting.asked, []);
  return faultCodeOf(answer);
}

for (const [what, by] of Object.entries(UNREADABLE))
  describe(`xml-security B13: a certificate with a key ${what}`, () => {
    const data = `<ds:X509Data ${DS}><ds:X509Certificate>${by.der.toString('base64')}</ds:X509Certificate></ds:X509Data>`;

    for (const [place, tokens, keyInfo] of [
      ['in the header', aBinaryToken(by), aDirectReference()],
      ['in KeyInfo', '', data],
    ] as const)
      test(`signs nothing, ${place}`, async () => {
        const message = aSignedMessage(anRst(), { by, tokens, keyInfo });
        const ofUser = aSignedMessage(anRstWith('UseKey', '', ' Sig="#SIG-1"'), {
          by,
          tokens: `${tokens}${aUserNameToken()}`,
          keyInfo,
          timestamp: TIMESTAMP,
        });

        assert.equal(await refusalOf(message), 'trust:FailedAuthentication');
        assert.equal(await refusalOf(ofUser), 'trust:FailedAuthentication');
      });

    for (const parameter of ['UseKey', 'ProofEncryption'] as const)
      test(`is no key for ${parameter}`, async () => {
        for (const content of [`<ds:KeyInfo ${DS}>${data}</ds:KeyInfo>`, aBinaryToken(by)])
          assert.equal(
            await refusalOf(aUserMessage(anRstWith(parameter, content))),
            'trust:InvalidRequest',
          );
      });
  });

const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const { n = '' } = publicKey.export({ format: 'jwk' });
const modulus = Buffer.from(n, 'base64url');
const even = Buffer.from(modulus);
even.writeUInt8(even.readUInt8(255) ^ 1, 255);

const aKeyValue = (octets: Uint8Array, exponent: readonly number[]): string => {
  const [of, to] = [octets, Buffer.from(exponent)].map((each) =>
    Buffer.from(each).toString('base64'),
  );
  return `<ds:KeyValue ${DS}><ds:RSAKeyValue><ds:Modulus>${of}</ds:Modulus><ds:Exponent>${to}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>`;
};

for (const [what, key] of Object.entries({
  'an even modulus, which nothing can be encrypted with': aKeyValue(even, [1, 0, 1]),
  'the exponent 0': aKeyValue(modulus, [0]),
  'the exponent 1, with which everybody reads what was encrypted': aKeyValue(modulus, [1]),
  'an even exponent': aKeyValue(modulus, [1, 0, 0]),
}))
  test(`xml-security B13: refuses an RSA key with ${what}`, async () => {
    for (const parameter of ['UseKey', 'ProofEncryption'] as const)
      assert.equal(
        await refusalOf(aUserMessage(anRstWith(parameter, key))),
        'trust:InvalidRequest',
      );
  });

test('xml-security B13: an RSA key is good as it is, so that the others are refused for their own reason', async () => {
  const setting = aWsTrustSetting();
  const message = aUserMessage(anRstWith('ProofEncryption', aKeyValue(modulus, [3])));

  const answer = await setting.front.handle(aPost(message));

  assert.equal(answer.status, 200, answer.body);
});
