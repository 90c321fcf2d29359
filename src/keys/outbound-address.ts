import { BlockList, isIP } from 'node:net';

const PRIVATE_V4 = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '198.18.0.0/15',
];

/** Nothing to fetch lives here: this host, link-local with the clouds' metadata services, documentation, multicast, reserved. */
const UNUSABLE_V4 = [
  '0.0.0.0/8',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/** NAT64 carries an IPv4 address in its last 32 bits (RFC 6052), and the gateway would carry a private one home. */
const viaNat64 = (subnets: readonly string[]) =>
  subnets.map((subnet) => {
    const [address = '', prefix] = subnet.split('/');
    return `64:ff9b::${address}/${96 + Number(prefix)}`;
  });

const PRIVATE = blockList([...PRIVATE_V4, ...viaNat64(PRIVATE_V4), '::1/128', 'fc00::/7']);
/** IPv6 by permission: whatever form of address is invented next (mapped, translated, zoned) is refused until it is named. */
const GLOBAL_V6 = blockList(['2000::/3', '64:ff9b::/96']);
/** The IPv6 part: IETF assignments with Teredo, documentation, 6to4 with its embedded IPv4 address (retired by RFC 7526). */
const UNUSABLE = blockList([
  ...UNUSABLE_V4,
  ...viaNat64(UNUSABLE_V4),
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
]);

/**
 * Whether a request may not connect to an IP address (text, without brackets). `allow` opens private and loopback
 * networks, never link-local, where a cloud's metadata service hands out the machine's credentials.
 *
 * @see RFC 6890
 */
export function isRefusedAddress(address: string, privateAddresses: 'deny' | 'allow'): boolean {
  const version = isIP(address);
  if (version === 0) return true;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (PRIVATE.check(address, family)) return privateAddresses === 'deny';
  return UNUSABLE.check(address, family) || (version === 6 && !GLOBAL_V6.check(address, family));
}

function blockList(subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [address = '', prefix] = subnet.split('/');
    list.addSubnet(address, Number(prefix), isIP(address) === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}
