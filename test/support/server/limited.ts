// What tests of rate limits have in common: a small bucket, and what the refusal looks like.
import assert from 'node:assert/strict';
import { eventually } from '#test/support/eventually.ts';
import type { Answer, TestServer } from './server.ts';

/** Three at once, then one every ten seconds. */
export const RATE = { requestsPerSecond: 0.1, burst: 3 };

/** RFC 6585 §4. */
export function assertLimited({ status, headers, body, text }: Answer): void {
  assert.equal(status, 429, text);
  assert.equal(body['error'], 'temporarily_unavailable');
  assert.match(headers.get('retry-after') ?? '', /^([1-9]|10)$/);
}

/** The fault that says the same. */
export function assertLimitedFault({
  status,
  headers,
  text,
}: Pick<Answer, 'status' | 'headers' | 'text'>): void {
  assert.equal(status, 500, text);
  assert.match(text, /<s:Value>s:Receiver<\/s:Value>.*RequestFailed/);
  assert.match(headers.get('retry-after') ?? '', /^([1-9]|10)$/);
}

export const statuses = (answers: readonly { readonly status: number }[]): readonly number[] =>
  answers.map(({ status }) => status);

export async function oneAfterTheOther<T>(
  times: number,
  ask: () => Promise<T>,
): Promise<readonly T[]> {
  const answers: T[] = [];
  for (let time = 0; time < times; time += 1) answers.push(await ask());
  return answers;
}

/** So many exchanges, each of a fresh token about Alice. */
export const tokens = (server: TestServer, count: number): Promise<readonly Answer[]> =>
  oneAfterTheOther(count, () => server.exchange());

/** The audit once a limit is on record that was reached: the refusal does not wait for it. */
export async function recordsOfLimit(server: TestServer): ReturnType<TestServer['auditRecords']> {
  await eventually('a limit is on record', async () =>
    (await server.auditRecords()).some(({ event }) => event === 'limit.reached'),
  );
  return server.auditRecords();
}
