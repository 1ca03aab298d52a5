// Size limits of one document (xml-security §3). Lengths of values count UTF-16 units.

/** Limits a parse enforces. */
export interface XmlLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
  readonly maxElements: number;
  readonly maxAttributes: number;
  readonly maxAttributeLength: number;
}

export const DEFAULT_LIMITS: XmlLimits = {
  maxBytes: 256 * 1024,
  maxDepth: 64,
  maxElements: 5000,
  maxAttributes: 64,
  maxAttributeLength: 16 * 1024,
};

/** How many elements, attributes and declarations a document may have in all: one for every 20 of the bytes that it may have. Their
 * number costs more than the bytes do; messages of real clients have one for every 40. */
export const maxNodes = ({ maxBytes }: XmlLimits): number => maxBytes / 20;

/** Canonical bytes one message may make us write, over all its references: four times the default body limit. */
export const MAX_CANONICAL_BYTES = 4 * DEFAULT_LIMITS.maxBytes;
