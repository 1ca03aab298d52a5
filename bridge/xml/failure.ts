// The one refusal of this folder. Malformed or untrusted input throws XmlFailure; anything else that is thrown is a bug.

/** Why XML was refused. Fronts map these to their own failures; the texts go to the log only. */
export type XmlFailureReason =
  // parsing (xml-security V2-V4, limits)
  | 'too-large'
  | 'too-complex'
  | 'encoding-refused'
  | 'not-well-formed'
  | 'doctype-refused'
  | 'processing-instruction-refused'
  | 'comment-refused'
  | 'namespace-refused'
  | 'id-duplicate'
  // reading (V12)
  | 'element-missing'
  | 'element-repeated'
  | 'element-unexpected'
  | 'attribute-missing'
  | 'text-malformed'
  // signatures (V5-V11)
  | 'signature-shape'
  | 'algorithm-refused'
  | 'key-refused'
  | 'reference-refused'
  | 'signature-invalid'
  | 'digest-mismatch'
  | 'not-covered'
  | 'canonical-too-large'
  // writing (S2, S8)
  | 'character-illegal'
  | 'signing-failed'
  // encryption (section 7)
  | 'encryption-shape'
  | 'decryption-failed';

/** A refusal of XML, with a reason from a closed list; the message is detail for our log, never for the wire. */
export class XmlFailure extends Error {
  readonly reason: XmlFailureReason;

  constructor(reason: XmlFailureReason, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'XmlFailure';
    this.reason = reason;
  }
}
