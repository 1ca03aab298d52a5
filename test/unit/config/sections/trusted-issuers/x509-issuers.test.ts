// What is refused of the conditions for certificates of a trusted issuer, and what comes of those accepted.
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
  warningsOf,
} from '#test/unit/config/document.ts';
import { refusedIn, refuses } from '#test/unit/config/refusals.ts';

const PEM = certificatePem(rsaKeyPem());
const LIST = '-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n';
const WORLD: World = {
  files: { 'ca.pem': PEM, 'sub.pem': certificatePem(ecKeyPem()), 'ca.crl': LIST, 'ca.der': 'list' },
};

const x509: (change?: Record<string, unknown>) => Change = (change) => (document) => {
  const { jwt: _jwt, ...issuer } = first(document.trustedIssuers);
  const conditions = {
    anchors: [{ file: 'ca.pem' }],
    revocation: { lists: [{ file: 'ca.crl' }] },
    subject: 'commonName',
    ...change,
  };
  document.trustedIssuers = [{ ...issuer, x509: conditions }];
};

/** Users of ours come with its certificates, and the row is for them. */
const ofUsers =
  (change: Record<string, unknown>, party: Record<string, unknown> = { issuer: 'self' }): Change =>
  (document) => {
    x509({ users: true, ...change })(document);
    document.policy = [{ ...first(document.policy), subject: party }];
  };

const at = (key: string) => `trustedIssuers[0].x509${key}`;
const refused = refusedIn(WORLD);

refuses('trustedIssuers[].x509', [
  refused(
    'nothing is trusted without an anchor',
    x509({ anchors: [] }),
    `CONFIG_OUT_OF_RANGE ${at('.anchors')}`,
  ),
  refused(
    'whether revocation is asked must be said',
    x509({ revocation: undefined }),
    `CONFIG_MISSING ${at('.revocation')}`,
  ),
  refused(
    'revocation needs a source',
    x509({ revocation: {} }),
    `CONFIG_MISSING ${at('.revocation')}`,
  ),
  refused(
    'a certificate comes as often as its owner: it cannot be good once',
    (document) => {
      x509()(document);
      const { allow, ...row } = first(document.policy);
      document.policy = [{ ...row, allow: { ...allow, singleUse: true } }];
    },
    'CONFIG_CONFLICT policy[0].allow.singleUse',
  ),
  refused(
    'a subject comes from somewhere',
    x509({ subject: undefined }),
    `CONFIG_MISSING ${at('')}`,
  ),
  refused(
    'SHA-1 names no certificate',
    x509({ subjects: [{ thumbprint: 'ab'.repeat(20), subject: 'alice' }] }),
    `CONFIG_INVALID_VALUE ${at('.subjects[0].thumbprint')}`,
  ),
  refused(
    'a list over plain http needs an allowed host',
    x509({ revocation: { lists: [{ url: 'http://ca.example/ca.crl' }] } }),
    `CONFIG_INSECURE ${at('.revocation.lists[0].url')}`,
  ),
  refused(
    'a responder over plain http needs an allowed host',
    x509({ revocation: { ocsp: 'http://ca.example/' } }),
    `CONFIG_INSECURE ${at('.revocation.ocsp')}`,
  ),
  refused(
    'a list is PEM',
    x509({ revocation: { lists: [{ file: 'ca.der' }] } }),
    `CONFIG_KEY ${at('.revocation.lists[0].file')}`,
  ),
  refused(
    'users have no prefix',
    ofUsers({ subjectPrefix: 'corp:' }),
    `CONFIG_CONFLICT ${at('.subjectPrefix')}`,
  ),
  refused(
    'users are nobody’s but ours: a row for others, or against them, would never fit',
    ofUsers({}, { issuer: ['self', 'partner'] }),
    'CONFIG_NO_EFFECT policy[0].subject.issuer',
  ),
  refused(
    'a private key is no anchor',
    x509({ anchors: [{ file: 'ca.key' }] }),
    `CONFIG_SECRET ${at('.anchors[0]')}`,
  ),
]);

describe('Configuration: trustedIssuers[].x509', () => {
  it('is resolved', async () => {
    const config = await parseChanged(
      ofUsers({
        intermediates: [{ file: 'sub.pem' }],
        purposes: ['clientAuth', 'smartcardLogon'],
        subjects: [{ subjectName: 'CN=batch', subject: 'batch' }],
      }),
      WORLD,
    );

    const [issuer] = config.trustedIssuers;
    assert.equal(issuer?.x509?.anchorPems.length, 1);
    assert.equal(issuer.x509.intermediatePems.length, 1);
    assert.deepEqual(issuer.x509.revocation, {
      lists: [{ pem: LIST, index: 0 }],
      listUrls: [],
      asksCertificateAddresses: false,
    });
    assert.deepEqual(issuer.x509.extendedKeyUsages, [
      '1.3.6.1.5.5.7.3.2',
      '1.3.6.1.4.1.311.20.2.2',
    ]);
    assert.deepEqual(issuer.x509.subjects, [{ subjectName: 'CN=batch', subject: 'batch' }]);
    assert.equal(issuer.x509.areUsers, true);
  });

  it('reads every list of a file, whatever stands around them', async () => {
    const both = `Root\n${LIST}Issuing\n${LIST}`;
    const world = { files: { ...WORLD.files, 'ca.crl': both } };

    const { trustedIssuers } = await parseChanged(x509(), world);

    assert.deepEqual(
      trustedIssuers[0]?.x509?.revocation?.lists.map(({ index, pem }) => [index, pem.trim()]),
      [
        [0, `${LIST}Issuing`],
        [0, LIST.trim()],
      ],
    );
  });

  it('warns where nobody is asked about revocation', async () => {
    assert.deepEqual(await errorsOf(x509({ revocation: 'none' }), WORLD), []);
    assert.deepEqual(await warningsOf(x509({ revocation: 'none' }), WORLD), [
      `CONFIG_INSECURE ${at('.revocation')}`,
    ]);
  });
});
