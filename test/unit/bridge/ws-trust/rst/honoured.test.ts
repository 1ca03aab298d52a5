// What may stand beside the target of Renew, Validate and Cancel, name by name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyOverTls } from '#bridge/ws-security/encryption/protected-body.ts';
import { requireOnly, targetOf } from '#bridge/ws-trust/rst/honoured.ts';
import type { ParameterName } from '#bridge/ws-trust/rst/parameters.ts';
import { readRst } from '#bridge/ws-trust/rst/read-rst.ts';
import { refusedAs } from '#test/support/core.ts';
import { anEnvelope, envelopeOf } from '#test/support/soap/soap.ts';
import { anRst } from '#test/support/ws-trust/rst.ts';

const { rst } = readRst(bodyOverTls(envelopeOf(anEnvelope({ body: anRst() })), true), []);
const requireBeside = (...names: readonly ParameterName[]) =>
  requireOnly({ ...rst, present: new Set(names) }, 'CancelTarget', ['Lifetime']);

test('WS-Trust 1.3 §6: the target alone, and what the operation hears beside it', () => {
  requireBeside('CancelTarget');
  requireBeside('RequestType', 'TokenType', 'CancelTarget', 'Lifetime');
});

test('WS-Trust 1.3 §6: refuses a request without its target', () => {
  assert.throws(() => requireBeside('RequestType'), refusedAs('request-malformed'));
});

for (const name of ['OnBehalfOf', 'ActAs', 'RenewTarget', 'ValidateTarget'] as const)
  test(`WS-Trust 1.3 §6: refuses ${name} beside the target: which token is meant is open`, () => {
    assert.throws(() => requireBeside('CancelTarget', name), refusedAs('request-malformed'));
  });

test('WS-Trust 1.3 §5: refuses a CancelTarget beside the target of another operation', () => {
  const present = new Set(['RenewTarget', 'CancelTarget'] as const);

  assert.throws(
    () => requireOnly({ ...rst, present }, 'RenewTarget', []),
    refusedAs('request-malformed'),
  );
});

test('ws-trust §13: refuses what the operation does not hear', () => {
  assert.throws(() => requireBeside('CancelTarget', 'KeyType'), refusedAs('operation-unsupported'));
});

test('WS-Trust 1.3 §5-7: a target that nobody required is a bug', () => {
  const token = { type: 'jwt', use: 'subject', content: 'x' } as const;

  assert.equal(targetOf(token), token);
  assert.throws(() => targetOf(undefined), { name: 'Error' });
});
