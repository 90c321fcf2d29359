import type { AdapterFactory, Configuration, FindAccount, KoaContextWithOIDC } from 'oidc-provider';
import type { Application } from '../../domain/application/application.ts';
import { ACR } from '../../domain/session/authentication.ts';
import { claimsByScope, OIDC_SCOPES } from './claims-by-scope.ts';
import { clientMetadata } from './client-metadata.ts';
import { FEATURES_OFF } from './features-off.ts';
import type { createInteractionPolicy } from './interaction-policy.ts';
import { OIDC_PATHS } from './oidc-paths.ts';
import { CLIENT_AUTHENTICATION, ENABLED_JWA } from './provider-algorithms.ts';
import type { ProviderKey } from './provider-key.ts';
import type { ProviderPolicies } from './provider-policies.ts';
import type { ProviderPages } from './provider-pages.ts';

export type ProviderParts = {
  readonly applications: readonly Application[];
  readonly keys: readonly ProviderKey[];
  readonly adapter: AdapterFactory;
  /** Of applications that are proved by their platform: random, and known to this process alone. */
  readonly workloadSecret: string;
  readonly findAccount: FindAccount;
  readonly interactions: ReturnType<typeof createInteractionPolicy>;
  readonly pages: ProviderPages;
  readonly policies: ProviderPolicies;
  readonly fetch: NonNullable<Configuration['fetch']>;
  /** Whether browsers reach us by https. */
  readonly secureTransport: boolean;
};

/** How much the clocks of clients may be off. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** The cookie that stands for our own session between us and the library; browsers never get it. */
export const SESSION_COOKIE_NAME = 'rolebridge-oidc-session';

/**
 * Every option that the library has, each on purpose: what is not named here would be a default that a later version may change.
 * `check-provider.ts` holds it to that.
 */
export function providerConfiguration(parts: ProviderParts): Configuration {
  const { applications, policies, pages } = parts;
  return {
    acrValues: Object.values(ACR),
    adapter: parts.adapter,
    claims: { acr: null, auth_time: null, iss: null, sid: null, ...claimsByScope(applications) },
    clientBasedCORS: policies.mayReadFromOrigin,
    clients: applications.map((application) => clientMetadata(application, parts.workloadSecret)),
    clientDefaults: {
      grant_types: [],
      id_token_signed_response_alg: 'RS256',
      response_types: [],
      token_endpoint_auth_method: 'client_secret_basic',
    },
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    // kubectl and many other applications read the ID token and never ask userinfo.
    conformIdTokenClaims: false,
    loadExistingGrant: policies.loadExistingGrant,
    // A redirect URI that is not said is one that nobody compared.
    allowOmittingSingleRegisteredRedirectUri: false,
    // Queries end in logs and in Referer headers (RFC 9700 4.3.2).
    acceptQueryParamAccessTokens: false,
    cookies: cookies(parts),
    // The document is ours: `discovery-document.ts`.
    discovery: DISCOVERY,
    extraParams: [],
    features: features(parts),
    extraTokenClaims: policies.extraTokenClaims,
    formats: { bitsOfOpaqueRandomness: 256, customizers: { jwt: undefined } },
    expiresWithSession: policies.expiresWithSession,
    issueRefreshToken: policies.issueRefreshToken,
    jwks: { keys: [...parts.keys] },
    // No implicit, no hybrid: tokens do not go through browsers (RFC 9700 2.1.2).
    responseTypes: ['code'],
    pkce: { required: () => true },
    routes: ROUTES,
    scopes: OIDC_SCOPES,
    subjectTypes: ['public'],
    pairwiseIdentifier: unreachable('pairwise subjects'),
    clientAuthMethods: CLIENT_AUTHENTICATION,
    ttl: policies.ttl,
    extraClientMetadata: { properties: [], validator: () => undefined },
    renderError: pages.renderError,
    revokeGrantPolicy: () => true,
    sectorIdentifierUriValidate: () => false,
    interactions: parts.interactions,
    findAccount: parts.findAccount,
    // Of a stolen refresh token and its rightful one, one is used second (RFC 9700 4.14.2).
    rotateRefreshToken: true,
    enabledJWA: ENABLED_JWA,
    assertJwtClientAuthClaimsAndHeader: policies.assertClientAssertion,
    fetch: parts.fetch,
    fetchResponseBodyLimits: {
      'client_id metadata document': 0,
      jwks_uri: 300_000,
      sector_identifier_uri: 0,
    },
    // A POST is turned into a GET before it comes here: it brings none of our SameSite cookies.
    enableHttpPostMethods: false,
  };
}

const ROUTES = {
  authorization: OIDC_PATHS.authorization,
  code_verification: OIDC_PATHS.device,
  device_authorization: OIDC_PATHS.deviceAuthorization,
  end_session: OIDC_PATHS.endSession,
  introspection: OIDC_PATHS.introspection,
  jwks: OIDC_PATHS.jwks,
  pushed_authorization_request: OIDC_PATHS.pushedAuthorization,
  revocation: OIDC_PATHS.revocation,
  token: OIDC_PATHS.token,
  userinfo: OIDC_PATHS.userinfo,
  // Off, and at no address of ours.
  backchannel_authentication: '/oidc/off/backchannel_authentication',
  challenge: '/oidc/off/challenge',
  credential: '/oidc/off/credential',
  registration: '/oidc/off/registration',
};

const DISCOVERY = {
  claim_types_supported: ['normal'],
  claims_locales_supported: undefined,
  display_values_supported: undefined,
  op_policy_uri: undefined,
  op_tos_uri: undefined,
  service_documentation: undefined,
  ui_locales_supported: undefined,
};

function cookies({ secureTransport }: ProviderParts): NonNullable<Configuration['cookies']> {
  // `__Host-` would be for all paths; these are for the one that they belong to.
  const prefix = secureTransport ? '__Secure-' : '';
  const attributes = { httpOnly: true, sameSite: 'lax' } as const;
  return {
    names: {
      session: SESSION_COOKIE_NAME,
      interaction: `${prefix}rolebridge-interaction`,
      resume: `${prefix}rolebridge-resume`,
    },
    long: attributes,
    short: attributes,
    // What is in them is random and opens nothing without the session: a signature would say nothing more.
    keys: [],
  };
}

function features({ pages, policies }: ProviderParts): NonNullable<Configuration['features']> {
  return {
    ...FEATURES_OFF,
    claimsParameter: { enabled: true, assertClaimsParameter: policies.assertClaimsParameter },
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true, charset: 'base-20', mask: '****-****', ...pages.deviceFlow },
    dPoP: { enabled: true, nonceSecret: undefined, requireNonce: () => false, allowReplay: false },
    externalSigningSupport: { enabled: true, ack: 'experimental-01' },
    introspection: { enabled: true, allowedPolicy: policies.mayIntrospect },
    pushedAuthorizationRequests: {
      enabled: true,
      requirePushedAuthorizationRequests: false,
      allowUnregisteredRedirectUris: false,
    },
    requestObjects: {
      enabled: true,
      requireSignedRequestObject: false,
      assertJwtClaimsAndHeader: policies.assertRequestObject,
    },
    resourceIndicators: { enabled: true, ...policies.resourceIndicators },
    revocation: { enabled: true, allowedPolicy: policies.mayRevoke },
    rpInitiatedLogout: { enabled: true, ...pages.rpInitiatedLogout },
    userinfo: { enabled: true },
  };
}

function unreachable(what: string): (ctx: KoaContextWithOIDC) => never {
  return () => {
    throw new Error(`${what} are off`);
  };
}
