import type { SamlIdentity } from '../../domain/identity/saml-identity.ts';
import type { SamlProvider } from '../../domain/identity/saml-provider.ts';
import type { ExpectedResponse } from './check-response.ts';
import { refuseResponse, RESPONSE_INVALID } from './refusal.ts';
import type { ServiceProvider } from './sp-metadata.ts';
import { verifySamlResponse, type VerifySamlResponseDeps } from './verify-response.ts';

/** AWS's rule, which keeps a copied assertion from being of use for long. */
const MAX_AGE_SECONDS = 300;

export type VerifyStsAssertionDeps = Omit<VerifySamlResponseDeps, 'expected'> & {
  /** What the provider knows us as in a browser. */
  readonly sp: ServiceProvider;
};

/**
 * Verifies what AssumeRoleWithSAML is given, for the endpoint and for operators who ask beforehand.
 *
 * Besides what is meant for us, it takes what the provider's `audiences` name: identity providers that were set up for
 * AWS. Some tools for AWS get it by a request of their own, which nobody here has sent and can check.
 *
 * @throws FederationError as {@link verifySamlResponse}
 * @see wire-spec 4
 */
export async function verifyStsAssertion(
  samlResponse: string,
  { sp, ...deps }: VerifyStsAssertionDeps,
): Promise<SamlIdentity> {
  const expected = expectedOfTools(deps.provider, sp);
  return refuseBrowserAnswer(await verifySamlResponse(samlResponse, { ...deps, expected }), sp);
}

/** What an assertion must name that a tool brings, which may have asked for it by a request of its own. */
export function expectedOfTools({ audiences }: SamlProvider, sp: ServiceProvider): ExpectedResponse {
  return {
    recipients: [...audiences, sp.assertionConsumerServiceUrl],
    audiences: [...audiences, sp.entityId, sp.assertionConsumerServiceUrl],
    inResponseTo: { kind: 'anything' },
    maxAgeSeconds: MAX_AGE_SECONDS,
  };
}

/** The answer to a sign-in of ours belongs to the browser that began it: taken from there, it opens nothing here. */
export function refuseBrowserAnswer(identity: SamlIdentity, sp: ServiceProvider): SamlIdentity {
  const { inResponseTo, recipient } = identity.saml;
  if (inResponseTo === undefined || recipient !== sp.assertionConsumerServiceUrl) return identity;
  throw refuseResponse(
    RESPONSE_INVALID,
    'InResponseTo: it answers a sign-in in a browser (SAML Profiles 4.1.4.2)',
  );
}
