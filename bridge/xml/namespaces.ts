// Names that several folders know: namespaces, by some of which this folder types IDs and reads signatures and encryption, and
// identifiers of WS-Security.

export const XML_NS = 'http://www.w3.org/XML/1998/namespace';
export const XMLNS_NS = 'http://www.w3.org/2000/xmlns/';
/** XML Schema, and its attributes in instances, such as `xsi:type`. */
export const XS_NS = 'http://www.w3.org/2001/XMLSchema';
export const XSI_NS = 'http://www.w3.org/2001/XMLSchema-instance';
export const DS_NS = 'http://www.w3.org/2000/09/xmldsig#';
/** What identifiers of later signature algorithms begin with (RFC 6931, RFC 9231). */
export const DSIG_MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
export const DSIG_MORE_2007 = 'http://www.w3.org/2007/05/xmldsig-more#';
export const EXC_C14N_NS = 'http://www.w3.org/2001/10/xml-exc-c14n#';
export const XENC_NS = 'http://www.w3.org/2001/04/xmlenc#';
export const XENC11_NS = 'http://www.w3.org/2009/xmlenc11#';
export const DSIG11_NS = 'http://www.w3.org/2009/xmldsig11#';
export const WSSE_NS =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
export const WSSE11_NS = 'http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd';
export const WSU_NS =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
export const SAML11_NS = 'urn:oasis:names:tc:SAML:1.0:assertion';
export const SAML2_NS = 'urn:oasis:names:tc:SAML:2.0:assertion';
export const SAML2P_NS = 'urn:oasis:names:tc:SAML:2.0:protocol';
export const SAML2MD_NS = 'urn:oasis:names:tc:SAML:2.0:metadata';
/** WS-Federation 1.2, whose metadata is that of SAML. */
export const FEDERATION_NS = 'http://docs.oasis-open.org/wsfed/federation/200706';

/** A name of WS-Security, with the prefix we write it with. */
export const wsse = (local: string) => ({ prefix: 'wsse', uri: WSSE_NS, local });
/** A name of its utilities, likewise. */
export const wsu = (local: string) => ({ prefix: 'wsu', uri: WSU_NS, local });
/** A name of XML-DSig, likewise. */
export const ds = (local: string) => ({ prefix: 'ds', uri: DS_NS, local });
export const KEY_INFO = ds('KeyInfo');
/** The attribute that tells the type of an element or a value. */
export const XSI_TYPE = { prefix: 'xsi', uri: XSI_NS, local: 'type' };
export const WSU_ID = wsu('Id');
/** The attribute of a SecurityTokenReference that tells the type of the token (WSS 1.1.1 §7.3). */
export const TOKEN_TYPE = { prefix: 'wsse11', uri: WSSE11_NS, local: 'TokenType' };
/** The token type of an EncryptedKey (WSS 1.1.1 §7.7). */
export const ENCRYPTED_KEY =
  'http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#EncryptedKey';
/** The EncodingType of bytes in a message, which is the usual one too (WSS 1.1.1 §6.3). */
export const BASE64_BINARY =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary';
/** The ValueType of a KeyIdentifier that names a certificate by its SHA-1 (WSS 1.1.1 §7.3). */
export const THUMBPRINT_SHA1 =
  'http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1';
