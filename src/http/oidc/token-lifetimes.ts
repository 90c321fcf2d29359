import { errors, type Configuration } from 'oidc-provider';
import type { Directory } from '../../domain/role/directory.ts';
import { requireScope } from './provider-scope.ts';

/** Of access tokens that are good for userinfo alone, and of those that applications have for themselves. */
const OPAQUE_SECONDS = 600;
const CODE_SECONDS = 60;
const DEVICE_CODE_SECONDS = 600;
const INTERACTION_SECONDS = 3600;

export type LifetimeDeps = {
  readonly directory: Pick<Directory, 'application'>;
  /** The longest that a sign-in lasts. */
  readonly absoluteMs: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
};

/** What may be bound to a sign-in. */
type Bound = {
  readonly expiresWithSession?: boolean | undefined;
  readonly sessionUid?: string | undefined;
};
type ForService = { readonly resourceServer?: { readonly accessTokenTTL?: number | undefined } | undefined };
type OfClient = { readonly clientId?: string | undefined };
type Issuing = { readonly oidc: { readonly entities: { readonly AccessToken?: Bound | undefined } } };

/** How long what the library makes lives, in seconds. What is bound to a sign-in ends with it at the latest. */
export function tokenLifetimes(deps: LifetimeDeps) {
  const { directory, absoluteMs, now } = deps;
  const refreshSeconds = ({ clientId }: OfClient): number =>
    directory.application(clientId ?? '')?.refreshTokenLifetimeSeconds ?? OPAQUE_SECONDS;
  return {
    AccessToken: (_ctx: unknown, token: Bound & ForService) =>
      withinSignIn(token.resourceServer?.accessTokenTTL ?? OPAQUE_SECONDS, token, deps),
    ClientCredentials: (_ctx: unknown, { resourceServer }: ForService) =>
      resourceServer?.accessTokenTTL ?? OPAQUE_SECONDS,
    AuthorizationCode: CODE_SECONDS,
    DeviceCode: DEVICE_CODE_SECONDS,
    Interaction: INTERACTION_SECONDS,
    // Always made beside an access token, which knows its sign-in.
    IdToken: ({ oidc }: Issuing, _token: unknown, { clientId = '' }: OfClient) =>
      withinSignIn(
        directory.application(clientId)?.idTokenLifetimeSeconds ?? OPAQUE_SECONDS,
        oidc.entities.AccessToken,
        deps,
      ),
    // From the first one of its line on: rotation prolongs nothing.
    RefreshToken: (
      _ctx: unknown,
      token: Bound & { readonly iiat?: number | undefined },
      client: OfClient,
    ) => {
      const nowSeconds = Math.floor(now() / 1000);
      const usedUp = Math.max(0, nowSeconds - (token.iiat ?? nowSeconds));
      return withinSignIn(Math.max(1, refreshSeconds(client) - usedUp), token, deps);
    },
    // It is of one sign-in, and what came of it late in that lives on.
    Grant: (_ctx: unknown, grant: OfClient) => Math.ceil(absoluteMs / 1000) + refreshSeconds(grant),
    Session: () => {
      const { session } = requireScope();
      return Math.max(1, Math.ceil(((session?.endsAtMs ?? 0) - now()) / 1000));
    },
    BackchannelAuthenticationRequest: OPAQUE_SECONDS,
    PreAuthorizedCode: OPAQUE_SECONDS,
  } satisfies Configuration['ttl'];
}

// Services verify JWTs by themselves, and ask nobody whether the sign-in still lives.
function withinSignIn(seconds: number, token: Bound | undefined, { now }: LifetimeDeps): number {
  if (token?.expiresWithSession !== true) return seconds;
  const endsAtMs = requireScope().signInEnds.get(token.sessionUid ?? '') ?? 0;
  const left = Math.floor(endsAtMs / 1000) - Math.floor(now() / 1000);
  if (left < 1) throw new errors.InvalidGrant('the sign-in ends now');
  return Math.min(seconds, left);
}
