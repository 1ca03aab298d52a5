// The WS-Trust front: absent unless asked for, bounded, and with nothing that has no end.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Change,
  certificatePem,
  parseChanged,
  rsaKeyPem,
} from '#test/unit/config/document.ts';
import { refuses } from '#test/unit/config/refusals.ts';

const wsTrust: (section: unknown) => Change = (section) => (document) => {
  document['wsTrust'] = section;
};

const refused = (rule: string, section: unknown, error: string) => ({
  rule,
  change: wsTrust(section),
  errors: [error],
});

refuses('wsTrust', [
  refused('a profile is known', { profiles: ['axis'] }, 'CONFIG_INVALID_VALUE wsTrust.profiles[0]'),
  refused(
    'a profile is named once',
    { profiles: ['adfs', { profile: 'adfs' }] },
    'CONFIG_DUPLICATE wsTrust.profiles[1]',
  ),
  refused(
    'a default target is a relying party',
    { profiles: [{ profile: 'vcenter', defaultTarget: 'nothing' }] },
    'CONFIG_UNKNOWN_REFERENCE wsTrust.profiles[0].defaultTarget',
  ),
  refused(
    'a profile has no other settings',
    { profiles: [{ profile: 'vcenter', path: '/x' }] },
    'CONFIG_UNKNOWN_KEY wsTrust.profiles[0].path',
  ),
  ...[4095, 1_048_577, 1.5].map((maxMessageBytes) =>
    refused(
      `a message is not bounded by ${String(maxMessageBytes)} bytes`,
      { maxMessageBytes },
      `CONFIG_${maxMessageBytes === 1.5 ? 'WRONG_TYPE' : 'OUT_OF_RANGE'} wsTrust.maxMessageBytes`,
    ),
  ),
  refused(
    'skew has a ceiling',
    { clockSkewSeconds: 301 },
    'CONFIG_OUT_OF_RANGE wsTrust.clockSkewSeconds',
  ),
  refused(
    'a message is not good for ever',
    { maxMessageLifetimeSeconds: 3601 },
    'CONFIG_OUT_OF_RANGE wsTrust.maxMessageLifetimeSeconds',
  ),
  refused(
    'who may use it is a condition',
    { when: 'requestor.claims.role' },
    'CONFIG_EXPRESSION wsTrust.when',
  ),
  refused('empty is not asked for', null, 'CONFIG_WRONG_TYPE wsTrust'),
]);

const [samlKey, encryptionKey] = [rsaKeyPem(), rsaKeyPem()];
const MESSAGE_KEYS = {
  'keys/saml.pem': samlKey,
  'keys/saml.crt': certificatePem(samlKey),
  'keys/enc.pem': encryptionKey,
  'keys/enc.crt': certificatePem(encryptionKey),
};
const withKeys =
  (uses: readonly ('saml' | 'encryption')[], endpoint: Readonly<Record<string, unknown>>): Change =>
  (document) => {
    const name = { saml: 'saml', encryption: 'enc' };
    for (const use of uses)
      document.keys.push({
        use,
        ...(use === 'saml' && { algorithm: 'RS256' }),
        key: { file: `keys/${name[use]}.pem` },
        certificate: { file: `keys/${name[use]}.crt` },
      });
    const path = '/ws-trust/message';
    document['wsTrust'] = {
      endpoints: [{ path, messageSecurity: 'sign-and-encrypt', ...endpoint }],
    };
  };
