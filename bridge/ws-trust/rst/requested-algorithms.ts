// Algorithms that are asked for: what the target gets, or a refusal; never another one in its place (ws-trust §3.2).

import { X509Certificate } from 'node:crypto';
import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import {
  CONTENT_METHODS,
  TRANSPORT_METHODS,
} from '#bridge/xml/encryption/encryption-algorithms.ts';
import { nameCertificate } from '#bridge/xml/keys/public-key.ts';
import { isConfirmed } from '#core/confirmation.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { RelyingParty } from '#core/request/relying-party.ts';
import type { Encryption } from '#core/token-spec.ts';
import { formOf, type TokenType } from '#core/token-type.ts';
import type { RstRequest } from './rst-request.ts';
import type { RequestedKey } from './use-key.ts';

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
 * @throws {SecurityFailure} `unsupported-algorithm`
 * @throws {ExchangeFailure} `operation-unsupported` */
export function requireAlgorithms(
  { algorithms: asked, encryption, keyType }: AskedOf,
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
    const tokenEncryption = form === 'saml' ? token.encryption : undefined;
    if (encryption) requireRecipient(encryption, tokenEncryption);
    if (tokenEncryption) {
      const { identifier } = CONTENT_METHODS[tokenEncryption.content];
      requireSame(asked.encryption, identifier, asked.encryption);
    }
    const wrapped = tokenEncryption ?? (keyType === 'symmetric-key' && token.keyEncryption);
    if (wrapped) {
      const { identifier } = TRANSPORT_METHODS[wrapped.keyTransport];
      requireSame(asked.keyWrap, identifier, asked.keyWrap);
    }
  }
}

type AskedOf = Pick<RstRequest, 'algorithms' | 'encryption' | 'keyType'>;

// Whom a token is encrypted to is said by the record of its relying party. A requestor may name that very key, and no other.
function requireRecipient({ key }: RequestedKey, used: Encryption | undefined): void {
  const certificate = used && nameCertificate(new X509Certificate(used.certificate));
  if (!key || !certificate || !isConfirmed(key, certificate))
    throw new ExchangeFailure('operation-unsupported', 'Encryption to another key');
}

function requireSame(
  understood: string | undefined,
  used: string,
  asked: string | undefined,
): void {
  if (asked !== undefined && understood !== used)
    throw new SecurityFailure('unsupported-algorithm', 'an algorithm the target does not get');
}
