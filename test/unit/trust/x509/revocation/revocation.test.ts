// Revocation of certificates (RFC 5280 §5, RFC 6960): each answer, each answer that is none, and that not knowing refuses.
import '#test/support/x509/reflect-metadata.ts';

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import * as x509 from '@peculiar/x509';
import { createFetchBytes } from '#src/trust/fetch-text.ts';
import { parseCertificate } from '#src/trust/x509/certificate.ts';
import { DerFailure } from '#src/trust/x509/der.ts';
import { parseRevocationList } from '#src/trust/x509/revocation/crl.ts';
import { createRevocation, type RevocationParts } from '#src/trust/x509/revocation/revocation.ts';
import {
  anHttpServer,
  answerOcsp,
  type ResponderWishes,
} from '#test/support/x509/ocsp-responder.ts';
import {
  aCertificate,
  anAuthority,
  aRevocationList,
  type TestCertificate,
} from '#test/support/x509/pki.ts';

// Of this moment, since openssl has no other clock.
const NOW = Math.floor(Date.now() / 1000);
const root = await anAuthority({ name: 'CN=Root' });
const issuing = await anAuthority({ name: 'CN=Issuing', issuer: root });
const client = await aCertificate({ issuer: root });
const thief = await aCertificate({ name: 'CN=thief', issuer: root });

const twin = await anAuthority({ name: 'CN=Root' });
const scoped = (value: readonly number[]) => ({
  extensions: [new x509.Extension('2.5.29.28', true, new Uint8Array(value))],
});
const NO_ANSWERS = [
  ['of another authority of the same name', await aRevocationList(twin)],
  ['of another name', await aRevocationList({ ...root, name: 'CN=Other' })],
  ['signed by somebody else', await aRevocationList(root, { signer: twin })],
  ['that is over', await aRevocationList(root, { nextUpdate: NOW - 1 })],
  ['that is not yet', await aRevocationList(root, { thisUpdate: NOW + 3600 })],
  ['for authorities only', await aRevocationList(root, scoped([0x30, 3, 0x82, 1, 0xff]))],
  [
    'for another distribution point',
    await aRevocationList(root, scoped([0x30, 9, 0xa0, 7, 0xa0, 5, 0x86, 3, 0x61, 0x3a, 0x62])),
  ],
] as const;

interface Given extends Partial<Omit<RevocationParts['settings'], 'lists'>> {
  /** PEM. */
  readonly lists?: readonly string[];
  readonly path?: readonly TestCertificate[];
  readonly now?: () => number;
}

function aCheck({ now = () => NOW, lists: pems = [], ...settings }: Omit<Given, 'path'>) {
  const failures: unknown[] = [];
  const lists = pems.map((pem) => parseRevocationList(Buffer.from(pem)));
  const check = createRevocation({
    settings: { lists, listUrls: [], asksCertificateAddresses: false, ...settings },
    fetchBytes: createFetchBytes({
      allowedHosts: ['127.0.0.1'],
      timeoutSeconds: 60,
      maxBodyBytes: 100_000,
    }),
    clock: { now },
    onFailure: (cause) => failures.push(cause),
  });
  return { check, failures };
}

async function outcomeOf(given: Given): Promise<string> {
  const { path = [client, root], ...settings } = given;
  try {
    await aCheck(settings).check(path.map(({ pem }) => parseCertificate(pem)));
    return 'good';
  } catch (cause) {
    return (cause as { reason?: string }).reason ?? String((cause as Error).message);
  }
}

describe('Decision 30: of a certificate that was good once, by what is at hand', () => {
  const path = [client, root].map(({ pem }) => parseCertificate(pem));
  const atHand = { atHand: true };

  test('a list says that it is revoked', async () => {
    const { check } = aCheck({ lists: [await aRevocationList(root, { revoked: [client] })] });

    await assert.rejects(check(path, atHand), { reason: 'token-revoked' });
  });

  test('nobody is asked, and not to know is no refusal', async (t) => {
    let asked = 0;
    const url = await anHttpServer(t, () => {
      asked += 1;
      return undefined;
    });
    const { check } = aCheck({ listUrls: [url], ocspUrl: url });

    await check(path, atHand);

    assert.equal(asked, 0);
    await assert.rejects(check(path), { reason: 'dependency-unavailable' });
    assert.equal(asked, 2);
    await check(path, atHand);
  });

  test('an answer that was fetched for another is known', async (t) => {
    const list = await aRevocationList(root, { revoked: [client] });
    const url = await anHttpServer(t, () => Buffer.from(list));
    const { check } = aCheck({ listUrls: [url] });
    await check(path, atHand);
    await check([thief, root].map(({ pem }) => parseCertificate(pem)));

    await assert.rejects(check(path, atHand), { reason: 'token-revoked' });
  });
});

