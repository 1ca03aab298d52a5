// Whether a token may leave unsaid for whom it is (docs/decisions/0029): only where it is then kept on record.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide } from '#core/decision/decide.ts';
import { entryOf } from '#core/ledger/ledger-entry.ts';
import type { RelyingParty } from '#core/request/relying-party.ts';
import type { Confirmation } from '#core/token/confirmation.ts';
import type { TokenType } from '#core/token/token-type.ts';
import { anEvidence, aPolicyRow, aRelyingParty, NOW, rules } from '#test/support/core.ts';

const KEY: Confirmation = { method: 'public-key', jwkThumbprint: 'key-1' };
const SECRET: Confirmation = {
  method: 'symmetric-key',
  thumbprint: 'secret-1',
  secret: { base64: 'c2VjcmV0', sizeBits: 256 },
};
const keyEncryption = {
  certificate: 'PEM',
  content: 'aes256-gcm',
  keyTransport: 'rsa-oaep-sha256',
} as const;

function decided({
  confirmation = KEY,
  others = [],
  type = 'saml2',
}: {
  readonly confirmation?: Confirmation;
  /** Whether the other targets take it so. */
  readonly others?: readonly boolean[];
  readonly type?: TokenType;
} = {}) {
  const aParty = (id: string, omitsAudience: boolean): RelyingParty => {
    const { token, ...party } = aRelyingParty({ id });
    return { ...party, token: { ...token, type, keyEncryption, omitsAudience } };
  };
  const parties = [true, ...others].map((omits, index) => aParty(`party-${index}`, omits));
  const ids = parties.map(({ id }) => id);
  const request = {
    confirmation,
    targets: ids.map((value) => ({ kind: 'audience', value }) as const),
  };
  const evidence = anEvidence({ request, requestor: { confirmation } });
  const policy = rules({ relyingParties: parties, rows: [aPolicyRow({ targets: ids })] });
  return decide(evidence, policy, { now: NOW, tokenId: 'id' });
}

describe('A token may leave its audience unsaid', () => {
  test('when its target takes it so and it is bound to a public key, and then the record says it', () => {
    const spec = decided();

    assert.equal(spec.omitsAudience, true);
    assert.deepEqual(entryOf(spec).audiences, ['https://party-0.example/soap']);
  });

  test('when all its targets take it so', () => {
    assert.equal(decided({ others: [true] }).omitsAudience, true);
  });

  for (const [what, changes] of [
    ['it is for any bearer', { confirmation: { method: 'bearer' } }],
    ['it is bound to a secret', { confirmation: SECRET }],
    ['it is SAML 1.1', { type: 'saml1' }],
    ['it is a JWT', { type: 'jwt' }],
    ['one of its targets does not', { others: [true, false] }],
  ] as const)
    test(`but not when ${what}`, () => {
      const spec = decided(changes);

      assert.equal(spec.omitsAudience, undefined);
      assert.equal(entryOf(spec).audiences, undefined);
    });
});
