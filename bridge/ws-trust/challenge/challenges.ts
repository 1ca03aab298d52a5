// The exchange with a challenge in it (WS-Trust 1.4 §8): a right password of a user with a second factor is answered by a challenge,
// and so is a signed request where an address asks for a fresh signature; the request goes on when the answer comes. A wrong
// answer ends it: there is no second try at one challenge.

import { Buffer } from 'node:buffer';
import { type MarkParts, takeMark } from '#bridge/ws-security/one-time-mark.ts';
import { canonicalize } from '#bridge/xml/canonical/canonical.ts';
import type { Markup } from '#bridge/xml/canonical/markup.ts';
import { DEFAULT_LIMITS } from '#bridge/xml/parser/limits.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import type { XmlDocument, XmlElement } from '#bridge/xml/tree.ts';
import { validateRemembered } from '#core/decision/fence.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { Clock } from '#core/instant.ts';
import type { TrustNames } from '../names.ts';
import { readChallengeResponse } from './challenge-response.ts';
import { type ChallengeKind, createChallengeSeal } from './challenge-seal.ts';
import { writeInteractiveChallenge, writeSignChallenge } from './challenge-writer.ts';

/** What challenges need of the world. */
export interface ChallengeParts extends MarkParts {
  /** 32 bytes, the same for all processes that answer under this issuer. */
  readonly key: Uint8Array;
  readonly clock: Clock;
}

/** A request that a challenge is made for. */
interface ChallengedRequest {
  readonly trust: TrustNames;
  readonly kind: ChallengeKind;
  /** Who must answer: the name in the UsernameToken, or of the requestor who signed. */
  readonly asked: string;
  readonly address: string;
  /** Absent: the exchange gets one. */
  readonly context?: string | undefined;
  /** The child of the Body. */
  readonly payload: XmlElement;
}

/** A request that goes on. */
export interface ResumedRequest {
  readonly kind: ChallengeKind;
  readonly oneTimePassword?: string | undefined;
  readonly asked: string;
  readonly context: string;
  /** The document of the request alone. */
  readonly document: XmlDocument;
}

export interface Challenges {
  /** The Body that asks.
   * @throws {ExchangeFailure} `request-malformed` for a request too large to go to the client and back */
  ask(request: ChallengedRequest): Markup;
  /** The request that an answer belongs to; the challenge is used up by it.
   * @throws {ExchangeFailure} `request-malformed`, `token-expired`, `token-replayed`, `operation-unsupported`,
   * `dependency-unavailable`
   * @throws {XmlFailure} reasons of reading */
  resume(payload: XmlElement, address: string): Promise<ResumedRequest>;
}

/** Long enough to find a phone. */
const LIFETIME_SECONDS = 300;
/** Sealed and in base64 it must fit into a message again. */
const MAX_REQUEST_BYTES = 16 * 1024;

/** Creates the exchange. */
export function createChallenges(parts: ChallengeParts): Challenges {
  const { key, clock, newId, fence } = parts;
  const sealer = createChallengeSeal(key);
  return {
    ask({ trust, kind, asked, address, payload, context = `urn:viaduct:challenge:${newId()}` }) {
      // With every namespace in scope: the request may hold names of types as text, and tokens that are signed.
      const request = canonicalize(payload, { inclusive: true, maxBytes: MAX_REQUEST_BYTES });
      const until = clock.now() + LIFETIME_SECONDS;
      const sealed = sealer.seal({ kind, id: newId(), until, asked, context, address, request });
      const write = kind === 'signature' ? writeSignChallenge : writeInteractiveChallenge;
      return write(trust, { context, sealed });
    },
    async resume(payload, address) {
      const response = readChallengeResponse(payload);
      const { asked, context, id, kind, request, until, ...state } = sealer.open(response.state);
      const isOfExchange = context === response.context && address === state.address;
      if (!isOfExchange || kind !== response.kind)
        throw new ExchangeFailure('request-malformed', 'an answer in another exchange');
      const now = clock.now();
      if (now >= until) throw new ExchangeFailure('token-expired', 'the challenge is over');
      validateRemembered(until - LIFETIME_SECONDS, fence());
      if (!(await takeMark(['challenge', id], until - now, parts)))
        throw new ExchangeFailure('token-replayed', 'the challenge was answered before');
      const document = parseXml(Buffer.from(request), DEFAULT_LIMITS);
      return { kind, oneTimePassword: response.oneTimePassword, asked, context, document };
    },
  };
}
