// Which addresses are out on the internet. All others are ours or nobody's, and a URL in a document of another party
// must not make us talk to them: our own services, the metadata service of a cloud (SSRF).
import { BlockList, isIPv4, isIPv6 } from 'node:net';

const IPV4_NOT_PUBLIC = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32], // Azure's own metadata service: public by number only
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const;

// Inside 2000::/3, the only block given out so far: protocol blocks with Teredo, documentation, 6to4.
const IPV6_NOT_PUBLIC = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const;

function listOf(family: 'ipv4' | 'ipv6', blocks: readonly (readonly [string, number])[]) {
  const list = new BlockList();
  for (const [network, prefix] of blocks) list.addSubnet(network, prefix, family);
  return list;
}

/** The IPv4 address that NAT64 connects to for an address of 64:ff9b::/96 (RFC 6052 §2.1). */
function embeddedIpv4(address: string): string {
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split(':').slice(-2);
  const octets = Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
  return octets.join('.');
}

/** Tells public addresses from all others. */
export interface AddressGuard {
  readonly isPublic: (address: string) => boolean;
}

/** A guard over the blocks above. */
export function createAddressGuard(): AddressGuard {
  // One list for each family: in a common one, a block of IPv4-mapped addresses is a block of all IPv4 addresses.
  const ipv4 = listOf('ipv4', IPV4_NOT_PUBLIC);
  const ipv6 = listOf('ipv6', IPV6_NOT_PUBLIC);
  const assigned = listOf('ipv6', [['2000::', 3]]);
  const nat64 = listOf('ipv6', [['64:ff9b::', 96]]);
  const isPublic = (address: string): boolean => {
    if (isIPv4(address)) return !ipv4.check(address, 'ipv4');
    if (!isIPv6(address) || address.includes('%')) return false;
    if (nat64.check(address, 'ipv6')) return isPublic(embeddedIpv4(address));
    // What is not in 2000::/3 is loopback, link-local, private, multicast or IPv4 in another dress.
    return assigned.check(address, 'ipv6') && !ipv6.check(address, 'ipv6');
  };
  return { isPublic };
}
