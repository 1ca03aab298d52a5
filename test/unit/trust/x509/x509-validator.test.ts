// Certificates as evidence: whom they are about, and which are refused.
import '#test/support/x509/reflect-metadata.ts';

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as x509 from '@peculiar/x509';
import { parseCertificate } from '#src/trust/x509/certificate.ts';
import { DerFailure } from '#src/trust/x509/der.ts';
import { createX509Validator, type X509Trust } from '#src/trust/x509/x509-validator.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import {
  aCertificate,
  anAuthority,
  type CertificateWishes,
  type TestCertificate,
} from '#test/support/x509/pki.ts';
import { anX509Trust } from '#test/support/x509/x509-trust.ts';

const ISSUER = 'https://sts.example.org';
const NOW = 1_800_000_000;
const root = await anAuthority({ name: 'CN=Root' });
const aClient = (wishes: CertificateWishes = {}) => aCertificate({ issuer: root, ...wishes });

function validate(
  certificate: TestCertificate,
  over: Partial<X509Trust> = {},
  content: object = { certificates: [certificate.der], proof: 'signature' },
) {
  const validator = createX509Validator({
    issuer: ISSUER,
    trusted: [anX509Trust([root], over)],
    clock: fakeClock(NOW),
  });
  return validator.validate({ type: 'x509', use: 'subject', content });
}

