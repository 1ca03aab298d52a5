// What is refused of the conditions for assertions of a trusted issuer, and what comes of those accepted.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
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
  warningsOf,
} from '#test/unit/config/document.ts';
import { refusedIn, refuses } from '#test/unit/config/refusals.ts';

const PEM = certificatePem(rsaKeyPem());
const NEXT = certificatePem(ecKeyPem());
const WORLD: World = { files: { 'idp.pem': PEM, 'next.pem': NEXT, 'idp.xml': '<metadata/>' } };
const DAY_SECONDS = 86_400;
const NOW = Math.floor(Date.now() / 1000);

const isoDay = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);

/** The trusted issuer with assertions in place of JWTs. */
const saml: (change?: Record<string, unknown>) => Change = (change) => (document) => {
  const { jwt: _jwt, ...issuer } = first(document.trustedIssuers);
  const conditions = {
    certificates: [{ file: 'idp.pem' }],
    audiences: ['https://sts.example.org'],
    ...change,
  };
  document.trustedIssuers = [{ ...issuer, saml: conditions }];
};

const metadata = (change: Record<string, unknown>): Change =>
  saml({
    certificates: undefined,
    metadata: {
      url: 'https://idp.example/metadata',
      certificates: [{ file: 'idp.pem' }],
      ...change,
    },
  });

const at = (key: string) => `trustedIssuers[0].saml${key}`;

const refused = refusedIn(WORLD);

refuses('trustedIssuers[].saml', [
  refused(
    'a name that is not read has no format',
    saml({ subjectAttribute: 'uid', nameFormats: ['urn:x'] }),
    `CONFIG_CONFLICT ${at('.nameFormats')}`,
  ),
  refused(
    'an issuer has tokens of some form',
    (document) => {
      const { jwt: _jwt, ...issuer } = first(document.trustedIssuers);
      document.trustedIssuers = [issuer];
    },
    'CONFIG_MISSING trustedIssuers[0]',
  ),
  refused(
    'SAML Core 2.0 §2.5.1.4: audiences are mandatory',
    saml({ audiences: undefined }),
    `CONFIG_MISSING ${at('.audiences')}`,
  ),
  refused(
    'audiences are not empty',
    saml({ audiences: [] }),
    `CONFIG_OUT_OF_RANGE ${at('.audiences')}`,
  ),
  refused(
    'CVE-2026-28323: certificates have a source',
    saml({ certificates: undefined }),
    `CONFIG_EXACTLY_ONE ${at('')}`,
  ),
  refused(
    'a list of certificates is not empty',
    saml({ certificates: [] }),
    `CONFIG_OUT_OF_RANGE ${at('.certificates')}`,
  ),
  refused(
    'certificates have one source',
    saml({ metadata: { file: 'idp.xml', certificates: [{ file: 'idp.pem' }] } }),
    `CONFIG_EXACTLY_ONE ${at('')}`,
  ),
  refused(
    'metadata is signed by a certificate that is pinned',
    metadata({ certificates: undefined }),
    `CONFIG_MISSING ${at('.metadata.certificates')}`,
  ),
  refused(
    'metadata has one source',
    metadata({ file: 'idp.xml' }),
    `CONFIG_EXACTLY_ONE ${at('.metadata')}`,
  ),
  refused(
    'metadata is not fetched in clear',
    metadata({ url: 'http://idp.example/metadata' }),
    `CONFIG_INSECURE ${at('.metadata.url')}`,
  ),
  ...[59, 31_536_001, '14d'].map((maxLifetimeSeconds) =>
    refused(
      `metadata does not live for ${maxLifetimeSeconds}`,
      metadata({ maxLifetimeSeconds }),
      `CONFIG_${typeof maxLifetimeSeconds === 'string' ? 'WRONG_TYPE' : 'OUT_OF_RANGE'} ${at('.metadata.maxLifetimeSeconds')}`,
    ),
  ),
  refused(
    'a metadata file must be there',
    metadata({ url: undefined, file: 'missing.xml' }),
    `CONFIG_SECRET ${at('.metadata.file')}`,
  ),
  refused(
    'skew has a ceiling',
    saml({ skewSeconds: 301 }),
    `CONFIG_OUT_OF_RANGE ${at('.skewSeconds')}`,
  ),
  refused(
    'a method of subject confirmation is needed',
    saml({ subjectConfirmation: [] }),
    `CONFIG_OUT_OF_RANGE ${at('.subjectConfirmation')}`,
  ),
  refused(
    'a method of subject confirmation is one we know',
    saml({ subjectConfirmation: ['artifact'] }),
    `CONFIG_INVALID_VALUE ${at('.subjectConfirmation[0]')}`,
  ),
  refused(
    'recipients are absolute',
    saml({ recipients: ['/token'] }),
    `CONFIG_INVALID_VALUE ${at('.recipients[0]')}`,
  ),
  refused(
    'an alias would be no Issuer',
    (document) => {
      saml()(document);
      first(document.trustedIssuers)['aliases'] = ['urn:other'];
    },
    'CONFIG_CONFLICT trustedIssuers[0]',
  ),
  ...['2027-02-30', '2027-1-1', 'soon', '2027-02-30T00:00:00Z', '20270101', ''].map((day) =>
    refused(
      `legacySha1Until is no ${JSON.stringify(day)}`,
      saml({ legacySha1Until: day }),
      `CONFIG_INVALID_VALUE ${at('.legacySha1Until')}`,
    ),
  ),
  refused(
    'SHA-1 for more than two years is refused',
    saml({ legacySha1Until: isoDay(NOW + 735 * DAY_SECONDS) }),
    `CONFIG_INSECURE ${at('.legacySha1Until')}`,
  ),
  refused(
    'no client is called as a subject of assertions would be',
    saml({ subjectPrefix: 'gate' }),
    'CONFIG_OVERLAP clients[0].client_id',
  ),
]);

