// The words of WS-SecurityPolicy (1.2, and the submission of July 2005), as the policies in our WSDL use them.

import {
  type AttributePair,
  element,
  type Markup,
  type MarkupName,
} from '#bridge/xml/canonical/markup.ts';
import type { EndpointProfile } from '../endpoint/endpoint-profile.ts';
import { type TrustVersion, wsp } from '../names.ts';

const SECURITY_POLICY: Readonly<Record<TrustVersion, string>> = {
  '1.3': 'http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702',
  '2005/02': 'http://schemas.xmlsoap.org/ws/2005/07/securitypolicy',
};

/** What is inside of an assertion. */
interface Inside {
  readonly attributes?: readonly AttributePair[];
  readonly children?: readonly Markup[];
}

/** What is inside of a token. */
interface InsideToken {
  readonly children: readonly Markup[];
  /** Which messages carry it (WS-SecurityPolicy 1.2 §5.1.1). Absent: those to us. */
  readonly inclusion?: 'AlwaysToInitiator' | 'Never';
}

/** A token that messages must come with. */
export function token(
  trust: TrustVersion,
  local: string,
  { children, inclusion }: InsideToken,
): Markup {
  const included = `${SECURITY_POLICY[trust]}/IncludeToken/${inclusion ?? 'AlwaysToRecipient'}`;
  return sp(trust, local, { attributes: [[spName(trust, 'IncludeToken'), included]], children });
}

/** An assertion of WS-SecurityPolicy with a policy inside. */
export const nested = (trust: TrustVersion, local: string, assertions: readonly Markup[]): Markup =>
  sp(trust, local, { children: [policyOf(assertions)] });

/** An assertion of WS-SecurityPolicy, in the namespace that goes with a version of WS-Trust. */
export const sp = (
  trust: TrustVersion,
  local: string,
  { attributes = [], children = [] }: Inside = {},
): Markup => element(spName(trust, local), attributes, children);

const spName = (trust: TrustVersion, local: string): MarkupName => ({
  prefix: 'sp',
  uri: SECURITY_POLICY[trust],
  local,
});

/** A policy of which all must hold. */
export const policyOf = (assertions: readonly Markup[]): Markup =>
  element(wsp('Policy'), [], assertions);

/** A certificate that a message is signed with. */
export const x509Token = (trust: TrustVersion): Markup =>
  token(trust, 'X509Token', { children: [policyOf([sp(trust, 'WssX509V3Token10')])] });

/** A user name. The submission of 2005 has the first word only. */
export function userNameToken(
  trust: TrustVersion,
  tokens: EndpointProfile['userNameTokens'],
): Markup {
  const name = trust === '1.3' ? tokens : 'SignedSupportingTokens';
  const policy = policyOf([sp(trust, 'WssUsernameToken10')]);
  return nested(trust, name, [token(trust, 'UsernameToken', { children: [policy] })]);
}
