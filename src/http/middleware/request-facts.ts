import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { RequestFacts } from '../../domain/federation/request-facts.ts';

export type RequestFactsDeps = {
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly region: string;
  /** Whether clients reach us by https; our own listener never tells. */
  readonly secureTransport: boolean;
  /** Whose X-Forwarded-For is believed. */
  readonly trustedProxies: BlockList;
};

const MAX_USER_AGENT = 512;

/** What is known of a request before it is understood: one id, one clock reading, one client address. */
export function requestFacts(request: IncomingMessage, deps: RequestFactsDeps): RequestFacts {
  return {
    requestId: randomUUID(),
    timeMs: deps.now(),
    sourceIp: clientAddress(request, deps.trustedProxies),
    userAgent: (request.headers['user-agent'] ?? '').slice(0, MAX_USER_AGENT),
    region: deps.region,
    secureTransport: deps.secureTransport,
  };
}

/** CIDR ranges (`10.0.0.0/8`, `::1`) as a list to ask. */
export function createProxyList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

// Walks from our own peer outwards and stops at the first address that is no proxy of ours: everything before it is hearsay.
function clientAddress(request: IncomingMessage, proxies: BlockList): string {
  const forwarded = request.headers['x-forwarded-for'];
  const hops = typeof forwarded === 'string' ? forwarded.split(',').map((hop) => hop.trim()) : [];
  let address = plain(request.socket.remoteAddress ?? '');
  while (isIP(address) !== 0 && proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')) {
    const next = hops.pop();
    if (next === undefined || isIP(next) === 0) break;
    address = plain(next);
  }
  return address;
}

function plain(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
