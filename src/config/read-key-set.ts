import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import type { Jwk } from '../domain/identity/oidc-provider.ts';
import type { Path } from './fault.ts';
import { reportError } from './resolution.ts';
import type { Resolution } from './resolution.ts';

/** The public keys that a file pins; empty where the file was refused. */
export function readKeySet(file: string, path: Path, resolution: Resolution): readonly Jwk[] {
  const read = resolution.readFile(file);
  const keys = 'text' in read ? parseJwks(read.text) : read;
  if (!('problem' in keys)) return keys;
  reportError(resolution, 'malformed-jwks', path, {
    message: `The key set cannot be used: ${keys.problem}.`,
    remedy: 'Save what its owner answers at its jwks_uri.',
  });
  return [];
}

const jwkSet = z.looseObject({
  keys: z
    .array(z.looseObject({ kty: z.string().min(1) }))
    .min(1)
    .max(200),
});

function parseJwks(text: string): readonly Jwk[] | { readonly problem: string } {
  const set = jwkSet.safeParse(parseJson(text));
  if (!set.success) return { problem: 'it is not a JWK Set of 1 to 200 keys' };
  const faulty = set.data.keys.findIndex((key) => !isPublicKey(key));
  return faulty === -1 ? set.data.keys : { problem: `key ${faulty} is not a public key` };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// A symmetric key would let its holder forge tokens; a private one has no place in a file that only verifies.
function isPublicKey(key: Jwk): boolean {
  if (Object.hasOwn(key, 'd') || Object.hasOwn(key, 'k')) return false;
  try {
    createPublicKey({ key, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}
