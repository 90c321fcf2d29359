import type { Configuration } from 'oidc-provider';
import type { Directory } from '../../domain/role/directory.ts';
import { requireScope } from './provider-scope.ts';

/** Of access tokens that are good for userinfo alone, and of those that applications have for themselves. */
const OPAQUE_SECONDS = 600;
const CODE_SECONDS = 60;
const DEVICE_CODE_SECONDS = 600;
const INTERACTION_SECONDS = 3600;

type LifetimeDeps = {
  readonly directory: Pick<Directory, 'application'>;
  /** The longest that a sign-in lasts. */
  readonly absoluteMs: number;
};

/** How long what the library makes lives, in seconds. */
export function tokenLifetimes({ directory, absoluteMs }: LifetimeDeps): NonNullable<Configuration['ttl']> {
  const refreshSeconds = (clientId: string | undefined): number =>
    directory.application(clientId ?? '')?.refreshTokenLifetimeSeconds ?? OPAQUE_SECONDS;
  return {
    AccessToken: (_ctx, { resourceServer }) => resourceServer?.accessTokenTTL ?? OPAQUE_SECONDS,
    ClientCredentials: (_ctx, { resourceServer }) => resourceServer?.accessTokenTTL ?? OPAQUE_SECONDS,
    AuthorizationCode: CODE_SECONDS,
    DeviceCode: DEVICE_CODE_SECONDS,
    Interaction: INTERACTION_SECONDS,
    IdToken: (_ctx, _token, client) =>
      directory.application(client.clientId)?.idTokenLifetimeSeconds ?? OPAQUE_SECONDS,
    // From the first one of its line on: rotation prolongs nothing.
    RefreshToken: (_ctx, token, client) => {
      const nowSeconds = Math.floor(requireScope().facts.timeMs / 1000);
      const usedUp = Math.max(0, nowSeconds - (token.iiat ?? nowSeconds));
      return Math.max(1, refreshSeconds(client.clientId) - usedUp);
    },
    // It is of one sign-in, and what came of it late in that lives on.
    Grant: (_ctx, { clientId }) => Math.ceil(absoluteMs / 1000) + refreshSeconds(clientId),
    Session: () => {
      const { session, facts } = requireScope();
      return Math.max(1, Math.ceil(((session?.endsAtMs ?? 0) - facts.timeMs) / 1000));
    },
    BackchannelAuthenticationRequest: OPAQUE_SECONDS,
    PreAuthorizedCode: OPAQUE_SECONDS,
  };
}
