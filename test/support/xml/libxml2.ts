// libxml2 as a judge: what we accept it must accept, with the same canonical bytes (xml-security §11).

import { ParseOption, XmlC14NMode, XmlDocument } from 'libxml2-wasm';

/** How the judge canonicalises. */
export interface JudgeOptions {
  readonly prefixes?: string[];
  readonly inclusive?: boolean;
  /** An XPath that finds the apex; the root by default. */
  readonly apex?: string;
}

/** The canonical form by libxml2; throws when it refuses the document. */
export function libxml2Canonical(bytes: Uint8Array, options: JudgeOptions = {}): string {
  const { prefixes = [], inclusive = false } = options;
  const document = XmlDocument.fromBuffer(bytes, { option: ParseOption.XML_PARSE_NONET });
  try {
    const apex = options.apex === undefined ? document.root : document.get(options.apex);
    if (apex === null) throw new Error('the apex was not found');
    return apex.canonicalizeToString({
      mode: inclusive ? XmlC14NMode.XML_C14N_1_0 : XmlC14NMode.XML_C14N_EXCLUSIVE_1_0,
      inclusiveNamespacePrefixes: prefixes,
    });
  } finally {
    document.dispose();
  }
}
