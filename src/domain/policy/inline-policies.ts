import { parsePolicyText, type Policy } from './document.ts';

const INLINE_POLICIES = 1000;

/**
 * Makes a parser of session policies. They are few and come again with every request of their session: compiled once, the oldest
 * forgotten first. It throws what {@link parsePolicyText} does.
 */
export function createInlinePolicyParser(): (text: string) => Policy {
  const compiled = new Map<string, Policy>();
  return (text) => {
    const known = compiled.get(text);
    if (known) return known;
    const policy = parsePolicyText(text, { kind: 'session', name: 'session policy' });
    const [oldest] = compiled.keys();
    if (compiled.size >= INLINE_POLICIES && oldest !== undefined) compiled.delete(oldest);
    compiled.set(text, policy);
    return policy;
  };
}
