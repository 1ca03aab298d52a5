// The whole way from a file to a frozen Config, and the report when it does not get there.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { stringify } from 'yaml';
import type { ExpressionContext } from '#core/decision/expression.ts';
import { loadConfigFiles } from '#src/config/load.ts';
import { ConfigError, formatProblems, PROBLEM_CODES } from '#src/config/problem.ts';
import {
  aDocument,
  ecKeyPem,
  errorsOfText,
  first,
  parseChanged,
  parseText,
  problemsOf,
  publicJwks,
  SECRET,
} from './document.ts';

describe('Config', () => {
  it('has defaults for how to run, and none for a party, key or audience', async () => {
    const config = await parseChanged(() => {});

    assert.deepEqual(config.fetch, {
      allowedHosts: [],
      timeoutMilliseconds: 5000,
      maxBytes: 262_144,
      staleSeconds: 86_400,
      unknownKeyIntervalSeconds: 30,
    });
    assert.deepEqual(config.delegation, { maxDepth: 5, selfDelegation: false });
    assert.deepEqual(config.drain, { delaySeconds: 0, graceSeconds: 25 });
    assert.deepEqual(config.limits, {
      maxBodyBytes: 65_536,
      nodes: 1,
      maxConnections: 10_000,
      maxInFlight: 1000,
      maxLoopDelayMilliseconds: 500,
    });
    assert.equal(config.clockSkewSeconds, 60);
    assert.deepEqual(config.trustedProxies, []);
    assert.deepEqual(config.warnings, []);
  });

  it('without parties is a server that refuses everything', async () => {
    const config = await parseChanged((document) => {
      for (const section of ['trustedIssuers', 'clients', 'relyingParties', 'policy']) {
        document[section] = undefined;
      }
    });

    assert.deepEqual([config.clients, config.relyingParties, config.policy], [[], [], []]);
  });

  it('holds paths that are absolute, from the folder of the file', async () => {
    const config = await parseChanged(() => {});

    assert.deepEqual(config.store, { kind: 'sqlite', path: '/etc/viaduct/data/viaduct.db' });
    assert.equal(config.audit.file, '/etc/viaduct/data/audit.jsonl');
  });

  it('holds secrets, without the line break at the end of a file', async () => {
    const config = await parseChanged(
      (document) => {
        first(document.clients)['client_secret'] = { file: 'gateway.secret' };
      },
      { files: { 'gateway.secret': `${SECRET}\n` } },
    );

    assert.equal(first(config.clients).client_secret, SECRET);
    assert.equal(Buffer.from(config.audit.hmacKeyBase64, 'base64').length, 32);
  });

  it('holds keys with the instant they start at', async () => {
    const pem = ecKeyPem();

    const { keys } = await parseChanged(
      (document) => {
        const key = { file: 'next.pem' };
        document.keys.push({
          use: 'jwt',
          algorithm: 'ES256',
          key,
          activeFrom: '2027-01-01T01:00:00+01:00',
        });
      },
      { files: { 'next.pem': pem } },
    );

    assert.deepEqual(keys[1], { use: 'jwt', algorithm: 'ES256', pem, activeFrom: 1_798_761_600 });
  });

  it('holds trusted issuers with the conditions for their tokens', async () => {
    const jwks = publicJwks();

    const config = await parseChanged(
      (document) => {
        document['clockSkewSeconds'] = 20;
        const [partner] = document.trustedIssuers;
        if (partner) partner['enabledUntil'] = '2027-01-01T00:00:00Z';
      },
      { files: { 'partner.jwks.json': jwks } },
    );

    assert.deepEqual(first(config.trustedIssuers), {
      id: 'partner',
      issuer: 'https://partner.example',
      aliases: [],
      actorIssuers: [],
      enabledUntil: 1_798_761_600,
      jwt: {
        keySource: { kind: 'pinned', jwks: JSON.parse(jwks) as unknown },
        algorithms: ['ES256'],
        audiences: ['https://sts.example.org'],
        types: ['jwt'],
        skewSeconds: 20,
        subjectClaim: 'sub',
        requiredClaims: [],
        singleUse: false,
        assertionMaxAgeSeconds: 300,
      },
    });
  });

  it('holds relying parties and rows as core wants them', async () => {
    const config = await parseChanged(() => {});

    assert.deepEqual(first(config.relyingParties), {
      id: 'orders',
      resources: ['https://orders.example/'],
      audiences: [],
      appliesTo: [],
      audience: 'https://orders.example/',
      requestors: ['gateway'],
      token: {
        type: 'access_token',
        algorithms: { jwt: 'ES256', saml: 'RS256' },
        lifetimeSeconds: 300,
      },
      scopes: ['orders.read'],
      claims: [],
    });
    assert.deepEqual(first(config.policy), {
      id: 'row',
      effect: 'allow',
      requestors: ['gateway'],
      subject: { issuers: ['partner'] },
      targets: ['orders'],
      grant: {
        types: [],
        scopes: ['orders.read'],
        scopeMode: 'intersect-subject',
        impersonation: false,
        delegation: true,
        requestorAsActor: false,
        lifetimeSeconds: 300,
        singleUse: false,
        senderConstraint: false,
        claims: [],
      },
    });
  });

  it('a deny row grants nothing', async () => {
    const config = await parseChanged((document) => {
      const { allow: _allow, ...row } = first(document.policy);
      document.policy = [{ ...row, deny: true, when: 'claims.level < 3' }];
    });

    const row = first(config.policy);
    assert.equal(row.effect, 'deny');
    assert.deepEqual(
      [row.grant.impersonation, row.grant.delegation, row.grant.lifetimeSeconds],
      [false, false, 0],
    );
    assert.deepEqual(row.when?.evaluate(aContext({ level: 2 })), { value: true });
  });

  it('mapping rules run', async () => {
    const config = await parseChanged((document) => {
      const claims = [
        { claim: 'tier', cel: 'claims.level > 2 ? "gold" : "basic"', only: ['gold'] },
      ];
      document.relyingParties = [{ ...first(document.relyingParties), claims }];
    });

    const [rule] = first(config.relyingParties).claims;
    assert.ok(rule && 'expression' in rule.source);
    assert.deepEqual(rule.source.expression.evaluate(aContext({ level: 3 })), { value: 'gold' });
    assert.deepEqual([rule.required, rule.multiple, rule.only], [false, false, ['gold']]);
  });

  it('is frozen to the ground', async () => {
    const config = await parseChanged(() => {});

    assert.throws(() => {
      (first(config.clients) as { client_id: string }).client_id = 'other';
    }, TypeError);
    assert.throws(() => {
      (first(config.policy).grant.scopes as string[]).push('orders.write');
    }, TypeError);
  });
});

