// What the section about trusted issuers refuses.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  type Change,
  errorsOf,
  first,
  parseChanged,
  privateJwks,
  problemsOf,
} from '#test/unit/config/document.ts';
import { type Refusal, refuses } from '#test/unit/config/refusals.ts';

// 2048 bits, odd.
const MODULUS = `${'g'.repeat(341)}Q`;

const rsaJwks = (over: { readonly n?: string; readonly e?: string }): string =>
  JSON.stringify({ keys: [{ kty: 'RSA', kid: 'k', n: MODULUS, e: 'AQAB', ...over }] });

const issuerJwt: (change: Record<string, unknown>) => Change = (change) => (document) => {
  const issuer = first(document.trustedIssuers);
  document.trustedIssuers = [{ ...issuer, jwt: { ...issuer.jwt, ...change } }];
};

const pinned = (text: string): Pick<Refusal, 'change' | 'errors' | 'world'> => ({
  change: () => {},
  errors: ['CONFIG_KEY trustedIssuers[0].jwt.jwks.file'],
  world: { files: { 'partner.jwks.json': text } },
});

refuses('trustedIssuers', [
  ...['none', 'HS256', 'RS1'].map((algorithm) => ({
    rule: `RFC 8725 §3.1: refuses ${algorithm}`,
    change: issuerJwt({ algorithms: [algorithm] }),
    errors: ['CONFIG_INVALID_VALUE trustedIssuers[0].jwt.algorithms[0]'],
  })),
  {
    rule: 'audiences are mandatory',
    change: issuerJwt({ audiences: undefined }),
    errors: ['CONFIG_MISSING trustedIssuers[0].jwt.audiences'],
  },
  {
    rule: 'audiences are not empty',
    change: issuerJwt({ audiences: [] }),
    errors: ['CONFIG_OUT_OF_RANGE trustedIssuers[0].jwt.audiences'],
  },
  {
    rule: 'keys have one source',
    change: issuerJwt({ discovery: true }),
    errors: ['CONFIG_EXACTLY_ONE trustedIssuers[0].jwt'],
  },
  {
    rule: 'keys have a source',
    change: issuerJwt({ jwks: undefined }),
    errors: ['CONFIG_EXACTLY_ONE trustedIssuers[0].jwt'],
  },
  {
    rule: 'keys are not fetched in clear',
    change: issuerJwt({ jwks: { url: 'http://partner.example/jwks' } }),
    errors: ['CONFIG_INSECURE trustedIssuers[0].jwt.jwks.url'],
  },
  {
    rule: 'http for a host that is not named is refused on loopback too',
    change: issuerJwt({ jwks: { url: 'http://127.0.0.1:8080/jwks' } }),
    errors: ['CONFIG_INSECURE trustedIssuers[0].jwt.jwks.url'],
  },
  {
    rule: 'http is for the named host alone, not for its subdomains',
    change: (document) => {
      document['fetch'] = { allowedHosts: ['partner.example', 'idp.example:8080'] };
      issuerJwt({ jwks: { url: 'http://evil.partner.example/jwks' } })(document);
    },
    errors: ['CONFIG_INSECURE trustedIssuers[0].jwt.jwks.url'],
  },
  {
    rule: 'http is for the named port alone',
    change: (document) => {
      document['fetch'] = { allowedHosts: ['partner.example:8080'] };
      issuerJwt({ jwks: { url: 'http://partner.example:8081/jwks' } })(document);
    },
    errors: ['CONFIG_INSECURE trustedIssuers[0].jwt.jwks.url'],
  },
  ...['ftp://partner.example/jwks', 'https://a:b@partner.example/', 'https://x/#y', 'jwks'].map(
    (url) => ({
      rule: `keys are not fetched from ${url}`,
      change: issuerJwt({ jwks: { url } }),
      errors: ['CONFIG_INSECURE trustedIssuers[0].jwt.jwks.url'],
    }),
  ),
  {
    rule: 'metadata is not fetched in clear',
    change: (document) => {
      const [partner] = document.trustedIssuers;
      if (!partner) return;
      partner['issuer'] = 'http://partner.example';
      partner.jwt = { ...partner.jwt, jwks: undefined, discovery: true };
    },
    errors: ['CONFIG_INSECURE trustedIssuers[0].issuer'],
  },
  {
    rule: 'a subject prefix is visible text',
    change: issuerJwt({ subjectPrefix: 'a\u200b:' }),
    errors: ['CONFIG_INVALID_VALUE trustedIssuers[0].jwt.subjectPrefix'],
  },
  {
    rule: 'no prefix begins with that of another issuer',
    change: (document) => {
      const issuer = first(document.trustedIssuers);
      const jwt = { ...issuer.jwt, subjectPrefix: 'partner:x' };
      document.trustedIssuers.push({ ...issuer, id: 'other', issuer: 'https://other', jwt });
    },
    errors: ['CONFIG_OVERLAP trustedIssuers[1].jwt.subjectPrefix'],
  },
  {
    rule: 'no prefix is the beginning of that of another issuer',
    change: (document) => {
      const issuer = first(document.trustedIssuers);
      const jwt = { ...issuer.jwt, subjectPrefix: 'part' };
      document.trustedIssuers.push({ ...issuer, id: 'other', issuer: 'https://other', jwt });
    },
    errors: ['CONFIG_OVERLAP trustedIssuers[1].jwt.subjectPrefix'],
  },
  {
    rule: 'RFC 8414 §3: discovery needs an https issuer',
    change: (document) => {
      const [partner] = document.trustedIssuers;
      if (!partner) return;
      partner['issuer'] = 'urn:partner';
      partner.jwt = { ...partner.jwt, jwks: undefined, discovery: true };
    },
    errors: ['CONFIG_CONFLICT trustedIssuers[0]'],
  },
  {
    rule: 'skew has a ceiling',
    change: issuerJwt({ skewSeconds: 301 }),
    errors: ['CONFIG_OUT_OF_RANGE trustedIssuers[0].jwt.skewSeconds'],
  },
  {
    rule: '`self` is taken',
    change: (document) => {
      first(document.trustedIssuers)['id'] = 'self';
    },
    errors: [
      'CONFIG_INVALID_VALUE trustedIssuers[0].id',
      'CONFIG_UNKNOWN_REFERENCE policy[0].subject.issuer',
    ],
  },
  {
    rule: 'our own issuer is not trusted through foreign keys',
    change: (document) => {
      first(document.trustedIssuers)['aliases'] = ['https://sts.example.org'];
    },
    errors: ['CONFIG_OVERLAP trustedIssuers[0]'],
  },
  {
    rule: 'one issuer has one entry',
    change: (document) => {
      document.trustedIssuers.push({ ...first(document.trustedIssuers), id: 'again' });
    },
    errors: ['CONFIG_OVERLAP trustedIssuers[1]'],
  },
  { rule: 'a pinned set holds no private key', ...pinned(privateJwks()) },
  { rule: 'a pinned set holds no shared secret', ...pinned('{"keys":[{"kty":"oct","k":"AAAA"}]}') },
  { rule: 'a pinned set holds usable keys', ...pinned('{"keys":[{"kty":"EC"}]}') },
  { rule: 'a pinned RSA key does not have the exponent 1', ...pinned(rsaJwks({ e: 'AQ' })) },
  { rule: 'a pinned RSA key has an odd exponent', ...pinned(rsaJwks({ e: 'AQAA' })) },
  { rule: 'a pinned RSA key has a short exponent', ...pinned(rsaJwks({ e: 'AQAAAAE' })) },
  { rule: 'a pinned RSA key has an odd modulus', ...pinned(rsaJwks({ n: 'g'.repeat(342) })) },
  { rule: 'a pinned set is not empty', ...pinned('{"keys":[]}') },
  { rule: 'a pinned set is a JWK Set', ...pinned('[]') },
  { rule: 'a pinned set is JSON', ...pinned('keys: []') },
]);

it('Configuration: a shared secret in a JWK Set is called by its name', async () => {
  const files = { 'partner.jwks.json': '{"keys":[{"kty":"oct","k":"AAAA"}]}' };

  const [problem] = await problemsOf(parseChanged(() => {}, { files }));

  assert.equal(problem?.what, 'key 0 is a shared secret');
});

it('Configuration: a named host may speak plain http', async () => {
  const change: Change = (document) => {
    document['fetch'] = { allowedHosts: ['idp.internal:8080', 'idp.internal'] };
    issuerJwt({ jwks: { url: 'http://idp.internal:8080/jwks' } })(document);
  };

  assert.deepEqual(await errorsOf(change), []);
});

it('Configuration: a subject prefix can be chosen, and be empty', async () => {
  for (const subjectPrefix of ['', 'P-']) {
    const config = await parseChanged(issuerJwt({ subjectPrefix }));

    assert.equal(first(config.trustedIssuers).jwt?.subjectPrefix, subjectPrefix);
  }
});
