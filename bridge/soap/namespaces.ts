// Namespace names of SOAP and WS-Addressing.

export const SOAP11_NS = 'http://schemas.xmlsoap.org/soap/envelope/';
export const SOAP12_NS = 'http://www.w3.org/2003/05/soap-envelope';
export const WSA_NS = 'http://www.w3.org/2005/08/addressing';
/** The submission that clients of WS-Trust February 2005 use. */
export const WSA_2004_NS = 'http://schemas.xmlsoap.org/ws/2004/08/addressing';
/** The connection of the sender, in the words of the submission. */
export const WSA_2004_ANONYMOUS = `${WSA_2004_NS}/role/anonymous`;
