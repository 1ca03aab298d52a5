// The unit in which source addresses are counted. Whoever has one IPv6 address has its whole /64 (RFC 4291 §2.5.4): counted by
// the single address, a limit could be passed by with each request from another.

const IPV4_MAPPED = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i;
const GROUPS = 8;
const NETWORK_GROUPS = 4;

const groupsOf = (text: string): readonly string[] => (text === '' ? [] : text.split(':'));

/** Address groups in hexadecimal; a tail in dots counts for two. */
function expand(address: string): readonly string[] {
  const [head = '', tail] = address.split('::');
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')];
  const dotted = address.includes('.') ? 1 : 0;
  const missing = Math.max(GROUPS - before.length - after.length - dotted, 0);
  return [...before, ...Array.from({ length: missing }, () => '0'), ...after];
}

/** What a source is counted as: an IPv4 address as it is, also where it is mapped into IPv6; of an IPv6 address its /64. The
 * address is a valid one, or empty where nobody knows it: those are one source. */
export function sourceBlock(address: string): string {
  const mapped = IPV4_MAPPED.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':')) return address;
  const [unscoped = ''] = address.toLowerCase().split('%');
  const network = expand(unscoped).slice(0, NETWORK_GROUPS);
  return `${network.map((group) => group.replace(/^0+(?=.)/, '')).join(':')}::/64`;
}
