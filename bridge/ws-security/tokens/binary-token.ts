// Writes wsse:BinarySecurityToken (WSS 1.1.1 §6.3): a certificate, or a JWT.

import { writeBase64 } from '#bridge/xml/base64.ts';
import { element, type Markup } from '#bridge/xml/canonical/markup.ts';
import { BASE64_BINARY, WSU_ID, wsse } from '#bridge/xml/namespaces.ts';

/** The token of this type, with its id in the message. */
export function writeBinaryToken(id: string, valueType: string, bytes: Uint8Array): Markup {
  return element(
    wsse('BinarySecurityToken'),
    [
      ['EncodingType', BASE64_BINARY],
      ['ValueType', valueType],
      [WSU_ID, id],
    ],
    [writeBase64(bytes)],
  );
}
