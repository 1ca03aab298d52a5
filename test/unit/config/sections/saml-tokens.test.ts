// Assertions of ours: our name in them, the keys that sign them, the forms a relying party takes, whom they are encrypted to.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Change,
  certificatePem,
  ecKeyPem,
  errorsOf,
  first,
  parseChanged,
  rsaKeyPem,
  type World,
} from '#test/unit/config/document.ts';
import { party, refusedIn, refuses } from '#test/unit/config/refusals.ts';

const SAML_PEM = rsaKeyPem();
const RECIPIENT = certificatePem(rsaKeyPem());
const WORLD: World = {
  files: {
    'keys/saml.pem': SAML_PEM,
    'keys/saml.crt': certificatePem(SAML_PEM),
    'orders.pem': RECIPIENT,
  },
};

const samlKey: Change = (document) => {
  document.keys.push({
    use: 'saml',
    algorithm: 'RS256',
    key: { file: 'keys/saml.pem' },
    certificate: { file: 'keys/saml.crt' },
  });
};

const withSamlKey =
  (change: Change): Change =>
  (document) => {
    samlKey(document);
    change(document);
  };

const row: (allow: Record<string, unknown>) => Change = (allow) => (document) => {
  const { allow: before, ...rest } = first(document.policy);
  document.policy = [{ ...rest, allow: { ...before, ...allow } }];
};

const TOKEN = 'relyingParties[0].token';
const SILENT = 'omitted-with-key';

const withVcenter =
  (change: Change): Change =>
  (document) => {
    document['wsTrust'] = { profiles: ['vcenter'] };
    change(document);
  };

const refused = refusedIn(WORLD);

refuses('assertions', [
  refused(
    'a type of assertion needs a SAML key',
    party({ token: { type: 'saml2' } }),
    `CONFIG_KEY ${TOKEN}.algorithm`,
  ),
  refused(
    'a type of assertion needs a SAML key of its algorithm',
    withSamlKey(party({ token: { type: 'saml1', algorithm: 'ES256' } })),
    `CONFIG_KEY ${TOKEN}.algorithm`,
  ),
  refused(
    'a JWT key never signs assertions',
    (document) => {
      document.keys.push({ use: 'jwt', algorithm: 'RS256', key: { file: 'keys/saml.pem' } });
      party({ token: { type: 'saml2', algorithm: 'RS256' } })(document);
    },
    `CONFIG_KEY ${TOKEN}.algorithm`,
  ),
  refused(
    'a SAML key never signs JWTs',
    withSamlKey(party({ token: { type: 'jwt', algorithm: 'RS256' } })),
    `CONFIG_KEY ${TOKEN}.algorithm`,
  ),
  refused(
    'PS256 is not for assertions',
    withSamlKey(party({ token: { type: 'saml2', algorithm: 'PS256' } })),
    `CONFIG_INVALID_VALUE ${TOKEN}`,
  ),
  refused(
    'PS256 is not for assertions beside JWTs',
    withSamlKey(party({ token: { type: 'jwt', algorithm: { saml: 'PS256' } } })),
    `CONFIG_INVALID_VALUE ${TOKEN}.algorithm.saml`,
  ),
  refused(
    'an algorithm for the other form needs its key too',
    withSamlKey(party({ token: { type: 'saml2', algorithm: { jwt: 'ES384' } } })),
    `CONFIG_KEY ${TOKEN}.algorithm`,
  ),
  refused(
    'a row cannot grant a type that nothing signs',
    row({ types: ['jwt', 'saml2'] }),
    'CONFIG_KEY policy[0].allow.types[1]',
  ),
  refused(
    'JWTs are not encrypted, so no certificate stands there',
    withSamlKey(party({ token: { type: 'jwt', encryptTo: { file: 'orders.pem' } } })),
    `CONFIG_CONFLICT ${TOKEN}`,
  ),
  ...[{ type: 'saml1' }, { type: 'jwt' }, { type: 'saml2', encryptTo: { file: 'orders.pem' } }].map(
    (token) =>
      refused(
        `only SAML 2.0 assertions in the clear can be without an audience: ${JSON.stringify(token)}`,
        withSamlKey(withVcenter(party({ token: { ...token, audienceRestriction: SILENT } }))),
        `CONFIG_CONFLICT ${TOKEN}`,
      ),
  ),
  refused(
    'an audience is left out at no address but those of vCenter',
    withSamlKey(party({ token: { type: 'saml2', audienceRestriction: SILENT } })),
    `CONFIG_CONFLICT ${TOKEN}.audienceRestriction`,
  ),
  refused(
    'an audience is left out at no address but those of vCenter, whatever other profiles there are',
    withSamlKey((document) => {
      document['wsTrust'] = { profiles: ['adfs', 'wso2'] };
      party({ token: { type: 'saml2', audienceRestriction: SILENT } })(document);
    }),
    `CONFIG_CONFLICT ${TOKEN}.audienceRestriction`,
  ),
  refused(
    'an audience is never left out of what anybody can use',
    withSamlKey(withVcenter(party({ token: { type: 'saml2', audienceRestriction: 'omitted' } }))),
    `CONFIG_INVALID_VALUE ${TOKEN}.audienceRestriction`,
  ),
  refused(
    'a front that is broken does not lack a profile as well',
    withSamlKey((document) => {
      document['wsTrust'] = { profiles: ['axis'] };
      party({ token: { type: 'saml2', audienceRestriction: SILENT } })(document);
    }),
    'CONFIG_INVALID_VALUE wsTrust.profiles[0]',
  ),
  refused(
    'encryption has somebody to decrypt',
    party({ token: { type: 'jwt', encryption: {} } }),
    `CONFIG_MISSING ${TOKEN}`,
  ),
  refused(
    'XML §7: nothing is encrypted with RSA 1.5',
    withSamlKey(
      party({
        token: {
          type: 'saml2',
          encryptTo: { file: 'orders.pem' },
          encryption: { keyTransport: 'rsa-1_5' },
        },
      }),
    ),
    `CONFIG_INVALID_VALUE ${TOKEN}.encryption.keyTransport`,
  ),
  {
    rule: 'encryption is to an RSA key',
    change: withSamlKey(party({ token: { type: 'saml2', encryptTo: { file: 'ec.pem' } } })),
    errors: [`CONFIG_KEY ${TOKEN}.encryptTo`],
    world: { files: { ...WORLD.files, 'ec.pem': certificatePem(ecKeyPem()) } },
  },
  {
    rule: 'encryption is to one certificate',
    change: withSamlKey(party({ token: { type: 'saml2', encryptTo: { file: 'two.pem' } } })),
    errors: [`CONFIG_KEY ${TOKEN}.encryptTo`],
    world: { files: { ...WORLD.files, 'two.pem': RECIPIENT + RECIPIENT } },
  },
  ...['sts', '', `urn:${'x'.repeat(1024)}`].map((entityId) =>
    refused(
      `SAML Core 2.0 §8.3.6: our entity id is not ${JSON.stringify(entityId.slice(0, 10))}`,
      (document) => {
        document['saml'] = { entityId };
      },
      'CONFIG_INVALID_VALUE saml.entityId',
    ),
  ),
  refused(
    'our entity id is no trusted issuer',
    (document) => {
      document['saml'] = { entityId: 'https://partner.example' };
    },
    'CONFIG_OVERLAP trustedIssuers[0]',
  ),
  refused(
    'our entity id is no relying party',
    (document) => {
      document['saml'] = { entityId: 'https://orders.example/' };
    },
    'CONFIG_OVERLAP relyingParties[0]',
  ),
]);

