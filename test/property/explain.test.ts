// What `viaduct explain` says of a request is what the server does with it: over arbitrary policies, clients, targets, tokens and claims.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { stringify } from 'yaml';
import { TOKEN_TYPES } from '#core/token/token-type.ts';
import { explainCommand } from '#src/cli/explain.ts';
import { ConfigError } from '#src/config/problem.ts';
import {
  ACCESS_TOKEN_TYPE,
  aConfigDocument,
  type ConfigDocument,
  JWT_TYPE,
} from '#test/support/server/document.ts';
import { type Members, startServer, type TestServer } from '#test/support/server/server.ts';
import { endingOfSuite } from '#test/support/suite.ts';
import {
  type Asked,
  asked,
  CLIENTS,
  PARTIES,
  type Policy,
  policy,
  type Token,
  type TYPES,
} from './arbitrary-requests.ts';

let server: TestServer;
const now = (): number => Math.floor(Date.now() / 1000);
const ending = endingOfSuite();

before(async () => {
  server = await startServer(ending, (_, __, clock) => clock.set(now() - 5000));
});

const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

function documentOf({ clients, delegation, parties, rows }: Policy): ConfigDocument {
  const document = aConfigDocument();
  document['delegation'] = delegation;
  document['refreshTokens'] = { key: { file: 'keys/refresh.key' } };
  const [partner] = document.trustedIssuers;
  document.trustedIssuers.push({
    ...partner,
    id: 'bare',
    issuer: 'https://bare.example',
    jwt: { ...(partner?.['jwt'] as object), subjectPrefix: 'bare-' },
  });
  document.relyingParties = PARTIES.map((id, index) => {
    const { algorithm, audience, claims, lifetimeSeconds, requestors, scopes, type } =
      parties[index] ?? assert.fail();
    return {
      id,
      resources: [`https://${id}.example/`],
      audiences: [id],
      ...(audience && id === 'stock' && { audience }),
      requestors,
      token: { type, algorithm, lifetimeSeconds },
      scopes,
      claims,
    };
  });
  for (const [index, { lacks, ...rest }] of clients.entries()) {
    const entry = document.clients[index] ?? assert.fail();
    const grants = [...(entry['grant_types'] as string[]), 'refresh_token'];
    Object.assign(entry, {
      ...rest,
      grant_types: grants.filter((name) => !name.startsWith(lacks)),
    });
  }
  document.policy = rows.map(({ effect, ...rest }, index) => ({
    id: `row${index}`,
    ...rest,
    ...(effect ? { allow: effect } : { deny: true }),
  }));
  return plain(document);
}

/** Puts a policy in force, if it is one. */
async function adopt(drawn: Policy): Promise<boolean> {
  await writeFile(join(server.directory, 'viaduct.yaml'), stringify(documentOf(drawn)));
  try {
    await server.reload();
    return true;
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    return false;
  }
}

const ISSUERS: Readonly<Record<string, string>> = {
  partner: 'https://partner.example',
  bare: 'https://bare.example',
  'bare-named': 'https://bare.example',
};

const sign = ({ act: acting, claims, exp, issuer, may_act, scope, sub }: Token): Promise<string> =>
  server.partner.sign({
    email: undefined,
    groups: undefined,
    ...claims,
    act: acting,
    may_act,
    scope,
    sub,
    iss: ISSUERS[issuer],
    exp: now() + exp,
    iat: now() + Math.min(0, exp - 10),
    jti: randomUUID(),
  } as Members);

interface Presented {
  readonly text: string;
  readonly type: string;
}

interface Question {
  readonly client: keyof typeof CLIENTS;
  readonly subject: Presented | undefined;
  readonly actor: Presented | undefined;
  readonly asked: Asked;
}

async function explained({ actor, asked: of, client: id, subject }: Question): Promise<string> {
  const words = ['--config', join(server.directory, 'viaduct.yaml'), '--client', id];
  if (subject) words.push('--subject-token', subject.text, '--subject-token-type', subject.type);
  if (actor) words.push('--actor-token', actor.text, '--actor-token-type', actor.type);
  for (const each of of.resources) words.push('--resource', `https://${each}.example/`);
  for (const each of of.audiences) words.push('--audience', each);
  if (of.requested && subject) words.push('--requested-token-type', of.requested);
  if (of.scopes) words.push('--scope', of.scopes.join(' '));
  const told: string[] = [];
  const hear = (text: string) => void told.push(text);
  await explainCommand(words, { out: hear, error: () => undefined });
  return told.join('\n');
}

