// The policies we publish (WS-SecurityPolicy 1.2, and the submission of July 2005): a user name over TLS. They are emitted,
// never interpreted.

import { element, type Markup, type MarkupName } from '#bridge/xml/markup.ts';
import { WSU_NS } from '#bridge/xml/namespaces.ts';
import { POLICY_2004_NS, type TrustVersion } from '../names.ts';

/** What a policy says. */
export interface PolicyTerms {
  readonly trust: TrustVersion;
  readonly usesAddressing: boolean;
  readonly includesTimestamp: boolean;
}

const SECURITY_POLICY: Readonly<Record<TrustVersion, { namespace: string; tokens: string }>> = {
  '1.3': {
    namespace: 'http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702',
    tokens: 'SignedEncryptedSupportingTokens',
  },
  '2005/02': {
    namespace: 'http://schemas.xmlsoap.org/ws/2005/07/securitypolicy',
    tokens: 'SignedSupportingTokens',
  },
};
const USING_ADDRESSING: MarkupName = {
  prefix: 'wsaw',
  uri: 'http://www.w3.org/2006/05/addressing/wsdl',
  local: 'UsingAddressing',
};

/** The id of a policy, unique among those of one document. */
export function policyIdOf({ trust, usesAddressing }: PolicyTerms): string {
  return `Username${trust === '1.3' ? '13' : '2005'}${usesAddressing ? '' : 'Plain'}`;
}

/** Writes a policy. */
export function writePolicy(terms: PolicyTerms): Markup {
  const sp = securityPolicyName(terms.trust);
  const assertions = [
    transportBinding(terms),
    wrapped(sp(SECURITY_POLICY[terms.trust].tokens), [userNameToken(terms.trust)]),
    ...(terms.usesAddressing ? [element(USING_ADDRESSING)] : []),
  ];
  const alternatives = element(wsp('ExactlyOne'), [], [element(wsp('All'), [], assertions)]);
  const id: MarkupName = { prefix: 'wsu', uri: WSU_NS, local: 'Id' };
  return element(wsp('Policy'), [[id, policyIdOf(terms)]], [alternatives]);
}

function transportBinding({ trust, includesTimestamp }: PolicyTerms): Markup {
  const sp = securityPolicyName(trust);
  const https =
    trust === '1.3'
      ? wrapped(sp('HttpsToken'), [])
      : element(sp('HttpsToken'), [['RequireClientCertificate', 'false']]);
  return wrapped(sp('TransportBinding'), [
    wrapped(sp('TransportToken'), [https]),
    wrapped(sp('AlgorithmSuite'), [element(sp('Basic256Sha256'))]),
    wrapped(sp('Layout'), [element(sp('Lax'))]),
    ...(includesTimestamp ? [element(sp('IncludeTimestamp'))] : []),
  ]);
}

function userNameToken(trust: TrustVersion): Markup {
  const sp = securityPolicyName(trust);
  const always = `${SECURITY_POLICY[trust].namespace}/IncludeToken/AlwaysToRecipient`;
  const content = element(wsp('Policy'), [], [element(sp('WssUsernameToken10'))]);
  return element(sp('UsernameToken'), [[sp('IncludeToken'), always]], [content]);
}

function wrapped(name: MarkupName, assertions: readonly Markup[]): Markup {
  return element(name, [], [element(wsp('Policy'), [], assertions)]);
}

function securityPolicyName(trust: TrustVersion): (local: string) => MarkupName {
  return (local) => ({ prefix: 'sp', uri: SECURITY_POLICY[trust].namespace, local });
}

function wsp(local: string): MarkupName {
  return { prefix: 'wsp', uri: POLICY_2004_NS, local };
}
