// A matcher for `assert.throws` and `assert.rejects`: a refusal of the Security header, with this fault code.
import { SecurityFailure, type SecurityFaultCode } from '#bridge/ws-security/security-failure.ts';

/** Whether the cause is a refusal of the Security header with this code. */
export function refusedWith(code: SecurityFaultCode) {
  return (cause: unknown): boolean => {
    if (cause instanceof SecurityFailure && cause.code === code) return true;
    throw cause;
  };
}
