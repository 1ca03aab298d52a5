// Namespace names of WS-Federation 1.2 and of what its metadata borrows.

export const FED_NS = 'http://docs.oasis-open.org/wsfed/federation/200706';
export const AUTH_NS = 'http://docs.oasis-open.org/wsfed/authorization/200706';
export const XSI_NS = 'http://www.w3.org/2001/XMLSchema-instance';
