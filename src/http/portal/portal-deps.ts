import type { FederationDeps } from '../../domain/federation/deps.ts';
import type { PersonDeps, SignedInPerson } from '../../domain/federation/signed-in-person.ts';
import type { PageDeps, PersonExchange } from '../page-exchange.ts';

export type PortalDeps = PageDeps;

/** Who is signed in, as the gate takes them. */
export function personOf({ session, provider }: PersonExchange): SignedInPerson {
  const { signIn, signInId, mfa } = session;
  return {
    identity: signIn.identity,
    provider,
    signIn: {
      signInId,
      ...(mfa === undefined ? {} : { mfaAuthenticatedAtMs: mfa.authenticatedAtMs }),
    },
  };
}

/** The gate with this installation's rule on second factors. */
export function gateOf({ surface }: PersonExchange, deps: PortalDeps): FederationDeps & PersonDeps {
  return { ...deps, mfaRequired: surface.mfaRequired };
}
