// However much a subject is said to be: no assertion is made that is too long to come back. Nobody could have it validated, and nobody
// could cancel it.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { aCertifiedKey } from '#test/support/saml/saml.ts';
import { SAML1_TYPE, SAML2_TYPE, withSaml } from '#test/support/saml/saml-document.ts';
import type { ConfigDocument } from '#test/support/server/document.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import {
  anIssueMessage,
  aTargetMessage,
  faultOf,
  isValid,
  SAML1,
  SAML2,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';

/** A user with so many values of so many characters. */
type Said = readonly [values: number, characters: number];

interface SampleUser {
  readonly id: string;
  readonly password: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

const RULES = ['a', 'b', 'c', 'd', 'e', 'f'].map((claim) => ({
  claim,
  from: claim,
  multiple: true,
}));

function claimsOf([values, characters]: Said): Record<string, readonly string[]> {
  const all = Array.from({ length: values }, (_, at) => `${at}`.padEnd(characters, 'x'));
  const parts = RULES.map(
    ({ claim }, at) => [claim, all.slice(at * 1000, (at + 1) * 1000)] as const,
  );
  return Object.fromEntries(parts.filter(([, some]) => some.length > 0));
}

const nameOf = (said: Said): string => `user-${said.join('-')}`;

async function start(
  t: Ending,
  users: readonly Said[],
  change: (document: ConfigDocument, directory: string) => void | Promise<void> = () => {},
): Promise<TestServer> {
  return startServer(t, async (document, directory) => {
    await withSaml(document, directory);
    const path = join(directory, 'users.yaml');
    const file = JSON.parse(await readFile(path, 'utf8')) as { users: readonly SampleUser[] };
    const [{ password } = { password: '' }] = file.users;
    const added = users.map((said) => ({ id: nameOf(said), password, claims: claimsOf(said) }));
    await writeFile(path, JSON.stringify({ users: [...file.users, ...added] }));
    Object.assign(document.relyingParties[0] ?? {}, { claims: RULES });
    await change(document, directory);
  });
}

/** Whether an assertion about the user is issued; where it is, it can be validated and cancelled, and is as long as it says. */
async function isIssued(server: TestServer, tokenType: string, user: string): Promise<boolean> {
  const answer = await sendSoap(server, anIssueMessage({ user, tokenType }));
  if (answer.status === 500) {
    assert.equal(faultOf(answer), 'RequestFailed');
    return false;
  }
  const target = tokenOf(answer);
  assert.equal(await isValid(server, target, user), true, 'it cannot be validated');
  const cancelled = await sendSoap(server, aTargetMessage('Cancel', { target, user }));
  assert.equal(cancelled.status, 200, cancelled.text);
  assert.equal(await isValid(server, target, user), false);
  return true;
}

const inOrder = async <T, U>(all: readonly T[], work: (one: T) => Promise<U>): Promise<U[]> => {
  const results: U[] = [];
  for (const one of all) results.push(await work(one));
  return results;
};

/** From those that are issued to those that are not, with both among them. */
function assertBound(issued: readonly boolean[]): void {
  const [first, last] = [issued[0], issued.at(-1)];
  assert.deepEqual([first, last], [true, false]);
  assert.deepEqual(
    issued,
    issued.toSorted((one, other) => Number(other) - Number(one)),
  );
}

const THOUSANDS = [1, 10, 20, 30, 34, 38, 42, 46, 50, 54, 58, 62, 66, 100];

describe('An assertion that would be too long to be read again is not made', () => {
  for (const tokenType of [SAML1, SAML2]) {
    test(`RFC 7009 §2.2: few long values in ${tokenType}`, async (t) => {
      const users = THOUSANDS.map((thousand): Said => [thousand, 1000]);
      const server = await start(t, users);

      assertBound(await inOrder(users, (said) => isIssued(server, tokenType, nameOf(said))));

      const [refused] = (await server.auditRecords()).filter(({ reason }) => reason !== undefined);
      assert.equal(refused?.['reason'], 'claim-missing');
      assert.match(String(refused?.['detail']), /has room for/);
    });

    test(`RFC 7009 §2.2: many short values in ${tokenType}`, async (t) => {
      const users = [10, 500, 800, 900, 1000, 1100, 1200, 1300, 1500].map((n): Said => [n, 1]);
      const server = await start(t, users);

      assertBound(await inOrder(users, (said) => isIssued(server, tokenType, nameOf(said))));
    });

    test(`xml-security §3: where bodies may be long, more elements than are read in ${tokenType}`, async (t) => {
      const users = [3000, 4900, 4950, 4960, 4970, 4980, 5000].map((n): Said => [n, 1]);
      const server = await start(t, users, (document) => {
        Object.assign(document['wsTrust'] as object, { maxMessageBytes: 1_048_576 });
        document['limits'] = { maxBodyBytes: 1_048_576 };
      });

      assertBound(await inOrder(users, (said) => isIssued(server, tokenType, nameOf(said))));
    });
  }

  for (const tokenType of [SAML1, SAML2])
    test(`RFC 7009 §2.2: nor is ${tokenType} for a target that alone can read it: it can bring what it decrypted`, async (t) => {
      const { certificatePem } = await aCertifiedKey();
      const users: readonly Said[] = [
        [1, 1000],
        [100, 1000],
      ];
      const server = await start(t, users, async ({ relyingParties }, directory) => {
        await writeFile(join(directory, 'party.crt'), certificatePem);
        const token = { type: 'saml2', algorithm: 'RS256', encryptTo: { file: 'party.crt' } };
        Object.assign(relyingParties[0] ?? {}, { token });
      });

      const [short, long] = await inOrder(users, (said) =>
        sendSoap(server, anIssueMessage({ user: nameOf(said), tokenType })),
      );

      assert.ok(short && long);
      assert.match(tokenOf(short), /EncryptedData/);
      assert.equal(faultOf(long), 'RequestFailed');
    });
});

describe('Over OAuth an assertion that would be too long for a form is not made', () => {
  for (const requested_token_type of [SAML1_TYPE, SAML2_TYPE])
    test(`RFC 7009 §2.2: ${requested_token_type}`, async (t) => {
      const server = await start(t, []);
      const sizes = [1, 2000, 4000, 6000, 7000, 8000, 9000, 9500, 10_000, 10_500, 11_000, 11_500];

      const issued = await inOrder(sizes, async (size) => {
        // One character of a JWT becomes four of an assertion.
        const subject_token = await server.partner.sign({ a: '<'.repeat(size) });
        const { body, status, text } = await server.exchange({
          requested_token_type,
          subject_token,
        });
        if (status === 400) {
          assert.equal(body['error'], 'invalid_request');
          return false;
        }
        assert.equal(status, 200, text);
        const token = String(body['access_token']);
        const again = { subject_token: token, subject_token_type: requested_token_type };
        const before = await server.exchange(again);
        const revoked = await server.post('/revoke', { token });
        const after = await server.exchange(again);
        assert.deepEqual([before.status, revoked.status, after.status], [200, 200, 400]);
        return true;
      });

      assertBound(issued);
    });
});
