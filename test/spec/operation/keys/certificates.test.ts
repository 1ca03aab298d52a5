// Certificates: as the keys of a partner, and the alarms before they end.
import assert from 'node:assert/strict';
import { createPrivateKey, hash, X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { SignJWT } from 'jose';
import { parse, stringify } from 'yaml';
import { issueSelfSignedCertificate } from '#src/keys/certificate.ts';
import { generateKeyPem } from '#src/keys/generate.ts';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { type ConfigDocument, ISSUER, PARTNER } from '#test/support/server/document.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';

const DAY_SECONDS = 86_400;

interface Pair {
  readonly keyPem: string;
  readonly certificatePem: string;
}

async function aPair(now: number, days = 365): Promise<Pair> {
  const keyPem = await generateKeyPem('ES256');
  const certificatePem = issueSelfSignedCertificate({
    keyPem,
    commonName: 'partner.example',
    notBefore: now - 3600,
    lifetimeSeconds: 3600 + days * DAY_SECONDS,
  });
  return { keyPem, certificatePem };
}

async function startWith(t: Parameters<typeof startServer>[0], days: readonly number[]) {
  const pairs: Pair[] = [];
  // The load of a configuration holds certificates against the clock of the machine.
  const now = Math.floor(Date.now() / 1000);
  const server = await startServer(t, async (document, directory, clock) => {
    clock.set(now);
    for (const each of days) pairs.push(await aPair(now, each));
    for (const [index, { certificatePem }] of pairs.entries())
      await writeFile(join(directory, `partner-${index}.crt`), certificatePem);
    for (const issuer of document.trustedIssuers) {
      const { jwks: _, ...jwt } = issuer['jwt'] as Record<string, unknown>;
      const certificates = pairs.map((__, index) => ({ file: `partner-${index}.crt` }));
      issuer['jwt'] = { ...jwt, certificates };
    }
  });
  return { server, pairs, now };
}

const sign = (server: TestServer, { keyPem }: Pair, kid?: string): Promise<string> =>
  new SignJWT({ scope: 'orders.read' })
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT', ...(kid !== undefined && { kid }) })
    .setIssuer(PARTNER)
    .setSubject('alice')
    .setAudience(ISSUER)
    .setIssuedAt(server.clock.now())
    .setExpirationTime(server.clock.now() + 300)
    .setJti('one')
    .sign(createPrivateKey(keyPem));

test('Certificates: a token is taken under the key of the one certificate, whatever id it names, and under no other key', async (t) => {
  const { server, pairs, now } = await startWith(t, [365]);
  const [pair] = pairs;
  if (!pair) throw new Error('no certificate');

  const taken = [
    await server.exchange({ subject_token: await sign(server, pair) }),
    await server.exchange({ subject_token: await sign(server, pair, 'an id of the issuer') }),
  ];
  const refused = await server.exchange({ subject_token: await sign(server, await aPair(now)) });

  for (const { status, text } of taken) assert.equal(status, 200, text);
  assert.equal(refused.status, 400);
});

test('RFC 7515 §4.1.8: of several certificates the thumbprint tells which; without one it is open, and refused', async (t) => {
  const { server, pairs } = await startWith(t, [365, 365]);
  const [, second] = pairs;
  if (!second) throw new Error('no second certificate');
  const thumbprint = hash('sha256', new X509Certificate(second.certificatePem).raw, 'base64url');

  const named = await server.exchange({ subject_token: await sign(server, second, thumbprint) });
  const unnamed = await server.exchange({ subject_token: await sign(server, second) });

  assert.equal(named.status, 200, named.text);
  assert.equal(unnamed.status, 400);
});

test('Alarms: the metrics say when the first certificate of a trusted issuer ends', async (t) => {
  const { server, now } = await startWith(t, [20, 365]);

  const metrics = await (await fetch(`${server.managementUrl}/metrics`)).text();

  const [, text] = /sts_trust_cert_not_after_seconds\{issuer="partner"\} (\d+)/.exec(metrics) ?? [];
  assert.equal(Number(text), now + 20 * DAY_SECONDS);
});

test('Alarms: after a reload the metrics say nothing of a trusted issuer that was removed', async (t) => {
  const { server } = await startWith(t, [20]);
  const path = join(server.directory, 'viaduct.yaml');
  const document = parse(await readFile(path, 'utf8')) as ConfigDocument;

  await writeFile(
    path,
    stringify({ ...document, trustedIssuers: [], policy: document.policy.slice(1) }),
  );
  await server.reload();

  const metrics = await (await fetch(`${server.managementUrl}/metrics`)).text();
  assert.doesNotMatch(metrics, /sts_trust_cert_not_after_seconds\{/);
});

test('Alarms: after a reload the metrics say nothing of a key of ours that stands in another place', async (t) => {
  const server = await startServer(t, async (document, directory) => {
    await withSaml(document, directory);
  });
  const path = join(server.directory, 'viaduct.yaml');
  const document = parse(await readFile(path, 'utf8')) as ConfigDocument;
  const keysTold = async (): Promise<readonly string[]> => {
    const metrics = await (await fetch(`${server.managementUrl}/metrics`)).text();
    return metrics.match(/(?<=^sts_key_not_after_seconds\{kid=")keys\[\d+\]/gm) ?? [];
  };
  const before = await keysTold();

  await writeFile(
    path,
    stringify({ ...document, keys: (document['keys'] as object[]).toReversed() }),
  );
  await server.reload();

  assert.deepEqual([before, await keysTold()], [['keys[2]'], ['keys[0]']]);
});
