import { SignJWT } from 'jose';
import { json, refusal, type Answer, type Asked } from './answer.ts';
import type { Platform } from './platforms.ts';
import { ALGORITHM, type SigningKey } from './signing-key.ts';

const DEFAULT_AUDIENCE = 'rolebridge';
// Platforms give their tokens minutes to an hour; people who paste commands need the hour.
const DEFAULT_LIFETIME_SECONDS = 3600;
const MAX_LIFETIME_SECONDS = 86_400;
const MAX_VALUE_CHARS = 200;

/** An OpenID Connect issuer that mints a token for whoever asks: for demonstrations and tests only. */
export function createTokenIssuer(
  issuer: string,
  platform: Platform,
  key: SigningKey,
): (asked: Asked) => Promise<Answer> {
  return async ({ method, path, query }) => {
    if (method !== 'GET') return refusal(405, 'only GET is understood');
    if (path === '/.well-known/openid-configuration') return json(discovery(issuer, platform));
    if (path === platform.jwksPath) return json({ keys: [key.jwk] });
    if (path === '/token') return token(issuer, platform, key, query);
    return refusal(404, `there is ${issuer}/token and ${issuer}/.well-known/openid-configuration`);
  };
}

/** OpenID Connect Discovery 1.0, section 3: as the platforms have it, which offer no sign-in either. */
function discovery(issuer: string, { jwksPath }: Platform): object {
  return {
    issuer,
    jwks_uri: issuer + jwksPath,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [ALGORITHM],
    scopes_supported: ['openid'],
  };
}

async function token(
  issuer: string,
  platform: Platform,
  { privateKey, kid }: SigningKey,
  query: URLSearchParams,
): Promise<Answer> {
  const fault = faultOf(query, platform);
  if (fault !== undefined) return refusal(400, fault);
  const asked = { ...platform.parameters, ...Object.fromEntries(query) };
  const audience = query.get('audience') ?? DEFAULT_AUDIENCE;
  const issuedAt = Math.floor(Date.now() / 1000);
  const lifetime = Number(query.get('expires_in') ?? DEFAULT_LIFETIME_SECONDS);
  const jwt = await new SignJWT({ ...platform.claims(asked) })
    .setProtectedHeader({ alg: ALGORITHM, kid, typ: 'JWT' })
    .setIssuer(issuer)
    .setAudience(platform.audienceIsList ? [audience] : audience)
    // A token that is expired from the start was issued before.
    .setIssuedAt(issuedAt + Math.min(0, lifetime))
    .setNotBefore(issuedAt + Math.min(0, lifetime))
    .setExpirationTime(issuedAt + lifetime)
    .sign(privateKey);
  return { status: 200, type: 'text/plain', body: jwt };
}

/** What is wrong with the parameters of a request for a token, in a sentence. */
function faultOf(query: URLSearchParams, { parameters, choices }: Platform): string | undefined {
  const known = [...Object.keys(parameters), 'audience', 'expires_in'];
  for (const [name, value] of query) {
    const choice = Object.hasOwn(choices, name) ? choices[name] : undefined;
    if (!known.includes(name)) return `there is no such parameter; there are ${known.join(', ')}`;
    if (query.getAll(name).length > 1) return `${name} came twice`;
    if (choice && !choice.includes(value)) return `${name} is one of ${choice.join(', ')}`;
    if (value.length > MAX_VALUE_CHARS || !/^[\w:/.@+-]*$/.test(value))
      return `${name} may hold up to ${MAX_VALUE_CHARS} letters, digits and _ : / . @ + -`;
  }
  const lifetime = query.get('expires_in') ?? '0';
  if (/^-?\d{1,5}$/.test(lifetime) && Math.abs(Number(lifetime)) <= MAX_LIFETIME_SECONDS) return undefined;
  return `expires_in is whole seconds, up to ${MAX_LIFETIME_SECONDS}; below zero for a token that is expired already`;
}
