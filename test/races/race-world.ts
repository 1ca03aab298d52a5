// The world of the races: one configuration in which everything that is good once can be had.
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigDocument } from '#test/support/server/document.ts';
import { grantRefreshTokens } from '#test/support/server/refresh-tokens.ts';
import { createWorld, type World } from '#test/support/server/world.ts';
import { withUserAuthority } from '#test/support/x509/certified-client.ts';
import { aCertificate, anAuthority, type TestCertificate } from '#test/support/x509/pki.ts';

export const ROUNDS = Number(process.env['RACE_ROUNDS'] ?? '1');
/** An address where a signed request is answered by a challenge. */
export const CHALLENGED_PATH = '/adfs/services/trust/13/certificatemixed';
/** An issuer whose tokens are good once, in an exchange too; it signs with the key of the other partner. */
export const ONCE_ISSUER = 'https://once.partner.example';
export const ONE_TIME_SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

export interface RaceWorld extends World {
  /** The certificate of Bob. */
  readonly bob: TestCertificate;
  /** A user with a second factor whom no round had before. */
  readonly nextOneTimeUser: () => string;
}

type Members = Record<string, unknown>;

const memberOf = (parent: Members | undefined, name: string): Members =>
  (parent?.[name] ?? {}) as Members;

/** What users get over SOAP can be renewed once. */
function addRenewal(document: ConfigDocument): void {
  const row = document.policy[1];
  Object.assign(row ?? {}, {
    allow: { ...memberOf(row, 'allow'), renewal: { lifetimeSeconds: 3600, maxCount: 1 } },
  });
}

function addOnceIssuer(document: ConfigDocument): void {
  const [partner] = document.trustedIssuers;
  const jwt = { ...memberOf(partner, 'jwt'), singleUse: true };
  document.trustedIssuers.push({ id: 'partner-once', issuer: ONCE_ISSUER, jwt });
  for (const row of document.policy.slice(0, 1))
    (memberOf(row, 'subject')['issuer'] as string[]).push('partner-once');
}

async function addCertificates(document: ConfigDocument, directory: string) {
  const authority = await anAuthority({ name: 'CN=Root' });
  await withUserAuthority(document, directory, authority);
  const wsTrust = memberOf(document, 'wsTrust');
  wsTrust['endpoints'] = [{ path: CHALLENGED_PATH, signChallenge: true }];
  return aCertificate({ name: 'CN=bob', issuer: authority, algorithm: 'RSA' });
}

/** One user for each round, because a code is good once and lasts for half a minute. Those who lose are counted as guesses. */
async function addOneTimePasswords(document: ConfigDocument, directory: string) {
  document['lockout'] = { maxFailures: 1000, maxFailuresPerSource: 100_000 };
  const file = join(directory, 'users.yaml');
  const { users } = JSON.parse(await readFile(file, 'utf8')) as { users: Members[] };
  // Worlds that share a store must not share users.
  const names = Array.from({ length: ROUNDS }, () => randomUUID());
  const added = names.map((id) => ({ ...users[1], id, oneTimePassword: { file: 'user.otp' } }));
  await writeFile(file, JSON.stringify({ users: [...users, ...added] }), { mode: 0o600 });
  await writeFile(join(directory, 'user.otp'), ONE_TIME_SECRET, { mode: 0o600 });
  return () => {
    const name = names.shift();
    if (name === undefined) throw new Error('more rounds than users');
    return name;
  };
}

/** Writes the files; the servers take the document. */
export async function createRaceWorld(): Promise<RaceWorld> {
  const world = await createWorld(() => ({}));
  const { directory, document } = world;
  grantRefreshTokens(document, { lifetimeSeconds: 3600, maxCount: 5 });
  addRenewal(document);
  addOnceIssuer(document);
  const bob = await addCertificates(document, directory);
  const nextOneTimeUser = await addOneTimePasswords(document, directory);
  return { ...world, bob, nextOneTimeUser };
}
