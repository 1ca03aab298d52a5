// Lists of revocation that lie in files. Each has an end, and from then on whoever it speaks for is refused: it is told before.
import type { Instant } from '#core/instant.ts';
import type { Config } from '#src/config/config.ts';
import type { Problem } from '#src/config/problem.ts';
import { DerFailure } from '#src/trust/x509/der.ts';
import { writeName } from '#src/trust/x509/distinguished-name.ts';
import { parseListHead, parseRevocationList } from '#src/trust/x509/revocation/crl.ts';

/** What the lists of one authority say until when. */
interface ListedAuthority {
  /** The id of the trusted issuer, and its place in the configuration. */
  readonly issuer: string;
  readonly index: number;
  /** The name of the authority (RFC 4514). */
  readonly authority: string;
  readonly end: Instant;
}

/** The authorities that files tell of, each with the end of its last list: an older one beside it does no harm. */
export function listedAuthorities({ trustedIssuers }: Config): readonly ListedAuthority[] {
  return trustedIssuers.flatMap(({ id: issuer, x509 }, index) => {
    const ends = new Map<string, Instant>();
    for (const list of (x509?.revocation?.lists ?? []).flatMap(parseKept)) {
      const authority = writeName(list.issuer);
      ends.set(authority, Math.max(ends.get(authority) ?? 0, list.nextUpdate));
    }
    return [...ends].map(([authority, end]) => ({ issuer, index, authority, end }));
  });
}

// What cannot be read was refused before.
function parseKept(pem: string): readonly ReturnType<typeof parseListHead>[] {
  try {
    return [parseListHead(Buffer.from(pem))];
  } catch (cause) {
    if (!(cause instanceof DerFailure)) throw cause;
    return [];
  }
}

/** Warnings of lists that have ended. No errors: the end of one authority must not be the end of all. */
export function endedLists(config: Config, now: Instant): readonly Problem[] {
  return listedAuthorities(config)
    .filter(({ end }) => now >= end)
    .map(({ authority, end, index }) => ({
      code: 'CONFIG_KEY',
      severity: 'warning',
      file: config.file,
      line: 1,
      column: 1,
      path: `trustedIssuers[${index}].x509.revocation.lists`,
      what: `that of ${authority} ended at ${isoOf(end)}`,
      why: 'it says nothing any more, and a certificate of which nobody says that it is not revoked is refused',
      fix: 'take the list that the authority publishes now, or name its url: then it is fetched in time',
    }));
}

/** Tells of a list until when it is good.
 * @throws {Error} when it has ended */
export function describeEnd(end: Instant, now: Instant): string {
  if (now >= end) throw new Error(`it ended at ${isoOf(end)}`);
  return `good until ${isoOf(end)}`;
}

/** Tells of a list that was fetched whose it is, and until when it is good.
 * @throws {Error} when it is none, or has ended */
export function describeList(encoded: Buffer, now: Instant): string {
  const { issuer, nextUpdate } = parseRevocationList(encoded);
  return `of ${writeName(issuer)}, ${describeEnd(nextUpdate, now)}`;
}

const isoOf = (instant: Instant): string => new Date(instant * 1000).toISOString();