describe('RFC 5280 §6.3: a list at hand', () => {
  test('says who is revoked', async () => {
    const lists = [await aRevocationList(root, { revoked: [thief] })];

    assert.equal(await outcomeOf({ lists }), 'good');
    assert.equal(await outcomeOf({ lists, path: [thief, root] }), 'token-revoked');
  });

  test('is the newest of several, in whatever order they are given', async () => {
    const older = await aRevocationList(root, { thisUpdate: NOW - 3600 });
    const newer = await aRevocationList(root, { thisUpdate: NOW - 60, revoked: [thief] });

    for (const lists of [
      [older, newer],
      [newer, older],
    ])
      assert.equal(await outcomeOf({ lists, path: [thief, root] }), 'token-revoked');
  });

  test('is asked about every authority below the anchor as well', async () => {
    const lists = [
      await aRevocationList(root, { revoked: [issuing] }),
      await aRevocationList(issuing),
    ];
    const below = await aCertificate({ issuer: issuing });

    assert.equal(await outcomeOf({ lists, path: [below, issuing, root] }), 'token-revoked');
    assert.equal(
      await outcomeOf({ lists: lists.slice(1), path: [below, issuing, root] }),
      'dependency-unavailable',
    );
  });

  test('§5.2.5: for users only says nothing of an authority', async () => {
    const ofUsers = scoped([0x30, 3, 0x81, 1, 0xff]);
    const below = await aCertificate({ issuer: issuing });
    const path = [below, issuing, root];
    const lists = [await aRevocationList(root, ofUsers), await aRevocationList(issuing, ofUsers)];

    assert.equal(await outcomeOf({ lists }), 'good');
    assert.equal(await outcomeOf({ lists, path }), 'dependency-unavailable');
    assert.equal(await outcomeOf({ lists: [...lists, await aRevocationList(root)], path }), 'good');
  });

  test('§4.2.1.3: is no answer of an authority whose key is not for lists', async () => {
    const keyUsage = x509.KeyUsageFlags.keyCertSign;
    const silent = await anAuthority({ name: 'CN=Silent', keyUsage });
    const path = [await aCertificate({ issuer: silent }), silent];

    assert.equal(
      await outcomeOf({ lists: [await aRevocationList(silent)], path }),
      'dependency-unavailable',
    );
  });

  test('signed by somebody else is none however often it is asked', async () => {
    const lists = [await aRevocationList(root, { signer: twin })];
    const path = [client, root].map(({ pem }) => parseCertificate(pem));
    const { check } = aCheck({ lists });

    for (const _ of ['once', 'twice'])
      await assert.rejects(check(path), { reason: 'dependency-unavailable' });
  });

  for (const [name, list] of NO_ANSWERS) {
    test(`is no answer: one ${name}`, async () => {
      assert.equal(await outcomeOf({ lists: [list] }), 'dependency-unavailable');
    });
  }

  test('cannot be used: delta, indirect, with an unknown critical extension, cut short, several in one', async () => {
    const critical = (oid: string) => ({
      extensions: [new x509.Extension(oid, true, new Uint8Array([2, 1, 1]))],
    });
    for (const list of [
      await aRevocationList(root, critical('2.5.29.27')),
      await aRevocationList(root, critical('1.2.3.4')),
      await aRevocationList(root, scoped([0x30, 3, 0x84, 1, 0xff])),
      (await aRevocationList(root)).replace(/\S{4}(?=\s+-----END)/, ''),
      'nothing',
      (await aRevocationList(root)) + (await aRevocationList(issuing)),
    ])
      assert.throws(() => aCheck({ lists: [list] }));
  });

  test('§5.1.2.5: cannot be used without an end, for it would do for ever', async () => {
    const endless = await aRevocationList(root, { hasNoEnd: true });

    assert.throws(() => aCheck({ lists: [endless] }), /without nextUpdate/);
  });

  test('§5.3: cannot be used with a critical extension of an entry, which may be one of another issuer', async () => {
    const entry = (isCritical: boolean) =>
      aRevocationList(root, {
        revoked: [thief],
        entryExtensions: [new x509.Extension('2.5.29.29', isCritical, new Uint8Array([0x30, 0]))],
      });
    const [critical, other] = [await entry(true), await entry(false)];

    assert.throws(() => aCheck({ lists: [critical] }), DerFailure);
    assert.equal(await outcomeOf({ lists: [other], path: [thief, root] }), 'token-revoked');
  });
});

