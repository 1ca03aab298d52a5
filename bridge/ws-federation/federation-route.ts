// The address of the federation metadata. The document is signed once for a while: whoever asks for it again and again
// must not make us sign again and again.

import type { SignOptions } from '#bridge/xml/signature/sign.ts';
import type { Clock, Instant } from '#core/instant.ts';
import { type FederationFacts, writeFederationMetadata } from './federation-metadata.ts';

export const FEDERATION_METADATA_PATH = '/FederationMetadata/2007-06/FederationMetadata.xml';

/** How long others may keep it: as long as our key set, for both tell of the same rollover. */
const MAX_AGE_SECONDS = 300;
/** A reader that cannot reach us for longer must not go on with keys we may have taken back. */
const VALID_SECONDS = 7 * 86_400;

export interface FederationRouteParts {
  /** What it says at an instant; `publicBase` is our public address without a slash at its end. */
  readonly factsAt: (now: Instant, publicBase: string) => FederationFacts;
  readonly signingAt: (now: Instant) => SignOptions;
  readonly clock: Clock;
  /** A new unguessable id. */
  readonly newId: () => string;
}

export const FEDERATION_METADATA_HEADERS = {
  'content-type': 'application/samlmetadata+xml; charset=utf-8',
  'cache-control': `public, max-age=${MAX_AGE_SECONDS}`,
};

interface Written {
  readonly publicBase: string;
  readonly at: Instant;
  readonly text: Promise<string>;
}

// A clock that was set back must not have a document used that is good for longer than it may be.
const isFresh = ({ at }: Written, now: Instant): boolean => at <= now && now < at + MAX_AGE_SECONDS;

/** Answers a GET of the metadata with its text.
 * @throws {Error} when the key cannot sign */
export function createFederationRoute(
  parts: FederationRouteParts,
): (publicBase: string) => Promise<string> {
  let written: Written | undefined;
  const write = (publicBase: string, now: Instant): Written => ({
    publicBase,
    at: now,
    text: writeFederationMetadata(
      parts.factsAt(now, publicBase),
      { id: `_${parts.newId()}`, validUntil: now + VALID_SECONDS },
      parts.signingAt(now),
    ),
  });
  return async (publicBase) => {
    const now = parts.clock.now();
    if (!written || !isFresh(written, now) || written.publicBase !== publicBase)
      written = write(publicBase, now);
    try {
      return await written.text;
    } catch (cause) {
      // What failed must not be kept.
      written = undefined;
      throw cause;
    }
  };
}
