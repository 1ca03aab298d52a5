// Whether the certificates of a path are revoked: by lists at hand, by OCSP, by lists that are fetched. Not knowing is no answer:
// it fails closed.

import { ExchangeFailure } from '#core/failure.ts';
import { putLast } from '#core/foreign/bounded-map.ts';
import {
  createFetched,
  type Fetched,
  type Load,
  type RefreshSettings,
} from '#core/foreign/fetched.ts';
import type { Clock } from '#core/instant.ts';
import type { FetchBytes } from '../../fetch-text.ts';
import type { Certificate } from '../certificate.ts';
import { createLinkMemory } from '../link-memory.ts';
import type { CertificatePath } from '../path.ts';
import {
  distributionPointsOf,
  isListed,
  isListFor,
  parseRevocationList,
  type RevocationList,
} from './crl.ts';
import {
  type IssuedCertificate,
  type OcspStatus,
  readOcspResponse,
  respondersOf,
  writeOcspRequest,
} from './ocsp.ts';

/** Where answers come from. */
interface RevocationSettings {
  /** They are as good as their `nextUpdate`. */
  readonly lists: readonly RevocationList[];
  readonly listUrls: readonly string[];
  readonly ocspUrl?: string;
  /** Whether the addresses in certificates are asked: responders, then lists. */
  readonly asksCertificateAddresses: boolean;
}

export interface RevocationParts {
  readonly settings: RevocationSettings;
  readonly fetchBytes: FetchBytes;
  readonly clock: Clock;
  /** Told of every source that failed; for the log. */
  readonly onFailure: (cause: unknown) => void;
  /** How often all was to be asked anew. */
  readonly renewals?: () => number;
}

/** Refuses a path of which a certificate is revoked; the anchor is not asked about. Of one that is over nothing need be known: its
 * authority need not list it any more (RFC 5280 §3.3). `atHand`: no source is asked, and of what is not known nothing is said.
 * @throws {ExchangeFailure} `token-revoked`, `dependency-unavailable` */
export type RequireUnrevoked = (path: CertificatePath, terms?: Terms) => Promise<void>;

interface Terms {
  readonly atHand: boolean;
}

/** An answer is asked for anew after an hour, however long it says that it is good, and is good no longer than it says. */
const ANSWER_SETTINGS: RefreshSettings = {
  defaultFreshSeconds: 3600,
  refetchSeconds: 30,
  staleSeconds: 0,
};
const MAX_ANSWERS = 10_000;
const MAX_ADDRESSES = 4;

/** Keeps what was fetched, of what was asked for last. */
function createAnswers<Answer>(parts: RevocationParts) {
  const sources = new Map<string, Fetched<Answer>>();
  return async (
    key: string,
    { atHand }: Terms,
    load: Load<Answer>,
  ): Promise<Answer | undefined> => {
    if (atHand) return sources.get(key)?.atHand();
    const source = sources.get(key) ?? createFetched({ ...parts, settings: ANSWER_SETTINGS });
    putLast(sources, [key, source], MAX_ANSWERS);
    return (await source.current(load))?.content;
  };
}

/** Keeps the newest answer of each name. One that is older than what is known would give a revoked certificate back (RFC 5280 §5.2.3): from a
 * server that lags behind, or from who is on the way. */
function createNewest<Answer extends { readonly thisUpdate: number }>() {
  const newest = new Map<string, Answer>();
  return (name: string, answer: Answer): Answer => {
    const known = newest.get(name);
    const kept = known && known.thisUpdate > answer.thisUpdate ? known : answer;
    putLast(newest, [name, kept], MAX_ANSWERS);
    return kept;
  };
}

/** Revocation by these sources. */
export function createRevocation(parts: RevocationParts): RequireUnrevoked {
  const isRevoked = createQuestion(parts);
  return async (path, { atHand } = { atHand: false }) => {
    for (const [index, issuer] of path.slice(1).entries()) {
      const certificate = path[index];
      if (!certificate) continue;
      const found = await isRevoked({ certificate, issuer }, { atHand });
      if (found === true) throw new ExchangeFailure('token-revoked', 'a certificate is revoked');
      if (found === undefined && !atHand && parts.clock.now() <= certificate.notAfter)
        throw new ExchangeFailure(
          'dependency-unavailable',
          'whether a certificate is revoked is not known',
        );
    }
  };
}

/** Whether a certificate is revoked; undefined: nobody says. */
type Question = (question: IssuedCertificate, terms: Terms) => Promise<boolean | undefined>;

function createQuestion(parts: RevocationParts): Question {
  const { clock, settings } = parts;
  // The newest first: an older one that is not over yet does not know who was revoked since.
  const own = settings.lists.toSorted((left, right) => right.thisUpdate - left.thisUpdate);
  const fetchList = createListFetcher(parts);
  const askResponder = createResponderClient(parts);
  const links = createLinkMemory<RevocationList>();
  const newest = createNewest<RevocationList>();
  const isFor = (list: RevocationList, question: IssuedCertificate) =>
    isListFor(list, question, { links, now: clock.now() });
  const isListedIn = (list: RevocationList | undefined, question: IssuedCertificate) =>
    list && isFor(list, question) ? isListed(list, question.certificate) : undefined;
  // Of lists of this issuer: what somebody else signed must not pass for a newer one.
  const newestAt = (url: string, list: RevocationList, question: IssuedCertificate) =>
    isFor(list, question)
      ? newest([url, question.issuer.x509.fingerprint256].join(' '), list)
      : undefined;
  return async (question, terms) => {
    for (const list of own) {
      const found = isListedIn(list, question);
      if (found !== undefined) return found;
    }
    for (const url of addresses(settings, question.certificate, 'ocsp')) {
      const status = await askResponder(url, question, terms);
      if (status) return status === 'revoked';
    }
    for (const url of addresses(settings, question.certificate, 'list')) {
      const list = await fetchList(url, terms);
      const found = isListedIn(list && newestAt(url, list, question), question);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

function createListFetcher(parts: RevocationParts) {
  const find = createAnswers<RevocationList>(parts);
  return (url: string, terms: Terms) =>
    find(url, terms, async () => {
      const content = parseRevocationList(await parts.fetchBytes(url));
      return { content, validUntil: content.nextUpdate };
    });
}

function createResponderClient(parts: RevocationParts) {
  const find = createAnswers<'good' | 'revoked'>(parts);
  const newest = createNewest<OcspStatus>();
  return (url: string, question: IssuedCertificate, terms: Terms) => {
    const { certificate, issuer } = question;
    const key = [url, issuer.x509.fingerprint256, certificate.serialNumber].join(' ');
    return find(key, terms, async (now) => {
      const body = writeOcspRequest(question);
      const bytes = await parts.fetchBytes(url, {
        body,
        contentType: 'application/ocsp-request',
      });
      const { nextUpdate, status } = newest(key, readOcspResponse(bytes, question, now));
      if (status === 'unknown') throw new Error('the responder does not know the certificate');
      return { content: status, validUntil: nextUpdate };
    });
  };
}

function addresses(
  { asksCertificateAddresses, listUrls, ocspUrl }: RevocationSettings,
  certificate: Certificate,
  kind: 'list' | 'ocsp',
): readonly string[] {
  const own = kind === 'list' ? listUrls : ocspUrl === undefined ? [] : [ocspUrl];
  const named = kind === 'list' ? distributionPointsOf(certificate) : respondersOf(certificate);
  // Of one who may name them: their issuer signed the certificate before its addresses are asked.
  return asksCertificateAddresses ? [...own, ...named.slice(0, MAX_ADDRESSES)] : own;
}
