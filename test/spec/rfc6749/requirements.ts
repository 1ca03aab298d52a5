// RFC 6749, the token endpoint and client authentication, and RFC 8725, JWT best practices: what they require of us.
import { must, type RequirementTable } from '#test/support/requirements.ts';

const TRANSPORT = 'spec/rfc6749/transport.test.ts#' as const;
const CLIENT = 'spec/rfc7523/client-authentication.test.ts#' as const;
const ALGORITHM = 'security/jwt/jwt-algorithm.test.ts#' as const;

export const RFC6749: RequirementTable = {
  standard: 'RFC 6749 and RFC 8725',
  requirements: [
    ...must(
      [
        'RFC6749-2.3-1',
        'a client uses one way of authentication in a request',
        [`${CLIENT}a wrong secret gets 401 with WWW-Authenticate where the header was used`],
        [`${CLIENT}two ways of client authentication at once are refused`],
      ],
      [
        'RFC6749-3.2-1',
        'the token endpoint takes POST',
        [`${TRANSPORT}the client itself is the subject of client_credentials`],
        [`${TRANSPORT}the token endpoint answers POST only`],
      ],
      [
        'RFC6749-3.2-4',
        'requests to the token endpoint come over TLS',
        ['unit/http/proxy.test.ts#what comes without TLS from elsewhere than a proxy or this host'],
        [
          'security/server/server-http.test.ts#a secret or token that a trusted proxy got in the clear',
        ],
      ],
      [
        'RFC6749-3.2-2',
        'an empty parameter is absent, a repeated one is refused',
        ['spec/rfc8693/success.test.ts#an empty parameter is absent'],
        ['spec/rfc8693/refusals.test.ts#a repeated scope'],
      ],
      [
        'RFC6749-3.2-3',
        'parameters are a form in UTF-8',
        [`${TRANSPORT}the client itself is the subject of client_credentials`],
        [
          `${TRANSPORT}refuses another content type`,
          `${TRANSPORT}refuses bytes that are not UTF-8 and broken percent-encoding`,
        ],
      ],
      [
        'RFC6749-4.4-1',
        'client_credentials is for clients that authenticate',
        [`${TRANSPORT}the client itself is the subject of client_credentials`],
        [`${CLIENT}no client authentication at all is a clean invalid_client`],
      ],
      [
        'RFC6749-5.1-1',
        'an answer with a token is not stored',
        ['spec/rfc8693/success.test.ts#answers with access_token'],
        'ours alone',
      ],
      [
        'RFC6749-5.2-1',
        'an error is JSON with status 400, or 401 for the client; WWW-Authenticate where the header was used',
        [`${TRANSPORT}errors are JSON also for a client that prefers HTML`],
        [`${CLIENT}a wrong secret gets 401`, `${CLIENT}an unknown client and a wrong secret`],
      ],
      [
        'RFC6749-10.10-1',
        'secrets cannot be found by guessing',
        [
          'security/server/password-guessing.test.ts#refuses the right password after as many failures as allowed',
        ],
        [`${CLIENT}an unknown client and a wrong secret get the same answer`],
      ],
      [
        'RFC8725-3.1-1',
        'the list of the issuer decides the algorithm, never the header alone',
        [`${ALGORITHM}the tokens of these tests are good when nobody tampers with them`],
        [
          `${ALGORITHM}refuses an algorithm off the list of the issuer`,
          `${ALGORITHM}refuses HS256 with the RSA public key`,
        ],
      ],
      [
        'RFC8725-3.10-1',
        'no key and no address of a key is taken from a header',
        [`${ALGORITHM}a kid is a name to compare and nothing else`],
        [
          `${ALGORITHM}refuses jku and x5u, and no request leaves`,
          `${ALGORITHM}refuses a header with`,
        ],
      ],
      [
        'RFC8725-3.11-1',
        'a token of one type never passes for another',
        ['security/jwt/jwt-type.test.ts#a foreign token of typ'],
        ['security/jwt/jwt-type.test.ts#is taken as nothing, ours or foreign'],
      ],
    ),
  ],
};
