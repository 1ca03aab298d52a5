// The REST form of the WS-Trust front, as a client of it sees it: every answer is held to openapi.yaml.

import { PASSWORD, withSaml } from '#test/support/saml/saml-document.ts';
import type { ConfigDocument } from '#test/support/server/document.ts';
import {
  type Answer,
  answerOf,
  checked,
  type Ending,
  startServer,
  type TestServer,
} from '#test/support/server/server.ts';

export interface RestAsking {
  /** Absent: carol. null: nobody. */
  readonly user?: string | null;
  readonly password?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  /** A value to send as JSON; a text goes as it is. */
  readonly body?: unknown;
}

/** The header of a login with a password. */
export const basicOf = (user: string, password = PASSWORD) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

function headersOf({ body, headers, password = PASSWORD, user = 'carol' }: RestAsking) {
  return {
    ...(user !== null && basicOf(user, password)),
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...headers,
  };
}

/** Sends a request in the REST form: POST where there is a body. */
export async function askRest(
  { url }: Pick<TestServer, 'url'>,
  path: string,
  asking: RestAsking = {},
): Promise<Answer> {
  const { body, method = body === undefined ? 'GET' : 'POST' } = asking;
  const response = await fetch(`${url}${path}`, {
    method,
    headers: headersOf(asking),
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return checked(method, path, await answerOf(response));
}

/** Issues a token for the billing service. */
export const issueRest = (
  server: Pick<TestServer, 'url'>,
  type = 'saml2',
  asking: RestAsking = {},
): Promise<Answer> =>
  askRest(
    server,
    `/ws-trust/token/${type}?appliesTo=${encodeURIComponent('https://billing.example/soap')}`,
    asking,
  );

/** A server with the REST form, whose rows grant renewal; an assertion of a partner for its tests. */
export async function startRestServer(
  t: Ending,
  change: (document: ConfigDocument, directory: string) => void | Promise<void> = () => {},
): Promise<TestServer & { readonly assertion: string }> {
  let assertion = '';
  const server = await startServer(t, async (document, directory) => {
    const { partner } = await withSaml(document, directory);
    assertion = partner.assertion('saml2');
    document['wsTrust'] = { rest: { credentials: ['tls-certificate', 'basic'] } };
    for (const row of document.policy)
      row['allow'] = {
        ...(row['allow'] as object),
        renewal: { lifetimeSeconds: 1200, maxCount: 3 },
      };
    await change(document, directory);
  });
  return { ...server, assertion };
}

/** The claims of a JWT, unverified. */
export const claimsOf = (jwt: string) =>
  JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;
