// What a newcomer is told of a value that has several forms, or the right characters in the wrong type.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from '#src/config/problem.ts';
import {
  type Change,
  certificatePem,
  first,
  parseChanged,
  problemsOf,
  publicJwks,
  rsaKeyPem,
  userFile,
  warningsOf,
} from './document.ts';

const told = async (change: Change): Promise<Problem | undefined> => {
  const world = { files: { 'root.crt': certificatePem(rsaKeyPem()) } };
  return (await problemsOf(parseChanged(change, world)))[0];
};

test('Configuration: of a value with several forms all of them are told, also where it is missing', async () => {
  const missing = await told(({ trustedIssuers }) => {
    const x509 = { anchors: [{ file: 'root.crt' }], subject: 'commonName' };
    trustedIssuers.push({ id: 'corp', issuer: 'urn:corp', x509 });
  });
  const wrong = await told((document) => {
    document['workers'] = 'many';
  });
  const misspelt = await told((document) => {
    document['wsTrust'] = { profiles: ['adsf'] };
  });

  assert.equal(missing?.fix, 'add one of none, a map with lists, ocsp, certificateAddresses');
  assert.equal(wrong?.what, 'is none of auto, a whole number');
  assert.equal(wrong?.fix, 'write one of auto, a whole number');
  assert.equal(misspelt?.fix, 'write adfs');
});

test('Configuration: a number in quotation marks is told as a text', async () => {
  const problem = await told((document) => {
    document['version'] = '1';
  });

  assert.equal(problem?.code, 'CONFIG_WRONG_TYPE');
  assert.equal(problem?.what, 'is a text and must be a number');
  assert.equal(problem?.fix, 'write 1 without quotation marks');
});

test('Configuration: where there is one choice, that is told', async () => {
  const missing = await told((document) => {
    delete document['version'];
  });
  const wrong = await told((document) => {
    document['version'] = 2;
  });

  assert.equal(missing?.fix, 'add 1');
  assert.equal(wrong?.what, 'is not 1');
  assert.equal(wrong?.fix, 'write 1');
});

test('Configuration: of a user it is told what is missing, and what for', async () => {
  const problems = await problemsOf(
    parseChanged((document) => Object.assign(document, { users: [{ file: 'users.yaml' }] }), {
      files: { 'users.yaml': 'users:\n  - id: alice' },
    }),
  );

  assert.deepEqual(
    problems.map(({ path, why }) => [path, why]),
    [['users[0].password', 'What `viaduct password` prints.']],
  );
});

test('Configuration: the nearest name of an entry is offered', async () => {
  const near = await told(({ policy }) => {
    Object.assign(first(policy), { requestor: { client: 'gatway' } });
  });
  const far = await told(({ policy }) => {
    Object.assign(first(policy), { target: 'elsewhere' });
  });

  assert.equal(near?.what, 'there is no client gatway; did you mean gateway?');
  assert.equal(near?.fix, 'write gateway, or add the client');
  assert.equal(far?.what, 'there is no relying party elsewhere');
  assert.equal(far?.fix, 'correct the name, or add the relying party');
});

test('Configuration: what has ended is told: the trust in an issuer, and a secret that was replaced', async () => {
  const secret = { env: 'GATEWAY_SECRET' };
  const until = (day: string) =>
    warningsOf(({ clients, trustedIssuers }) => {
      Object.assign(first(trustedIssuers), { enabledUntil: `${day}T00:00:00Z` });
      Object.assign(first(clients), { previous_client_secret: { secret, until: day } });
    });

  assert.deepEqual(await until('2020-01-01'), [
    'CONFIG_NO_EFFECT trustedIssuers[0].enabledUntil',
    'CONFIG_NO_EFFECT clients[0].previous_client_secret.until',
  ]);
  assert.deepEqual(await until('2099-01-01'), []);
});

test('Configuration: a user who is named and is not there is told, in rows that grant or deny and in consents', async () => {
  const naming = (id: string) =>
    warningsOf(
      (document) => {
        const principal = { issuer: 'self', id };
        document['users'] = [{ file: 'users.yaml' }];
        document['userDomains'] = [{ names: ['CORP'], ignoreCase: true }];
        Object.assign(first(document.relyingParties), {
          requestors: 'any',
          revokers: [`principal:self:${id}`],
        });
        document.policy.push({
          id: 'no',
          requestor: { principal },
          subject: { issuer: 'self' },
          target: 'orders',
          deny: true,
        });
      },
      { files: { 'users.yaml': userFile('alice', 'CORP\\bob') } },
    );

  assert.deepEqual(await naming('alise'), [
    'CONFIG_NO_EFFECT relyingParties[0].revokers[0]',
    'CONFIG_NO_EFFECT policy[1].requestor.principal.id',
  ]);
  // A user, a client that came with a token of ours, and a party of an issuer.
  for (const known of ['alice', 'CORP\\bob', 'gateway', 'partner:zoe'])
    assert.deepEqual(await naming(known), [], known);
});

test('Configuration: a name is told of where nobody but users of ours can have it', async () => {
  const about = (issuer: readonly string[]) =>
    warningsOf(
      (document) => {
        document['users'] = [{ file: 'users.yaml' }];
        document.policy.unshift({
          id: 'no',
          requestor: { client: 'gateway' },
          subject: { issuer, id: 'zoe' },
          target: 'orders',
          deny: true,
        });
      },
      { files: { 'users.yaml': userFile('alice') } },
    );

  assert.deepEqual(await about(['self']), ['CONFIG_NO_EFFECT policy[0].subject.id']);
  assert.deepEqual(await about(['self', 'partner']), []);
});

test('Configuration: a key set has no more keys than a start takes', async () => {
  const set = JSON.parse(publicJwks()) as { readonly keys: readonly unknown[] };
  const keys = JSON.stringify({ keys: Array.from({ length: 101 }, () => set.keys[0]) });
  const problems = await problemsOf(
    parseChanged(({ trustedIssuers }) => first(trustedIssuers), {
      files: { 'partner.jwks.json': keys },
    }),
  );

  assert.equal(problems[0]?.path, 'trustedIssuers[0].jwt.jwks.file');
  assert.equal(problems[0]?.what, 'has more than 100 keys');
});
