// The races: what is good once is presented fifty times at the same moment to two servers. Exactly one wins, and every
// other gets the error that its protocol has for it. What is added to the product joins by a line in the table.
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { JWT_BEARER } from '#test/support/document.ts';
import { anRst } from '#test/support/rst.ts';
import { bearer, iso, TOKEN_ENDPOINT } from '#test/support/saml.ts';
import { SAML2_BEARER } from '#test/support/saml-document.ts';
import { type ServerProcess, stopServerProcess } from '#test/support/server-process.ts';
import {
  clientAssertion,
  createWorld,
  GATEWAY_BASIC,
  now,
  startServers,
  type World,
} from '#test/support/world.ts';

const CONTENDERS = 50;
const ROUNDS = 2;
const RESOURCE = 'https://orders.example/';
const WSU = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
const CLIENT_ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** The same bytes for every contender. */
interface Presentation {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Race {
  /** Begins with the rule. */
  readonly name: string;
  /** Makes something that is good once, fresh for every round. */
  readonly present: (world: World) => Promise<Presentation>;
  /** What the losers get. */
  readonly loss: { readonly status: number; readonly says: RegExp };
}

function form(values: Readonly<Record<string, string>>, authorization?: string): Presentation {
  return {
    path: '/token',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(authorization !== undefined && { authorization }),
    },
    body: new URLSearchParams(values).toString(),
  };
}

function samlAssertion({ samlPartner }: World): string {
  const [start, end] = [iso(now()), iso(now() + 300)];
  const assertion = samlPartner.assertion('saml2', {
    id: `_${randomUUID()}`,
    issueInstant: start,
    window: `NotBefore="${start}" NotOnOrAfter="${end}"`,
    confirmation: bearer(`NotOnOrAfter="${end}" Recipient="${TOKEN_ENDPOINT}"`),
    authentication: '',
  });
  return Buffer.from(assertion).toString('base64url');
}

function rstWithNonce(): Presentation {
  const nonce = `<o:Nonce>${randomBytes(16).toString('base64')}</o:Nonce>`;
  const created = `<u:Created xmlns:u="${WSU}">${iso(now())}</u:Created>`;
  return {
    path: '/ws-trust',
    headers: { 'content-type': 'application/soap+xml; charset=utf-8' },
    body: anRst().replace('</o:Password>', `</o:Password>${nonce}${created}`),
  };
}

export const RACES: readonly Race[] = [
  {
    name: 'RFC 7523 §3: the jti of a client assertion (private_key_jwt)',
    present: async (world) =>
      form({
        grant_type: 'client_credentials',
        client_assertion: await clientAssertion(world),
        client_assertion_type: CLIENT_ASSERTION_TYPE,
      }),
    loss: { status: 401, says: /"error":"invalid_client"/ },
  },
  {
    name: 'RFC 7523 §3: the jti of an authorization grant (jwt-bearer)',
    present: async ({ partner }) => {
      const assertion = await partner.sign();
      return form({ grant_type: JWT_BEARER, assertion, resource: RESOURCE }, GATEWAY_BASIC);
    },
    loss: { status: 400, says: /"error":"invalid_grant"/ },
  },
  {
    name: 'RFC 7522 §3: the ID of an assertion (saml2-bearer)',
    present: async (world) => {
      const assertion = samlAssertion(world);
      return form({ grant_type: SAML2_BEARER, assertion, resource: RESOURCE }, GATEWAY_BASIC);
    },
    loss: { status: 400, says: /"error":"invalid_grant"/ },
  },
  {
    name: 'UsernameToken Profile §3.1: the nonce of a UsernameToken',
    present: async () => rstWithNonce(),
    loss: { status: 500, says: /<s:Value>wsse:InvalidSecurity</ },
  },
];

interface Outcome {
  readonly status: number;
  readonly text: string;
  readonly server: number;
}

async function contend(
  servers: readonly ServerProcess[],
  presentation: Presentation,
): Promise<Outcome[]> {
  const { path, headers, body } = presentation;
  return Promise.all(
    Array.from({ length: CONTENDERS }, async (_, index) => {
      const server = index % servers.length;
      const url = `${servers[server]?.url}${path}`;
      const response = await fetch(url, { method: 'POST', headers, body });
      return { status: response.status, text: await response.text(), server };
    }),
  );
}

/** Runs all races against a store. `open` gives the store section of the configuration for a directory. */
export function storeRaces(
  name: string,
  open: () => Promise<{ section(directory: string): object; dispose(): Promise<void> }>,
  skip: string | false = false,
): void {
  describe(`Races of two servers on ${name}`, { skip }, () => {
    let world: World;
    let servers: readonly ServerProcess[];
    let opened: Awaited<ReturnType<typeof open>>;
    before(async () => {
      opened = await open();
      world = await createWorld((directory) => opened.section(directory));
      servers = await startServers(world, ['left', 'right']);
    });
    after(async () => {
      await Promise.all(servers.map(stopServerProcess));
      await world.dispose();
      await opened.dispose();
    });

    for (const { name: rule, loss, present } of RACES)
      it(`${rule} wins exactly once of ${CONTENDERS}`, async () => {
        for (let round = 0; round < ROUNDS; round += 1) {
          const outcomes = await contend(servers, await present(world));

          const lost = outcomes.filter(({ status }) => status !== 200);
          assert.equal(outcomes.length - lost.length, 1, outcomes[0]?.text);
          for (const { status, text } of lost) {
            assert.equal(status, loss.status, text);
            assert.match(text, loss.says);
          }
          assert.equal(new Set(lost.map(({ server }) => server)).size, servers.length);
        }
      });
  });
}
