// The elements of a request, over plain strings: whatever test writes its own messages.

export const TRUST_13 = 'http://docs.oasis-open.org/ws-sx/ws-trust/200512';
export const TRUST_2005 = 'http://schemas.xmlsoap.org/ws/2005/02/trust';
export const BILLING = 'https://billing.example/soap';

/** AppliesTo with an endpoint reference. */
export function anAppliesTo(
  address = BILLING,
  policy = 'http://schemas.xmlsoap.org/ws/2004/09/policy',
): string {
  return `<wsp:AppliesTo xmlns:wsp="${policy}"><a:EndpointReference xmlns:a="http://www.w3.org/2005/08/addressing"><a:Address>${address}</a:Address></a:EndpointReference></wsp:AppliesTo>`;
}

interface RstContent {
  readonly trust?: string;
  readonly attributes?: string;
  /** Children besides RequestType. */
  readonly children?: string;
  readonly requestType?: string;
}

/** A RequestSecurityToken, to issue unless the test says another type; prefix `t`. */
export function anRst({
  trust = TRUST_13,
  attributes = '',
  children = anAppliesTo(),
  requestType,
}: RstContent = {}): string {
  const type = requestType ?? `${trust.replace(/\/$/, '')}/Issue`;
  return `<t:RequestSecurityToken xmlns:t="${trust}"${attributes}><t:RequestType>${type}</t:RequestType>${children}</t:RequestSecurityToken>`;
}
