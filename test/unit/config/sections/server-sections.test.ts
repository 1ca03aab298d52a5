// What the sections about the server itself refuse.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { issueSelfSignedCertificate } from '#src/keys/certificate.ts';
import { type Certificate, selfSigned } from '#test/support/x509/certificate.ts';
import {
  type Change,
  ecKeyPem,
  errorsOf,
  first,
  parseChanged,
} from '#test/unit/config/document.ts';
import { party, refuses } from '#test/unit/config/refusals.ts';

const listen: (name: 'public' | 'management', change: Record<string, unknown>) => Change =
  (name, change) => (document) => {
    document.listeners[name] = { ...document.listeners[name], ...change };
  };

const issuer: (text: string) => Change = (text) => (document) => {
  document['issuer'] = text;
};

refuses(
  'issuer',
  [
    'http://sts.example.org',
    'https://sts.example.org?x=1',
    'https://sts.example.org/#x',
    'https://sts.example.org/',
    'https://STS.example.org',
    'https://sts.example.org:443',
    'https://user@sts.example.org',
    'https://sts.example.org/a/../b',
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example',
    'urn:sts',
    '',
  ].map((text) => ({
    rule: `RFC 8414 §2: refuses ${JSON.stringify(text)}`,
    change: issuer(text),
    errors: ['CONFIG_INVALID_VALUE issuer'],
  })),
);

refuses('listeners', [
  {
    rule: 'plain HTTP on a reachable address needs trusted proxies',
    change: listen('public', { address: '0.0.0.0:8080' }),
    errors: ['CONFIG_INSECURE listeners.public'],
  },
  {
    rule: 'management never takes the public address',
    change: listen('management', { address: '127.0.0.1:8443' }),
    errors: ['CONFIG_OVERLAP listeners.management.address'],
  },
  {
    rule: 'management never takes the public port on all addresses',
    change: listen('management', { address: '[::]:8443', exposed: true }),
    errors: ['CONFIG_OVERLAP listeners.management.address'],
  },
  {
    rule: 'management on a reachable address must be said twice',
    change: listen('management', { address: '10.0.0.1:9090' }),
    errors: ['CONFIG_INSECURE listeners.management.address'],
  },
  {
    rule: 'client certificates need TLS',
    change: listen('public', { clientCertificates: 'optional' }),
    errors: ['CONFIG_CONFLICT listeners.public'],
  },
  {
    rule: 'a header with the certificate of a client is for trusted proxies',
    change: listen('public', { clientCertificates: 'client-cert-header' }),
    errors: ['CONFIG_CONFLICT listeners.public.clientCertificates'],
  },
  ...['8443', 'localhost', 'localhost:99999', '[zz]:1', 'a b:1', '::1:80'].map((address) => ({
    rule: `refuses the address ${address}`,
    change: listen('public', { address }),
    errors: ['CONFIG_INVALID_VALUE listeners.public.address'],
  })),
  ...[
    '10.0.0.1',
    '0.0.0.0/0',
    '::/0',
    '::ffff:0:0/96',
    '::ffff:0.0.0.0/95',
    '::/1',
    '10.0.0.0/33',
    'proxy/8',
    '10.0.0.0/8/8',
  ].map((block) => ({
    rule: `refuses the proxy block ${block}`,
    change: (document: Record<string, unknown>) => {
      document['trustedProxies'] = [block];
    },
    errors: ['CONFIG_INVALID_VALUE trustedProxies[0]'],
  })),
]);