const AT = 'wsTrust.endpoints[0]';
const SYMMETRIC = {
  path: '/ws-trust/message/username',
  messageSecurity: 'symmetric-sign-and-encrypt',
};
const both = ['saml', 'encryption'] as const;
refuses(
  'wsTrust.endpoints[].messageSecurity',
  [
    {
      rule: 'messages are not signed alone: the answer would carry a token in clear',
      change: withKeys(both, { messageSecurity: 'sign' }),
      errors: [`CONFIG_INVALID_VALUE ${AT}.messageSecurity`],
    },
    {
      rule: 'it needs a key that others encrypt to',
      change: withKeys(['saml'], {}),
      errors: [`CONFIG_KEY ${AT}.messageSecurity`],
    },
    {
      rule: 'it needs a key that signs answers',
      change: withKeys(['encryption'], {}),
      errors: [`CONFIG_KEY ${AT}.messageSecurity`],
    },
    {
      rule: 'a user name alone signs nothing',
      change: withKeys(both, { credentials: ['username'] }),
      errors: [`CONFIG_CONFLICT ${AT}.credentials`],
    },
    {
      rule: 'nothing that is good in the hands of whoever has it is taken',
      change: withKeys(both, { credentials: ['certificate', 'bearer-token'] }),
      errors: [`CONFIG_CONFLICT ${AT}.credentials`],
    },
    ...[
      { signedParts: 'timestamp' },
      { ownBearerTokens: true },
      { repeatedTimestamps: true },
      { legacySha1Until: new Date(Date.now() + 86_400_000).toISOString().slice(0, 10) },
    ].map((endpoint) => ({
      rule: `its policy is fixed: no ${Object.keys(endpoint).join()}`,
      change: withKeys(both, endpoint),
      errors: [`CONFIG_CONFLICT ${AT}.messageSecurity`],
    })),
    {
      rule: 'a secret needs a key that others encrypt it to',
      change: withKeys(['saml'], SYMMETRIC),
      errors: [`CONFIG_KEY ${AT}.messageSecurity`],
    },
    ...['certificate', 'bearer-token', 'tls-certificate', 'basic'].map((kind) => ({
      rule: `inside a message under a secret is a user name, and no ${kind}`,
      change: withKeys(['encryption'], { ...SYMMETRIC, credentials: ['username', kind] }),
      errors: [`CONFIG_CONFLICT ${AT}.credentials`],
    })),
    {
      rule: 'a secret is nobody’s signature that could be challenged',
      change: withKeys(['encryption'], { ...SYMMETRIC, signChallenge: true }),
      errors: [`CONFIG_CONFLICT ${AT}.signChallenge`],
    },
    {
      rule: 'the policy of messages under a secret is fixed',
      change: withKeys(['encryption'], { ...SYMMETRIC, signedParts: 'timestamp' }),
      errors: [`CONFIG_CONFLICT ${AT}.messageSecurity`],
    },
  ].map((refusal) => ({ ...refusal, world: { files: MESSAGE_KEYS } })),
);

describe('Config: the WS-Trust front', () => {
  it('answers in collections, and JWTs in a TokenWrapper, where an address says so', async () => {
    const config = await parseChanged((document) => {
      document['wsTrust'] = {
        endpoints: [
          { path: '/ws-trust', answersInCollections: true },
          { path: '/ws-trust/soap12', jwtInTokenWrapper: true },
        ],
      };
    });

    assert.deepEqual(config.wsTrust?.endpoints, [
      { path: '/ws-trust', answersInCollections: true },
      { path: '/ws-trust/soap12', jwtInTokenWrapper: true },
    ]);
  });

  it('has addresses where messages protect themselves', async () => {
    const config = await parseChanged(withKeys(both, {}), { files: MESSAGE_KEYS });

    assert.deepEqual(config.wsTrust?.endpoints, [
      { path: '/ws-trust/message', messageSecurity: 'sign-and-encrypt' },
    ]);
  });

  it('has addresses where a secret protects messages, without a key that signs answers', async () => {
    const config = await parseChanged(withKeys(['encryption'], SYMMETRIC), { files: MESSAGE_KEYS });

    assert.deepEqual(config.wsTrust?.endpoints, [SYMMETRIC]);
  });

  it('is absent unless it is asked for', async () => {
    assert.equal((await parseChanged(() => {})).wsTrust, undefined);
  });

  it('has bounds of its own', async () => {
    const config = await parseChanged((document) => {
      wsTrust({})(document);
      document['clockSkewSeconds'] = 20;
    });

    assert.deepEqual(config.wsTrust, {
      profiles: [],
      endpoints: [],
      maxMessageBytes: 65_536,
      clockSkewSeconds: 20,
      maxMessageLifetimeSeconds: 600,
    });
  });

  it('changes single addresses', async () => {
    const day = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    const config = await parseChanged(
      wsTrust({
        endpoints: [
          {
            path: '/ws-trust',
            credentials: ['basic'],
            legacySha1Until: day,
            ownBearerTokens: true,
            repeatedTimestamps: true,
          },
        ],
      }),
    );

    assert.deepEqual(config.wsTrust?.endpoints, [
      {
        path: '/ws-trust',
        credentials: ['basic'],
        takesOwnBearerTokens: true,
        takesRepeatedTimestamps: true,
        legacySha1Until: Date.parse(day) / 1000,
      },
    ]);
  });

  it('can be for requestors of one role', async () => {
    const when = 'requestor.claims.role == "sts-user"';

    const config = await parseChanged(wsTrust({ when }));

    assert.equal(config.wsTrust?.admits?.source, when);
  });

  it('has the profiles that are named', async () => {
    const profiles = ['adfs', { profile: 'vcenter', defaultTarget: 'orders' }];

    const config = await parseChanged(wsTrust({ profiles, clockSkewSeconds: 300 }));

    assert.equal(config.wsTrust?.clockSkewSeconds, 300);
    assert.deepEqual(config.wsTrust.profiles, [
      { name: 'adfs' },
      { name: 'vcenter', defaultTarget: 'orders' },
    ]);
  });
});
