// Why the Body of a message may be read (xml-security V9, V10): TLS protected all of it, or a signature covers it. Readers of
// requests take this type only, so that reading raw XML does not compile.

import type { Envelope } from '#bridge/soap/envelope.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import type { Proof } from '#bridge/xml/signature/proof.ts';
import { elementsOf, type XmlDocument, type XmlElement } from '#bridge/xml/tree.ts';
import { SecurityFailure } from '../security-failure.ts';

declare const protection: unique symbol;

/** The one child of the Body, with what protects it. Only this file makes one. */
export interface ProtectedBody {
  readonly document: XmlDocument;
  readonly payload: XmlElement;
  /** The document of the Security header that goes with it: another one where an earlier message of an exchange held the payload. */
  readonly headerDocument: XmlDocument;
  readonly [protection]: true;
}

/** The Body of a message that came over TLS.
 * @throws {SecurityFailure} `invalid-security` when it did not
 * @throws {XmlFailure} `element-missing` */
export function bodyOverTls(envelope: Envelope, isSecure: boolean): ProtectedBody {
  if (!isSecure) throw new SecurityFailure('invalid-security', 'a bare message without TLS');
  return protect(envelope);
}

/** The Body of a message under a signature that covers it or its child, by identity: a wrapped copy is another node.
 * @throws {SecurityFailure} `failed-check`
 * @throws {XmlFailure} `element-missing` */
export function bodyUnderSignature(envelope: Envelope, { covered }: Proof): ProtectedBody {
  const { body, payload } = envelope;
  if (!covered.has(body) && !(payload !== undefined && covered.has(payload)))
    throw new SecurityFailure('failed-check', 'the Body is not signed');
  return protect(envelope);
}

/** What a Body held that was protected when we sealed it under a key of ours, with the header of the message that brought it back. */
export function resumedBody(document: XmlDocument, headerDocument: XmlDocument): ProtectedBody {
  return { document, payload: document.root, headerDocument } as ProtectedBody;
}

/** The children of a payload, each as if it came alone: what protects the whole protects them. */
export function protectedChildren(body: ProtectedBody): readonly ProtectedBody[] {
  return elementsOf(body.payload).map((payload) => ({ ...body, payload }));
}

function protect({ document, payload }: Envelope): ProtectedBody {
  if (payload === undefined) throw new XmlFailure('element-missing', 'the Body is empty');
  return { document, payload, headerDocument: document } as ProtectedBody;
}
