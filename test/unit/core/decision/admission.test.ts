import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validateAdmission } from '#core/decision/admission.ts';
import { createExpressionCompiler } from '#src/config/expressions/expression.ts';
import { aClaim, aRequestor, aValidatedToken, refusedAs } from '#test/support/core.ts';

const compile = createExpressionCompiler();
function condition(source: string) {
  const compiled = compile(source, 'condition');
  assert.ok('expression' in compiled);
  return compiled.expression;
}
const withRoles = (...values: readonly string[]) =>
  aRequestor({
    kind: 'principal',
    identity: aValidatedToken({ claims: [aClaim({ name: 'roles', values })] }),
  });
const ROLE = condition('"sts-user" in requestor.claims.roles');

test('ws-trust: a front for a role admits who has it, and nobody else', () => {
  validateAdmission(ROLE, withRoles('sts-user', 'other'));
  validateAdmission(undefined, aRequestor());
  for (const requestor of [
    withRoles('other', 'sts-users'),
    // One value is text, and `in` a text is no question: an error admits nobody.
    withRoles('sts-user-not'),
    withRoles(),
    aRequestor({ kind: 'principal', identity: aValidatedToken({ claims: [] }) }),
    aRequestor(),
  ])
    assert.throws(() => validateAdmission(ROLE, requestor), refusedAs('requestor-not-allowed'));
});

test('ws-trust: the condition sees the credential, its claims and its issuer', () => {
  const source =
    'requestor.kind == "principal" && subject.trustedIssuer == "partner" && claims.roles == "a" && target.id == "" && actor == null';

  validateAdmission(condition(source), withRoles('a'));
});