describe('Configuration: certificates of a trusted issuer', () => {
  const errorsWith = (pem: string, now?: number) =>
    errorsOf(saml(), { files: { 'idp.pem': pem }, ...(now !== undefined && { now }) });
  const KEY = [`CONFIG_KEY ${at('.certificates[0]')}`];
  const NO_DER = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

  it('SP 800-131A: an RSA key has 2048 bits', async () => {
    assert.deepEqual(await errorsWith(certificatePem(rsaKeyPem(1024))), KEY);
  });

  for (const [what, pem] of Object.entries({
    'is text': 'hello',
    'is a public key': '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
    'holds what is no DER': NO_DER,
    'has a broken one behind a good one': `${PEM}${NO_DER}`,
    'has a broken one before a good one': `${NO_DER}${PEM}`,
    'was cut off': PEM.slice(0, -20),
    'was cut off in the second one': `${PEM}${PEM.slice(0, -20)}`,
    'has letters of no base64 in the second one': `${PEM}${PEM.replace('MII', 'M!I')}`,
  })) {
    it(`a file that ${what} is refused`, async () => {
      assert.deepEqual(await errorsWith(pem), KEY);
    });
  }

  it('a private key is never taken, not even beside a certificate', async () => {
    const encrypted = '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n';

    for (const key of [ecKeyPem(), encrypted]) {
      assert.deepEqual(await errorsWith(`${PEM}${key}`), [
        `CONFIG_INSECURE ${at('.certificates[0]')}`,
      ]);
    }
  });

  it('one that has expired is refused, to the second', async () => {
    const pem = certificatePem(ecKeyPem(), { days: 60 });
    const end = new X509Certificate(pem).validToDate.getTime() / 1000;

    assert.deepEqual(await errorsWith(pem, end - 1), []);
    assert.deepEqual(await errorsWith(pem, end), KEY);
  });

  it('one that expires within 30 days is warned of', async () => {
    const world = (days: number): World => ({
      files: { 'idp.pem': certificatePem(ecKeyPem(), { days }) },
    });

    assert.deepEqual(await warningsOf(saml(), world(29)), KEY);
    assert.deepEqual(await warningsOf(saml(), world(31)), []);
  });

  it('of one issuer there are eight at most, for no more are tried', async () => {
    assert.deepEqual(await errorsWith(PEM.repeat(8)), []);
    assert.deepEqual(await errorsWith(PEM.repeat(9)), [
      `CONFIG_OUT_OF_RANGE ${at('.certificates')}`,
    ]);
  });

  it('those that sign metadata are held to the same rules', async () => {
    const files = { 'idp.pem': certificatePem(rsaKeyPem(1024)) };

    assert.deepEqual(await errorsOf(metadata({}), { files }), [
      `CONFIG_KEY ${at('.metadata.certificates[0]')}`,
    ]);
  });
});

