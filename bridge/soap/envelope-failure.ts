// Refusals of an envelope for which SOAP has fault codes of its own. All other malformed envelopes are an XmlFailure.

/** SOAP 1.1 §4.4.1, SOAP 1.2 Part 1 §5.4.6. */
export type EnvelopeFailureCode = 'version-mismatch' | 'must-understand';

/** A refusal of an envelope; the message is detail for our log. */
export class EnvelopeFailure extends Error {
  readonly code: EnvelopeFailureCode;

  constructor(code: EnvelopeFailureCode, detail: string) {
    super(detail);
    this.name = 'EnvelopeFailure';
    this.code = code;
  }
}
