// What a rotation step means against the state that stands. One rule for all adapters that can read before they write.
import type { Rotation, RotationStep } from '#core/ports.ts';

export interface RotationState {
  readonly previous: string;
  readonly current: string;
}

/** The `from` of the first step, for a family that does not exist yet. */
const NO_GENERATION = '';

/** @throws {Error} for a step that leads nowhere */
export function assertStep({ from, to }: RotationStep): void {
  if (from === to || to === NO_GENERATION) throw new Error('a rotation leads to a new generation');
}

/** Decides a step. Where there is no family, any step but the first is a conflict: else whoever holds an old generation could use
 * it again once the family has ended. Only the last step is recognised when repeated.
 * @throws {Error} for a step that leads nowhere */
export function decideRotation(state: RotationState | undefined, step: RotationStep): Rotation {
  assertStep(step);
  const { from, to } = step;
  if (!state) return from === NO_GENERATION ? 'rotated' : 'conflict';
  if (state.current === from) return 'rotated';
  return state.current === to && state.previous === from ? 'repeated' : 'conflict';
}
