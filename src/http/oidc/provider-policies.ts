import { errors, type Configuration } from 'oidc-provider';
import { z } from 'zod';
import { mappedClaims } from '../../domain/application/mapped-claims.ts';
import type { Directory } from '../../domain/role/directory.ts';
import { authenticationOf } from '../../domain/session/authentication.ts';
import type { BrowserSession } from '../../domain/session/browser-session.ts';
import { isStillKnown, type KnownDeps } from './account.ts';
import { acrWishOf, satisfiedAcr } from './acr-wish.ts';
import { beganOf } from './interaction-policy.ts';
import { requireScope } from './provider-scope.ts';
import { findSignIn } from './session-adapter.ts';
import { tokenLifetimes, type LifetimeDeps } from './token-lifetimes.ts';

export type PolicyDeps = KnownDeps &
  LifetimeDeps & { readonly directory: Pick<Directory, 'application' | 'service'> };

/** What the library asks us to decide. */
export type ProviderPolicies = ReturnType<typeof createProviderPolicies>;

/** Of what the library hands over, what we look at. */
type OfClient = { readonly clientId?: string | undefined };
type Claims = Readonly<Record<string, unknown>>;

export function createProviderPolicies(deps: PolicyDeps) {
  return {
    // Scripts of public clients alone have tokens of their own to fetch.
    mayReadFromOrigin: (_ctx: unknown, origin: string, client: BrowserClient) =>
      origin !== 'null' &&
      client.tokenEndpointAuthMethod === 'none' &&
      (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin),
    loadExistingGrant,
    extraTokenClaims: (_ctx: unknown, token: PersonToken & { readonly kind: string }) =>
      token.kind === 'AccessToken' ? accessTokenClaims(token, deps) : undefined,
    expiresWithSession: (_ctx: unknown, source: { readonly scopes: ReadonlySet<string> }) =>
      !source.scopes.has('offline_access'),
    // Without `offline_access` it ends with the session.
    issueRefreshToken: (_ctx: unknown, client: { readonly grantTypeAllowed: (type: string) => boolean }) =>
      client.grantTypeAllowed('refresh_token'),
    ttl: tokenLifetimes(deps),
    assertClientAssertion: (_ctx: unknown, claims: Claims) => {
      // Made for a list of servers, each of them could use it at the others.
      if (Array.isArray(claims['aud']) && claims['aud'].length !== 1)
        throw new errors.InvalidClientAuth('client_assertion is for more than one audience');
      boundLifetime(claims, () => new errors.InvalidClientAuth('client_assertion lives too long'));
    },
    assertClaimsParameter,
    assertRequestObject: (_ctx: unknown, claims: Claims) => {
      boundLifetime(
        claims,
        () => new errors.InvalidRequestObject('the request object lives too long, or for ever'),
      );
    },
    // Tokens of services are JWTs, which they verify by themselves; others are no business of anybody else (RFC 7662 4).
    mayIntrospect: async (_ctx: unknown, client: OfClient, token: OfClient) =>
      token.clientId === client.clientId && (await isOfSomebody(token, deps)),
    mayRevoke: (_ctx: unknown, client: OfClient, token: OfClient) => token.clientId === client.clientId,
    resourceIndicators: {
      defaultResource: (_ctx: unknown, _client: unknown, oneOf?: readonly string[]) => oneOf,
      // The token is for what the person granted; whoever wants it for userinfo asks without a resource.
      useGrantedResource: () => true,
      getResourceServerInfo: (_ctx: unknown, audience: string, client: OfClient) =>
        resourceServer(audience, client, deps),
    },
  };
}

type BrowserClient = {
  readonly tokenEndpointAuthMethod?: string | undefined;
  readonly redirectUris?: readonly string[] | undefined;
};

// The library asks whether a token has ended, not whether its person is there: what outlives sign-ins would be told as good.
function isOfSomebody(token: object, deps: PolicyDeps): boolean | Promise<boolean> {
  const { data } = personToken.safeParse(token);
  return data === undefined || isStillKnown(data.accountId, data, deps);
}

const personToken = z.object({
  accountId: z.string(),
  sessionUid: z.string().optional(),
  iat: z.number(),
});

const loadExistingGrant: NonNullable<Configuration['loadExistingGrant']> = async ({ oidc }) => {
  const { session, client, provider, result } = oidc;
  const browserSession = requireScope().session;
  if (session === undefined || client === undefined) return undefined;
  // Whoever signed out, or in as somebody else, while the library was at work: what it has is of no sign-in that lives.
  if (browserSession === undefined || browserSession.signInId !== session.uid)
    throw new errors.LoginRequired('the person is not signed in any more');
  const { Interaction: interaction } = oidc.entities;
  // A link and a cookie of another host of our domain would have one person go on with a device that another one allowed.
  if (interaction?.deviceCode !== undefined && beganOf(interaction).accountId !== session.accountId)
    throw new errors.AccessDenied('somebody else allowed the device');
  session.sidFor(client.clientId, session.uid);
  const { acr } = authenticationOf(browserSession);
  const wish = acrWishOf(oidc.params ?? {});
  session.acr = (wish && satisfiedAcr(wish, acr)) ?? acr;
  const grantId = result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  return grantId === undefined ? undefined : provider.Grant.find(grantId);
};

type PersonToken = {
  readonly accountId?: string | undefined;
  readonly sessionUid?: string | undefined;
  readonly aud?: string | string[] | undefined;
};

// Of tokens for a service: opaque ones are asked about at userinfo.
async function accessTokenClaims(
  { accountId, sessionUid, aud }: PersonToken,
  deps: PolicyDeps,
): Promise<Record<string, unknown> | undefined> {
  const service = typeof aud === 'string' ? deps.directory.service(aud) : undefined;
  if (service === undefined || accountId === undefined || sessionUid === undefined) return undefined;
  const session = await findSignIn(accountId, sessionUid, deps);
  return { ...(session && claimsOfSession(session, service)), sid: sessionUid };
}

function claimsOfSession(
  session: BrowserSession,
  { claims }: { readonly claims: Readonly<Record<string, string>> },
): Record<string, unknown> {
  return { ...mappedClaims(claims, session.signIn.identity), ...authenticationOf(session) };
}

function resourceServer(audience: string, { clientId = '' }: OfClient, { directory }: PolicyDeps) {
  const service = directory.service(audience);
  const isListed = directory.application(clientId)?.audiences.includes(audience) === true;
  // What there is not, and what this client may not have, look the same.
  if (service === undefined || !isListed) throw new errors.InvalidTarget();
  return {
    audience,
    scope: service.scopes.join(' '),
    accessTokenTTL: service.tokenLifetimeSeconds,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: service.algorithm } },
  } as const;
}

/** For what is made to be used at once. */
const LONGEST_PROOF_SECONDS = 3600;

function boundLifetime(claims: Claims, refusal: () => Error): void {
  const { exp } = claims;
  const nowSeconds = requireScope().facts.timeMs / 1000;
  if (typeof exp !== 'number' || exp > nowSeconds + LONGEST_PROOF_SECONDS) throw refusal();
}

type ClaimsParameter = { readonly userinfo?: Claims | undefined; readonly id_token?: Claims | undefined };

const assertClaimsParameter = (_ctx: unknown, claims: ClaimsParameter): void => {
  for (const wanted of Object.values({ ...claims.userinfo, ...claims.id_token }))
    if (wanted !== null && (typeof wanted !== 'object' || Array.isArray(wanted)))
      throw new errors.InvalidRequest('members of the claims parameter are null or objects');
};
