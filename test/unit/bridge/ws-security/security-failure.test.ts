// What the audit is told of a refusal of the Security header, code by code.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  readSecurely,
  refusedAsFailedCheck,
  runSecurely,
  SecurityFailure,
  type SecurityFaultCode,
} from '#bridge/ws-security/security-failure.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import type { FailureReason } from '#core/failure.ts';
import { refusedWith } from './refused-with.ts';

const REASONS: Readonly<Record<SecurityFaultCode, FailureReason>> = {
  'unsupported-security-token': 'token-type-unsupported',
  'unsupported-algorithm': 'signature-invalid',
  'invalid-security': 'request-malformed',
  'invalid-security-token': 'token-malformed',
  'failed-authentication': 'requestor-unauthenticated',
  'failed-check': 'signature-invalid',
  'security-token-unavailable': 'token-malformed',
  'message-expired': 'token-expired',
  'authentication-bad-elements': 'requestor-unauthenticated',
  'bad-context-token': 'token-malformed',
  'unsupported-context-token': 'token-malformed',
  'unknown-derivation-source': 'token-malformed',
  'context-renewal-needed': 'token-expired',
  'context-renewal-not-possible': 'renewal-not-possible',
};
for (const [code, reason] of Object.entries(REASONS))
  test(`WSS 1.1.1 §12: ${code} is ${reason} to the audit, unless more is known`, () => {
    const known = code as SecurityFaultCode;

    assert.equal(new SecurityFailure(known, 'x').reason, reason);
    assert.equal(
      new SecurityFailure(known, 'x', { reason: 'token-revoked' }).reason,
      'token-revoked',
    );
  });

test('WSS 1.1.1 §12: what XML refuses leaves with the code of its reason, else with the usual one, and keeps its cause', async () => {
  const cause = new XmlFailure('digest-mismatch', 'detail');
  const refuse = (): never => {
    throw cause;
  };
  const codes = { 'digest-mismatch': 'failed-check' } as const;
  const refuseLater = async (): Promise<never> => refuse();

  assert.throws(() => readSecurely('invalid-security', refuse), refusedWith('invalid-security'));
  await assert.rejects(
    runSecurely(codes, 'invalid-security', refuseLater),
    refusedWith('failed-check'),
  );
  await assert.rejects(
    runSecurely({}, 'invalid-security', refuseLater),
    refusedWith('invalid-security'),
  );
  await assert.rejects(runSecurely(codes, 'invalid-security', refuseLater), {
    cause,
    message: 'digest-mismatch: detail',
  });
});

test('WSS 1.1.1 §12: what is no refusal of XML stays what it is', async () => {
  const bug = new Error('a bug');
  const refusal = new SecurityFailure('message-expired', 'x');

  for (const thrown of [bug, refusal])
    await assert.rejects(
      runSecurely({}, 'invalid-security', () => Promise.reject(thrown)),
      thrown,
    );
});

test('xml-security E9: after decryption there is one code for all, and the audit still has the reason of each', async () => {
  const revoked = new SecurityFailure('failed-authentication', 'x', { reason: 'token-revoked' });
  const unread = new XmlFailure('digest-mismatch', 'detail');
  const bug = new Error('a bug');

  await assert.rejects(
    refusedAsFailedCheck(() => Promise.reject(revoked)),
    { code: 'failed-check', reason: 'token-revoked', message: 'x', cause: revoked },
  );
  await assert.rejects(
    refusedAsFailedCheck(() => Promise.reject(unread)),
    { code: 'failed-check', reason: 'signature-invalid', message: 'digest-mismatch: detail' },
  );
  await assert.rejects(
    refusedAsFailedCheck(() => Promise.reject(bug)),
    bug,
  );
});
