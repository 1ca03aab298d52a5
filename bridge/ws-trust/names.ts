// The versions of WS-Trust: February 2005, and 1.3 with the additions of 1.4 in a namespace of their own.

import { WSC_13_NS, WSC_2005_NS } from '#bridge/ws-security/names.ts';
import type { MarkupName } from '#bridge/xml/canonical/markup.ts';

export const TRUST_2005_NS = 'http://schemas.xmlsoap.org/ws/2005/02/trust';
export const TRUST_13_NS = 'http://docs.oasis-open.org/ws-sx/ws-trust/200512';
export const TRUST_14_NS = 'http://docs.oasis-open.org/ws-sx/ws-trust/200802';
/** Of information cards (Identity Selector Interoperability 1.5); its claims are asked for without cards, too. */
export const IDENTITY_NS = 'http://schemas.xmlsoap.org/ws/2005/05/identity';
/** Of claims, in WS-Federation 1.2 §9, and before. */
export const AUTHORIZATION_NS = 'http://docs.oasis-open.org/wsfed/authorization/200706';
export const AUTHORIZATION_2006_NS = 'http://schemas.xmlsoap.org/ws/2006/12/authorization';
const CLAIM_NAMESPACES: ReadonlySet<string> = new Set([
  IDENTITY_NS,
  AUTHORIZATION_NS,
  AUTHORIZATION_2006_NS,
]);

/** Whether claims are of this namespace. */
export const isOfClaims = (uri: string): boolean => CLAIM_NAMESPACES.has(uri);

const POLICY_2004_NS = 'http://schemas.xmlsoap.org/ws/2004/09/policy';
export const POLICY_NAMESPACES: ReadonlySet<string> = new Set([
  POLICY_2004_NS,
  'http://www.w3.org/2006/07/ws-policy',
  'http://www.w3.org/ns/ws-policy',
]);

/** A name of WS-Policy, in the namespace that we write. */
export const wsp = (local: string): MarkupName => ({ prefix: 'wsp', uri: POLICY_2004_NS, local });

export type TrustVersion = '2005/02' | '1.3';

/** How one request spells its version, and so its answer (ws-trust W2, W9). */
export interface TrustNames {
  readonly version: TrustVersion;
  /** The namespace as the request writes it. */
  readonly namespace: string;
  /** What its URIs begin with. */
  readonly base: string;
  readonly prefix: 'trust' | 't';
}

const TRUST_2005: TrustNames = {
  version: '2005/02',
  namespace: TRUST_2005_NS,
  base: TRUST_2005_NS,
  prefix: 't',
};
export const TRUST_13: TrustNames = {
  version: '1.3',
  namespace: TRUST_13_NS,
  base: TRUST_13_NS,
  prefix: 'trust',
};
/** The usual names of each version. */
export const TRUST_NAMES: Readonly<Record<TrustVersion, TrustNames>> = {
  '1.3': TRUST_13,
  '2005/02': TRUST_2005,
};
/** Some clients write the namespace of 1.3 with a slash behind it. */
const TRUST_13_SLASH: TrustNames = { ...TRUST_13, namespace: `${TRUST_13_NS}/` };

/** The version a namespace stands for, or undefined. */
export function trustOf(namespace: string): TrustNames | undefined {
  return [TRUST_13, TRUST_2005, TRUST_13_SLASH].find((trust) => trust.namespace === namespace);
}

/** A name of the trust namespace with its prefix. */
export function trustName({ prefix, namespace }: TrustNames, local: string): MarkupName {
  return { prefix, uri: namespace, local };
}

/** The namespace of WS-SecureConversation that goes with a version. */
export function conversationNamespaceOf({ version }: TrustNames): string {
  return version === '2005/02' ? WSC_2005_NS : WSC_13_NS;
}

export const TRUST_OPERATIONS = ['Issue', 'Renew', 'Cancel', 'Validate'] as const;
export type TrustOperation = (typeof TRUST_OPERATIONS)[number];

/** Whether a collection answers an operation: in 1.3 that of Issue (ws-trust W3, W4), and any other where it is `wanted`. */
export function isAnsweredInCollection(
  { version }: TrustNames,
  operation: TrustOperation,
  isWanted: boolean,
): boolean {
  return version === '1.3' && (operation === 'Issue' || isWanted);
}

/** The action URIs of one operation (WS-Trust 1.3 §4-7). The answer of 1.3 to Issue is a collection. */
export function actionsOf(
  { version, base }: TrustNames,
  operation: TrustOperation,
): { readonly request: string; readonly answer: string } {
  const request = `${base}/RST/${operation}`;
  if (version === '2005/02') return { request, answer: `${base}/RSTR/${operation}` };
  const form = operation === 'Issue' ? 'RSTRC' : 'RSTR';
  return { request, answer: `${base}/${form}/${operation}Final` };
}

/** What stacks put behind `/RST/SCT` and `/RSTR/SCT` (WS-SecureConversation 1.3 §3, §5, §6). */
const CONTEXT_ACTIONS: Readonly<Partial<Record<TrustOperation, readonly string[]>>> = {
  Issue: [''],
  Renew: ['/Renew', '-Renew'],
  Cancel: ['/Cancel', '-Cancel'],
};

/** The action URIs of one operation on a security context, each with that of its answer. */
export function contextActionsOf(
  { base }: TrustNames,
  operation: TrustOperation,
): ReadonlyMap<string, string> {
  const suffixes = CONTEXT_ACTIONS[operation] ?? [];
  return new Map(
    suffixes.map((suffix) => [`${base}/RST/SCT${suffix}`, `${base}/RSTR/SCT${suffix}`]),
  );
}

/** Whether an action would change what a security context stands for (WS-SecureConversation 1.3 §4). */
export function isAmendment({ base }: TrustNames, action: string): boolean {
  return action === `${base}/RST/SCT/Amend` || action === `${base}/RST/SCT-Amend`;
}

/** The action URI of a later leg of Issue, in either direction (WS-Trust 1.3 §8). */
export function legActionOf({ base }: TrustNames): string {
  return `${base}/RSTR/Issue`;
}

/** The operation of a RequestType URI, or undefined when we know none of that name. Those in a collection begin with `Batch`. */
export function operationOf(
  { base }: TrustNames,
  requestType: string,
  form: '' | 'Batch',
): TrustOperation | undefined {
  return TRUST_OPERATIONS.find((operation) => requestType === `${base}/${form}${operation}`);
}

/** The action URIs of a collection of requests (WS-Trust 1.3 §3.4): stacks name them by its RequestType or its element. */
export function batchActionsOf(
  { base }: TrustNames,
  operation: TrustOperation,
): { readonly requests: readonly string[]; readonly answer: string } {
  return {
    requests: [
      `${base}/RST/Batch${operation}`,
      `${base}/RSTC/${operation}`,
      `${base}/Batch${operation}`,
    ],
    answer: `${base}/RSTRC/${operation}Final`,
  };
}
