import { randomBytes } from 'node:crypto';

/** What was handed out under names that nobody can guess, and is forgotten in time. */
export type Grants<T> = {
  readonly give: (value: T) => string;
  readonly look: (name: string) => T | undefined;
  /** Works once. */
  readonly take: (name: string) => T | undefined;
};

/** More are not kept: the oldest go first. */
const MAX_GRANTS = 1000;

export function createGrants<T>(lifetimeMs: number): Grants<T> {
  const grants = new Map<string, { readonly value: T; readonly expiresAtMs: number }>();
  const look = (name: string): T | undefined => {
    const grant = grants.get(name);
    return grant !== undefined && grant.expiresAtMs > Date.now() ? grant.value : undefined;
  };
  return {
    give: (value) => {
      const name = randomBytes(32).toString('base64url');
      grants.set(name, { value, expiresAtMs: Date.now() + lifetimeMs });
      const [oldest] = grants.keys();
      if (grants.size > MAX_GRANTS && oldest !== undefined) grants.delete(oldest);
      return name;
    },
    look,
    take: (name) => {
      const value = look(name);
      grants.delete(name);
      return value;
    },
  };
}
