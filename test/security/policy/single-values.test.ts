// A claim with one value is that value: a row that looks for it in a list must see it there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startServer } from '#test/support/server/server.ts';

const GROUPS = [
  ['none', [], 200],
  ['one', ['staff'], 200],
  ['one as text', 'staff', 200],
  ['several', ['staff', 'buyer'], 200],
  ['the denied one', ['contractors'], 400],
  ['the denied one as text', 'contractors', 400],
  ['the denied one among others', ['staff', 'contractors'], 400],
] as const;

for (const when of [
  '"contractors" in claims.groups',
  'claims.groups.exists(group, group == "contractors")',
])
  for (const [what, groups, status] of GROUPS)
    test(`Policy: a row that denies where ${when}, of a subject with ${what}`, async (t) => {
      const server = await startServer(t, ({ policy }) => {
        const { allow: _, ...row } = policy[0] ?? {};
        policy.push({ ...row, id: 'no-contractors', when, deny: true });
      });

      const answer = await server.exchange({
        subject_token: await server.partner.sign({ groups }),
      });

      assert.equal(answer.status, status, answer.text);
    });
