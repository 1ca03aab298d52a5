// RFC 7662, introspection, and RFC 7009, revocation: what they require of us.
import { must, type RequirementTable, should } from '#test/support/requirements.ts';

const OWN = 'spec/rfc7662/own-tokens.test.ts#' as const;
const INSPECT = 'unit/core/inspect.test.ts#' as const;

export const RFC7662: RequirementTable = {
  standard: 'RFC 7662 and RFC 7009',
  requirements: [
    ...must(
      [
        'RFC7662-2.1-1',
        'token is required',
        [`${OWN}tells the server a token is addressed to`],
        [`${OWN}refuses a request without token`],
      ],
      [
        'RFC7662-2.1-2',
        'the caller is authenticated',
        [`${OWN}tells the server a token is addressed to, and its client`],
        [
          `${OWN}refuses a caller that is not authenticated, before looking at the token`,
          `${OWN}a client that only names itself is told nothing`,
        ],
      ],
      [
        'RFC7662-2.2-1',
        'active is always there, and alone where the token is not active',
        [`${OWN}tells the server a token is addressed to`],
        [`${OWN}says inactive and nothing else of an expired, foreign, mangled or unknown token`],
      ],
      [
        'RFC7662-2.2-2',
        'who may not know of a token is told that it is inactive',
        [`${OWN}tells the server a token is addressed to`],
        [`${OWN}a client that is neither addressed nor the holder learns nothing`],
      ],
      [
        'RFC7662-4-1',
        'expiry, begin, revocation, signature and audience are all looked at',
        [`${OWN}tells the server a token is addressed to`],
        [
          `${OWN}says inactive and nothing else`,
          `${OWN}a token is inactive from its end on`,
          `${OWN}a revoked token is inactive`,
          `${INSPECT}is closed while nobody knows whether it is revoked`,
        ],
      ],
      [
        'RFC7662-2.2-3',
        'a refresh token is active where it could be used',
        [
          'spec/rfc7662/refresh-tokens.test.ts#its renewals are used up; the last of them is active',
        ],
        ['spec/rfc7662/refresh-tokens.test.ts#the absolute end has come'],
      ],
      [
        'RFC7009-2-1',
        'the endpoint is https',
        ['spec/rfc8414/metadata.test.ts#names all grants, endpoints'],
        ['unit/config/sections/server-sections.test.ts#http://sts.example.org'],
      ],
      [
        'RFC7662-2-1',
        'the endpoint is https',
        ['spec/rfc8414/metadata.test.ts#names all grants, endpoints'],
        ['unit/config/sections/server-sections.test.ts#http://sts.example.org'],
      ],
      [
        'RFC7009-2.1-4',
        'a token is looked for among all types, whatever the hint says',
        [`${OWN}a revoked token is inactive`],
        [`${OWN}is a hint and no more`],
      ],
      [
        'RFC7009-2.1-5',
        'refresh tokens can be revoked, and what was made by them goes with them',
        ['spec/rfc6749/refresh-token.test.ts#revoking one revokes the family'],
        ['spec/rfc6749/refresh-token.test.ts#another client revokes nothing'],
      ],
      [
        'RFC7009-2.1-1',
        'a revoked token is invalid at once',
        [`${OWN}a revoked token is inactive, also when it is asked for on the same second`],
        [`${OWN}revoking a token kills what was made from it and blocks further exchange`],
      ],
      [
        'RFC7009-2.1-2',
        'only the client that it was issued to revokes a token',
        [`${OWN}a revoked token is inactive`],
        [`${OWN}refuses to revoke a token that was issued to another client, and it lives on`],
      ],
      [
        'RFC7009-2.2-1',
        'an invalid token is answered with 200',
        [`${OWN}an unknown, foreign or already revoked token is answered with 200`],
        'ours alone',
      ],
    ),
    ...should([
      'RFC7009-2.1-3',
      'what was made from the token goes with it',
      [`${OWN}revoking a token kills what was made from it and blocks further exchange`],
      [`${OWN}a revoked token is still revoked after a restart`],
    ]),
  ],
};
