// `fetch`: which hosts, and who vouches for them.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  type Change,
  certificatePem,
  ecKeyPem,
  parseChanged,
  problemsOf,
  rsaKeyPem,
  type World,
  warningsOf,
} from '../document.ts';
import { refuses } from '../refusals.ts';

const DAY_SECONDS = 86_400;
const IN_40_DAYS = Math.floor(Date.now() / 1000) + 40 * DAY_SECONDS;

const BROKEN = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

const ca: Change = (document) => {
  document['fetch'] = { ca: { file: 'corp-ca.crt' } };
};
const holding = (...pems: readonly string[]): World => ({
  files: { 'corp-ca.crt': pems.join('') },
});
const aRoot = (days = 365): string => certificatePem(ecKeyPem(), { days });

refuses('fetch', [
  {
    rule: 'an allowed host is no pattern',
    change: (document) => {
      document['fetch'] = { allowedHosts: ['*.internal'] };
    },
    errors: ['CONFIG_INVALID_VALUE fetch.allowedHosts[0]'],
  },
  ...['[0:0:0:0:0:0:0:1]', '127.1', 'idp.internal:0443', 'idp.internal:99999', '[::1]:'].map(
    (host) => ({
      rule: `an allowed host is written as a URL has it, not as ${host}: it would allow nothing`,
      change: ((document) => {
        document['fetch'] = { allowedHosts: [host] };
      }) satisfies Change,
      errors: ['CONFIG_INVALID_VALUE fetch.allowedHosts[0]'],
    }),
  ),
  {
    rule: 'who vouches for servers is named by reference',
    change: (document) => {
      document['fetch'] = { ca: 'corp-ca.crt' };
    },
    errors: ['CONFIG_WRONG_TYPE fetch.ca'],
  },
  {
    rule: 'the file of who vouches for servers is there',
    change: ca,
    errors: ['CONFIG_SECRET fetch.ca'],
  },
  {
    rule: 'who vouches for servers is a certificate: by anything else nobody could be believed',
    change: ca,
    errors: ['CONFIG_KEY fetch.ca'],
    world: holding('corp'),
  },
  {
    rule: 'each of those who vouch for servers is a certificate',
    change: ca,
    errors: ['CONFIG_KEY fetch.ca'],
    world: holding(aRoot(), BROKEN),
  },
  {
    rule: 'the key of an authority stays with the authority',
    change: ca,
    errors: ['CONFIG_INSECURE fetch.ca'],
    world: holding(aRoot(), ecKeyPem()),
  },
  {
    rule: 'an authority with a key that TLS finds too short is none',
    change: ca,
    errors: ['CONFIG_KEY fetch.ca'],
    world: holding(certificatePem(rsaKeyPem(1024))),
  },
  {
    rule: 'where all authorities have expired nobody could be believed',
    change: ca,
    errors: ['CONFIG_KEY fetch.ca', 'CONFIG_KEY fetch.ca'],
    world: { ...holding(aRoot(39), aRoot(1)), now: IN_40_DAYS },
  },
]);

test('Configuration: a wrong authority is told with its line, path, reason and cure', async () => {
  const world = { ...holding(aRoot(39)), now: IN_40_DAYS };

  const [problem] = await problemsOf(parseChanged(ca, world));

  assert.ok(problem && problem.line > 1);
  assert.equal(problem.path, 'fetch.ca');
  assert.equal(problem.what, 'the certificate of CN=partner.example has expired');
  assert.equal(problem.why, 'no server is believed by it any more');
  assert.equal(problem.fix, 'refer to the current certificate of the authority');
});

test('Configuration: one authority of several that has expired, or soon will, is a warning', async () => {
  const world = { ...holding(aRoot(), aRoot(39), aRoot(50)), now: IN_40_DAYS };

  assert.deepEqual(await warningsOf(ca, world), ['CONFIG_KEY fetch.ca', 'CONFIG_KEY fetch.ca']);
});

test('Configuration: authorities are each of the certificates in the file, whatever stands around them', async () => {
  const roots = [aRoot(), aRoot()];
  const world = holding('Our root\n', ...roots.map((root) => `${root}# its name\n`));

  const { fetch } = await parseChanged(ca, world);

  assert.deepEqual(
    fetch.certificateAuthorities?.map((pem) => pem.trim()),
    roots.map((pem) => pem.trim()),
  );
});

test('Configuration: plain http is allowed to a host with the port that its URL leaves out', async () => {
  for (const [allowed, url] of [
    ['client.internal:80', 'http://client.internal/jwks'],
    ['[::1]:80', 'http://[::1]/jwks'],
    ['client.internal:8080', 'http://client.internal:8080/jwks'],
    ['client.internal', 'http://client.internal:8080/jwks'],
  ] as const) {
    const { warnings } = await parseChanged((document) => {
      document['fetch'] = { allowedHosts: [allowed] };
      Object.assign(document.trustedIssuers[0]?.jwt ?? {}, { jwks: { url } });
    });

    assert.deepEqual(warnings, []);
  }
});
