// Requestors that are no clients: policy rows for them, the consent of targets to them, and which rows can never decide.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stringify } from 'yaml';
import { requestorName } from '#core/request/requestor.ts';
import { BEARER } from '#core/token/confirmation.ts';
import {
  type Change,
  first,
  parseChanged,
  type World,
  warningsOf,
} from '#test/unit/config/document.ts';
import { party, refuses } from '#test/unit/config/refusals.ts';

const row: (change: Record<string, unknown>) => Change = (change) => (document) => {
  document.policy = [{ ...first(document.policy), ...change }];
};

const asker = (principal: Record<string, unknown>): Change => row({ requestor: { principal } });

const WITH_USERS = { files: { 'users.yaml': stringify({ users: [] }) } };

const withUsers =
  (change: Change): Change =>
  (document) => {
    change(document);
    document['users'] = [{ file: 'users.yaml' }];
  };

/** A row whose subject tokens are good once. */
const once = (subject: Record<string, unknown>): Change =>
  row({ subject, allow: { lifetimeSeconds: 300, impersonation: true, singleUse: true } });

const refused = (rule: string, change: Change, error: string, world?: World) => ({
  rule,
  change,
  errors: [error],
  ...(world && { world }),
});

/** Rows and parties that name the one user there is, `alice@corp.example`. */
const spelled =
  (name: string): Change =>
  (document) => {
    document['users'] = [{ file: 'users.yaml' }];
    document['userDomains'] = [{ names: ['CORP', 'corp.example'] }];
    const own = { issuer: ['self', 'partner'], id: [name, 'nobody'] };
    const [row] = document.policy;
    const allow = { lifetimeSeconds: 300, types: ['jwt'], delegation: true };
    document.policy = [{ ...row, requestor: { principal: own }, subject: own, actor: own, allow }];
    const named = [`principal:self:${name}`];
    party({ requestors: named, servers: named, revokers: named })(document);
  };

const CORP_USER = {
  files: {
    'users.yaml': stringify({
      users: [
        {
          id: 'alice@corp.example',
          password: `scrypt$32768$8$3$${'A'.repeat(22)}$${'A'.repeat(43)}`,
        },
      ],
    }),
  },
};

refuses('users in domains, named in policy', [
  {
    rule: 'by the name of the user file',
    change: spelled('alice@corp.example'),
    errors: [],
    world: CORP_USER,
  },
  {
    rule: 'and not by another spelling: a row that denies would deny nothing',
    change: spelled('CORP\\alice'),
    errors: [
      'relyingParties[0].requestors[0]',
      'relyingParties[0].servers[0]',
      'relyingParties[0].revokers[0]',
      'policy[0].requestor.principal.id',
      'policy[0].subject.id',
      'policy[0].actor.id',
    ].map((path) => `CONFIG_INVALID_VALUE ${path}`),
    world: CORP_USER,
  },
]);

refuses('principals', [
  refused(
    'a row is for clients or for principals',
    row({ requestor: { client: 'gateway', principal: { issuer: 'self' } } }),
    'CONFIG_EXACTLY_ONE policy[0].requestor',
  ),
  refused(
    'a row is for somebody',
    row({ requestor: {} }),
    'CONFIG_EXACTLY_ONE policy[0].requestor',
  ),
  refused(
    'somebody vouches for a principal',
    asker({ id: 'alice' }),
    'CONFIG_MISSING policy[0].requestor.principal.issuer',
  ),
  refused(
    'who vouches is known',
    asker({ issuer: ['self', 'nobody'] }),
    'CONFIG_UNKNOWN_REFERENCE policy[0].requestor.principal.issuer',
  ),
  refused(
    'a credential is one that the issuer has',
    asker({ issuer: 'partner', type: 'username' }),
    'CONFIG_NO_EFFECT policy[0].requestor.principal.type',
  ),
  refused(
    'a user name needs users',
    asker({ issuer: 'self', type: 'username' }),
    'CONFIG_NO_EFFECT policy[0].requestor.principal.type',
  ),
  ...(['self', 'partner'] as const).map((issuer) =>
    refused(
      `a certificate needs an authority that says who they are: ${issuer}`,
      withUsers(asker({ issuer, type: 'x509' })),
      'CONFIG_NO_EFFECT policy[0].requestor.principal.type',
      WITH_USERS,
    ),
  ),
  refused(
    'a subject with a user name needs users',
    row({ subject: { issuer: 'self', type: 'username' } }),
    'CONFIG_NO_EFFECT policy[0].subject.type',
  ),
  ...(['username', ['username', 'saml2'], 'requestor'] as const).map((type) =>
    refused(
      `what has no id cannot be good once: ${String(type)}`,
      withUsers(once({ issuer: 'self', type })),
      'CONFIG_CONFLICT policy[0].allow.singleUse',
      WITH_USERS,
    ),
  ),
  refused(
    'a principal of one issuer that asks for subjects of another needs a permission',
    row({
      requestor: { principal: { issuer: 'self' } },
      allow: { lifetimeSeconds: 1 },
    }),
    'CONFIG_NO_EFFECT policy[0].allow',
  ),
  ...['principal:', 'principal:self', 'principal:self:', 'principal::alice'].map((name) =>
    refused(
      `consent is not for ${name}`,
      party({ requestors: ['gateway', name] }),
      'CONFIG_INVALID_VALUE relyingParties[0].requestors[1]',
    ),
  ),
  refused(
    'consent is for principals of issuers that exist',
    party({ requestors: ['gateway', 'principal:nobody:alice'] }),
    'CONFIG_UNKNOWN_REFERENCE relyingParties[0].requestors[1]',
  ),
]);

