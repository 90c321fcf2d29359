import { type JsonObject, ownMember } from './json-object.ts';

/**
 * The value at a claim path such as `email`, `groups[0]` or `kubernetes.io.namespace`; `undefined` where there is none.
 *
 * Read from the right, so a claim whose own name holds dots or brackets is found before they are taken as steps.
 */
export function readClaim(claims: JsonObject, path: string): unknown {
  const whole = ownMember(claims, path);
  if (whole !== undefined) return whole;
  const step = path.endsWith(']') ? path.lastIndexOf('[') : path.lastIndexOf('.');
  if (step <= 0) return undefined;
  const parent = readClaim(claims, path.slice(0, step));
  if (!path.endsWith(']')) return ownMember(parent, path.slice(step + 1));
  const index = path.slice(step + 1, -1);
  return Array.isArray(parent) && /^\d{1,4}$/.test(index) ? parent[Number(index)] : undefined;
}
