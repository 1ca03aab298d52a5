// wsu:Timestamp (WSS 1.1.1 §10, xml-security E2): one, complete, in UTC, neither in the future nor endless.

import { element, type Markup } from '#bridge/xml/canonical/markup.ts';
import { writeDateTime } from '#bridge/xml/date-time.ts';
import { WSU_NS, wsse, wsu } from '#bridge/xml/namespaces.ts';
import { dateTimeOf } from '#bridge/xml/reader.ts';
import { readInOrder } from '#bridge/xml/shape.ts';
import { elementsOf, type XmlElement } from '#bridge/xml/tree.ts';
import type { Instant } from '#core/instant.ts';
import { SecurityFailure } from './security-failure.ts';

/** When a message was made and until when it is good. */
export interface Timestamp {
  readonly element: XmlElement;
  readonly created: Instant;
  readonly expires: Instant;
}

/** Bounds of a Timestamp, in seconds. */
export interface TimestampRules {
  readonly skewSeconds: number;
  /** The longest life a message may give itself. */
  readonly maxLifetimeSeconds: number;
}

/** Reads a Timestamp: Created and Expires, both.
 * @throws {XmlFailure} `element-unexpected`, `text-malformed` */
export function readTimestamp(timestamp: XmlElement): Timestamp {
  const children = readInOrder(elementsOf(timestamp), 'element-unexpected');
  const created = children.take(WSU_NS, 'Created');
  // Without an end it could be replayed for ever.
  const expires = children.take(WSU_NS, 'Expires');
  children.end();
  return { element: timestamp, created: dateTimeOf(created), expires: dateTimeOf(expires) };
}

/** Holds a Timestamp against the clock.
 * @throws {SecurityFailure} `message-expired` when it is over; `invalid-security` when it begins in the future, ends before
 * it begins, or lives too long */
export function validateTimestamp(
  { created, expires }: Timestamp,
  now: Instant,
  { skewSeconds, maxLifetimeSeconds }: TimestampRules,
): void {
  // How far, for whoever has to find out which clock is wrong.
  const skew = `and the skew is ${skewSeconds} s`;
  if (expires <= now - skewSeconds)
    throw new SecurityFailure('message-expired', `Timestamp over ${now - expires} s ago, ${skew}`);
  if (created > now + skewSeconds) throw refusal(`Timestamp begins in ${created - now} s, ${skew}`);
  if (expires <= created) throw refusal('Timestamp ends before it begins');
  const seconds = expires - created;
  if (seconds > maxLifetimeSeconds)
    throw refusal(`Timestamp lives ${seconds} s, and ${maxLifetimeSeconds} are the most`);
}

const ANSWER_LIFETIME_SECONDS = 300;

/** Writes the Security header of an answer that nothing but a Timestamp is in. */
export function writeTimestampHeader(created: Instant): Markup {
  return element(wsse('Security'), [], [writeTimestamp(created)]);
}

/** Writes the Timestamp of an answer; with an id where it is signed. */
export function writeTimestamp(created: Instant, id?: string): Markup {
  return element(wsu('Timestamp'), id === undefined ? [] : [[wsu('Id'), id]], [
    element(wsu('Created'), [], [writeDateTime(created)]),
    element(wsu('Expires'), [], [writeDateTime(created + ANSWER_LIFETIME_SECONDS)]),
  ]);
}

function refusal(detail: string): SecurityFailure {
  return new SecurityFailure('invalid-security', detail);
}
