import { constants, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { FederationError } from '../../../../src/domain/errors.ts';
import { type OidcProvider, TOKEN_ALGORITHMS } from '../../../../src/domain/identity/oidc-provider.ts';
import { isAccountId, isArn } from '../../../../src/domain/role/arn.ts';
import { createKeySource } from '../../../../src/keys/remote-jwks.ts';

/** 2027-01-15T08:00:00Z, epoch seconds. */
export const NOW = 1_800_000_000;
const ISSUER = 'https://idp.example.com';

export const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
export const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
export const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
export const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey;
export const ed25519 = generateKeyPairSync('ed25519').privateKey;

export function jwkOf(privateKey: KeyObject, kid: string, more: object = {}) {
  const { kty = '', ...jwk } = createPublicKey(privateKey).export({ format: 'jwk' });
  return { kty, ...jwk, kid, ...more };
}

const encode = (value: unknown) =>
  (Buffer.isBuffer(value)
    ? value
    : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
  ).toString('base64url');

function signatureOf(input: string, alg: string, key: KeyObject): string {
  const digest = alg === 'EdDSA' ? null : `sha${alg.slice(2)}`;
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  const settings = alg.startsWith('PS') ? { key, ...pss } : { key, dsaEncoding: 'ieee-p1363' as const };
  return sign(digest, Buffer.from(input), settings).toString('base64url');
}

export const goodClaims = {
  iss: ISSUER,
  aud: 'client-1',
  sub: 'user-1',
  iat: NOW - 10,
  exp: NOW + 600,
};

/** Signs whatever it is given: header and payload may be any JSON, or a text or bytes that are none. */
export function mint(
  payload: unknown,
  { header = {}, key = rsa, alg = 'RS256' }: { header?: object | string; key?: KeyObject; alg?: string } = {},
): string {
  const full = typeof header === 'string' ? header : { alg, kid: 'k1', ...header };
  const input = `${encode(full)}.${encode(payload)}`;
  return `${input}.${signatureOf(input, alg, key)}`;
}

/** A token with the good claims, changed; `undefined` takes a claim out. */
export const mintWith = (claims: object, options: Parameters<typeof mint>[1] = {}) =>
  mint({ ...goodClaims, ...claims }, options);

export function makeProvider(more: Partial<OidcProvider> = {}): OidcProvider {
  const arn = 'arn:aws:iam::111122223333:oidc-provider/idp.example.com';
  const account = '111122223333';
  if (!isArn(arn) || !isAccountId(account)) throw new Error('not an ARN');
  return {
    name: 'idp',
    arn,
    account,
    issuer: ISSUER,
    audiences: ['client-1', 'client-2'],
    algorithms: TOKEN_ALGORITHMS,
    clockSkewSeconds: 60,
    jwks: {
      kind: 'pinned',
      keys: [jwkOf(rsa, 'k1'), jwkOf(p256, 'k2'), jwkOf(p384, 'k3'), jwkOf(p521, 'k4'), jwkOf(ed25519, 'k5')],
    },
    tags: {},
    ...more,
  };
}

/** The real key source; providers of these tests pin their keys, so nothing is fetched. */
export const keysOf = createKeySource({
  fetch: () => Promise.reject(new Error('no fetch in this test')),
  now: () => NOW * 1000,
});

/** The failure of something that must be refused. */
export async function refusalOf(running: Promise<unknown>): Promise<FederationError> {
  const error = await running.then(
    () => new Error('it was accepted'),
    (cause: unknown) => cause,
  );
  if (error instanceof FederationError) return error;
  throw error;
}
