// The elements of a request to issue that say what is asked for, for whom and how long.
import { aKeyValue } from '#test/support/soap/signed-message.ts';
import { anAppliesTo, BILLING } from '#test/support/ws-trust/rst.ts';
import {
  address,
  certificate,
  child,
  claims,
  DS,
  in14,
  isNotUnderstood,
  issued,
  JWT,
  key,
  lifetime,
  nothing,
  OTHER,
  type RequestElement,
  reference,
  SAML1,
} from './element-shape.ts';

/** What is asked for, for whom and how long. */
export const FRAME: readonly RequestElement[] = [
  {
    name: 'RequestType',
    outcome: 'honoured',
    refused: (trust) => [[child('RequestType', `${trust}/Issue`), 'wst:InvalidRequest']],
  },
  {
    name: 'TokenType',
    outcome: 'honoured',
    wish: () => ({
      xml: child('TokenType', SAML1),
      sees: ({ asked }) => asked.requestedType === 'saml1',
    }),
    refused: () => [[child('TokenType', 'urn:x'), 'wsse:UnsupportedSecurityToken']],
    secondary: 'honoured',
  },
  {
    name: 'Claims',
    outcome: 'honoured',
    wish: () => ({
      xml: claims('department'),
      sees: ({ asked }) => asked.requiredClaims?.[0] === 'department',
    }),
    refused: () => [
      [claims('salary'), 'wst:RequestFailed'],
      [claims('department', 'urn:x'), 'wst:BadRequest'],
    ],
    secondary: 'honoured',
  },
  {
    name: 'wsp:AppliesTo',
    outcome: 'honoured',
    wish: () => ({ xml: '', sees: ({ asked }) => asked.targets[0]?.value === BILLING }),
    refused: () => [
      [anAppliesTo('https://unknown.example/'), 'wst:InvalidScope'],
      ['<p:AppliesTo xmlns:p="http://www.w3.org/ns/ws-policy"/>', 'wst:InvalidRequest'],
    ],
  },
  {
    name: 'Participants',
    outcome: 'honoured',
    wish: () => ({
      xml: child('Participants', child('Primary', reference(BILLING))),
      sees: ({ asked }) => asked.targets.length === 2,
    }),
    refused: () => [
      [child('Participants', child('Participant', reference('urn:b'))), 'wst:InvalidScope'],
      [child('Participants'), 'wst:InvalidRequest'],
    ],
  },
  {
    name: 'Lifetime',
    outcome: 'honoured',
    wish: () => ({
      xml: lifetime('2027-01-15T08:00:00Z', '2027-01-15T08:05:00Z'),
      sees: ({ asked }) => asked.lifetimeSeconds === 300,
    }),
    refused: () => [
      [lifetime('2027-01-16T08:00:00Z', '2027-01-16T08:05:00Z'), 'wst:InvalidTimeRange'],
    ],
  },
  {
    name: 'AllowPostdating',
    outcome: 'taken',
    wish: () => ({ xml: child('AllowPostdating'), sees: issued }),
    refused: nothing,
  },
  {
    name: 'Renewing',
    outcome: 'honoured',
    wish: () => ({
      xml: '<t:Renewing Allow="false"/>',
      sees: ({ asked, body }) => asked.renewal === undefined && !body.includes('Renewing'),
    }),
    refused: () => [
      ['<t:Renewing OK="true"/>', 'wst:UnableToRenew'],
      ['<t:Renewing Allow="false" OK="true"/>', 'wst:InvalidRequest'],
    ],
  },
  {
    name: 'OnBehalfOf',
    outcome: 'honoured',
    wish: () => ({
      xml: child('OnBehalfOf', JWT),
      sees: ({ asked }) => asked.subject.type === 'jwt' && asked.actor === undefined,
    }),
    refused: () => [
      [child('OnBehalfOf', reference(BILLING)), 'wsse:UnsupportedSecurityToken'],
      [child('OnBehalfOf', JWT.replace('good', 'bad')), 'wst:InvalidSecurityToken'],
    ],
  },
  {
    name: 'wst14:ActAs',
    outcome: 'honoured',
    wish: () => ({
      xml: in14('ActAs', JWT),
      sees: ({ asked }) => asked.subject.type === 'jwt' && asked.actor !== undefined,
    }),
    refused: () => [[in14('ActAs', JWT.replace('good', 'bad')), 'wst:InvalidSecurityToken']],
  },
  {
    name: 'ActAs',
    only: '1.3',
    outcome: 'honoured',
    wish: () => ({ xml: child('ActAs', JWT), sees: ({ asked }) => asked.actor !== undefined }),
    refused: () => [[child('ActAs', JWT.replace('good', 'bad')), 'wst:InvalidSecurityToken']],
  },
  {
    name: 'DelegateTo',
    outcome: 'honoured',
    wish: (trust) => ({
      xml: child('DelegateTo', certificate(OTHER)),
      beside: key(trust, 'PublicKey'),
      sees: ({ asked }) => asked.actor !== undefined,
    }),
    refused: (trust) => [
      [child('DelegateTo', certificate(OTHER)), 'wst:InvalidRequest'],
      [
        key(trust, 'PublicKey') +
          child('DelegateTo', `<ds:KeyInfo ${DS}>${aKeyValue(OTHER)}</ds:KeyInfo>`),
        'wst:BadRequest',
      ],
    ],
  },
  {
    name: 'Delegatable',
    outcome: 'honoured',
    wish: () => ({
      xml: child('Delegatable', 'false'),
      sees: ({ asked }) => asked.isDelegatable === false,
    }),
    refused: () => [[child('Delegatable', 'maybe'), 'wst:InvalidRequest']],
  },
  {
    name: 'Forwardable',
    outcome: 'taken',
    wish: () => ({ xml: child('Forwardable', 'true'), sees: issued }),
    refused: isNotUnderstood(child('Forwardable', 'false')),
  },
  {
    name: 'Issuer',
    outcome: 'taken',
    wish: () => ({
      xml: child('Issuer', address('https://sts.example.org/ws-trust')),
      sees: issued,
    }),
    refused: isNotUnderstood(child('Issuer', address('https://other.example/'))),
  },
];
