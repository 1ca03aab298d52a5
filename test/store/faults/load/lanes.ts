// The accepted-once ledger: each lane presents something fresh, sees what the store says, and presents it again.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ExchangeFailure } from '#core/failure.ts';
import type { Store, StoreKey } from '#core/ports.ts';
import type { Happening, Result } from './happenings.ts';

/** Longer than any run. */
export const LIFETIME_SECONDS = 3600;

export const keyOf = (kind: 'once' | 'revoke' | 'rotate', id: string): StoreKey => {
  const classes = { once: 'once', revoke: 'revoked', rotate: 'rotation' } as const;
  return { class: classes[kind], parts: [id] };
};

interface Seen<T> {
  /** Undefined when the store was closed. */
  readonly value: T | undefined;
  readonly at: number;
  readonly milliseconds: number;
}

/** Times a call. Any error but the store's own refusal is a bug and ends the run. */
async function see<T>(call: () => Promise<T>): Promise<Seen<T>> {
  const [at, start] = [Date.now(), performance.now()];
  const end = (value: T | undefined): Seen<T> => ({
    value,
    at,
    milliseconds: performance.now() - start,
  });
  try {
    return end(await call());
  } catch (cause) {
    if (cause instanceof ExchangeFailure && cause.reason === 'dependency-unavailable')
      return end(undefined);
    throw cause;
  }
}

type Tell = (happening: Happening) => void;
type Reading<T> = (value: T) => { readonly result: Result; readonly violation?: string };

export interface Lane {
  readonly store: Store;
  readonly tell: Tell;
  /** What a client goes on trying while others are served. */
  readonly pending: Set<Promise<void>>;
}

async function observe<T>(
  { tell }: Lane,
  about: Pick<Happening, 'kind' | 'id'>,
  call: () => Promise<T>,
  read: Reading<T>,
): Promise<Result> {
  const { value, at, milliseconds } = await see(call);
  const reading = value === undefined ? { result: 'failed' as const } : read(value);
  tell({ ...about, ...reading, at, milliseconds });
  return reading.result;
}

/** Presents a one-time id. The store names whose mark stands: one's own is no replay. */
const present = (lane: Lane, id: string, attempt: string): Promise<Result> =>
  observe(
    lane,
    { kind: 'once', id },
    () => lane.store.putOnce(keyOf('once', id), attempt, LIFETIME_SECONDS),
    (put) => ({ result: put.stored || put.attempt === attempt ? 'ok' : 'refused' }),
  );

/** A fresh id, and the same again: at once by somebody else, as a thief does. */
async function useOnce(lane: Lane): Promise<void> {
  const id = randomUUID();
  await present(lane, id, 'first');
  await present(lane, id, 'second');
}

async function revoke(lane: Lane): Promise<void> {
  const { store } = lane;
  const id = randomUUID();
  const key = keyOf('revoke', id);
  const result = await observe(
    lane,
    { kind: 'revoke', id },
    () => store.revoke([key], LIFETIME_SECONDS).then(() => true),
    () => ({ result: 'ok' }),
  );
  if (result !== 'ok') return;
  await observe(
    lane,
    { kind: 'look', id },
    () => store.isRevoked([key]),
    (isRevoked) => ({
      result: isRevoked ? 'refused' : 'ok',
      ...(!isRevoked && { violation: 'a revoked token is alive' }),
    }),
  );
}

/** Beyond them a lane begins no other, and goes on with other work: where it waited, one closed shard would stop all that asks the rest. */
const MOST_PENDING = 20;
const SLOW_MILLISECONDS = 100;

/** How often a client tries a refresh whose answer was lost. */
const RETRIES = 40;

/** A client that has no answer tries again and again: nobody waits for it. */
async function rotate(lane: Lane): Promise<void> {
  if (lane.pending.size >= MOST_PENDING) return;
  const patient: Promise<void> = rotateThrough(lane).finally(() => lane.pending.delete(patient));
  lane.pending.add(patient);
  await Promise.race([patient, delay(SLOW_MILLISECONDS)]);
}

/** A family that goes through a few generations. A step without an answer is taken again until there is one. */
async function rotateThrough(lane: Lane): Promise<void> {
  const { store } = lane;
  const id = randomUUID();
  const step = (from: string, to: string, mayWin: boolean): Promise<Result> =>
    observe(
      lane,
      { kind: 'rotate', id },
      () => store.rotate(keyOf('rotate', id), { from, to }, LIFETIME_SECONDS),
      (rotation) => ({
        result: rotation === 'conflict' ? 'refused' : 'ok',
        ...(rotation === 'conflict' && mayWin && { violation: 'a client is locked out' }),
        ...(rotation !== 'conflict' && !mayWin && { violation: 'an old generation was taken' }),
      }),
    );
  const generations = ['', 'one', 'two', 'three'];
  for (const [index, to] of generations.entries()) {
    if (index === 0) continue;
    let result: Result = 'failed';
    for (let attempt = 0; attempt < RETRIES && result === 'failed'; attempt += 1) {
      result = await step(generations[index - 1] ?? '', to, true);
      if (result === 'failed') await delay(200);
    }
    if (result !== 'ok') return;
    if (index > 1) await step(generations[index - 2] ?? '', 'stolen', false);
  }
}

const WORKS = [useOnce, useOnce, revoke, rotate];

/** Runs one lane until it is told to stop. The pause keeps the machine free for the servers. */
export async function runLane(
  lane: Lane,
  {
    pauseMilliseconds,
    isOver,
  }: { readonly pauseMilliseconds: number; readonly isOver: () => boolean },
): Promise<void> {
  for (let turn = 0; !isOver(); turn += 1) {
    await WORKS[turn % WORKS.length]?.(lane);
    await delay(pauseMilliseconds);
  }
  await Promise.all(lane.pending);
}