describe('Configuration: TLS of the public listener', () => {
  let certificate: Certificate;
  let other: Certificate;
  const tls = listen('public', {
    address: '0.0.0.0:8443',
    tls: { certificate: { file: 'tls.pem' }, key: { file: 'tls.key' } },
    clientCertificates: 'optional',
  });

  before(async () => {
    [certificate, other] = await Promise.all([
      selfSigned(['localhost']),
      selfSigned(['localhost']),
    ]);
  });

  it('takes a certificate and its key', async () => {
    const files = { 'tls.pem': certificate.certPem, 'tls.key': certificate.keyPem };

    const config = await parseChanged(tls, { files });

    assert.deepEqual(config.listeners.public, {
      host: '0.0.0.0',
      port: 8443,
      certificateSource: 'handshake',
      tls: {
        certificatePem: certificate.certPem,
        keyPem: certificate.keyPem,
        clientCertificates: 'optional',
      },
    });
  });

  it('refuses the certificate of another key', async () => {
    const files = { 'tls.pem': other.certPem, 'tls.key': certificate.keyPem };

    assert.deepEqual(await errorsOf(tls, { files }), [
      'CONFIG_KEY listeners.public.tls.certificate',
    ]);
  });

  it('refuses a text that is no certificate', async () => {
    const files = { 'tls.pem': 'x', 'tls.key': certificate.keyPem };

    assert.deepEqual(await errorsOf(tls, { files }), [
      'CONFIG_KEY listeners.public.tls.certificate',
    ]);
  });

  it('refuses a chain that is broken further on: no connection would come about', async () => {
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    const files = { 'tls.pem': `${certificate.certPem}\n${broken}`, 'tls.key': certificate.keyPem };

    assert.deepEqual(await errorsOf(tls, { files }), [
      'CONFIG_KEY listeners.public.tls.certificate',
    ]);
  });

  it('refuses an RSA key that is shorter than TLS takes', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const terms = { commonName: 'localhost', notBefore: 0, lifetimeSeconds: 4_000_000_000 };
    const pem = issueSelfSignedCertificate({ keyPem, ...terms });
    const files = { 'tls.pem': pem, 'tls.key': keyPem };

    assert.deepEqual(await errorsOf(tls, { files }), [
      'CONFIG_KEY listeners.public.tls.certificate',
    ]);
  });

  it('refuses a text that is no key', async () => {
    const files = { 'tls.pem': certificate.certPem, 'tls.key': 'x' };

    assert.deepEqual(await errorsOf(tls, { files }), ['CONFIG_KEY listeners.public.tls.key']);
  });
});

const rsaPem = (modulusLength: number): string =>
  generateKeyPairSync('rsa', { modulusLength })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();

refuses('keys', [
  {
    rule: 'one key at least',
    change: (document) => {
      document.keys = [];
    },
    errors: ['CONFIG_OUT_OF_RANGE keys', 'CONFIG_KEY relyingParties[0].token.algorithm'],
  },
  {
    rule: 'a use that there is not is no key that is passed over',
    change: (document) => {
      document.keys.push({ use: 'jtw', algorithm: 'RS256', key: { file: 'keys/jwt.pem' } });
    },
    errors: ['CONFIG_INVALID_VALUE keys[1].use'],
  },
  {
    rule: 'an entry that says no use is no key that is passed over',
    change: (document) => {
      document.keys.push({ algorithm: 'RS256', key: { file: 'keys/jwt.pem' } });
    },
    errors: ['CONFIG_MISSING keys[1].use'],
  },
  {
    rule: 'a signature that is wanted has a key that signs by now',
    change: (document) => {
      document.keys = document.keys.map((key) => ({ ...key, activeFrom: '2099-01-01T00:00:00Z' }));
    },
    errors: ['CONFIG_KEY relyingParties[0].token.algorithm'],
  },
  {
    rule: 'a SAML key needs its certificate',
    change: (document) => {
      document.keys.push({ use: 'saml', algorithm: 'ES256', key: { file: 'keys/saml.pem' } });
    },
    errors: ['CONFIG_MISSING keys[1]'],
  },
  {
    rule: 'SAML has algorithms of its own',
    change: (document) => {
      const key = { file: 'keys/saml.pem' };
      document.keys.push({ use: 'saml', algorithm: 'Ed25519', key, certificate: key });
    },
    errors: ['CONFIG_INVALID_VALUE keys[1]'],
  },
  {
    rule: 'RFC 7518 §3.4: refuses a key of another curve',
    change: () => {},
    errors: ['CONFIG_KEY keys[0].key'],
    world: { files: { 'keys/jwt.pem': ecKeyPem('P-384') } },
  },
  {
    rule: 'RFC 7518 §3.3: refuses RSA below 2048 bits',
    change: (document) => {
      document.keys.push({ use: 'jwt', algorithm: 'RS256', key: { file: 'keys/rsa.pem' } });
    },
    errors: ['CONFIG_KEY keys[1].key'],
    world: { files: { 'keys/rsa.pem': rsaPem(1024) } },
  },
  {
    rule: 'refuses a text that is no PKCS8 key',
    change: () => {},
    errors: ['CONFIG_KEY keys[0].key'],
    world: {
      files: { 'keys/jwt.pem': '-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----' },
    },
  },
  {
    rule: 'refuses a file with two private keys: the first was taken',
    change: () => {},
    errors: ['CONFIG_KEY keys[0].key'],
    world: { files: { 'keys/jwt.pem': ecKeyPem() + ecKeyPem() } },
  },
  {
    rule: 'two keys of one algorithm need different starts',
    change: (document) => {
      document.keys.push({ use: 'jwt', algorithm: 'ES256', key: { file: 'keys/next.pem' } });
    },
    errors: ['CONFIG_DUPLICATE keys[1]'],
    world: { files: { 'keys/next.pem': ecKeyPem() } },
  },
  {
    rule: 'one key serves one entry',
    change: (document) => {
      document.keys.push({ ...first(document.keys), activeFrom: '2027-01-01T00:00:00Z' });
    },
    errors: ['CONFIG_INSECURE keys[1].key'],
  },
  {
    rule: 'refuses a date without time and zone',
    change: (document) => {
      document.keys = [{ ...first(document.keys), activeFrom: '2027-01-01' }];
    },
    errors: ['CONFIG_INVALID_VALUE keys[0].activeFrom'],
  },
  {
    rule: 'refuses HMAC keys',
    change: (document) => {
      document.keys.push({ use: 'jwt', algorithm: 'HS256', key: { file: 'x' } });
    },
    errors: ['CONFIG_INVALID_VALUE keys[1].algorithm'],
  },
  {
    rule: 'a relying party is never served with another algorithm',
    change: party({ token: { type: 'jwt', algorithm: 'RS256' } }),
    errors: ['CONFIG_KEY relyingParties[0].token.algorithm'],
  },
]);

