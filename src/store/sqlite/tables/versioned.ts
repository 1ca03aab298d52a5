// Every stored value says in which form it was written, so that two releases can share a store while one replaces the other.
import { ExchangeFailure } from '#core/failure.ts';
import { VALUE_VERSION } from '../schema.ts';

export interface Versioned {
  readonly version: number;
}

/** @throws {ExchangeFailure} `dependency-unavailable` for a form of a later release: a guess at its meaning could be wrong */
export function assertReadable({ version }: Versioned): void {
  if (version > VALUE_VERSION) {
    throw new ExchangeFailure('dependency-unavailable', `a stored value has version ${version}`);
  }
}
