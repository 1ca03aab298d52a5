// Our keys to decrypt with. All of them open what was encrypted to them; one is published at a time.
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK } from 'jose';
import type { Instant } from '#core/instant.ts';

/** One key as configured. */
interface DecryptionKeyEntry {
  /** PKCS8, RSA of 2048 bits or more. */
  readonly pem: string;
  /** Of this very key. */
  readonly certificatePem: string;
  /** From when it is published; absent: it always has been. */
  readonly activeFrom?: Instant;
}

interface DecryptionKeys {
  readonly privateKeys: readonly KeyObject[];
  /** The certificate that others shall encrypt to: of those that are good now, the one with the latest start. */
  publishedCertificate(now: Instant): string | undefined;
}

interface PublishedKey {
  readonly certificatePem: string;
  readonly from: Instant;
  readonly until: Instant;
}

function publishedKeyOf({ activeFrom = 0, certificatePem }: DecryptionKeyEntry): PublishedKey {
  const { validFromDate, validToDate } = new X509Certificate(certificatePem);
  return {
    certificatePem,
    from: Math.max(activeFrom, Math.ceil(validFromDate.getTime() / 1000)),
    until: Math.floor(validToDate.getTime() / 1000),
  };
}

/** Imports the keys that the configuration was found good with; undefined where there are none.
 * @throws {Error} when one cannot be read */
export function loadDecryptionKeys(
  entries: readonly DecryptionKeyEntry[],
): DecryptionKeys | undefined {
  if (entries.length === 0) return undefined;
  const published = entries.map(publishedKeyOf).toSorted((left, right) => right.from - left.from);
  return {
    privateKeys: entries.map(({ pem }) => createPrivateKey(pem)),
    // A certificate that has ended is none to encrypt to; its key still opens what is on the way.
    publishedCertificate: (now) =>
      published.find(({ from, until }) => from <= now && now < until)?.certificatePem,
  };
}

interface ListedDecryptionKey {
  /** The active one is published. All of them decrypt. */
  readonly phase: 'active' | 'next' | 'superseded';
  /** The RFC 7638 thumbprint. */
  readonly kid: string;
  /** From when it is published. */
  readonly activeFrom: Instant;
}

/** Which one is published, which will be, and which only decrypt, as configured. */
export function listDecryptionKeys(
  entries: readonly DecryptionKeyEntry[],
  now: Instant,
): Promise<readonly ListedDecryptionKey[]> {
  const published = loadDecryptionKeys(entries)?.publishedCertificate(now);
  return Promise.all(
    entries.map(async (entry) => {
      const { certificatePem, from } = publishedKeyOf(entry);
      const isActive = certificatePem === published;
      return {
        phase: isActive ? 'active' : from > now ? 'next' : 'superseded',
        kid: await calculateJwkThumbprint(await exportJWK(createPublicKey(entry.pem))),
        activeFrom: from,
      };
    }),
  );
}
