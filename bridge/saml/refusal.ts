// Refusals of XML become refusals of the product: the reason says what was wrong, the text stays in our log.

import { XmlFailure } from '#bridge/xml/failure.ts';
import { ExchangeFailure, type FailureReason } from '#core/failure.ts';

/** A refusal. */
export function refuse(reason: FailureReason, detail: string): never {
  throw new ExchangeFailure(reason, detail);
}

/** Rethrows a refusal of XML as one of the product, for this reason; anything else is a bug and passes. */
function rethrow(cause: unknown, reason: FailureReason): never {
  if (!(cause instanceof XmlFailure)) throw cause;
  // The text names elements and algorithms, never content; it stays in the log all the same.
  throw new ExchangeFailure(reason, `${cause.reason}: ${cause.message}`, { cause });
}

/** Runs a step that reads XML.
 * @throws {ExchangeFailure} for this reason where XML is refused */
export function refusedAs<T>(reason: FailureReason, step: () => T): T {
  try {
    return step();
  } catch (cause) {
    return rethrow(cause, reason);
  }
}

/** Runs an asynchronous step that reads or writes XML.
 * @throws {ExchangeFailure} for this reason where XML is refused */
export async function rejectedAs<T>(reason: FailureReason, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    return rethrow(cause, reason);
  }
}
