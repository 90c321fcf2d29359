import { randomUUID } from 'node:crypto';
import type { OidcPreset } from '../../src/domain/identity/sign-in-settings.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Somebody who can sign in at the test provider. */
export type OidcIdpPerson = {
  readonly sub: string;
  readonly name: string;
  readonly email?: string;
  readonly groups?: readonly string[];
  /** Whatever else the ID token says of them; a value of `undefined` takes a claim out. */
  readonly idTokenClaims?: Json;
  /** Whatever else the userinfo endpoint says of them; a value of `undefined` takes a claim out. */
  readonly userinfoClaims?: Json;
};

/** How one kind of provider looks from outside. */
export type PresetShape = {
  /** Of the issuer. */
  readonly path: string;
  /** Of the endpoints, below the issuer; absent ones are not offered. */
  readonly paths: Readonly<Record<EndpointName, string>> & { readonly endSession?: string };
  /** What its discovery document says beside the endpoints. */
  readonly metadata: Json;
  readonly idTokenClaims: (person: OidcIdpPerson, about: TokenFacts) => Json;
  readonly userinfoClaims: (person: OidcIdpPerson) => Json;
};

export type EndpointName = 'authorize' | 'token' | 'jwks' | 'userinfo' | 'logout' | 'par';
type TokenFacts = { readonly clientId: string; readonly nowSeconds: number };

/** The tenant of the Entra-like provider. */
const TENANT = '9122040d-6c67-4c5b-b112-36a304b66dad';

const PATHS = {
  authorize: '/authorize',
  token: '/token',
  jwks: '/jwks',
  userinfo: '/userinfo',
  logout: '/logout',
  par: '/par',
} as const;
const COMMON = {
  response_types_supported: ['code'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
  scopes_supported: ['openid', 'email', 'profile'],
  token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
};
const PKCE = { code_challenge_methods_supported: ['plain', 'S256'] };
const domainOf = ({ email = '' }: OidcIdpPerson): string => email.slice(email.indexOf('@') + 1);
const profileOf = ({ name, email }: OidcIdpPerson): Json => ({ name, email, email_verified: true });

/** Each preset's own path, endpoints, discovery members and claims, as the real providers publish them. */
export const PRESET_SHAPES: Readonly<Record<OidcPreset, PresetShape>> = {
  generic: {
    path: '/generic',
    paths: { ...PATHS, endSession: PATHS.logout },
    metadata: { ...COMMON, ...PKCE },
    idTokenClaims: (_, { nowSeconds }) => ({ auth_time: nowSeconds }),
    userinfoClaims: (person) => ({ ...profileOf(person), groups: person.groups }),
  },
  google: {
    path: '',
    paths: { ...PATHS, authorize: '/o/oauth2/v2/auth', logout: '/Logout' },
    metadata: { ...COMMON, ...PKCE, grant_types_supported: ['authorization_code', 'refresh_token'] },
    idTokenClaims: (person, { clientId }) => ({ ...profileOf(person), azp: clientId, hd: domainOf(person) }),
    userinfoClaims: (person) => ({ ...profileOf(person), hd: domainOf(person) }),
  },
  cognito: {
    path: '/us-east-1_Example',
    paths: { ...PATHS, authorize: '/oauth2/authorize', userinfo: '/oauth2/userInfo' },
    // Cognito does PKCE but does not say so.
    metadata: { ...COMMON, scopes_supported: ['openid', 'email', 'phone', 'profile'] },
    idTokenClaims: (person, { nowSeconds }) => ({
      ...profileOf(person),
      token_use: 'id',
      auth_time: nowSeconds,
      event_id: '4f2f1b0a-5f0c-4d2a-9b7c-2b7d3a1c9e10',
      'cognito:username': person.name,
      'cognito:groups': person.groups,
    }),
    userinfoClaims: (person) => ({ ...profileOf(person), email_verified: 'true', username: person.name }),
  },
  entra: {
    path: `/${TENANT}/v2.0`,
    paths: { ...PATHS, endSession: PATHS.logout },
    // Entra ID does PKCE but does not say so, and lists pairwise subjects.
    metadata: { ...COMMON, subject_types_supported: ['pairwise'], tenant_region_scope: 'EU' },
    idTokenClaims: (person) => ({
      ver: '2.0',
      tid: TENANT,
      oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
      name: person.name,
      preferred_username: person.email,
      email: person.email,
      groups: person.groups,
    }),
    userinfoClaims: ({ name, email }) => ({ name, email }),
  },
  okta: {
    path: '/oauth2/default',
    paths: { ...PATHS, authorize: '/v1/authorize', endSession: PATHS.logout },
    metadata: { ...COMMON, code_challenge_methods_supported: ['S256'] },
    idTokenClaims: (person, { nowSeconds }) => ({
      ver: 1,
      name: person.name,
      preferred_username: person.email,
      auth_time: nowSeconds,
      amr: ['pwd'],
      idp: '00o1a2b3c4d5e6f7g8h9',
      jti: `ID.${randomUUID()}`,
    }),
    userinfoClaims: (person) => ({ ...profileOf(person), groups: person.groups, zoneinfo: 'Europe/Berlin' }),
  },
};