function aContext(claims: ExpressionContext['claims']): ExpressionContext {
  const subject = { issuer: 'i', id: 's', trustedIssuer: 'partner', scopes: [] };
  const requestor = { id: 'gateway', kind: 'client', method: 'none', claims: {} };
  return { subject, actor: null, requestor, target: { id: 'orders' }, claims };
}

describe('ConfigError', () => {
  it('lists the problems of all sections at once', async () => {
    const errors = await errorsOfText(`
version: 2
isuer: https://sts.example.org
listeners: { public: { address: x }, management: { address: 127.0.0.1:1 } }
keys: [{ use: jwt, algorithm: ES256, key: { file: missing.pem } }]
store: {}
clients: [{ client_id: a, token_endpoint_auth_method: none, grant_types: 1 }]
policy: [{ id: r, requestor: { client: b }, subject: { issuer: c }, target: d, deny: true }]
audit: { file: x, hmacKey: { env: NOWHERE } }
`);

    assert.deepEqual(errors, [
      'CONFIG_INVALID_VALUE version',
      'CONFIG_MISSING issuer',
      'CONFIG_UNKNOWN_KEY isuer',
      'CONFIG_INVALID_VALUE listeners.public.address',
      'CONFIG_SECRET keys[0].key',
      'CONFIG_EXACTLY_ONE store',
      'CONFIG_WRONG_TYPE clients[0].grant_types',
      'CONFIG_UNKNOWN_REFERENCE policy[0].requestor.client',
      'CONFIG_UNKNOWN_REFERENCE policy[0].subject.issuer',
      'CONFIG_UNKNOWN_REFERENCE policy[0].target',
      'CONFIG_SECRET audit.hmacKey',
    ]);
  });

  it('a reference to a broken entry is not a second problem', async () => {
    const document = aDocument();
    document.clients = [{ ...first(document.clients), grant_types: 1 }];

    assert.deepEqual(await errorsOfText(stringify(document)), [
      'CONFIG_WRONG_TYPE clients[0].grant_types',
    ]);
  });

  it('says file, line, column, path, what, why and how to fix it', async () => {
    const [problem] = await problemsOf(
      parseText(stringify(aDocument()).replace('grant_types', 'grant_type')),
    );

    assert.deepEqual(problem, {
      code: 'CONFIG_MISSING',
      severity: 'error',
      file: '/etc/viaduct/viaduct.yaml',
      line: 31,
      column: 5,
      path: 'clients[0].grant_types',
      what: 'is missing',
      why: 'The grants it may use; an empty list: it only introspects and revokes.',
      fix: 'add it, a list',
    });
  });

  it('offers the nearest key', async () => {
    const problems = await problemsOf(
      parseText(stringify(aDocument()).replace('grant_types', 'grant_type')),
    );

    assert.equal(
      formatProblems(problems.slice(1)),
      `/etc/viaduct/viaduct.yaml:35:5 error CONFIG_UNKNOWN_KEY
  clients[0].grant_type: there is no key grant_type here; did you mean grant_types?
  why: a key that nobody reads would be a setting that silently does nothing
  fix: write grant_types`,
    );
  });

  it('never quotes a value, which may be a misplaced secret', async () => {
    const text = stringify(aDocument())
      .replace(/client_secret:\n\s+env: GATEWAY_SECRET/, `client_secret: ${SECRET}`)
      .replace('issuer: https://sts.example.org', `issuer: ${SECRET}`);

    const problems = await problemsOf(parseText(text, { env: { GATEWAY_SECRET: 'hunter2' } }));

    assert.equal(problems.length, 2);
    assert.ok(!JSON.stringify(problems).includes(SECRET));
  });

  it('never quotes a file or a variable', async () => {
    const problems = await problemsOf(
      parseChanged(() => {}, {
        env: { GATEWAY_SECRET: 'hunter2' },
        files: {
          'keys/jwt.pem': 'hunter2',
          'keys/audit.key': 'hunter2',
          'partner.jwks.json': 'hunter2',
        },
      }),
    );

    assert.equal(problems.length, 4);
    assert.ok(!JSON.stringify(problems).includes('hunter2'));
  });

  it('has warnings too, and warnings alone stop nothing', async () => {
    const config = await parseChanged((document) => {
      document.policy.push({ ...first(document.policy), id: 'later', when: 'claims.a == 1' });
    });

    assert.deepEqual(
      config.warnings.map(({ code, path, severity }) => [code, path, severity]),
      [['CONFIG_NO_EFFECT', 'policy[1]', 'warning']],
    );
  });

  it('a row behind a conditional or narrower one is reachable', async () => {
    const config = await parseChanged((document) => {
      const row = first(document.policy);
      document.policy = [
        { ...row, id: 'one', when: 'claims.a == 1' },
        { ...row, id: 'two', subject: { issuer: 'partner', id: 'alice' } },
        { ...row, id: 'three', actor: { issuer: 'partner' } },
        row,
      ];
    });

    assert.deepEqual(config.warnings, []);
  });

  it('warns of a row without the consent of its target', async () => {
    const config = await parseChanged((document) => {
      first(document.relyingParties)['requestors'] = [];
    });

    assert.deepEqual(
      config.warnings.map(({ code, path }) => [code, path]),
      [['CONFIG_NO_EFFECT', 'policy[0].target']],
    );
  });

  for (const text of ['', '[]', 'x', '1', 'null', '- a']) {
    it(`a document that is ${JSON.stringify(text)} is refused`, async () => {
      assert.deepEqual(await errorsOfText(text), ['CONFIG_WRONG_TYPE ']);
    });
  }

  it('a secret or a path in place of a reference is told how to refer to it, and not quoted', async () => {
    for (const client_secret of [SECRET, 4711]) {
      const [problem] = await problemsOf(
        parseChanged(({ clients }) => Object.assign(first(clients), { client_secret })),
      );

      assert.equal(problem?.path, 'clients[0].client_secret');
      assert.match(problem?.what ?? '', /must be \{ file: … \} or \{ env: … \}$/);
      assert.equal(problem?.fix, 'write { file: … } or { env: … }');
      assert.doesNotMatch(JSON.stringify(problem), new RegExp(SECRET));
    }
  });

  it('the fix for a short client secret makes one that is the same in a header and in a form', async () => {
    const [problem] = await problemsOf(
      parseChanged(() => {}, { env: { GATEWAY_SECRET: 'short' } }),
    );

    assert.equal(problem?.fix, 'make one: openssl rand -hex 32');
  });

  it('YAML that cannot be read is told as such', async () => {
    assert.deepEqual(await errorsOfText('a: 1\na: 2'), ['CONFIG_YAML ']);
  });

  it('codes are in the list that is documented', () => {
    assert.equal(new Set(PROBLEM_CODES).size, PROBLEM_CODES.length);
    assert.ok(PROBLEM_CODES.every((code) => /^CONFIG_[A-Z_]+$/.test(code)));
  });
});