const store: (value: object) => Change = (value) => (document) => {
  document['store'] = value;
};

refuses('store', [
  { rule: 'needs a kind', change: store({}), errors: ['CONFIG_EXACTLY_ONE store'] },
  {
    rule: 'takes one kind only',
    change: store({ sqlite: { path: 'x' }, memory: {} }),
    errors: ['CONFIG_EXACTLY_ONE store'],
  },
  {
    rule: 'memory is for a loopback issuer',
    change: store({ memory: {} }),
    errors: ['CONFIG_INSECURE store.memory'],
  },
  {
    rule: 'SQLite in memory is not a way round',
    change: store({ sqlite: { path: ':memory:' } }),
    errors: ['CONFIG_INVALID_VALUE store.sqlite.path'],
  },
]);

refuses('audit', [
  {
    rule: 'the key has 32 bytes or more',
    change: () => {},
    errors: ['CONFIG_SECRET audit.hmacKey'],
    world: { files: { 'keys/audit.key': Buffer.alloc(31, 1).toString('base64') } },
  },
  {
    rule: 'the key is base64',
    change: () => {},
    errors: ['CONFIG_SECRET audit.hmacKey'],
    world: {
      files: { 'keys/audit.key': 'correct horse battery staple correct horse battery staple' },
    },
  },
  {
    rule: 'there is always a log',
    change: (document) => {
      document['audit'] = undefined as unknown as Record<string, unknown>;
    },
    errors: ['CONFIG_MISSING audit'],
  },
]);

refuses('delegation', [
  {
    rule: 'the chain has a ceiling',
    change: (document) => {
      document['delegation'] = { maxDepth: 9 };
    },
    errors: ['CONFIG_OUT_OF_RANGE delegation.maxDepth'],
  },
]);

const limits: (value: object) => Change = (value) => (document) => {
  document['limits'] = value;
};

refuses('limits', [
  {
    rule: 'a rate has both numbers',
    change: limits({ perClient: { burst: 5 } }),
    errors: ['CONFIG_MISSING limits.perClient.requestsPerSecond'],
  },
  {
    rule: 'a rate of nothing would refuse everybody',
    change: limits({ perAddress: { requestsPerSecond: 0, burst: 5 } }),
    errors: ['CONFIG_OUT_OF_RANGE limits.perAddress.requestsPerSecond'],
  },
  {
    rule: 'a burst is one at least',
    change: limits({ perAddress: { requestsPerSecond: 1, burst: 0 } }),
    errors: ['CONFIG_OUT_OF_RANGE limits.perAddress.burst'],
  },
  {
    rule: 'takes no limit that it would not keep',
    change: limits({ perTenant: { requestsPerSecond: 1, burst: 1 } }),
    errors: ['CONFIG_UNKNOWN_KEY limits.perTenant'],
  },
]);
