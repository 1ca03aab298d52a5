// What an answer is written in: JSON, or the bare assertion as XML (RFC 9110 §12.5.1). Decided before anything is made: a token
// that nobody can read would be on record all the same.

import { ExchangeFailure } from '#core/failure.ts';

export const JSON_TYPE = 'application/json';
export const XML_TYPE = 'application/xml';

const MAX_RANGES = 20;
const RANGE =
  /^([\w!#$&^.+*-]+\/[\w!#$&^.+*-]+)((?:\s*;\s*[\w!#$&^.+-]+=(?:[\w!#$&^.+-]+|"[^"]*"))*)$/;
const QUALITY = /;\s*q=(\d(?:\.\d{1,3})?)(?![\d.])/i;

interface Range {
  readonly type: string;
  readonly quality: number;
}

/** The one of these that the client likes best, the first of equals; undefined when it wants none of them.
 * @throws {ExchangeFailure} `request-malformed` */
export function negotiate(
  accept: string | undefined,
  offers: readonly string[],
): string | undefined {
  if (accept === undefined || accept.trim() === '') return offers[0];
  const parts = accept.split(',', MAX_RANGES + 1);
  if (parts.length > MAX_RANGES) throw malformed();
  const ranges = parts.map((part) => readRange(part.trim()));
  const [best] = offers
    .map((offer) => ({ offer, quality: qualityOf(offer, ranges) }))
    .filter(({ quality }) => quality > 0)
    .toSorted((left, right) => right.quality - left.quality);
  return best?.offer;
}

function readRange(text: string): Range {
  const [, type, parameters = ''] = RANGE.exec(text) ?? [];
  if (type === undefined) throw malformed();
  const [, quality = '1'] = QUALITY.exec(parameters) ?? [];
  return { type: type.toLowerCase(), quality: Number(quality) };
}

// The most specific range that fits counts, whatever others say.
function qualityOf(offer: string, ranges: readonly Range[]): number {
  const family = `${offer.split('/')[0] ?? ''}/*`;
  for (const wanted of [offer, family, '*/*']) {
    const found = ranges.find(({ type }) => type === wanted);
    if (found) return found.quality;
  }
  return 0;
}

const malformed = (): ExchangeFailure =>
  new ExchangeFailure('request-malformed', 'Accept is malformed');
