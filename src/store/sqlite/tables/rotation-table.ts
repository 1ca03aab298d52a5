// Generations of refresh families. Read, then write: safe because the transaction holds the write lock from its start.
import type { DatabaseSync } from 'node:sqlite';
import type { Instant } from '#core/instant.ts';
import type { Rotation, RotationStep } from '#core/ports.ts';
import { decideRotation, type RotationState } from '../../rotation-step.ts';
import { VALUE_VERSION } from '../schema.ts';
import { assertReadable, type Versioned } from './versioned.ts';

interface FamilyStep extends RotationStep {
  readonly key: string;
  readonly now: Instant;
  readonly expiresAt: Instant;
}

export interface RotationTable {
  /** Runs within a transaction. */
  rotate(step: FamilyStep): Rotation;
}

/** The generations in a database. */
export function prepareRotationTable(database: DatabaseSync): RotationTable {
  const select = database.prepare(
    'SELECT previous, current, version FROM rotation WHERE key = ? AND expires_at > ?',
  );
  // A family lives as long as its longest generation: were it shortened, an old one could start it anew.
  const upsert = database.prepare(
    `INSERT INTO rotation (key, previous, current, version, expires_at) VALUES (?, ?, ?, ${VALUE_VERSION}, ?)
     ON CONFLICT (key) DO UPDATE SET previous = excluded.previous, current = excluded.current,
       version = excluded.version, expires_at = max(rotation.expires_at, excluded.expires_at)`,
  );
  return {
    rotate({ key, from, to, now, expiresAt }) {
      const state = select.get(key, now) as (RotationState & Versioned) | undefined;
      if (state) assertReadable(state);
      const rotation = decideRotation(state, { from, to });
      if (rotation === 'rotated') upsert.run(key, from, to, expiresAt);
      return rotation;
    },
  };
}
