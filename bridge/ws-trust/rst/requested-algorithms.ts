// Algorithms that are asked for: what the target gets, or a refusal; never another one in its place (ws-trust §3.2).

import { X509Certificate } from 'node:crypto';
import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import {
  CONTENT_METHODS,
  TRANSPORT_METHODS,
} from '#bridge/xml/encryption/encryption-algorithms.ts';
import { nameCertificate } from '#bridge/xml/keys/public-key.ts';
import { DSIG_MORE, DSIG_MORE_2007 } from '#bridge/xml/namespaces.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { RelyingParty } from '#core/request/relying-party.ts';
import { isConfirmed } from '#core/token/confirmation.ts';
import type { Encryption } from '#core/token/token-spec.ts';
import { formOf, type TokenType } from '#core/token/token-type.ts';
import type { RstRequest } from './rst-request.ts';
import type { RequestedKey } from './use-key.ts';

/** The signature algorithms of XML by their JOSE names, as relying parties have them. */
const SIGNATURES: ReadonlyMap<string, string> = new Map([
  ['RS256', `${DSIG_MORE}rsa-sha256`],
  ['RS384', `${DSIG_MORE}rsa-sha384`],
  ['RS512', `${DSIG_MORE}rsa-sha512`],
  ['PS256', `${DSIG_MORE_2007}sha256-rsa-MGF1`],
  ['PS384', `${DSIG_MORE_2007}sha384-rsa-MGF1`],
  ['PS512', `${DSIG_MORE_2007}sha512-rsa-MGF1`],
  ['ES256', `${DSIG_MORE}ecdsa-sha256`],
  ['ES384', `${DSIG_MORE}ecdsa-sha384`],
  ['ES512', `${DSIG_MORE}ecdsa-sha512`],
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
    const type = requestedType ?? token.type;
    const form = formOf(type);
    // Nobody signs a security context.
    requireSame(
      asked.signature,
      type === 'sct' ? undefined : SIGNATURES.get(token.algorithms[form]),
    );
    const tokenEncryption = form === 'saml' ? token.encryption : undefined;
    if (encryption) requireRecipient(encryption, tokenEncryption);
    if (tokenEncryption) {
      requireSame(asked.encryption, CONTENT_METHODS[tokenEncryption.content].identifier);
    }
    const wrapped = tokenEncryption ?? (keyType === 'symmetric-key' && token.keyEncryption);
    if (wrapped) {
      requireSame(asked.keyWrap, TRANSPORT_METHODS[wrapped.keyTransport].identifier);
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

function requireSame(asked: string | undefined, used: string | undefined): void {
  if (asked !== undefined && asked !== used)
    throw new SecurityFailure('unsupported-algorithm', 'an algorithm the target does not get');
}
