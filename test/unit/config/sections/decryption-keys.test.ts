// Keys of use encryption: what is refused, and what the product gets.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  aDocument,
  type Change,
  certificatePem,
  ecKeyPem,
  parseChanged,
  rsaKeyPem,
} from '#test/unit/config/document.ts';
import { refuses } from '#test/unit/config/refusals.ts';

const KEY = rsaKeyPem();
const WEAK_KEY = rsaKeyPem(1024);
const FILES = {
  'keys/enc.pem': KEY,
  'keys/enc.crt': certificatePem(KEY),
  'keys/other.crt': certificatePem(rsaKeyPem()),
};
const entry = (change: Readonly<Record<string, unknown>> = {}) => ({
  use: 'encryption',
  key: { file: 'keys/enc.pem' },
  certificate: { file: 'keys/enc.crt' },
  ...change,
});
const adds =
  (...entries: readonly Record<string, unknown>[]): Change =>
  (document) => {
    document.keys.push(...entries);
  };

const keys = Array.from({ length: 5 }, () => rsaKeyPem());
const fiveFiles = Object.fromEntries(
  keys.flatMap((pem, index) => [
    [`keys/${String(index)}.pem`, pem],
    [`keys/${String(index)}.crt`, certificatePem(pem)],
  ]),
);
const fiveEntries = keys.map((_, index) =>
  entry({
    key: { file: `keys/${String(index)}.pem` },
    certificate: { file: `keys/${String(index)}.crt` },
    activeFrom: `2027-01-0${String(index + 1)}T00:00:00Z`,
  }),
);

refuses('keys of use encryption', [
  {
    rule: 'it needs its certificate',
    change: adds({ use: 'encryption', key: { file: 'keys/enc.pem' } }),
    world: { files: FILES },
    errors: ['CONFIG_MISSING keys[1].certificate'],
  },
  {
    rule: 'it has no algorithm: what is accepted is not a matter of the key',
    change: adds(entry({ algorithm: 'RS256' })),
    world: { files: FILES },
    errors: ['CONFIG_UNKNOWN_KEY keys[1].algorithm'],
  },
  {
    rule: 'the certificate is of this key',
    change: adds(entry({ certificate: { file: 'keys/other.crt' } })),
    world: { files: FILES },
    errors: ['CONFIG_KEY keys[1].certificate'],
  },
  {
    rule: 'it is an RSA key',
    change: adds(entry()),
    world: { files: { ...FILES, 'keys/enc.pem': ecKeyPem() } },
    errors: ['CONFIG_KEY keys[1].key', 'CONFIG_KEY keys[1].certificate'],
  },
  {
    rule: 'it has 2048 bits',
    change: adds(entry()),
    world: {
      files: { 'keys/enc.pem': WEAK_KEY, 'keys/enc.crt': certificatePem(WEAK_KEY) },
    },
    errors: ['CONFIG_KEY keys[1].key'],
  },
  {
    rule: 'it does not sign as well',
    change: adds(entry(), {
      use: 'saml',
      algorithm: 'RS256',
      key: { file: 'keys/enc.pem' },
      certificate: { file: 'keys/enc.crt' },
    }),
    world: { files: FILES },
    errors: ['CONFIG_INSECURE keys[1].key'],
  },
  {
    rule: 'two do not start together',
    change: adds(
      ...fiveEntries.slice(0, 2).map((each) => ({ ...each, activeFrom: '2027-01-01T00:00:00Z' })),
    ),
    world: { files: fiveFiles },
    errors: ['CONFIG_DUPLICATE keys[2]'],
  },
  {
    rule: 'there are four at most: each is work for whoever sends us something',
    change: adds(...fiveEntries),
    world: { files: fiveFiles },
    errors: ['CONFIG_INVALID_VALUE keys[5]'],
  },
  {
    rule: 'it signs nothing: a key of use jwt is needed beside it',
    change: (document) => {
      document.keys = [entry()];
    },
    world: { files: FILES },
    errors: ['CONFIG_MISSING keys', 'CONFIG_KEY relyingParties[0].token.algorithm'],
  },
]);

describe('Config: keys of use encryption', () => {
  it('are apart from those that sign', async () => {
    const config = await parseChanged(adds(entry({ activeFrom: '2027-01-01T00:00:00Z' })), {
      files: FILES,
    });

    assert.deepEqual(config.decryptionKeys, [
      { pem: KEY, certificatePem: FILES['keys/enc.crt'], activeFrom: 1_798_761_600 },
    ]);
    assert.equal(config.keys.length, aDocument().keys.length);
  });
});