describe('Config: trusted issuers of assertions', () => {
  it('have each certificate apart, our addresses, bearer and the skew of all', async () => {
    const config = await parseChanged(
      (document) => {
        saml()(document);
        document['clockSkewSeconds'] = 20;
      },
      { files: { 'idp.pem': `Bag Attributes: none\n${PEM}${NEXT}` } },
    );

    const [issuer] = config.trustedIssuers;
    assert.equal(issuer?.jwt, undefined);
    assert.deepEqual(issuer?.saml, {
      keySource: { kind: 'pinned', certificatePems: [PEM, NEXT] },
      audiences: ['https://sts.example.org'],
      recipients: ['https://sts.example.org/token', 'https://sts.example.org/ws-trust'],
      subjectConfirmation: ['bearer'],
      skewSeconds: 20,
      assertionMaxAgeSeconds: 300,
      singleUse: false,
      allowInclusiveC14n: false,
    });
  });

  it('have what is set', async () => {
    const set = {
      audiences: ['urn:us'],
      recipients: ['urn:us'],
      subjectConfirmation: ['holder-of-key', 'bearer'],
      skewSeconds: 0,
      maxAgeSeconds: 600,
      assertionMaxAgeSeconds: 60,
      singleUse: true,
      nameFormats: ['urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'],
      subjectPrefix: '',
    };
    const legacySha1Until = isoDay(NOW + 10 * DAY_SECONDS);

    const config = await parseChanged(
      saml({ ...set, inclusiveC14n: true, legacySha1Until }),
      WORLD,
    );

    assert.deepEqual(config.trustedIssuers[0]?.saml, {
      ...set,
      keySource: { kind: 'pinned', certificatePems: [PEM] },
      allowInclusiveC14n: true,
      legacySha1Until: Date.parse(legacySha1Until) / 1000,
    });
  });

  it('may be known by an attribute', async () => {
    const config = await parseChanged(saml({ subjectAttribute: 'uid' }), WORLD);

    assert.equal(config.trustedIssuers[0]?.saml?.subjectAttribute, 'uid');
  });

  it('may be known by metadata that has to end', async () => {
    const bounded = metadata({ maxLifetimeSeconds: 1_209_600 });

    const [issuer] = (await parseChanged(bounded, WORLD)).trustedIssuers;

    const source = issuer?.saml?.keySource;
    assert.equal(source?.kind !== 'pinned' && source?.maxLifetimeSeconds, 1_209_600);
  });

  it('may be known by their metadata', async () => {
    const fetched = await parseChanged(metadata({}), WORLD);
    const read = await parseChanged(metadata({ url: undefined, file: 'idp.xml' }), WORLD);

    assert.deepEqual(fetched.trustedIssuers[0]?.saml?.keySource, {
      kind: 'metadata-url',
      url: 'https://idp.example/metadata',
      signerCertificatePems: [PEM],
    });
    assert.deepEqual(read.trustedIssuers[0]?.saml?.keySource, {
      kind: 'metadata',
      xml: '<metadata/>',
      signerCertificatePems: [PEM],
    });
  });

  it('may have JWTs too, and one prefix for both', async () => {
    const config = await parseChanged((document) => {
      const { jwt } = first(document.trustedIssuers);
      saml({ subjectPrefix: 'p:' })(document);
      const issuer = first(document.trustedIssuers);
      document.trustedIssuers = [{ ...issuer, jwt: { ...jwt, subjectPrefix: 'p:' } }];
    }, WORLD);

    assert.ok(config.trustedIssuers[0]?.jwt && config.trustedIssuers[0].saml);
  });

  it('may stand in policy with the types of assertions, not with those of JWTs', async () => {
    const ofType =
      (type: string): Change =>
      (document) => {
        saml()(document);
        document.policy = [{ ...first(document.policy), subject: { issuer: 'partner', type } }];
      };

    assert.deepEqual(await errorsOf(ofType('saml2'), WORLD), []);
    assert.deepEqual(await errorsOf(ofType('jwt'), WORLD), [
      'CONFIG_NO_EFFECT policy[0].subject.type',
    ]);
  });

  it('warn of an exception that is over and of sender-vouches', async () => {
    const change = saml({
      legacySha1Until: '2020-01-01T00:00:00Z',
      subjectConfirmation: ['sender-vouches'],
    });

    assert.deepEqual(await warningsOf(change, WORLD), [
      `CONFIG_NO_EFFECT ${at('.legacySha1Until')}`,
      `CONFIG_INSECURE ${at('.subjectConfirmation')}`,
    ]);
  });
});
