// Assertions that do not say for whom they are, and are none that we wrote so: with our key, or with that of an issuer whose assertions
// we take. Where ours may leave it out, no other may (docs/decisions/0029). Over a whole server, and at the validator.
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { Confirmation, PublicJwk } from '#core/token/confirmation.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import {
  aCertifiedKey,
  anOwnIssuer,
  anOwnValidator,
  aSamlIssuer,
  aSamlSpec,
  asElement,
  assertRefused,
  asText,
  aValidator,
  confirmationOf,
  signingKeysOf,
} from '#test/support/saml/saml.ts';
import { ISSUER } from '#test/support/server/document.ts';
import type { TestServer } from '#test/support/server/server.ts';
import { endingOfSuite } from '#test/support/suite.ts';
import { faultOf, type SoapAnswer } from '#test/support/ws-trust/messages.ts';
import {
  ARCHIVE,
  aReferenceTo,
  ask,
  asTarget,
  audiencesIn,
  idOf,
  inElement,
  issued,
  startOmitting,
} from '#test/support/ws-trust/omitted-audience.ts';
import { BILLING } from '#test/support/ws-trust/rst.ts';
import { aCertificate } from '#test/support/x509/pki.ts';

const key = await aCertificate({ name: 'CN=holder', algorithm: 'RSA' });
const HELD = {
  method: 'public-key',
  jwk: createPublicKey(key.pem).export({ format: 'jwk' }) as PublicJwk,
  certificate: key.der.toString('base64'),
} as const satisfies Confirmation;

/** What we would write of a decision that leaves the audience out, signed with the key of a server. */
async function forge({ clock, directory }: TestServer, over: Partial<TokenSpec>): Promise<string> {
  const read = (name: string) => readFile(join(directory, 'keys', name), 'utf8');
  const [certificatePem, privatePem] = await Promise.all([read('saml.crt'), read('saml.pem')]);
  const now = clock.now();
  const spec = aSamlSpec({
    issuer: ISSUER,
    subject: { issuer: ISSUER, id: 'carol' },
    subjectName: 'carol',
    audiences: [BILLING],
    omitsAudience: true,
    tokenShape: 'vcenter',
    confirmation: HELD,
    issuedAt: now,
    lifetime: { notBefore: now, notOnOrAfter: now + 300 },
    ...over,
  });
  const keys = signingKeysOf({ certificatePem, privatePem });
  return (await anOwnIssuer(keys).issue(spec)).text;
}

describe('our key on an assertion without AudienceRestriction', () => {
  const ending = endingOfSuite();
  let server: TestServer;
  before(async () => {
    server = await startOmitting(ending);
  });

  /** Whoever could make something of it, if it were good, and what they hear. */
  async function answersTo(token: string): Promise<Readonly<Record<string, string>>> {
    const target = (operation: 'Renew' | 'Validate' | 'Cancel') =>
      ask(server, { user: 'carol', key, operation, children: asTarget(operation, token) });
    const entrances: Readonly<Record<keyof typeof NO_GOOD, () => Promise<SoapAnswer>>> = {
      'OnBehalfOf by its subject': () =>
        ask(server, { user: 'carol', key, children: inElement('OnBehalfOf', token) }),
      'OnBehalfOf by a server': () =>
        ask(server, { user: 'bob', key, children: inElement('OnBehalfOf', token) }),
      ActAs: () => ask(server, { user: 'bob', key, children: inElement('ActAs', token) }),
      credential: () => ask(server, { key, credential: token, keyInfo: aReferenceTo(token) }),
      Validate: () => target('Validate'),
      Renew: () => target('Renew'),
      Cancel: () => target('Cancel'),
    };
    const answers: Record<string, string> = {};
    // One after the other: the last one ends it.
    for (const [entrance, enter] of Object.entries(entrances)) {
      const answer = await enter();
      const [status = 'ok'] = /\/status\/\w+/.exec(answer.text) ?? [];
      answers[entrance] = answer.status === 500 ? faultOf(answer) : status;
    }
    return answers;
  }
  const NO_GOOD = {
    'OnBehalfOf by its subject': 'InvalidSecurityToken',
    'OnBehalfOf by a server': 'InvalidSecurityToken',
    ActAs: 'InvalidSecurityToken',
    credential: 'FailedAuthentication',
    Validate: '/status/invalid',
    Renew: 'InvalidSecurityToken',
    Cancel: 'InvalidSecurityToken',
  };

  test('is good where it is what we wrote', async () => {
    const token = await issued(server, { key });
    const again = await forge(server, { tokenId: idOf(token) });

    assert.deepEqual(audiencesIn(again), []);
    const { Validate, ...others } = await answersTo(again);
    assert.equal(Validate, '/status/valid');
    assert.deepEqual(new Set(Object.values(others)), new Set(['ok']));
  });

  test('is none of ours with an id that is not on record', async () => {
    const forged = await forge(server, { tokenId: 'nowhere-on-record-0123' });

    assert.deepEqual(await answersTo(forged), NO_GOOD);
  });

  test('is none of ours with the id of one that says for whom it is', async () => {
    const token = await issued(server, { key, appliesTo: ARCHIVE });
    const forged = await forge(server, { tokenId: idOf(token) });

    assert.deepEqual(audiencesIn(forged), []);
    assert.deepEqual(await answersTo(forged), NO_GOOD);
  });

  test('is none of ours once what we wrote was cancelled', async () => {
    const token = await issued(server, { key });
    const children = asTarget('Cancel', token);
    await ask(server, { key, operation: 'Cancel', children });

    // What is cancelled may be cancelled again.
    assert.deepEqual(await answersTo(token), { ...NO_GOOD, Cancel: 'ok' });
  });
});

