// Addresses that others wrote, before they are on record: one may have a name and a password in it.

/** What stands before the host (RFC 3986 §3.2.1). It ends at the authority's end, so it is found in one go. */
const USER_INFO = /(?<=:\/\/)[^\s/?#]*@/g;

/** A text whose addresses have no user information. */
export const withoutUserInfo = (text: string): string => text.replaceAll(USER_INFO, '[redacted]@');
