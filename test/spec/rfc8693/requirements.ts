// RFC 8693, OAuth 2.0 Token Exchange: what it requires of an authorization server.
import { must, type RequirementTable, should } from '#test/support/requirements.ts';

const REFUSALS = 'spec/rfc8693/refusals.test.ts#' as const;
const SUCCESS = 'spec/rfc8693/success.test.ts#' as const;

export const RFC8693: RequirementTable = {
  standard: 'RFC 8693',
  requirements: [
    ...must(
      [
        'RFC8693-2.1-1',
        'grant_type says that a token exchange is asked for',
        [`${SUCCESS}answers with access_token`],
        [`${REFUSALS}an unknown grant_type`, `${REFUSALS}a repeated grant_type`],
      ],
      [
        'RFC8693-2.1-2',
        'resource is an absolute URI without a fragment, and may be repeated',
        [`${SUCCESS}resource and audience of one relying party`],
        [
          `${REFUSALS}a resource that is no absolute URI`,
          `${REFUSALS}a resource with a fragment`,
          `${REFUSALS}an unknown resource`,
        ],
      ],
      [
        'RFC8693-2.1-3',
        'every named target must be permitted',
        [`${SUCCESS}resource and audience of one relying party`],
        [
          `${REFUSALS}a target that is not permitted`,
          `${REFUSALS}a permitted target together with one that is not`,
        ],
      ],
      [
        'RFC8693-2.1-4',
        'subject_token is required, once',
        [`${SUCCESS}answers with access_token`],
        [`${REFUSALS}a subject token that is no JWT`, `${REFUSALS}a repeated subject_token`],
      ],
      [
        'RFC8693-2.1-5',
        'subject_token_type is required',
        [`${SUCCESS}answers with access_token`],
        [`${REFUSALS}a missing subject_token_type`, `${REFUSALS}an unknown subject_token_type`],
      ],
      [
        'RFC8693-2.1-6',
        'actor_token_type is required with actor_token and refused without it',
        [`${SUCCESS}with an actor token the current actor is outermost`],
        [
          `${REFUSALS}actor_token without actor_token_type`,
          `${REFUSALS}actor_token_type without actor_token`,
        ],
      ],
      [
        'RFC8693-2.1-7',
        'the validation of its declared type is done for each token',
        [`${SUCCESS}issues a jwt and an id_token`],
        [
          `${REFUSALS}that is declared as`,
          'security/jwt/jwt-type.test.ts#a foreign token of typ',
          'security/jwt/jwt-algorithm.test.ts#refuses HS256 with the RSA public key',
        ],
      ],
      [
        'RFC8693-2.1-8',
        'a requested_token_type that is not issued is refused',
        [`${SUCCESS}issues a jwt and an id_token where the policy row grants them`],
        [`${REFUSALS}an unknown requested_token_type`],
      ],
      [
        'RFC8693-2.1-9',
        'scope is granted within policy or refused',
        [`${SUCCESS}answers with access_token`],
        [
          `${REFUSALS}a widened scope`,
          `${REFUSALS}a scope that the subject token does not have`,
          `${REFUSALS}a repeated scope`,
        ],
      ],
      [
        'RFC8693-2.2.1-1',
        'the answer has access_token, issued_token_type and token_type, and scope',
        [`${SUCCESS}answers with access_token, issued_token_type, token_type`],
        'ours alone',
      ],
      [
        'RFC8693-2.2.1-2',
        'token_type is N_A where the token is no access token',
        ['grid/grid.test.ts#becomes ${requested}'],
        'ours alone',
      ],
      [
        'RFC8693-2.2.2-1',
        'a subject or actor token that is not valid or not acceptable is invalid_request',
        [`${SUCCESS}answers with access_token`],
        [
          `${REFUSALS}as invalid_request, like any other bad token`,
          'spec/rfc7522/saml-bearer.test.ts#the same bad assertion is invalid_request',
        ],
      ],
      [
        'RFC8693-4.1-1',
        'act says who acts now; earlier actors are nested in it',
        [
          `${SUCCESS}the current actor is outermost and the chain of the subject token nested`,
          'spec/rfc7522/saml-bearer.test.ts#act becomes a DelegationRestriction and act again',
        ],
        [
          'unit/core/delegation/actor-chain.test.ts#refuses an inherited chain that loops',
          'security/jwt/jwt-claims.test.ts#eight actors are the most',
        ],
      ],
      [
        'RFC8693-4.1-2',
        'access is decided by the current actor alone; earlier ones are told and no more',
        ['unit/core/policy.test.ts#a row that names an actor wants one'],
        ['unit/core/policy.test.ts#only the current actor counts'],
      ],
      [
        'RFC8693-4.4-1',
        'may_act names who may act; another actor, or none, is refused',
        ['unit/tokens/jwt/jwt-validator.test.ts#may_act names parties as act does'],
        [
          `${REFUSALS}an actor that may_act does not name`,
          `${REFUSALS}no actor where may_act names one`,
        ],
      ],
    ),
    ...should(
      [
        'RFC8693-2.1-10',
        'a client that could be anybody is refused unless policy names it',
        [
          'spec/rfc7523/client-authentication.test.ts#a public client may exchange where a row names',
        ],
        ['spec/rfc7523/client-authentication.test.ts#no client authentication at all'],
      ],
      [
        'RFC8693-2.2.2-2',
        'a target that is unknown or not permitted is invalid_target',
        [`${SUCCESS}the default target of the client is meant`],
        [`${REFUSALS}an unknown resource`, `${REFUSALS}a target that is not permitted`],
      ],
    ),
  ],
};
