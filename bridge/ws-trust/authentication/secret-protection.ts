// Message security without TLS by a secret (WS-SecurityPolicy 1.2 §7.4, symmetric binding; ws-trust §4): the client made it and encrypted it
// to us; all that is read is signed with it and encrypted under it, with a user name inside. The secret shows that all comes from one
// sender, the password who that is.

import type { AnswerDerivation, AnswerSecret } from '#bridge/ws-security/encryption/answer-keys.ts';
import { readDerivedKey } from '#bridge/ws-security/encryption/derived-key.ts';
import type { MessageSecret } from '#bridge/ws-security/encryption/message-secret.ts';
import { refusedAsFailedCheck, SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import {
  type SignerTrust,
  verifySignature,
} from '#bridge/ws-security/signature/message-signature.ts';
import { isKeyToken, kindOfToken } from '#bridge/ws-security/tokens/presented-token.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import type { AuthenticationParts } from './authentication.ts';
import {
  type ProtectedMessage,
  requireConfidential,
  requireCovered,
  requireOneSignature,
} from './message-protection.ts';
import type { OpenedMessage } from './opened-message.ts';
import { signerWithSecret } from './secret-holder.ts';

/** Verifies that one secret protects a message, before anything of its Body is read.
 * @throws {SecurityFailure} `invalid-security`, `failed-check`, `authentication-bad-elements`, `failed-authentication` */
export async function verifySecretProtection(
  message: OpenedMessage,
  { maxCanonicalBytes }: Pick<AuthenticationParts, 'maxCanonicalBytes'>,
): Promise<ProtectedMessage> {
  const { encryption, envelope } = message;
  if (!encryption?.secret) throw invalid('no part of the message is encrypted');
  const { secret } = encryption;
  const { security, signature } = await refusedAsFailedCheck(async () => {
    const { header, only } = requireOneSignature(envelope);
    const signed = {
      envelope,
      security: header,
      legacySha1: false,
      maxCanonicalBytes,
      trust: trustSecret(secret),
    };
    return { security: header, signature: await verifySignature(only, signed) };
  });
  // Whoever gets here has the secret: what is said from here on is said to the sender alone.
  const evidence = security.tokens.filter((token) => !isKeyToken(token));
  requireConfidential(encryption, { security, evidence, signature: signature.element });
  requireCovered(signature, { envelope, security, tokens: evidence });
  if (!security.userName)
    throw new SecurityFailure('failed-authentication', 'a secret without a user name');
  const ofParts = secret.derivedKey ? [secret.derivedKey] : [];
  const tokens = [...signature.tokens, ...ofParts];
  const ofAnswer = answerSecretOf(secret, signature.tokens);
  return { security, protection: { signature, tokens, secret: ofAnswer } };
}

// The secret of this message, or a key derived of it, and no other key: what is signed otherwise was not written by who encrypted.
function trustSecret({ element, value }: MessageSecret): SignerTrust {
  return async (signer) => {
    if (signer.kind !== 'encrypted-key' || signer.token !== element)
      throw new SecurityFailure('failed-authentication', 'signed with another key');
    return signerWithSecret(value, element);
  };
}

// As the client did it: one that is told to derive keys expects it of us.
function answerSecretOf(secret: MessageSecret, ofSigner: readonly XmlElement[]): AnswerSecret {
  const { content, derivedKey, value, wrapped } = secret;
  const signing = ofSigner.find((each) => kindOfToken(each) === 'derived-key');
  const derived = { signing: derivationOf(signing), encryption: derivationOf(derivedKey) };
  return { content, value, wrapped, ...derived };
}

const derivationOf = (token: XmlElement | undefined): AnswerDerivation | undefined =>
  token && { wsc: token.uri, bytes: readDerivedKey(token).length };

const invalid = (detail: string): SecurityFailure =>
  new SecurityFailure('invalid-security', detail);
