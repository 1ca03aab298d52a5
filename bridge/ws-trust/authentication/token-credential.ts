// A token of the Security header as a credential, where no signature of the message is made with a key of it: an assertion or a
// JWT of a trusted issuer, good in the hands of whoever has it (ws-trust §4).

import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import type { SecurityHeader } from '#bridge/ws-security/security-header.ts';
import { kindOfToken, presentToken } from '#bridge/ws-security/tokens/presented-token.ts';
import type { XmlDocument, XmlElement } from '#bridge/xml/tree.ts';
import { BEARER } from '#core/token/confirmation.ts';
import { SELF } from '#core/token/security-token.ts';
import type { Endpoint } from '../endpoint/endpoint-profile.ts';
import { type Credential, type CredentialService, validateCredential } from './credential.ts';

/** Where the token stands, and what is told of the others. */
export interface PresentedTokens {
  readonly document: XmlDocument;
  readonly security: SecurityHeader;
  readonly endpoint: Endpoint;
  /** Tokens that are in use already: by a signature, or by the request. */
  readonly usedTokens: ReadonlySet<XmlElement>;
  readonly sts: CredentialService;
}

/** The credential that a header token is, or undefined when there is none.
 * @throws {SecurityFailure} `failed-authentication`, `unsupported-security-token`
 * @throws {ExchangeFailure} `dependency-unavailable` */
export async function bearerCredential({
  document,
  security,
  endpoint,
  usedTokens,
  sts,
}: PresentedTokens): Promise<Credential | undefined> {
  const [token] = security.tokens.filter(
    (each) => !usedTokens.has(each) && kindOfToken(each) !== 'x509',
  );
  if (token === undefined || !endpoint.credentials.includes('bearer-token')) return undefined;
  const identity = await validateCredential(presentToken(document, token, 'subject'), sts);
  // Bound to a key, it is good with a signature made with that key, and never as bearer (E5).
  if (identity.confirmation.method !== 'bearer')
    throw new SecurityFailure('failed-authentication', 'the key of the token is not proved', {
      reason: 'confirmation-missing',
    });
  // We issued it for somebody to show to a relying party, who could show it to us in their name.
  if (identity.trustedIssuer === SELF && endpoint.takesOwnBearerTokens !== true)
    throw new SecurityFailure('failed-authentication', 'a bearer token of ours is no credential', {
      reason: 'token-audience-mismatch',
    });
  return { kind: 'bearer-token', identity, confirmation: BEARER, token };
}
