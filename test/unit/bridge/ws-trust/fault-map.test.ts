// The documented faults are those of the code, and no sentence tells more than its code.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  ENVELOPE_FAULTS,
  type FaultRow,
  REASON_FAULTS,
  SECURITY_FAULTS,
} from '#bridge/ws-trust/fault-map.ts';
import { FAILURE_REASONS } from '#core/failure.ts';

import { faultCatalogue, withFaults } from '#test/spec/ws-trust/write-fault-catalogue.ts';

const PAGE = readFileSync(new URL('../../../../docs/ws-trust.md', import.meta.url), 'utf8');
const rowsAfter = (heading: string) =>
  (PAGE.split(`## ${heading}\n`)[1] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.replaceAll('`', '').trim()),
    );
const PREFIXES = { trust: 'wst', wsse: 'wsse', conversation: 'wsc' } as const;
const codeOf = ({ standard, code }: FaultRow) => `${PREFIXES[standard]}:${code}`;

test('docs/errors.md: has the faults that the front answers with; npm run errors:faults writes them', () => {
  const page = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8');

  assert.equal(page, withFaults(page));
  assert.ok(page.includes(faultCatalogue()));
});

test('docs/ws-trust.md: has every reason with its fault', () => {
  const expected = FAILURE_REASONS.map((reason) => {
    const { party } = REASON_FAULTS[reason];
    return [
      reason,
      codeOf(REASON_FAULTS[reason]),
      party === 'Sender' ? party : `${party}, with Retry-After`,
    ];
  });

  assert.deepEqual(rowsAfter('Faults').slice(0, FAILURE_REASONS.length), expected);
});

test('docs/ws-trust.md: has every fault of the Security header that comes from us', () => {
  const documented = rowsAfter('Faults')
    .slice(FAILURE_REASONS.length)
    .map(([code]) => code);

  for (const [code, row] of Object.entries(SECURITY_FAULTS)) {
    // What only a verifier of signatures says, and what has the same code as a refused password.
    if (code === 'failed-check' || code === 'failed-authentication') continue;
    assert.ok(documented.includes(codeOf(row)), code);
  }
});

test('ws-trust §3.9: one code has one sentence', () => {
  const sentences = new Map<string, string>();
  for (const row of [REASON_FAULTS, SECURITY_FAULTS, ENVELOPE_FAULTS].flatMap((map) =>
    Object.values<FaultRow>(map),
  )) {
    assert.equal(sentences.get(codeOf(row)) ?? row.reason, row.reason, codeOf(row));
    sentences.set(codeOf(row), row.reason);
  }
  assert.ok(sentences.size >= 12);
});
