// What is good once at the OAuth front.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { bearer, iso, TOKEN_ENDPOINT } from '#test/support/saml/saml.ts';
import { SAML2_BEARER } from '#test/support/saml/saml-document.ts';
import {
  GATEWAY_BASIC,
  JWT_BEARER,
  JWT_TYPE,
  TOKEN_EXCHANGE,
} from '#test/support/server/document.ts';
import { REFRESH_TOKEN_TYPE } from '#test/support/server/refresh-tokens.ts';
import { clientAssertion, now, type World } from '#test/support/server/world.ts';
import { type Outcome, oneWins, type Presentation, prepare, type Race } from './race.ts';
import { ONCE_ISSUER } from './race-world.ts';

const RESOURCE = 'https://orders.example/';
const CLIENT_ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export const INVALID_GRANT = { status: 400, says: /"error":"invalid_grant"/ } as const;

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

/** An assertion that is good for a grant, and as evidence of a SOAP request. */
export function samlAssertion({ samlPartner }: World, conditions = ''): string {
  const [start, end] = [iso(now()), iso(now() + 300)];
  return samlPartner.assertion('saml2', {
    id: `_${randomUUID()}`,
    issueInstant: start,
    window: `NotBefore="${start}" NotOnOrAfter="${end}"`,
    conditions,
    confirmation: bearer(`NotOnOrAfter="${end}" Recipient="${TOKEN_ENDPOINT}"`),
    authentication: '',
  });
}

export const samlBearer = (assertion: string): Presentation =>
  form(
    {
      grant_type: SAML2_BEARER,
      assertion: Buffer.from(assertion).toString('base64url'),
      resource: RESOURCE,
    },
    GATEWAY_BASIC,
  );

const exchange = (subject_token: string, more: Readonly<Record<string, string>> = {}) =>
  form(
    {
      grant_type: TOKEN_EXCHANGE,
      subject_token,
      subject_token_type: JWT_TYPE,
      resource: RESOURCE,
      ...more,
    },
    GATEWAY_BASIC,
  );

const refresh = (text: string): Presentation => {
  const { access_token } = JSON.parse(text) as { access_token: string };
  return form({ grant_type: 'refresh_token', refresh_token: access_token }, GATEWAY_BASIC);
};

/** Each may be the one whose answer was lost, so all get the one successor that there is. */
function oneSuccessor(outcomes: readonly Outcome[]): void {
  const successors = outcomes.map(({ status, text }) => {
    assert.equal(status, 200, text);
    return (JSON.parse(text) as { refresh_token: string }).refresh_token;
  });

  assert.equal(new Set(successors).size, 1);
  assert.match(successors[0] ?? '', /^vrt~/);
}

export const OAUTH_RACES: readonly Race[] = [
  {
    name: 'RFC 7523 §3: the jti of a client assertion (private_key_jwt) wins exactly once',
    present: async (world) =>
      form({
        grant_type: 'client_credentials',
        client_assertion: await clientAssertion(world),
        client_assertion_type: CLIENT_ASSERTION_TYPE,
      }),
    judge: oneWins({ status: 401, says: /"error":"invalid_client"/ }),
  },
  {
    name: 'RFC 7523 §3: the jti of an authorization grant (jwt-bearer) wins exactly once',
    present: async ({ partner }) => {
      const assertion = await partner.sign();
      return form({ grant_type: JWT_BEARER, assertion, resource: RESOURCE }, GATEWAY_BASIC);
    },
    judge: oneWins(INVALID_GRANT),
  },
  {
    name: 'RFC 7522 §3: the ID of an assertion (saml2-bearer) wins exactly once',
    present: async (world) => samlBearer(samlAssertion(world)),
    judge: oneWins(INVALID_GRANT),
  },
  {
    name: 'RFC 8693 §2.2.2: the jti of a subject token of an issuer with singleUse wins exactly once',
    present: async ({ partner }) => exchange(await partner.sign({ iss: ONCE_ISSUER })),
    judge: oneWins({ status: 400, says: /"error":"invalid_request"/ }),
  },
  {
    name: 'RFC 9700 §4.14.2: a refresh token has exactly one successor',
    present: async ({ partner }, [server]) => {
      assert.ok(server);
      const wish = { requested_token_type: REFRESH_TOKEN_TYPE };
      return refresh(await prepare(server, exchange(await partner.sign(), wish)));
    },
    judge: oneSuccessor,
  },
];