describe('a list that is fetched', () => {
  test('is kept, and asked for anew before an hour is over or it ends; while that fails nobody passes', async (t) => {
    let now = NOW;
    let asked = 0;
    let list: string | undefined = await aRevocationList(root);
    const url = await anHttpServer(t, () => {
      asked += 1;
      return list === undefined ? undefined : Buffer.from(list);
    });
    const { check, failures } = aCheck({ listUrls: [`${url}/root.crl`], now: () => now });
    const path = [client, root].map(({ pem }) => parseCertificate(pem));

    await Promise.all([check(path), check(path), check(path)]);
    assert.equal(asked, 1);
    list = undefined;
    now += 3601;
    await assert.rejects(check(path), { reason: 'dependency-unavailable' });
    await assert.rejects(check(path), { reason: 'dependency-unavailable' });
    assert.equal(asked, 2);
    assert.equal(failures.length, 1);
    now += 31;
    list = await aRevocationList(root, { revoked: [client] });
    await assert.rejects(check(path), { reason: 'token-revoked' });
  });

  test('is asked for anew where the clock was set back, and so is a source that failed', async (t) => {
    let now = NOW;
    let list: string | undefined;
    const url = await anHttpServer(t, () => (list === undefined ? undefined : Buffer.from(list)));
    const { check } = aCheck({ listUrls: [`${url}/root.crl`], now: () => now });
    const path = [client, root].map(({ pem }) => parseCertificate(pem));

    await assert.rejects(check(path), { reason: 'dependency-unavailable' });
    list = await aRevocationList(root, { thisUpdate: NOW - 7200 });
    now -= 3600;
    await check(path);
    list = await aRevocationList(root, { thisUpdate: NOW - 7200, revoked: [client] });
    now -= 60;

    await assert.rejects(check(path), { reason: 'token-revoked' });
    list = undefined;
    now -= 60;
    await assert.rejects(check(path), { reason: 'dependency-unavailable' });
  });

  test('that is over when it comes is not asked for again at once', async (t) => {
    let asked = 0;
    const url = await anHttpServer(t, () => {
      asked += 1;
      return Buffer.from(list);
    });
    const list = await aRevocationList(root, { nextUpdate: NOW - 1 });
    const { check, failures } = aCheck({ listUrls: [`${url}/root.crl`] });
    const path = [client, root].map(({ pem }) => parseCertificate(pem));

    await assert.rejects(check(path), { reason: 'dependency-unavailable' });
    await assert.rejects(check(path), { reason: 'dependency-unavailable' });

    assert.equal(asked, 1);
    assert.equal(failures.length, 1);
  });

  test('is waited for by one alone where it could not be fetched before', async () => {
    let now = NOW;
    const answers: PromiseWithResolvers<Buffer>[] = [];
    const check = createRevocation({
      settings: { lists: [], listUrls: ['https://pki.example'], asksCertificateAddresses: false },
      fetchBytes: () => {
        const answer = Promise.withResolvers<Buffer>();
        answers.push(answer);
        return answer.promise;
      },
      clock: { now: () => now },
      onFailure: () => undefined,
    });
    const path = [client, root].map(({ pem }) => parseCertificate(pem));
    const first = check(path);
    answers[0]?.reject(new Error('nothing there'));
    await assert.rejects(first, { reason: 'dependency-unavailable' });
    now += 31;
    const asking = check(path);

    await assert.rejects(check(path), { reason: 'dependency-unavailable' });
    answers[1]?.resolve(Buffer.from(await aRevocationList(root)));

    await asking;
    assert.equal(answers.length, 2);
  });

  test('may be named by the certificate, where that is configured', async (t) => {
    const url = await anHttpServer(t, () => Buffer.from(list));
    const list = await aRevocationList(root);
    const named = await aCertificate({
      issuer: root,
      extensions: [new x509.CRLDistributionPointsExtension([`${url}/root.crl`])],
    });
    const path = [named, root];

    assert.equal(await outcomeOf({ asksCertificateAddresses: true, path }), 'good');
    assert.equal(await outcomeOf({ path }), 'dependency-unavailable');
  });
});

