// RFC 8414, metadata, and RFC 9068, the access tokens it speaks of: what they require of us.
import { must, type RequirementTable } from '#test/support/requirements.ts';

const METADATA = 'spec/rfc8414/metadata.test.ts#' as const;
const ISSUER = 'unit/tokens/jwt/jwt-issuer.test.ts#' as const;

export const RFC8414: RequirementTable = {
  standard: 'RFC 8414 and RFC 9068',
  requirements: [
    ...must(
      [
        'RFC8414-2-1',
        'issuer is an https URL, and there are the endpoints that the grants need',
        [`${METADATA}names all grants, endpoints and client authentication methods`],
        ['unit/config/sections/server-sections.test.ts#http://sts.example.org'],
      ],
      [
        'RFC8414-2-2',
        'none is no algorithm of client authentication',
        [`${METADATA}names all grants, endpoints and client authentication methods`],
        ['security/jwt/jwt-algorithm.test.ts#refuses alg'],
      ],
      [
        'RFC8414-2-3',
        'the algorithms of client assertions are named where clients may sign',
        [`${METADATA}names the algorithms of client assertions at each endpoint`],
        ['spec/rfc7523/client-authentication.test.ts#refuses a client assertion'],
      ],
      [
        'RFC8414-3.2-1',
        'the answer is 200 in JSON, and what there is none of is left out',
        [`${METADATA}what there is none of is left out`],
        [`${METADATA}an unknown address is a 404 in JSON`],
      ],
      [
        'RFC8414-3-1',
        'the document is at the well-known address, also where the issuer has a path',
        [
          `${METADATA}both well-known addresses serve the same document`,
          `${METADATA}an issuer with a path is served at both forms`,
        ],
        [`${METADATA}an unknown address is a 404 in JSON`],
      ],
      [
        'RFC8414-3.3-1',
        'issuer in the document is the issuer it was asked for, whatever Host says',
        [`${METADATA}with the issuer as configured`],
        [`${METADATA}a spoofed Host or X-Forwarded-Host changes no published address`],
      ],
      [
        'RFC9068-2.1-1',
        'an access token is signed, and says at+jwt',
        [`${ISSUER}an access token has exactly its claims`],
        [
          'security/jwt/jwt-type.test.ts#our access tokens have typ at+jwt, and nothing else is one',
        ],
      ],
      [
        'RFC9068-2.1-2',
        'RS256 is implemented, and none is no algorithm',
        [`${ISSUER}signs with \${algorithm} where the spec says so`],
        ['security/jwt/jwt-algorithm.test.ts#refuses alg'],
      ],
      [
        'RFC9068-5-1',
        'each target has an audience of its own: a token for one is none for another',
        [
          'spec/rfc8693/success.test.ts#the access token carries the subject, the target, the client',
        ],
        [
          'unit/config/sections/party-sections.test.ts#names do not overlap, in no spelling',
          'unit/config/sections/party-sections.test.ts#our own issuer is nobody else',
        ],
      ],
      [
        'RFC9068-2.2-1',
        'iss, exp, aud, sub, client_id, iat and jti are there',
        [
          'spec/rfc8693/success.test.ts#the access token carries the subject, the target, the client',
        ],
        ['security/jwt/jwt-type.test.ts#our own token without iat, jti or client_id is refused'],
      ],
      [
        'RFC9068-2.2.1-1',
        'auth_time, acr and amr say how the subject authenticated, when known',
        [`${ISSUER}the authentication is written when known`],
        [`${ISSUER}no scope and no authentication leave no empty claims`],
      ],
      [
        'RFC9068-2.2.3-1',
        'every scope means something at the audience',
        ['spec/rfc8693/success.test.ts#answers with access_token'],
        ['unit/core/targets.test.ts#a scope that one target does not have is not granted for both'],
      ],
      [
        'RFC9068-3-1',
        'without a target the default of the client is meant',
        ['spec/rfc8693/success.test.ts#the default target of the client is meant'],
        [
          'unit/core/request/relying-party.test.ts#refuses a request without a target and without a default',
        ],
      ],
      [
        'RFC9068-4-1',
        'a validator wants typ, iss, aud, signature and exp',
        ['unit/tokens/jwt/jwt-validator.test.ts#a good token yields its facts'],
        [
          'security/jwt/jwt-type.test.ts#nothing else is one',
          'security/jwt/jwt-algorithm.test.ts#refuses alg',
        ],
      ],
    ),
  ],
};
