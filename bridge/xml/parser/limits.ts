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

/** Elements, attributes and declarations a document may have, all together: one in 20 bytes of what is the longest that is taken. What costs
 * is their number more than the bytes; in the messages of real clients there is one in 40. */
export const maxNodes = ({ maxBytes }: XmlLimits): number => maxBytes / 20;

/** Canonical bytes one message may make us write, over all its references: four times the default body limit. */
export const MAX_CANONICAL_BYTES = 4 * DEFAULT_LIMITS.maxBytes;