describe('RFC 6960: a responder', () => {
  const asked = async (
    t: TestContext,
    wishes: Partial<ResponderWishes>,
    given: Given = {},
  ): Promise<string> => {
    const ocspUrl = await anHttpServer(t, (_, body) =>
      answerOcsp(body, { issuer: root, good: [client], revoked: [thief], ...wishes }),
    );
    return outcomeOf({ ocspUrl, ...given });
  };

  test('says who is revoked; whom it does not know it does not vouch for', async (t) => {
    const stranger = await aCertificate({ issuer: root });

    assert.equal(await asked(t, {}), 'good');
    assert.equal(await asked(t, {}, { path: [thief, root] }), 'token-revoked');
    assert.equal(await asked(t, {}, { path: [stranger, root] }), 'dependency-unavailable');
  });

  test('may be named by the certificate, where that is configured', async (t) => {
    const answers = (body: Buffer) =>
      answerOcsp(body, { issuer: root, good: [named, other], revoked: [stolen] });
    const ocsp = await anHttpServer(t, (_, body) => answers(body));
    const naming = (access: x509.AuthorityInfoAccessParams) =>
      aCertificate({ issuer: root, extensions: [new x509.AuthorityInfoAccessExtension(access)] });
    const named = await naming({ ocsp });
    const stolen = await naming({ ocsp });
    // Where its issuer is found is no responder.
    const other = await naming({ caIssuers: ocsp });
    const outcome = (certificate: TestCertificate) =>
      outcomeOf({ asksCertificateAddresses: true, path: [certificate, root] });

    assert.equal(await outcome(named), 'good');
    assert.equal(await outcome(stolen), 'token-revoked');
    assert.equal(await outcome(other), 'dependency-unavailable');
    assert.equal(await outcomeOf({ path: [named, root] }), 'dependency-unavailable');
  });

  const noCheck = new x509.Extension('1.3.6.1.5.5.7.48.1.5', false, new Uint8Array([5, 0]));
  const appointed = (over: Parameters<typeof aCertificate>[0] = {}) =>
    aCertificate({
      name: 'CN=ocsp',
      issuer: root,
      extendedKeyUsage: ['1.3.6.1.5.5.7.3.9'],
      extensions: [noCheck],
      ...over,
    });

  test('§4.2.2.2: may be one that the authority appointed for it, and no other', async (t) => {
    assert.equal(await asked(t, { responder: await appointed() }), 'good');
    for (const over of [
      { extendedKeyUsage: [] },
      { extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'] },
      { extensions: [] },
      { issuer: issuing },
      { issuer: twin },
      { issuer: twin, hasKeyIdentifiers: false },
      { notAfter: NOW - 1 },
      { notBefore: NOW + 1 },
      { hash: 'SHA-1' },
    ] as const)
      assert.equal(
        await asked(t, { responder: await appointed(over) }),
        'dependency-unavailable',
        JSON.stringify(Object.keys(over)),
      );
  });

  test('§3.2: an answer that is over, without an end, or about another certificate is none', async (t) => {
    const old = new Map<string, Buffer>();
    const ocspUrl = await anHttpServer(t, (path, body) => {
      const answer = old.get(path) ?? answerOcsp(body, { issuer: root, good: [client, thief] });
      old.set(path, answer);
      return answer;
    });

    assert.equal(await outcomeOf({ ocspUrl: `${ocspUrl}/1` }), 'good');
    assert.equal(
      await outcomeOf({ ocspUrl: `${ocspUrl}/1`, path: [thief, root] }),
      'dependency-unavailable',
    );
    assert.equal(
      await outcomeOf({ ocspUrl: `${ocspUrl}/1`, now: () => NOW + 2 * 86_400 }),
      'dependency-unavailable',
    );
    assert.equal(await asked(t, { arguments: [] }), 'dependency-unavailable');
  });

  test('§3.2: an answer that was changed on its way is none, whoever gave it', async (t) => {
    const outcome = async (responder: TestCertificate, changed: number) => {
      const ocspUrl = await anHttpServer(t, (_, body) => {
        const answer = answerOcsp(body, { issuer: root, responder, good: [client] });
        // The last digit of when it was made.
        const at = answer.indexOf(Buffer.from([0x18, 0x0f])) + 15;
        answer.writeUInt8(answer.readUInt8(at) ^ changed, at);
        return answer;
      });
      return outcomeOf({ ocspUrl });
    };

    for (const responder of [root, await appointed()]) {
      assert.equal(await outcome(responder, 0), 'good');
      assert.equal(await outcome(responder, 1), 'dependency-unavailable');
    }
  });

  test('§4.2.1: answers in the basic form, and in no other', async (t) => {
    const basic = Buffer.from('2b0601050507300101', 'hex');
    const ocspUrl = await anHttpServer(t, (_, body) => {
      const answer = answerOcsp(body, { issuer: root, good: [client] });
      const at = answer.indexOf(basic);
      assert.notEqual(at, -1);
      answer.writeUInt8(2, at + basic.byteLength - 1);
      return answer;
    });

    assert.equal(await outcomeOf({ ocspUrl }), 'dependency-unavailable');
  });

  test('that answers with nonsense does not answer', async (t) => {
    for (const answer of [Buffer.alloc(0), Buffer.from('30030a0101', 'hex'), Buffer.from('30')]) {
      const ocspUrl = await anHttpServer(t, () => answer);
      assert.equal(await outcomeOf({ ocspUrl }), 'dependency-unavailable');
    }
  });
});
