import type { CompileComparison } from './comparison.ts';

/** An address as 16-bit groups, two for IPv4 and eight for IPv6, and how many leading bits count. */
type Range = { readonly groups: readonly number[]; readonly bits: number };

/** IpAddress: single addresses and CIDR ranges; host bits in a range are ignored. */
export const compareAddresses: CompileComparison = (operands) => {
  const ranges = operands.map((operand) => parseRange(operand.text)).filter((range) => range !== undefined);
  return (actual) => {
    const address = parseAddress(actual);
    // Text that is no address is neither inside nor outside of a range (wire-spec 6.4, measured).
    return address === undefined ? 'incomparable' : ranges.some((range) => isInside(address, range));
  };
};

/** Groups of an IPv4 or IPv6 address; `undefined` for zones, ports, leading zeros and anything else. */
function parseAddress(text: string): readonly number[] | undefined {
  if (text.length > 45) return undefined;
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

function parseRange(text: string): Range | undefined {
  const slash = text.indexOf('/');
  const groups = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (groups === undefined) return undefined;
  const width = groups.length * 16;
  if (slash < 0) return { groups, bits: width };
  const prefix = text.slice(slash + 1);
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= width ? { groups, bits: Number(prefix) } : undefined;
}

function isInside(address: readonly number[], { groups, bits }: Range): boolean {
  if (address.length !== groups.length) return false;
  return groups.every((group, index) => {
    const ignored = Math.min(16, Math.max(0, (index + 1) * 16 - bits));
    return group >> ignored === (address[index] ?? 0) >> ignored;
  });
}

/** By hand, as it runs for each decision about a source address; a leading zero means octal to some readers and is refused. */
function parseIpv4(text: string): readonly number[] | undefined {
  const octets: number[] = [];
  let start = 0;
  for (let index = 0; index <= text.length; index += 1) {
    if (index < text.length && text[index] !== '.') continue;
    const octet = parseOctet(text, start, index);
    if (octet === undefined) return undefined;
    octets.push(octet);
    start = index + 1;
  }
  const [a = 0, b = 0, c = 0, d = 0] = octets;
  return octets.length === 4 ? [a * 256 + b, c * 256 + d] : undefined;
}

function parseOctet(text: string, start: number, end: number): number | undefined {
  let octet = 0;
  for (let index = start; index < end; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9 || (octet === 0 && index > start)) return undefined;
    octet = octet * 10 + digit;
  }
  return end > start && octet <= 255 ? octet : undefined;
}

function parseIpv6(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  const head = parseGroups(halves[0] ?? '');
  const tail = parseGroups(halves[1] ?? '');
  if (head === undefined || tail === undefined || halves.length > 2) return undefined;
  if (halves.length === 1) return head.length === 8 ? head : undefined;
  const missing = 8 - head.length - tail.length;
  return missing > 0 ? [...head, ...Array<number>(missing).fill(0), ...tail] : undefined;
}

function parseGroups(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const last = parts[parts.length - 1] ?? '';
  const embedded = last.includes('.') ? parseIpv4(last) : [];
  const hex = last.includes('.') ? parts.slice(0, -1) : parts;
  if (embedded === undefined || !hex.every((part) => /^[0-9A-Fa-f]{1,4}$/.test(part))) return undefined;
  return [...hex.map((part) => Number.parseInt(part, 16)), ...embedded];
}
