// Lists of revocation that lie in files. Each has an end, and from then on whoever it speaks for is refused: it is told before.
import type { Instant } from '#core/instant.ts';
import type { Config } from '#src/config/config.ts';
import { problemAt } from '#src/config/load.ts';
import type { Path, Problem } from '#src/config/problem.ts';
import { DerFailure } from '#src/trust/x509/der.ts';
import { writeName } from '#src/trust/x509/distinguished-name.ts';
import { parseListHead, parseRevocationList } from '#src/trust/x509/revocation/crl.ts';

/** What the lists of one authority say until when. */
interface ListedAuthority {
  /** The id of the trusted issuer, and where the last list stands. */
  readonly issuer: string;
  readonly path: Path;
  /** The name of the authority (RFC 4514). */
  readonly authority: string;
  readonly end: Instant;
}

/** The authorities that files tell of, each with the end of its last list: an older one beside it does no harm. */
export function listedAuthorities({ trustedIssuers }: Config): readonly ListedAuthority[] {
  return trustedIssuers.flatMap(({ id: issuer, x509 }, at) => {
    const last = new Map<string, ListedAuthority>();
    for (const { index, pem } of x509?.revocation?.lists ?? []) {
      const head = parseKept(pem);
      if (!head) continue;
      const [authority, end] = [writeName(head.issuer), head.nextUpdate];
      const path = ['trustedIssuers', at, 'x509', 'revocation', 'lists', index, 'file'];
      if (end > (last.get(authority)?.end ?? 0))
        last.set(authority, { issuer, path, authority, end });
    }
    return [...last.values()];
  });
}

// What cannot be read was refused before.
function parseKept(pem: string): ReturnType<typeof parseListHead> | undefined {
  try {
    return parseListHead(Buffer.from(pem));
  } catch (cause) {
    if (!(cause instanceof DerFailure)) throw cause;
    return undefined;
  }
}

/** Warnings of lists that have ended. No errors: the end of one authority must not be the end of all. */
export function endedLists(config: Config, now: Instant): Promise<readonly Problem[]> {
  const ended = listedAuthorities(config).filter(({ end }) => now >= end);
  const problems = ended.map(({ authority, end, path }) =>
    problemAt(config.file, path, {
      code: 'CONFIG_KEY',
      severity: 'warning',
      what: `the list of ${authority} ended at ${isoOf(end)}`,
      why: 'it says nothing any more, and a certificate of which nobody says that it is not revoked is refused',
      fix: 'take the list that the authority publishes now, or name its url: then it is fetched in time',
    }),
  );
  return Promise.all(problems);
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

/** An instant as people read it. */
export const isoOf = (instant: Instant): string => new Date(instant * 1000).toISOString();
