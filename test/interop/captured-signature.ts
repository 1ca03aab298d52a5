// Signed messages as clients of other stacks sent them, judged by our verifier. The keys are gone; their certificates are in them.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readEnvelope } from '#bridge/soap/envelope.ts';
import { readSecurityHeader } from '#bridge/ws-security/security-header.ts';
import { trustPublicKey } from '#bridge/xml/keys/trusted-key.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { verifyMessageSignature } from '#bridge/xml/signature/verify-message.ts';

interface Signed {
  readonly text: string;
  /** Base64 of the certificate of the key that signed. */
  readonly certificate: string;
  readonly legacySha1?: boolean;
}

/** What the signature of a message covers, and what a message must have covered: its Timestamp and its Body. */
export async function verifyCaptured({ text, certificate, legacySha1 = false }: Signed) {
  const envelope = readEnvelope(parseXml(Buffer.from(text)));
  const security = readSecurityHeader(envelope);
  const [signature] = security?.signatures ?? [];
  assert.ok(security?.timestamp && signature);
  const { publicKey } = new X509Certificate(Buffer.from(certificate, 'base64'));
  const { covered, usedSha1 } = await verifyMessageSignature(envelope.document, signature, {
    selectKey: () => trustPublicKey(publicKey),
    legacySha1,
  });
  return { covered, usedSha1, wanted: [security.timestamp.element, envelope.body] };
}

/** The certificate that a message brings in a BinarySecurityToken. */
export function certificateIn(text: string): string {
  const [, certificate = ''] = /BinarySecurityToken [^>]*>([^<]+)</.exec(text) ?? [];
  return certificate;
}
