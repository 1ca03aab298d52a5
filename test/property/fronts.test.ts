// One policy, several fronts: the same evidence for the same target is decided alike over OAuth, over SOAP, in the REST form and by
// `explain`, whatever the policy. The rows stand twice, for a client and for a user.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import type { Evidence } from '#core/decision/evidence.ts';
import { explain } from '#core/decision/explain.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { TOKEN_TYPES } from '#core/token/token-type.ts';
import { createExplainer, type Explainer } from '#src/app/explainer.ts';
import { loadConfigFiles } from '#src/config/load.ts';
import { type ForeignSamlIssuer, iso } from '#test/support/saml/saml.ts';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { ACCESS_TOKEN_TYPE, type ConfigDocument, ISSUER } from '#test/support/server/document.ts';
import { type Members, startServer, type TestServer } from '#test/support/server/server.ts';
import { endingOfSuite } from '#test/support/suite.ts';
import {
  anIssueMessage,
  jwtAsXml,
  jwtIn,
  sendSoap,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';
import { askRest } from '#test/support/ws-trust/rest.ts';

const PARTIES = ['orders', 'archive'] as const;
const TYPES = ['saml1', 'saml2', 'jwt'] as const;
const SCOPES = ['orders.read', 'orders.write'];
const CONDITIONS = [
  'claims.dept == "sales"',
  '"buyer" in claims.groups',
  'claims.level >= 3',
  'int(claims.level) < 3',
  'actor == null',
  '"orders.read" in subject.scopes',
  '!has(claims.dept)',
  'claims.groups.all(group, group != "contractors")',
];

const some = <T>(values: readonly T[]) => fc.subarray([...values], { minLength: 1 });
const seldom = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const condition = seldom(fc.constantFrom(...CONDITIONS));
const rule = fc.record({
  claim: fc.constantFrom('roles', 'dept'),
  from: fc.constantFrom('groups', 'dept', 'level'),
  multiple: fc.boolean(),
  required: fc.constantFrom(false, false, true),
  when: condition,
});
const allow = fc.record({
  types: some([...TYPES, 'access_token']),
  scopes: some(SCOPES),
  scopeMode: fc.constantFrom('intersect-subject', 'mapped', 'intersect-client'),
  lifetimeSeconds: fc.constantFrom(30, 200, 900),
  impersonation: fc.constant(true),
  delegation: fc.constant(true),
  requestorAsActor: fc.boolean(),
  maxActors: seldom(fc.integer({ min: 1, max: 3 })),
  singleUse: fc.constantFrom(false, false, true),
  claims: fc.array(rule, { maxLength: 1 }),
});
const row = fc.record({
  subject: fc.record({
    issuer: some(['partner', 'partner-saml', 'self']),
    id: seldom(some(['alice', 'partner:alice'])),
  }),
  target: some(PARTIES),
  when: condition,
  effect: fc.oneof(
    { weight: 5, arbitrary: allow },
    { weight: 1, arbitrary: fc.constant(undefined) },
  ),
});

const claims = fc.record({
  sub: fc.constantFrom('alice', 'alice', 'carol', 'dan '),
  scope: fc.constantFrom(undefined, 'orders.read', 'orders.read orders.write'),
  groups: fc.constantFrom<unknown>(
    undefined,
    'buyer',
    ['buyer'],
    ['buyer', 'contractors'],
    [['a']],
  ),
  dept: fc.constantFrom(undefined, 'sales', 'it'),
  level: fc.constantFrom<unknown>(undefined, 1, 3, '3', ''),
  act: fc.constantFrom(undefined, undefined, { sub: 'portal' }, { sub: 'a', act: { sub: 'b' } }),
  may_act: seldom(fc.constant({ sub: 'nobody' })),
  aud: fc.constantFrom(ISSUER, ISSUER, ISSUER, 'https://elsewhere.example'),
});
const asked = fc.record({
  claims,
  kind: fc.constantFrom('jwt', 'jwt', 'saml2'),
  isActAs: fc.boolean(),
  /** Each token is the evidence of the next. */
  hops: fc.array(
    fc.record({ target: fc.constantFrom(...PARTIES), type: fc.constantFrom(...TYPES) }),
    { minLength: 1, maxLength: 3 },
  ),
});
type Asked = typeof asked extends fc.Arbitrary<infer T> ? T : never;
type Hop = Asked['hops'][number];

interface Presented {
  readonly kind: (typeof TYPES)[number];
  readonly text: string;
}

let server: TestServer;
let partner: ForeignSamlIssuer;
const now = (): number => Math.floor(Date.now() / 1000);

const aParty = (id: string) => ({
  id,
  resources: [`https://${id}.example/`],
  audiences: [id],
  appliesTo: [`https://${id}.example/soap`],
  requestors: ['gateway', 'principal:self:carol'],
  token: {
    type: id === 'orders' ? 'access_token' : 'saml2',
    algorithm: { jwt: 'ES256', saml: 'RS256' },
    lifetimeSeconds: 600,
  },
  scopes: SCOPES,
});

/** The actor of the client is itself, by a token of its own. */
const ACTORS = {
  id: 'gateway-itself',
  requestor: { client: 'gateway' },
  subject: { issuer: 'self', type: 'requestor' },
  target: 'actors',
  allow: { lifetimeSeconds: 3600 },
};

const ending = endingOfSuite();

before(async () => {
  server = await startServer(ending, async (document, directory, clock) => {
    clock.set(now() - 5000);
    ({ partner } = await withSaml(document, directory));
    document['wsTrust'] = { rest: { credentials: ['basic'] } };
    document['delegation'] = { maxDepth: 3 };
    const actors = { ...aParty('actors'), token: { type: 'access_token', lifetimeSeconds: 3600 } };
    document.relyingParties = [...PARTIES.map(aParty), actors];
  });
});

/** Puts the rows in force, for the client and for the user. */
async function adopt(
  rows: readonly (object & { readonly effect?: object | undefined })[],
): Promise<Explainer> {
  const path = join(server.directory, 'viaduct.yaml');
  const document = parse(await readFile(path, 'utf8')) as ConfigDocument;
  const requestors = {
    client: { client: 'gateway' },
    user: { principal: { issuer: 'self', id: 'carol' } },
  };
  const both = rows.flatMap(({ effect, ...rest }, index) =>
    Object.entries(requestors).map(([name, requestor]) => ({
      ...rest,
      id: `row${index}-${name}`,
      requestor,
      ...(effect ? { allow: effect } : { deny: true }),
    })),
  );
  // What is not said is left out.
  document.policy = JSON.parse(JSON.stringify([ACTORS, ...both])) as ConfigDocument['policy'];
  await writeFile(path, stringify(document));
  await server.reload();
  return createExplainer((await loadConfigFiles(path)).config);
}

async function evidenceOf({ claims: said, kind }: Asked): Promise<Presented> {
  const [instant, jti] = [now(), randomUUID()];
  if (kind === 'jwt') return { kind, text: await server.partner.sign({ ...said, jti } as Members) };
  const text = partner.assertion('saml2', {
    id: `_${jti}`,
    issueInstant: iso(instant),
    window: `NotBefore="${iso(instant)}" NotOnOrAfter="${iso(instant + 400)}"`,
    audiences: [[said.aud]],
    confirmation: '<saml2:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/>',
    authentication: '',
  });
  return { kind: 'saml2', text };
}

const asForm = ({ kind, text }: Presented): string =>
  kind === 'jwt' ? text : Buffer.from(text).toString('base64url');
const asXml = ({ kind, text }: Presented): string => (kind === 'jwt' ? jwtAsXml(text) : text);
const wsTrustUri = (kind: Presented['kind']): string => TOKEN_TYPES[kind].wsTrust[0];

type Outcome = Readonly<Record<string, unknown>>;

const withoutNames = (text: string): string =>
  text
    .replaceAll(/-(?:client|user)\b/g, '')
    .replaceAll(/"(?:gateway|carol)"/g, '"whoever asks"')
    .replaceAll(',"clientId":"whoever asks"', '')
    // The clock may go on between two readings of it.
    .replaceAll(/-?\d+ s\b/g, 'some seconds');

/** What the audit says of a request. */
async function recorded(headers: Headers): Promise<Outcome> {
  const id = headers.get('x-correlation-id');
  const record = (await server.auditRecords()).findLast(
    ({ correlationId }) => correlationId === id,
  );
  const { actors, detail, grantedScopes, grantedType, notOnOrAfter, outcome, policyRows, reason } =
    record ?? {};
  if (outcome === 'refused') return { reason, detail };
  return { policyRows, grantedScopes, grantedType, notOnOrAfter, actors };
}

async function explained(
  explainer: Explainer,
  evidence: () => Promise<Evidence>,
  instant: number,
): Promise<Outcome> {
  try {
    const terms = { now: instant, tokenId: 'x', issuers: explainer.issuers };
    const { outcome } = explain(await evidence(), explainer.rules, terms);
    if ('refused' in outcome) return { ...outcome.refused };
    const { actors, lifetime, policyRows, scopes, type } = outcome.granted;
    const { notOnOrAfter } = lifetime;
    return { policyRows, grantedScopes: scopes, grantedType: type, notOnOrAfter, actors };
  } catch (cause) {
    if (!(cause instanceof ExchangeFailure)) throw cause;
    return { reason: cause.reason, detail: cause.message };
  }
}

interface Asking {
  readonly explainer: Explainer;
  readonly hop: Hop;
  readonly isActAs: boolean;
  /** A token of the client about itself. */
  readonly actor: string;
}

interface Answered {
  readonly outcome: Outcome;
  readonly explained: Outcome;
  readonly token?: Presented;
}

async function askOAuth(subject: Presented, asking: Asking): Promise<Answered> {
  const { actor, explainer, hop, isActAs } = asking;
  const { headers, body, status } = await server.exchange({
    subject_token: asForm(subject),
    subject_token_type: TOKEN_TYPES[subject.kind].uri,
    requested_token_type: TOKEN_TYPES[hop.type].uri,
    resource: `https://${hop.target}.example/`,
    ...(isActAs && { actor_token: actor, actor_token_type: ACCESS_TOKEN_TYPE }),
  });
  const evidence = async (): Promise<Evidence> => {
    const [client] = (await loadConfigFiles(join(server.directory, 'viaduct.yaml'))).config.clients;
    assert.ok(client);
    const shown = { type: subject.kind, use: 'subject', content: asForm(subject) } as const;
    const request = {
      operation: 'explain',
      correlationId: 'explain',
      requestor: explainer.requestorOf(client),
      subject: shown,
      targets: [{ kind: 'resource', value: `https://${hop.target}.example/` }],
      requestedType: hop.type,
    } as const;
    const acting = { type: 'access_token', use: 'actor', content: actor } as const;
    return {
      request,
      subject: await explainer.validate(shown),
      actor: isActAs ? await explainer.validate(acting) : undefined,
    };
  };
  const text = String(body['access_token']);
  return {
    outcome: await recorded(headers),
    explained: await explained(explainer, evidence, server.clock.now()),
    ...(status === 200 && {
      token: {
        kind: hop.type,
        text: hop.type === 'jwt' ? text : Buffer.from(text, 'base64url').toString(),
      },
    }),
  };
}

async function askSoap(subject: Presented, asking: Asking): Promise<Answered> {
  const { explainer, hop, isActAs } = asking;
  const message = anIssueMessage({
    user: 'carol',
    [isActAs ? 'actAs' : 'onBehalfOf']: asXml(subject),
    tokenType: wsTrustUri(hop.type),
    appliesTo: `https://${hop.target}.example/soap`,
  });
  const answer = await sendSoap(server, message);
  const evidence = () => explainer.readRst(Buffer.from(message), '/ws-trust');
  const tokenIn = () => {
    const xml = tokenOf(answer);
    return { kind: hop.type, text: hop.type === 'jwt' ? jwtIn(xml) : xml };
  };
  return {
    outcome: await recorded(answer.headers),
    explained: await explained(explainer, evidence, server.clock.now()),
    ...(answer.status === 200 && { token: tokenIn() }),
  };
}

async function askInRest(subject: Presented, { hop, isActAs }: Asking): Promise<Answered> {
  const { body, headers, status } = await askRest(server, `/ws-trust/token/${hop.type}`, {
    body: {
      appliesTo: `https://${hop.target}.example/soap`,
      [isActAs ? 'actAs' : 'onBehalfOf']: {
        token: subject.text,
        tokenType: wsTrustUri(subject.kind),
      },
    },
  });
  const outcome = await recorded(headers);
  const token = { kind: hop.type, text: String(body['token']) };
  return { outcome, explained: outcome, ...(status === 200 && { token }) };
}

const FRONTS = [askOAuth, askSoap, askInRest] as const;

/** Asks every front, and holds what they say against each other; answers the tokens of all, or of none. */
async function askAll(
  subjects: readonly Presented[],
  asking: Asking,
): Promise<readonly Presented[]> {
  server.clock.set(now());
  const answers: Answered[] = [];
  for (const [index, ask] of FRONTS.entries()) {
    const subject = subjects[index];
    assert.ok(subject);
    answers.push(await ask(subject, asking));
  }
  const [first, ...others] = answers.flatMap(({ outcome, explained: told }) =>
    [outcome, told].map((each) => withoutNames(JSON.stringify(each))),
  );
  for (const other of others) assert.equal(other, first);
  return answers.flatMap(({ token }) => token ?? []);
}

test('claim-model: the same evidence is decided alike on every front, and as explained', async () => {
  let granted = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 2, maxLength: 5 }),
      fc.array(asked, { minLength: 8, maxLength: 8 }),
      async (rows, requests) => {
        const explainer = await adopt(rows);
        for (const request of requests) {
          server.clock.set(now());
          const { body } = await server.post('/token', {
            grant_type: 'client_credentials',
            resource: 'https://actors.example/',
          });
          const asking = {
            explainer,
            isActAs: request.isActAs,
            actor: String(body['access_token']),
          };
          let subjects = await Promise.all(FRONTS.map(() => evidenceOf(request)));
          for (const hop of request.hops) {
            subjects = [...(await askAll(subjects, { ...asking, hop }))];
            granted += subjects.length;
            if (subjects.length === 0) break;
          }
        }
        await explainer.close();
      },
    ),
    { numRuns: 12, endOnFailure: true },
  );
  assert.ok(granted > 0, 'nothing was granted');
});
