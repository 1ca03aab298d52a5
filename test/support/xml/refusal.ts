// Assertions on refusals: the reason is what counts, the text is for the log.

import assert from 'node:assert/strict';
import { XmlFailure, type XmlFailureReason } from '#bridge/xml/failure.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import type { XmlDocument } from '#bridge/xml/tree.ts';

/** Asserts that a call is refused for this reason. */
export function assertRefused(action: () => unknown, reason: XmlFailureReason): void {
  assert.throws(action, (error) => isFailure(error, reason));
}

/** Asserts that a promise is refused for this reason. */
export async function assertRejected(
  promise: Promise<unknown>,
  reason: XmlFailureReason,
): Promise<void> {
  await assert.rejects(promise, (error) => isFailure(error, reason));
}

/** Parses text. */
export function parse(text: string): XmlDocument {
  return parseXml(new TextEncoder().encode(text));
}

function isFailure(error: unknown, reason: XmlFailureReason): boolean {
  assert.ok(error instanceof XmlFailure, `not an XmlFailure: ${String(error)}`);
  assert.equal(error.reason, reason, error.message);
  return true;
}
