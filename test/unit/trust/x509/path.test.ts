// Certificate paths (RFC 5280 §6.1, §4.2): each rule with a path that is good and one that is refused. Certificates are made by
// another implementation.
import '#test/support/x509/reflect-metadata.ts';

import assert from 'node:assert/strict';
import { type KeyObject, X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import * as x509 from '@peculiar/x509';
import { parseCertificate } from '#src/trust/x509/certificate.ts';
import { createLinkMemory } from '#src/trust/x509/link-memory.ts';
import { findPath, type PathTerms } from '#src/trust/x509/path.ts';
import {
  aCertificate,
  anAuthority,
  aSlowKey,
  type CertificateWishes,
  type TestCertificate,
} from '#test/support/x509/pki.ts';
import { anX509Trust, CLIENT_AUTH } from '#test/support/x509/x509-trust.ts';

const NOW = 1_800_000_000;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const root = await anAuthority({ name: 'CN=Root' });
const issuing = await anAuthority({ name: 'CN=Issuing', issuer: root });

interface Given {
  readonly presented?: readonly TestCertificate[];
  readonly terms?: Partial<PathTerms>;
  readonly now?: number;
}

function pathOf(certificate: TestCertificate, { presented = [], terms, now = NOW }: Given = {}) {
  const parse = ({ pem }: TestCertificate) => parseCertificate(pem);
  const path = findPath(
    { certificate: parse(certificate), presented: presented.map(parse) },
    { ...anX509Trust([root]), ...terms },
    { now, links: createLinkMemory() },
  );
  return path.map(({ x509: { subject } }) => subject);
}

const below = (issuer: TestCertificate, wishes: CertificateWishes = {}) =>
  aCertificate({ issuer, ...wishes });
const refused = (reason: string, run: () => unknown) =>
  assert.throws(run, (cause: { reason?: string }) => {
    assert.equal(cause.reason, reason);
    return true;
  });

describe('RFC 5280 §6.1', () => {
  test('a path leads from the certificate over what was presented to an anchor', async () => {
    assert.deepEqual(pathOf(await below(issuing), { presented: [issuing] }), [
      'CN=client',
      'CN=Issuing',
      'CN=Root',
    ]);
  });

  test('an authority that we know need not be presented', async () => {
    const terms = { intermediates: [parseCertificate(issuing.pem)] };

    assert.equal(pathOf(await below(issuing), { terms }).length, 3);
    refused('issuer-untrusted', () => pathOf(issuing, { terms: { anchors: [] } }));
  });

  test('a certificate that is an anchor itself needs no issuer', async () => {
    const own = await aCertificate({ name: 'CN=batch' });

    assert.deepEqual(pathOf(own, { terms: { anchors: [parseCertificate(own.pem)] } }), [
      'CN=batch',
    ]);
    refused('issuer-untrusted', () => pathOf(own));
  });

  test('an authority of the same name is another authority', async () => {
    for (const hasKeyIdentifiers of [true, false]) {
      const twin = await anAuthority({ name: 'CN=Root', hasKeyIdentifiers });
      const forged = await below(twin, { hasKeyIdentifiers });

      refused('issuer-untrusted', () => pathOf(forged));
      refused('issuer-untrusted', () => pathOf(forged, { presented: [twin] }));
    }
  });

  test('of two authorities of one name the one whose key signed is found', async () => {
    const twin = await anAuthority({ name: 'CN=Root', hasKeyIdentifiers: false });
    const certificate = await below(twin, { hasKeyIdentifiers: false });
    const anchors = [root, twin].map(({ pem }) => parseCertificate(pem));

    assert.equal(pathOf(certificate, { terms: { anchors } }).length, 2);
  });

  test('every certificate is valid now', async () => {
    const expired = await below(root, { notAfter: NOW - 1 });
    const early = await below(root, { notBefore: NOW + 1 });
    const dead = await anAuthority({ name: 'CN=Dead', issuer: root, notAfter: NOW - 1 });

    refused('token-expired', () => pathOf(expired));
    assert.equal(pathOf(expired, { now: NOW - 1 }).length, 2);
    refused('token-not-yet-valid', () => pathOf(early));
    refused('token-expired', () => pathOf(root, { now: 4_000_000_000 }));
    const leaf = await below(dead);
    refused('token-expired', () => pathOf(leaf, { presented: [dead] }));
  });

  test('§4.2.1.9: an issuer is an authority', async () => {
    // Its key may sign certificates, as it says itself: that makes no authority of it.
    const keyUsage = x509.KeyUsageFlags.keyCertSign;
    for (const over of [{}, { keyUsage }]) {
      const client = await below(root, over);
      const forged = await below(client, { name: 'CN=admin' });

      refused('issuer-untrusted', () => pathOf(forged, { presented: [client] }));
    }
    const authority = await below(root, { keyUsage, isAuthority: true });
    const leaf = await below(authority, { name: 'CN=admin' });
    assert.equal(pathOf(leaf, { presented: [authority] }).length, 3);
  });

  test('§4.2.1.9: a path is no longer than its authorities allow', async () => {
    const last = await anAuthority({ name: 'CN=Last', issuer: root, pathLength: 0 });
    const beyond = await anAuthority({ name: 'CN=Beyond', issuer: last });
    const [near, far] = [await below(last), await below(beyond)];

    assert.equal(pathOf(near, { presented: [last] }).length, 3);
    refused('issuer-untrusted', () => pathOf(far, { presented: [beyond, last] }));
  });

  test('§4.2.1.3: the key of an authority is for signing certificates', async () => {
    const { KeyUsageFlags } = x509;
    const idle = await anAuthority({
      name: 'CN=Idle',
      issuer: root,
      keyUsage: KeyUsageFlags.cRLSign,
    });
    const leaf = await below(idle);

    refused('issuer-untrusted', () => pathOf(leaf, { presented: [idle] }));
  });

  test('§4.2.1.3: the key of the certificate is for signatures', async () => {
    const { KeyUsageFlags } = x509;
    const wrong = await below(root, { keyUsage: KeyUsageFlags.keyEncipherment });
    const fine = await below(root, { keyUsage: KeyUsageFlags.nonRepudiation });

    refused('issuer-untrusted', () => pathOf(wrong));
    assert.equal(pathOf(fine).length, 2);
  });

  test('§4.2.1.12: the certificate is for clients, and so is each authority that says what it is for', async () => {
    const server = await below(root, { extendedKeyUsage: [SERVER_AUTH] });
    const both = await below(root, { extendedKeyUsage: [SERVER_AUTH, CLIENT_AUTH] });
    const narrow = await anAuthority({
      name: 'CN=Servers',
      issuer: root,
      extendedKeyUsage: [SERVER_AUTH],
    });
    const client = await below(narrow, { extendedKeyUsage: [CLIENT_AUTH] });

    refused('issuer-untrusted', () => pathOf(server));
    assert.equal(pathOf(both).length, 2);
    assert.equal(pathOf(server, { terms: { extendedKeyUsages: [SERVER_AUTH] } }).length, 2);
    refused('issuer-untrusted', () => pathOf(client, { presented: [narrow] }));
  });

  test('§4.2: a critical extension that we do not process, and name constraints in any case', async () => {
    const unknown = await below(root, {
      extensions: [new x509.Extension('1.2.3.4', true, new Uint8Array([5, 0]))],
    });
    const known = await below(root, {
      extensions: [new x509.Extension('1.2.3.4', false, new Uint8Array([5, 0]))],
    });
    const constrained = await anAuthority({
      name: 'CN=Constrained',
      issuer: root,
      extensions: [new x509.Extension('2.5.29.30', false, new Uint8Array([0x30, 0]))],
    });
    const leaf = await below(constrained);

    refused('issuer-untrusted', () => pathOf(unknown));
    assert.equal(pathOf(known).length, 2);
    refused('issuer-untrusted', () => pathOf(leaf, { presented: [constrained] }));
  });

  test('authorities that certify each other end', async () => {
    const crossed: TestCertificate[] = [];
    for (let at = 0; at < 5; at += 1)
      crossed.push(
        await anAuthority({
          name: `CN=Cross ${String(at % 2)}`,
          issuer: crossed.at(-1) ?? issuing,
        }),
      );
    const leaf = await below(crossed.at(-1) ?? issuing);

    refused('issuer-untrusted', () => pathOf(leaf, { presented: crossed }));
  });

  test('no key is used that no anchor vouches for, and no signature is checked twice', async () => {
    const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, true, [
      'sign',
      'verify',
    ]);
    const hasKeyIdentifiers = false;
    const crossed: TestCertificate[] = [];
    for (let at = 0; at < 5; at += 1)
      crossed.push(
        await anAuthority({ name: 'CN=Root', keys, algorithm: 'P-384', hasKeyIdentifiers }),
      );
    const [first = root] = crossed;
    const presented = crossed.map(({ pem }) => parseCertificate(pem));
    const leaf = parseCertificate((await below(first, { hasKeyIdentifiers })).pem);
    const used: string[] = [];
    for (const { x509: each } of [leaf, ...presented])
      Object.defineProperty(each, 'verify', {
        value(key: KeyObject) {
          used.push(key.asymmetricKeyDetails?.namedCurve ?? '');
          return X509Certificate.prototype.verify.call(each, key);
        },
      });

    const moment = { now: NOW, links: createLinkMemory() };
    refused('issuer-untrusted', () =>
      findPath({ certificate: leaf, presented }, anX509Trust([root]), moment),
    );

    // The key of the root, and never that of a namesake; and after two that it did not sign no more.
    assert.deepEqual(used, Array(2).fill('prime256v1'));
  });

  test('of authorities of one name, below roots of one name, the path is found that is signed', async () => {
    const hasKeyIdentifiers = false;
    const roots = await Promise.all(
      ['old', 'new'].map(() => anAuthority({ name: 'CN=Root', hasKeyIdentifiers })),
    );
    const between: TestCertificate[] = [];
    for (const issuer of [roots[1], roots[1], roots[0]])
      between.push(
        await anAuthority({ name: 'CN=Issuing', issuer: issuer ?? root, hasKeyIdentifiers }),
      );
    const parseAll = (all: readonly TestCertificate[]) =>
      all.map(({ pem }) => parseCertificate(pem));
    const terms = { anchors: parseAll(roots) };
    const found = ['CN=client', 'CN=Issuing', 'CN=Root'];

    for (const issuer of between.slice(0, 2)) {
      const leaf = await below(issuer, { hasKeyIdentifiers });
      assert.deepEqual(pathOf(leaf, { presented: between, terms }), found);
    }
    // Of those that we know there may be more.
    const known = { ...terms, intermediates: parseAll(between) };
    for (const issuer of between)
      assert.deepEqual(pathOf(await below(issuer, { hasKeyIdentifiers }), { terms: known }), found);
  });

  test('of anchors of one name the one that signed is found, until too many have not', async () => {
    const hasKeyIdentifiers = false;
    const anchors: TestCertificate[] = [];
    for (let at = 0; at < 9; at += 1)
      anchors.push(await anAuthority({ name: 'CN=Root', hasKeyIdentifiers }));
    const terms = { anchors: anchors.map(({ pem }) => parseCertificate(pem)) };
    const [eighth = root, ninth = root] = anchors.slice(7);
    const [early, late] = await Promise.all(
      [eighth, ninth].map((issuer) => below(issuer, { hasKeyIdentifiers })),
    );

    assert.deepEqual(pathOf(early ?? root, { terms }), ['CN=client', 'CN=Root']);
    refused('issuer-untrusted', () => pathOf(late ?? root, { terms }));
  });

  test('anchors of other names do not count, however many there are', async () => {
    const others: TestCertificate[] = [];
    for (let at = 0; at < 300; at += 1)
      others.push(await anAuthority({ name: `CN=Other ${String(at)}`, keys: root.keys }));
    const anchors = [...others, root].map(({ pem }) => parseCertificate(pem));

    const path = pathOf(await below(issuing), { presented: [issuing], terms: { anchors } });

    assert.deepEqual(path, ['CN=client', 'CN=Issuing', 'CN=Root']);
  });

  test('a key that makes us work for whoever presents it is none of an authority', async () => {
    const usual = await anAuthority({ name: 'CN=RSA', issuer: root, algorithm: 'RSA' });
    const slow = await anAuthority({ ...usual, issuer: root, keys: await aSlowKey() });

    assert.equal(pathOf(await below(usual), { presented: [usual] }).length, 3);
    const leaf = await below(slow);
    refused('issuer-untrusted', () => pathOf(leaf, { presented: [slow] }));
  });

  test('an RSA key of less than 2048 bits is none, of the certificate or of an authority', async () => {
    const rsa = async (modulusLength: number) => ({
      algorithm: 'RSA' as const,
      keys: await anRsaKey(modulusLength),
    });
    const [short, usual] = [await rsa(1024), await rsa(2048)];
    const weak = await anAuthority({ name: 'CN=Weak', issuer: root, ...short });
    const certificate = await below(root, short);
    const leaf = await below(weak);

    refused('issuer-untrusted', () => pathOf(certificate));
    refused('issuer-untrusted', () => pathOf(leaf, { presented: [weak] }));
    assert.equal(pathOf(await below(root, usual)).length, 2);
  });

  test('a signature made with SHA-1 is no link', async () => {
    const weak = await aSha1Certificate();

    refused('issuer-untrusted', () =>
      pathOf(weak.client, { terms: { anchors: [parseCertificate(weak.root.pem)] } }),
    );
  });
});

const anRsaKey = (modulusLength: number) =>
  crypto.subtle.generateKey(
    {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      publicExponent: new Uint8Array([1, 0, 1]),
      modulusLength,
    },
    true,
    ['sign', 'verify'],
  );

async function aSha1Certificate() {
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-1',
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 2048,
  };
  const authority = await anAuthority({ name: 'CN=Old', algorithm: 'RSA' });
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const signingKey = await crypto.subtle.importKey(
    'pkcs8',
    await crypto.subtle.exportKey('pkcs8', authority.keys.privateKey),
    algorithm,
    true,
    ['sign'],
  );
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=client',
    issuer: 'CN=Old',
    notBefore: new Date(1_700_000_000_000),
    notAfter: new Date(1_900_000_000_000),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
  });
  const client = { ...authority, pem: certificate.toString('pem') };
  return { root: authority, client };
}
