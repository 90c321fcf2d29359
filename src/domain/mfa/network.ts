/**
 * What one party is sure to have of the addresses that it comes from: an IPv4 address, or the first 64 bits of an IPv6 one, of
 * whose rest everybody has as many as they like (RFC 6177).
 */
export function networkOf(address: string): string {
  const [text = ''] = address.split('%');
  if (!text.includes(':')) return text;
  const [head = '', tail] = text.split('::');
  const front = groupsOf(head);
  const back = tail === undefined ? [] : groupsOf(tail);
  const zeros = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0');
  return `${[...front, ...zeros, ...back].slice(0, 4).join(':')}::/64`;
}

function groupsOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(':').map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''));
}
