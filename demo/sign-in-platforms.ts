import { randomUUID } from 'node:crypto';
import { COGNITO_PEOPLE, GOOGLE_PEOPLE, type DemoPerson } from './people.ts';

type Claims = Readonly<Record<string, unknown>>;

/** A person as the platform's tokens and its userinfo endpoint tell of them, beside what every OpenID Provider says. */
export type Account = {
  readonly person: DemoPerson;
  readonly idToken: () => Claims;
  readonly userinfo: Claims;
};

/** A platform that people sign in with, as far as its ways differ from those of others. */
export type SignInPlatform = {
  readonly title: string;
  /** Its endpoints, below its address. */
  readonly paths: {
    readonly authorize: string;
    readonly token: string;
    readonly userinfo: string;
    readonly keys: string;
  };
  readonly scopes: readonly string[];
  /** Google names the client once more, in `azp`. */
  readonly namesParty: 'azp' | 'aud-only';
  readonly accounts: readonly Account[];
};

/** Google: https://developers.google.com/identity/openid-connect/openid-connect. Its own discovery has no place to sign out. */
const google: SignInPlatform = {
  title: 'Sign in like with Google',
  paths: {
    authorize: '/o/oauth2/v2/auth',
    token: '/token',
    userinfo: '/v1/userinfo',
    keys: '/oauth2/v3/certs',
  },
  scopes: ['openid', 'email', 'profile'],
  namesParty: 'azp',
  accounts: GOOGLE_PEOPLE.map((person) => {
    const [given = '', family = ''] = person.name.split(' ');
    const claims = {
      ...(person.hostedDomain !== undefined && { hd: person.hostedDomain }),
      email: person.email,
      email_verified: true,
      name: person.name,
      given_name: given,
      family_name: family,
    };
    return { person, idToken: () => claims, userinfo: claims };
  }),
};

/** Cognito: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html */
const cognito: SignInPlatform = {
  title: 'Sign in like with Cognito',
  paths: {
    authorize: '/oauth2/authorize',
    token: '/oauth2/token',
    userinfo: '/oauth2/userInfo',
    keys: '/.well-known/jwks.json',
  },
  scopes: ['openid', 'email', 'phone', 'profile'],
  namesParty: 'aud-only',
  accounts: COGNITO_PEOPLE.map((person) => {
    const attributes = { email: person.email, name: person.name, 'custom:department': person.department };
    return {
      person,
      idToken: () => ({
        ...attributes,
        ...(person.groups.length > 0 && { 'cognito:groups': person.groups }),
        'cognito:username': person.id,
        email_verified: true,
        token_use: 'id',
        auth_time: Math.floor(Date.now() / 1000),
        event_id: randomUUID(),
        origin_jti: randomUUID(),
        jti: randomUUID(),
      }),
      // It knows no groups there, and says with words what is true.
      userinfo: { ...attributes, username: person.id, email_verified: 'true' },
    };
  }),
};

export const signInPlatforms = { google, cognito } as const;
export type SignInPlatformName = keyof typeof signInPlatforms;