describe('loadConfigFiles', () => {
  it('reads the file, and what it refers to beside it', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'viaduct-config-'));
    t.after(() => rm(folder, { recursive: true }));
    const document = aDocument();
    document.clients = [];
    document.policy = [];
    document.relyingParties = [];
    document.trustedIssuers = [];
    document.keys = [{ use: 'jwt', algorithm: 'ES256', key: { file: 'jwt.pem' } }];
    document.audit['hmacKey'] = { file: 'audit.key' };
    await writeFile(join(folder, 'viaduct.yaml'), stringify(document));
    await writeFile(join(folder, 'jwt.pem'), ecKeyPem());
    await writeFile(join(folder, 'audit.key'), Buffer.alloc(32, 1).toString('base64'));

    const { config } = await loadConfigFiles(join(folder, 'viaduct.yaml'));

    assert.deepEqual(config.store, { kind: 'sqlite', path: join(folder, 'data/viaduct.db') });
  });

  it('a missing file is a problem like others', async () => {
    await assert.rejects(loadConfigFiles('/nonexistent/viaduct.yaml'), (cause: unknown) => {
      assert.ok(cause instanceof ConfigError);
      assert.deepEqual(
        cause.problems.map(({ code }) => code),
        ['CONFIG_UNREADABLE'],
      );
      return true;
    });
  });
});
