import { Secret } from '../../../../src/domain/credentials/secret.ts';
import type { OidcSignIn } from '../../../../src/domain/identity/sign-in-settings.ts';
import type { SignIn } from '../../../../src/domain/session/browser-session.ts';
import { createGuardedFetch, createGuardedRequest } from '../../../../src/keys/guarded-fetch.ts';
import { createOidcMetadataSource } from '../../../../src/keys/oidc-metadata.ts';
import { createProviderFetch } from '../../../../src/keys/provider-fetch.ts';
import { createKeySource } from '../../../../src/keys/remote-jwks.ts';
import { finishOidcSignIn, type ExpectedSignIn } from '../../../../src/protocols/oidc/finish-sign-in.ts';
import type { OidcSignInProvider } from '../../../../src/protocols/oidc/presets.ts';
import { startOidcSignIn, type OidcSignInStart } from '../../../../src/protocols/oidc/start-sign-in.ts';
import { type OidcIdp, type OidcIdpOptions, startOidcIdp } from '../../../support/oidc-idp.ts';
import { makeProvider, NOW } from './issuer.ts';

export const REDIRECT_URI = 'https://bridge.example.com/signin/oidc/callback';

/** What the attempt remembers. */
export const ATTEMPT: ExpectedSignIn = {
  state: 's'.repeat(43),
  nonce: 'n'.repeat(43),
  codeVerifier: 'v'.repeat(43),
  redirectUri: REDIRECT_URI,
  startedAtMs: NOW * 1000,
  acrValues: [],
};

type World = {
  readonly idp: OidcIdp;
  readonly provider: OidcSignInProvider;
  /** The address at the provider. */
  readonly start: (wishes?: Partial<OidcSignInStart>) => Promise<URL>;
  /** Where the provider sends the browser, which is signed in at once. */
  readonly follow: (url: URL) => Promise<URL>;
  readonly finish: (callback: URL, expected?: Partial<ExpectedSignIn>) => Promise<SignIn>;
  /** All three. */
  readonly signIn: (expected?: Partial<ExpectedSignIn>) => Promise<SignIn>;
  readonly metadataOf: ReturnType<typeof createOidcMetadataSource>;
};

const LIMITS = { privateAddresses: 'allow', http: 'allow', timeoutMs: 1000 } as const;

/** A relying party of the real parts beside a provider, where it is {@link NOW}. */
export async function createWorld(
  options: OidcIdpOptions = {},
  signIn: Partial<OidcSignIn> = {},
): Promise<World> {
  const now = () => NOW * 1000;
  const idp = await startOidcIdp({ signInAs: 'alice-1', now, ...options });
  const provider = {
    ...makeProvider({ issuer: idp.issuer, jwks: { kind: 'discovery' }, algorithms: ['RS256'] }),
    audiences: ['a-workload'],
    tags: { email: 'email' },
    signIn: { ...settingsOf(idp, options), ...signIn },
  };
  const fetch = createGuardedFetch(LIMITS);
  const metadataOf = createOidcMetadataSource({ fetch, http: 'allow', now });
  const deps = {
    metadataOf,
    fetch: createProviderFetch(createGuardedRequest({ ...LIMITS, maxBytes: 200_000 })),
    keysOf: createKeySource({ fetch, now }),
    nowMs: NOW * 1000,
  };
  const start: World['start'] = (wishes) => startOidcSignIn({ ...ATTEMPT, provider, ...wishes }, deps);
  const finish: World['finish'] = (callback, expected) =>
    finishOidcSignIn({ callback, provider, expected: { ...ATTEMPT, ...expected } }, deps);
  return {
    idp,
    provider,
    metadataOf,
    start,
    follow: followOnce,
    finish,
    signIn: async (expected) => finish(await followOnce(await start()), expected),
  };
}

function settingsOf({ clientId, clientSecret }: OidcIdp, { preset = 'generic' }: OidcIdpOptions): OidcSignIn {
  return {
    displayName: 'Test',
    domains: [],
    mfa: 'never',
    mfaValues: [],
    preset,
    clientId,
    ...(clientSecret === '' ? {} : { clientSecret: new Secret(clientSecret) }),
    scopes: ['openid', 'email', 'profile'],
    hostedDomains: [],
  };
}

async function followOnce(url: URL): Promise<URL> {
  const response = await fetch(url, { redirect: 'manual' });
  const location = response.headers.get('location');
  if (location === null) throw new Error(`no redirect but ${response.status}: ${await response.text()}`);
  return new URL(location);
}