describe('an assertion without AudienceRestriction, by itself', async () => {
  const ours = await aCertifiedKey();
  const validator = anOwnValidator(ours);
  const silent = anOwnIssuer(signingKeysOf(ours));
  const { text } = await silent.issue(
    aSamlSpec({ omitsAudience: true, tokenShape: 'vcenter', confirmation: HELD }),
  );
  const RESTRICTION = /<saml2?:AudienceRestriction(Condition)?>.*<\/saml2?:AudienceRestriction\1>/;

  test('of ours is for nobody until the ledger has told', async () => {
    const { audiences, omitsAudience } = await validator.validate(asElement('saml2', text));

    assert.deepEqual([audiences, omitsAudience], [[], true]);
  });

  test('RFC 7522 §3 rule 2: of ours is no grant', async () => {
    await assertRefused(
      () => validator.validate({ ...asText('saml2', text), use: 'assertion' }),
      'token-audience-mismatch',
    );
  });

  for (const [what, spec] of [
    ['a bearer', {}],
    ['SAML 1.1', { type: 'saml1', confirmation: HELD }],
  ] as const)
    test(`is never written for ${what}, and refused if it were`, async () => {
      const issue = { ...spec, omitsAudience: true };
      const { text: written } = await silent.issue(aSamlSpec(issue));
      assert.match(written, RESTRICTION);

      const foreign = await aSamlIssuer();
      const without = foreign.sign(
        'type' in spec ? spec.type : 'saml2',
        written.replace(RESTRICTION, '').replace(/<ds:Signature .*<\/ds:Signature>/, ''),
      );
      const type = 'type' in spec ? spec.type : 'saml2';
      // Under our name, with the key that signed it for ours.
      const believing = anOwnValidator(foreign);
      await assertRefused(
        () => believing.validate(asElement(type, without)),
        'token-audience-mismatch',
      );
    });

  test('with an empty AudienceRestriction is refused, of ours too', async () => {
    const foreign = await aSamlIssuer();
    const empty = foreign.sign(
      'saml2',
      text
        .replace(
          /(<saml2:Conditions [^>]*>)/,
          '$1<saml2:AudienceRestriction></saml2:AudienceRestriction>',
        )
        .replace(/<ds:Signature .*<\/ds:Signature>/, ''),
    );

    await assertRefused(
      () => anOwnValidator(foreign).validate(asElement('saml2', empty)),
      'token-audience-mismatch',
    );
  });

  test('of a trusted issuer is refused, with a key too', async () => {
    const partner = await aSamlIssuer();
    const trust = partner.trust({ subjectConfirmation: ['bearer', 'holder-of-key'] });
    const keyInfo = `<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${HELD.certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`;
    const confirmation = confirmationOf('saml2', 'holder-of-key', keyInfo);
    const validated = (audiences: readonly (readonly string[])[] | undefined) =>
      aValidator([trust]).validate(
        asElement(
          'saml2',
          partner.assertion('saml2', { confirmation, ...(audiences && { audiences }) }),
        ),
      );

    assert.equal((await validated(undefined)).confirmation.method, 'public-key');
    await assertRefused(() => validated([]), 'token-audience-mismatch');
  });
});