const USUAL = { content: 'aes256-gcm', keyTransport: 'rsa-oaep-sha256' };

describe('Config: assertions', () => {
  it('carry the name of the issuer unless another is set', async () => {
    const set = await parseChanged((document) => {
      document['saml'] = { entityId: 'urn:sts' };
    });

    assert.equal(set.saml.entityId, 'urn:sts');
    assert.equal((await parseChanged(() => {})).saml.entityId, 'https://sts.example.org');
  });

  it('are signed with RS256 by default and encrypted where a certificate is named', async () => {
    const token = { type: 'saml2', lifetimeSeconds: 900, encryptTo: { file: 'orders.pem' } };

    const config = await parseChanged(withSamlKey(party({ token })), WORLD);

    assert.deepEqual(first(config.relyingParties).token, {
      type: 'saml2',
      algorithms: { jwt: 'ES256', saml: 'RS256' },
      lifetimeSeconds: 900,
      encryption: { ...USUAL, certificate: RECIPIENT },
      keyEncryption: { ...USUAL, certificate: RECIPIENT },
    });
  });

  it('say for whom they are, but those with a key where that is set', async () => {
    const token = { type: 'saml2' };
    const built = async (more: object) =>
      first(
        (
          await parseChanged(
            withSamlKey(withVcenter(party({ token: { ...token, ...more } }))),
            WORLD,
          )
        ).relyingParties,
      ).token.omitsAudience;

    assert.equal(await built({}), undefined);
    assert.equal(await built({ audienceRestriction: 'always' }), undefined);
    assert.equal(await built({ audienceRestriction: SILENT }), true);
  });

  it('are encrypted as their relying party can decrypt, and secrets of JWTs too', async () => {
    const encryption = { content: 'aes128-gcm', keyTransport: 'rsa-oaep-mgf1p' };
    const token = { type: 'jwt', encryptKeysTo: { file: 'orders.pem' }, encryption };

    const config = await parseChanged(party({ token }), WORLD);

    const built = first(config.relyingParties).token;
    assert.deepEqual(built.keyEncryption, { ...encryption, certificate: RECIPIENT });
    assert.equal(built.encryption, undefined);
  });

  it('stand beside JWTs, each form with its algorithm', async () => {
    const change = (token: object) =>
      parseChanged(
        withSamlKey((document) => {
          party({ token })(document);
          row({ types: ['saml2', 'jwt'] })(document);
        }),
        WORLD,
      );

    const both = await change({ type: 'jwt', algorithm: { jwt: 'ES256', saml: 'RS256' } });
    const one = await change({ type: 'saml1', algorithm: 'RS256' });

    for (const config of [both, one]) {
      const { algorithms } = first(config.relyingParties).token;
      assert.deepEqual(algorithms, { jwt: 'ES256', saml: 'RS256' });
    }
    assert.deepEqual(first(both.policy).grant.types, ['saml2', 'jwt']);
  });

  it('RFC 7522 §2.1: may be a grant', async () => {
    const grant = 'urn:ietf:params:oauth:grant-type:saml2-bearer';

    const errors = await errorsOf((document) => {
      document.clients = [{ ...first(document.clients), grant_types: [grant] }];
    });

    assert.deepEqual(errors, []);
  });
});
