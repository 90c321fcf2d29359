import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { ContextValue } from '../domain/policy/request.ts';
import type { Session } from '../domain/session/session.ts';
import { CLAIMS_DICTIONARY } from './claims-dictionary.ts';

// The dictionary and a token's claims fit into 8 kB; a smaller window and less memory halve the cost of a call.
const DEFLATE = { level: 5, memLevel: 5, windowBits: 13 };
// Tokens end at 20,000 characters; escaping and arrays add to that, never this much.
const INFLATE = { windowBits: 13, maxOutputLength: 4 * 1024 * 1024 };

/** What both sides know beside the claims. Another context than that of packing gives nonsense or an error. */
export type ClaimsContext = {
  /** The issuer as condition keys name it, which is left out of names: `idp.example.com` of `idp.example.com:sub`. */
  readonly issuer: string;
  /** The session's own text joins the dictionary: subject, issuer and role come again among the claims. */
  readonly text: Buffer;
};

/** Names and values by turns, as deflated JSON. Names begin with `:` for those of the issuer, with `!` for any other. */
export function packClaims(claims: Session['claims'], { issuer, text }: ClaimsContext): Buffer {
  const scope = `${issuer}:`;
  const flat: ContextValue[] = [];
  for (const [name, value] of Object.entries(claims)) {
    flat.push(name.startsWith(scope) ? name.slice(issuer.length) : `!${name}`, value);
  }
  const dictionary = Buffer.concat([CLAIMS_DICTIONARY, text]);
  return deflateRawSync(JSON.stringify(flat), { ...DEFLATE, dictionary });
}

/** @throws Error when the bytes are not what {@link packClaims} makes. */
export function unpackClaims(packed: Buffer, { issuer, text }: ClaimsContext): Session['claims'] {
  const dictionary = Buffer.concat([CLAIMS_DICTIONARY, text]);
  const flat: unknown = JSON.parse(inflateRawSync(packed, { ...INFLATE, dictionary }).toString('utf8'));
  if (!Array.isArray(flat) || flat.length % 2 !== 0) throw new Error('the stored claims are no pairs');
  const claims: [string, ContextValue][] = [];
  for (let at = 0; at < flat.length; at += 2) {
    const name: unknown = flat[at];
    const value: unknown = flat[at + 1];
    if (typeof name !== 'string' || !isContextValue(value)) throw new Error('a stored claim is none');
    claims.push([name.startsWith(':') ? issuer + name : name.slice(1), value]);
  }
  return Object.fromEntries(claims);
}

function isContextValue(value: unknown): value is ContextValue {
  return (
    typeof value === 'string' || (Array.isArray(value) && value.every((item) => typeof item === 'string'))
  );
}
