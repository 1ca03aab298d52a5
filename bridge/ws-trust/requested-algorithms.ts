// Algorithms that are asked for: what the target gets, or a refusal; never another one in its place (ws-trust §3.2).

import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import { CONTENT_METHODS, TRANSPORT_METHODS } from '#bridge/xml/encryption-algorithms.ts';
import type { RelyingParty } from '#core/relying-party.ts';
import { formOf, type TokenType } from '#core/token-type.ts';
import type { RequestedAlgorithms } from './rst/rst-request.ts';

const DSIG_MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const DSIG_2007 = 'http://www.w3.org/2007/05/xmldsig-more#';
/** JOSE names, as relying parties have them, of the signature algorithms of XML. */
const SIGNATURES: ReadonlyMap<string, string> = new Map([
  [`${DSIG_MORE}rsa-sha256`, 'RS256'],
  [`${DSIG_MORE}rsa-sha384`, 'RS384'],
  [`${DSIG_MORE}rsa-sha512`, 'RS512'],
  [`${DSIG_2007}sha256-rsa-MGF1`, 'PS256'],
  [`${DSIG_2007}sha384-rsa-MGF1`, 'PS384'],
  [`${DSIG_2007}sha512-rsa-MGF1`, 'PS512'],
  [`${DSIG_MORE}ecdsa-sha256`, 'ES256'],
  [`${DSIG_MORE}ecdsa-sha384`, 'ES384'],
  [`${DSIG_MORE}ecdsa-sha512`, 'ES512'],
]);

/** Holds the algorithms that are asked for against those of the targets. Where nothing is encrypted, the algorithms to do it
 * with say nothing.
 * @throws {SecurityFailure} `unsupported-algorithm` */
export function requireAlgorithms(
  asked: RequestedAlgorithms,
  parties: readonly RelyingParty[],
  requestedType: TokenType | undefined,
): void {
  for (const { token } of parties) {
    const form = formOf(requestedType ?? token.type);
    requireSame(
      asked.signature && SIGNATURES.get(asked.signature),
      token.algorithms[form],
      asked.signature,
    );
    if (token.encryption === undefined || form !== 'saml') continue;
    const { content, keyTransport } = token.encryption;
    requireSame(asked.encryption, CONTENT_METHODS[content].identifier, asked.encryption);
    requireSame(asked.keyWrap, TRANSPORT_METHODS[keyTransport].identifier, asked.keyWrap);
  }
}

function requireSame(
  understood: string | undefined,
  used: string,
  asked: string | undefined,
): void {
  if (asked !== undefined && understood !== used)
    throw new SecurityFailure('unsupported-algorithm', 'an algorithm the target does not get');
}