function serve({ actor, asked: of, client: id, subject }: Question) {
  const form = {
    grant_type: subject ? 'urn:ietf:params:oauth:grant-type:token-exchange' : 'client_credentials',
    resource: of.resources.map((each) => `https://${each}.example/`),
    audience: of.audiences,
    scope: of.scopes?.join(' '),
    ...(subject && {
      subject_token: subject.text,
      subject_token_type: subject.type,
      requested_token_type: of.requested && TOKEN_TYPES[of.requested].uri,
      ...(actor && { actor_token: actor.text, actor_token_type: actor.type }),
    }),
  };
  return id === 'gateway'
    ? server.post('/token', form)
    : server.post('/token', { ...form, client_id: id, client_secret: CLIENTS[id] }, { as: null });
}

/** Claims as the table of an explanation has them: the last rule for a claim counts. */
function claimsIn(text: string): Record<string, unknown> {
  const claims: Record<string, unknown> = {};
  for (const [, name = '', values = ''] of text.matchAll(/ \|  (\S+) = (.*)$/gm)) {
    const [first, ...others] = JSON.parse(`[${values}]`) as unknown[];
    claims[name] = others.length > 0 ? [first, ...others] : first;
  }
  return claims;
}

const OWN = new Set(['iss', 'nbf', 'jti', 'scope']);

function chainOf(link: unknown): string[] {
  const { act: next, iss, sub } = link as { act?: unknown; iss: string; sub: string };
  return [`${sub} at ${iss}`, ...(next === undefined ? [] : chainOf(next))];
}

/** What an explanation says is granted, by the patterns of its lines. */
const sayings = (told: string) => {
  const granted = told.slice(told.indexOf('\ngranted: '));
  return (pattern: RegExp): string => pattern.exec(granted)?.[1] ?? '';
};

/** Holds a JWT against what was said of it. */
function compareToken(told: string, issued: string, seen: string): void {
  const of = sayings(told);
  const { act, aud, azp, client_id, exp = 0, iat = 0, sub, ...jwt } = decodeJwt(issued);
  const { alg } = decodeProtectedHeader(issued);
  assert.equal(of(/^granted: \S+ signed (\S+) for /m), alg, seen);
  assert.equal(of(/^granted: \S+ signed \S+ for (.*)$/m), [aud].flat().join(' '), seen);
  assert.equal(of(/^ {2}sub (.*), client_id /m), sub, seen);
  assert.equal(of(/^ {2}sub .*, client_id (.*)$/m), client_id ?? azp, seen);
  const chain = act === undefined ? '' : chainOf(act).join(', then ');
  assert.equal(of(/^ {2}act (.*)$/m), chain, seen);
  // The clock may go on between two readings of it.
  assert.ok(Math.abs(Number(of(/^ {2}lifetime (\d+) s$/m)) - (exp - iat)) <= 2, seen);
  const rest = Object.fromEntries(Object.entries(jwt).filter(([name]) => !OWN.has(name)));
  assert.deepEqual(rest, claimsIn(told), seen);
}

/** Asks both, and holds one against the other; answers the token where it is a JWT. */
async function compare(question: Question): Promise<string | undefined> {
  server.clock.set(now());
  const told = await explained(question);
  const { body, headers, status, text } = await serve(question);
  const id = headers.get('x-correlation-id');
  const record = (await server.auditRecords()).findLast(
    ({ correlationId }) => correlationId === id,
  );
  const seen = `${told}\n---\n${text}\n${JSON.stringify(record)}`;
  const [, reason] = /^refused(?: before policy)?: ([a-z-]+): /m.exec(told) ?? [];
  assert.equal(reason, record?.['reason'], seen);
  if (status !== 200) return undefined;
  const of = sayings(told);
  assert.equal(of(/^ {2}scopes (?!of )(.*)$/m), body['scope'] ?? 'none', seen);
  const type = of(/^granted: (\S+)/m) as (typeof TYPES)[number];
  if (question.subject) assert.equal(TOKEN_TYPES[type].uri, body['issued_token_type'], seen);
  if (type === 'refresh_token') return undefined;
  const issued = String(body['access_token']);
  compareToken(told, issued, seen);
  return issued;
}

test('claim-model: what explain says is what the server does', async () => {
  let granted = 0;
  await fc.assert(
    fc.asyncProperty(
      policy,
      fc.array(asked, { minLength: 12, maxLength: 12 }),
      async (drawn, requests) => {
        if (!(await adopt(drawn))) return;
        for (const request of requests) {
          const present = async (of: Token | undefined) =>
            of && { text: await sign(of), type: JWT_TYPE };
          const question = {
            client: request.client,
            subject: await present(request.subject),
            actor: request.subject && (await present(request.actor)),
            asked: request,
          };
          const issued = await compare(question);
          if (issued === undefined) continue;
          granted += 1;
          if (!request.again) continue;
          const client = request.client === 'gateway' ? 'orders-api' : 'gateway';
          const subject = { text: issued, type: ACCESS_TOKEN_TYPE };
          await compare({ ...question, client, subject });
        }
      },
    ),
    {
      numRuns: 15,
      endOnFailure: true,
    },
  );
  assert.ok(granted > 0, 'nothing was granted');
});
