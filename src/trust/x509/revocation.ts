// Whether the certificates of a path are revoked: by lists at hand, by OCSP, by lists that are fetched. Not knowing is no answer:
// it fails closed.
import { ExchangeFailure } from '#core/failure.ts';
import type { Clock, Instant } from '#core/instant.ts';
import type { FetchBytes } from '../fetch-text.ts';
import type { Certificate } from './certificate.ts';
import {
  distributionPointsOf,
  isListed,
  isListFor,
  parseRevocationList,
  type RevocationList,
} from './crl.ts';
import {
  type IssuedCertificate,
  readOcspResponse,
  respondersOf,
  writeOcspRequest,
} from './ocsp.ts';
import type { CertificatePath } from './path.ts';

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
}

/** Checks every certificate of a path but the anchor.
 * @throws {ExchangeFailure} `token-revoked`, `dependency-unavailable` */
export type RevocationCheck = (path: CertificatePath) => Promise<void>;

/** An answer is asked for anew after this time, however long it says that it is good. */
const REFETCH_SECONDS = 3600;
/** A source that failed is left alone for this time. */
const RETRY_SECONDS = 30;
const MAX_ANSWERS = 10_000;
const MAX_ADDRESSES = 4;

interface Held<Answer> {
  readonly answer: Answer | undefined;
  readonly at: Instant;
  readonly until: Instant;
}

/** Keeps what was fetched; those who ask meanwhile wait for the same fetch. */
class Answers<Answer> {
  readonly #held = new Map<string, Held<Answer>>();
  readonly #running = new Map<string, Promise<Answer | undefined>>();
  readonly #clock: Clock;
  readonly #onFailure: (cause: unknown) => void;

  constructor({ clock, onFailure }: RevocationParts) {
    this.#clock = clock;
    this.#onFailure = onFailure;
  }

  async find(
    key: string,
    load: (now: Instant) => Promise<{ answer: Answer; until: Instant }>,
  ): Promise<Answer | undefined> {
    const now = this.#clock.now();
    const held = this.#held.get(key);
    // A clock that was set back must not make an answer, or the failure of a source, last longer.
    if (held && held.at <= now && now < held.until) return held.answer;
    const running = this.#running.get(key);
    // Where it failed the last time one asks again, and nobody waits with them: a source that does not answer would have them take every
    // place there is.
    if (running && held && held.answer === undefined) return undefined;
    const asked = running ?? this.#load(key, () => load(now));
    this.#running.set(key, asked);
    try {
      return await asked;
    } finally {
      this.#running.delete(key);
    }
  }

  async #load(
    key: string,
    load: () => Promise<{ answer: Answer; until: Instant }>,
  ): Promise<Answer | undefined> {
    const now = this.#clock.now();
    try {
      const { answer, until } = await load();
      this.#keep(key, { answer, at: now, until: Math.min(until, now + REFETCH_SECONDS) });
      return answer;
    } catch (cause) {
      this.#onFailure(cause);
      this.#keep(key, { answer: undefined, at: now, until: now + RETRY_SECONDS });
      return undefined;
    }
  }

  #keep(key: string, held: Held<Answer>): void {
    this.#held.delete(key);
    this.#held.set(key, held);
    const [oldest] = this.#held.keys();
    if (this.#held.size > MAX_ANSWERS && oldest !== undefined) this.#held.delete(oldest);
  }
}

/** A check over these sources. */
export function createRevocationCheck(parts: RevocationParts): RevocationCheck {
  const isRevoked = createQuestion(parts);
  return async (path) => {
    for (const [index, issuer] of path.slice(1).entries()) {
      const certificate = path[index];
      if (!certificate) continue;
      const found = await isRevoked({ certificate, issuer });
      if (found === true) throw new ExchangeFailure('token-revoked', 'a certificate is revoked');
      if (found === undefined)
        throw new ExchangeFailure(
          'dependency-unavailable',
          'whether a certificate is revoked is not known',
        );
    }
  };
}

/** Whether a certificate is revoked; undefined: nobody says. */
type Question = (question: IssuedCertificate) => Promise<boolean | undefined>;

function createQuestion(parts: RevocationParts): Question {
  const { clock, settings } = parts;
  // The newest first: an older one that is not over yet does not know who was revoked since.
  const own = settings.lists.toSorted((left, right) => right.thisUpdate - left.thisUpdate);
  const fetchList = createListFetcher(parts);
  const askResponder = createResponderClient(parts);
  const isListedIn = (list: RevocationList | undefined, question: IssuedCertificate) =>
    list && isListFor(list, question, clock.now())
      ? isListed(list, question.certificate)
      : undefined;
  return async (question) => {
    for (const list of own) {
      const found = isListedIn(list, question);
      if (found !== undefined) return found;
    }
    for (const url of addresses(settings, question.certificate, 'ocsp')) {
      const status = await askResponder(url, question);
      if (status) return status === 'revoked';
    }
    for (const url of addresses(settings, question.certificate, 'list')) {
      const found = isListedIn(await fetchList(url), question);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

function createListFetcher(parts: RevocationParts) {
  const lists = new Answers<RevocationList>(parts);
  return (url: string) =>
    lists.find(url, async () => {
      const answer = parseRevocationList(await parts.fetchBytes(url));
      return { answer, until: answer.nextUpdate };
    });
}

function createResponderClient(parts: RevocationParts) {
  const statuses = new Answers<'good' | 'revoked'>(parts);
  return (url: string, question: IssuedCertificate) => {
    const { certificate, issuer } = question;
    const key = [url, issuer.x509.fingerprint256, certificate.serialNumber].join(' ');
    return statuses.find(key, async (now) => {
      const body = writeOcspRequest(question);
      const bytes = await parts.fetchBytes(url, {
        body,
        contentType: 'application/ocsp-request',
      });
      const { nextUpdate, status } = readOcspResponse(bytes, question, now);
      if (status === 'unknown') throw new Error('the responder does not know the certificate');
      return { answer: status, until: nextUpdate };
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