describe('a certificate as evidence', () => {
  test('is about a subject of the trusted issuer, by its common name', async () => {
    const certificate = await aClient({ name: 'CN=batch, O=Corp' });

    const token = await validate(certificate);

    assert.equal(token.trustedIssuer, 'corp');
    assert.deepEqual(token.subject, { issuer: 'urn:corp', id: 'batch' });
    assert.equal(token.subjectPrefix, 'corp:');
    assert.equal(token.authentication?.contextClass, 'urn:oasis:names:tc:SAML:2.0:ac:classes:X509');
    assert.equal(token.confirmation.method, 'public-key');
  });

  test('of a TLS handshake says so in its authentication context', async () => {
    const certificate = await aClient();

    const token = await validate(
      certificate,
      {},
      { certificates: [certificate.der], proof: 'tls' },
    );

    assert.equal(
      token.authentication?.contextClass,
      'urn:oasis:names:tc:SAML:2.0:ac:classes:TLSClient',
    );
  });

  test('is told for a later look, with the authorities that came with it, where it may be revoked', async () => {
    const issuing = await anAuthority({ name: 'CN=Issuing', issuer: root });
    const certificate = await aCertificate({ issuer: issuing });
    const stranger = await anAuthority({ name: 'CN=Stranger' });
    const ders = [certificate, stranger, issuing].map(({ der }) => der);
    const content = { certificates: ders, proof: 'signature' };
    const requireUnrevoked = async () => undefined;
    const intermediates = [parseCertificate(issuing.pem)];

    const kept = await Promise.all(
      [{}, { requireUnrevoked }, { requireUnrevoked, intermediates }].map(
        async (over) => (await validate(certificate, over, content)).loginCertificates,
      ),
    );

    const [first, , last] = ders.map((der) => der.toString('base64'));
    assert.deepEqual(kept, [undefined, [first, last], [first]]);
  });

  test('that is only named proves no key and no login', async () => {
    const certificate = await aClient({ name: 'CN=batch' });

    const token = await validate(
      certificate,
      {},
      { certificates: [certificate.der], proof: 'named' },
    );

    assert.equal(token.subject.id, 'batch');
    assert.deepEqual(token.confirmation, { method: 'bearer' });
    assert.equal(token.authentication, undefined);
  });

  for (const [source, id] of [
    ['subjectName', 'O=Corp\\, Inc,CN=batch'],
    ['email', 'batch@corp.example'],
    ['dns', 'batch.corp.example'],
    ['uri', 'urn:batch'],
    ['upn', 'batch@ad.corp.example'],
  ] as const) {
    test(`is about the subject that its ${source} names`, async () => {
      const certificate = await aClient({
        name: 'CN=batch, O="Corp, Inc"',
        alternativeNames: [
          { type: 'email', value: 'batch@corp.example' },
          { type: 'dns', value: 'batch.corp.example' },
          { type: 'url', value: 'urn:batch' },
          { type: 'upn', value: 'batch@ad.corp.example' },
        ],
      });

      const token = await validate(certificate, { subject: { entries: [], source } });

      assert.equal(token.subject.id, id);
    });
  }

  test('is about nobody without that name, and with two of them', async () => {
    const email = (value: string) => ({ type: 'email' as const, value });
    const both = await aClient({ alternativeNames: [email('a@x.example'), email('b@x.example')] });
    const subject = { entries: [], source: 'email' } as const;

    await assert.rejects(validate(await aClient(), { subject }), {
      reason: 'requestor-unauthenticated',
    });
    await assert.rejects(validate(both, { subject }), { reason: 'requestor-unauthenticated' });
    const twice = await aClient({ name: 'CN=batch, CN=admin' });
    await assert.rejects(validate(twice), { reason: 'requestor-unauthenticated' });
  });

  test('is about nobody whose name is empty or has characters that are not seen', async () => {
    for (const value of [
      '',
      'batch\u0000',
      'ba\ntch',
      'admin\u200b',
      '\u202enimda',
      '\ufeffadmin',
    ]) {
      const certificate = await aCertificate({
        issuer: root,
        alternativeNames: [{ type: 'upn', value }],
      });

      const outcome = validate(certificate, { subject: { entries: [], source: 'upn' } });

      await assert.rejects(outcome, { reason: 'requestor-unauthenticated' }, JSON.stringify(value));
    }
  });

  test('RFC 3629 §6: a byte order mark before a name is a part of it', async () => {
    const utf8 = await aClient({ name: 'CN=\ufeffbatch' });
    const bmp = await aClient({ name: 'CN=#1e0cfeff00620061007400630068' });

    for (const certificate of [utf8, bmp])
      for (const source of ['commonName', 'subjectName'] as const)
        await assert.rejects(validate(certificate, { subject: { entries: [], source } }), {
          reason: 'requestor-unauthenticated',
        });
    for (const certificate of [utf8, bmp])
      await assert.rejects(
        validate(certificate, {
          subject: { entries: [{ subjectName: 'CN=batch', subject: 'alice' }] },
        }),
        { reason: 'requestor-unauthenticated' },
      );
  });

  test('is about who the table says, by thumbprint or subject; a value that looks like a subject is none', async () => {
    const certificate = await aClient({ name: 'CN=batch, O=Corp' });
    const other = await aClient({ name: 'CN="batch,O=Corp"' });
    const thumbprint = parseCertificate(certificate.pem).x509.fingerprint256;
    const table = (entry: object) => ({ subject: { entries: [{ subject: 'alice', ...entry }] } });

    for (const entry of [
      { thumbprint },
      { thumbprint: thumbprint.replaceAll(':', '').toLowerCase() },
      { subjectName: 'o=corp, cn=Batch' },
    ]) {
      assert.equal((await validate(certificate, table(entry))).subject.id, 'alice');
      await assert.rejects(validate(other, table(entry)), { reason: 'requestor-unauthenticated' });
    }
  });

  test('is about a user of ours where its issuer is told to know them', async () => {
    const findUser = (name: string) =>
      name === 'alice' ? { id: 'alice@corp', claims: { department: 'sales' } } : undefined;
    const alice = await aClient({ name: 'CN=alice' });

    const token = await validate(alice, { findUser });

    assert.equal(token.trustedIssuer, 'self');
    assert.deepEqual(token.subject, { issuer: ISSUER, id: 'alice@corp' });
    assert.deepEqual(token.claims[0]?.values, ['sales']);
    await assert.rejects(validate(await aClient({ name: 'CN=bob' }), { findUser }), {
      reason: 'requestor-unauthenticated',
    });
  });

  test('is refused by a trusted issuer whose time is over, and by one that revoked it', async () => {
    const certificate = await aClient();
    const requireUnrevoked = () => Promise.reject(new Error('asked'));

    await assert.rejects(validate(certificate, { enabledUntil: NOW }), {
      reason: 'issuer-untrusted',
    });
    await assert.rejects(validate(certificate, { requireUnrevoked }), /asked/);
  });

  for (const [what, oid, hex] of [
    ['a key usage', '2.5.29.15', '0500'],
    ['an extended key usage', '2.5.29.37', '0500'],
    // The runtime reads a length in more octets than it needs.
    ['alternative names', '2.5.29.17', '3081058103614062'],
    // Of the octet FF.
    ['a user principal name', '2.5.29.17', '3013a011060a2b060104018237140203a0030c01ff'],
  ] as const) {
    test(`is refused with ${what} that nobody can read`, async () => {
      const extension = new x509.Extension(oid, false, Buffer.from(hex, 'hex'));
      const certificate = await aClient({ extensions: [extension] });

      await assert.rejects(validate(certificate), { reason: 'token-malformed' });
    });
  }

  for (const [what, from, to] of [
    // In a month that there is not.
    ['an end', Buffer.from('331111221320Z'), Buffer.from('331311221320Z')],
    ['a beginning', Buffer.from('231114221320Z'), Buffer.from('231314221320Z')],
  ] as const) {
    test(`RFC 5280 §4.1.2.5: is refused with ${what} that is no time: it would have whatever the runtime makes of it`, async () => {
      const { der } = await aClient();
      der.set(to, der.indexOf(from));
      const content = { certificates: [der], proof: 'signature' };

      assert.throws(() => parseCertificate(der), DerFailure);
      await assert.rejects(validate(root, {}, content), { reason: 'token-malformed' });
    });
  }

  test('is refused with a key on a curve that the runtime does not know, whoever vouches for it', async () => {
    const der = Buffer.from(root.der);
    const curve = Buffer.from('2a8648ce3d030107', 'hex');
    der.set([0x77], der.indexOf(curve) + curve.length - 1);
    const anchors = [parseCertificate(der)];
    const content = { certificates: [der], proof: 'named' };

    await assert.rejects(validate(root, { anchors }, content), { reason: 'token-malformed' });
  });

  test('is refused without a proof of its key', async () => {
    const { der } = await aClient();

    for (const content of [
      { certificates: [der] },
      { certificates: [der], proof: 'none' },
      { certificates: [], proof: 'tls' },
      { certificates: [Buffer.from('x')], proof: 'tls' },
      { certificates: Array.from({ length: 7 }, () => der), proof: 'tls' },
    ])
      await assert.rejects(validate(root, {}, content), { reason: 'token-malformed' });
  });
});