describe('Config: principals', () => {
  it('become selectors of core', async () => {
    const config = await parseChanged(
      withUsers((document) => {
        asker({ issuer: ['self', 'partner'], id: 'alice', type: ['username', 'jwt'] })(document);
        party({ requestors: 'any' })(document);
      }),
      WITH_USERS,
    );

    const { requestors, principals } = first(config.policy);
    assert.deepEqual(requestors, []);
    assert.deepEqual(principals, {
      issuers: ['self', 'partner'],
      types: ['username', 'jwt'],
      ids: ['alice'],
    });
  });

  it('have the name in consent that core gives them', async () => {
    const user = { kind: 'principal', id: 'alice', method: 'username' } as const;
    const name = requestorName({ ...user, represents: [], confirmation: BEARER });

    const config = await parseChanged(
      party({ requestors: ['gateway', name, 'principal:partner:urn:a:b'] }),
    );

    assert.deepEqual(first(config.relyingParties).requestors, [
      'gateway',
      'principal:self:alice',
      'principal:partner:urn:a:b',
    ]);
  });

  for (const subject of [
    { issuer: 'self' },
    { issuer: ['self', 'partner'], type: ['requestor', 'saml2', 'access_token', 'jwt'] },
  ])
    it(`are no reason against tokens that are good once: ${JSON.stringify(subject)}`, async () => {
      const config = await parseChanged(withUsers(once(subject)), WITH_USERS);

      assert.equal(first(config.policy).grant.singleUse, true);
    });

  it('need no permission to ask for themselves', async () => {
    const config = await parseChanged((document) => {
      party({ requestors: 'any' })(document);
      row({
        requestor: { principal: { issuer: 'partner' } },
        allow: { lifetimeSeconds: 1 },
      })(document);
    });

    assert.deepEqual(config.warnings, []);
  });

  for (const [requestors, principal, isWarned] of [
    [['principal:self:alice'], { issuer: 'self', id: 'alice' }, false],
    [['principal:self:alice'], { issuer: 'self', id: ['alice', 'bob'] }, true],
    [['principal:self:alice'], { issuer: 'partner', id: 'alice' }, true],
    [['principal:self:alice'], { issuer: 'self' }, false],
    [['gateway'], { issuer: 'self' }, true],
    ['any', { issuer: 'self' }, false],
  ] as const) {
    const whom = JSON.stringify(principal);
    it(`${whom} ${isWarned ? 'lacks' : 'has'} the consent of a target with ${String(requestors)}`, async () => {
      const warnings = await warningsOf((document) => {
        party({ requestors })(document);
        asker(principal)(document);
      });

      assert.deepEqual(warnings, isWarned ? ['CONFIG_NO_EFFECT policy[0].target'] : []);
    });
  }
});

describe('Configuration: rows that never decide', () => {
  const rows: (...changes: Record<string, unknown>[]) => Change =
    (...changes) =>
    (document) => {
      party({ requestors: 'any' })(document);
      const { allow, ...rest } = first(document.policy);
      document.policy = changes.map((change, index) => ({
        ...rest,
        ...(change['deny'] === undefined && { allow }),
        ...change,
        id: `row-${String(index)}`,
      }));
    };

  it('a deny row below a broad allow row decides', async () => {
    assert.deepEqual(await warningsOf(rows({}, { deny: true, when: 'claims.a == 1' })), []);
  });

  it('an allow row above a deny row that covers it does not', async () => {
    assert.deepEqual(await warningsOf(rows({}, { deny: true })), ['CONFIG_NO_EFFECT policy[0]']);
  });

  it('a second row for the same principals does not', async () => {
    const alice = { requestor: { principal: { issuer: 'partner', id: 'alice' } } };
    const all = { requestor: { principal: { issuer: 'partner' } } };

    assert.deepEqual(await warningsOf(rows(all, alice)), ['CONFIG_NO_EFFECT policy[1]']);
    assert.deepEqual(await warningsOf(rows(alice, all)), []);
  });

  it('a row for principals behind one for clients does', async () => {
    assert.deepEqual(
      await warningsOf(rows({}, { requestor: { principal: { issuer: 'partner' } } })),
      [],
    );
  });
});
