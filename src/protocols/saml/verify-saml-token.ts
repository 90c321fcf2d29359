import type { KeyObject } from 'node:crypto';
import { FederationError } from '../../domain/errors.ts';
import type { SamlIdentity } from '../../domain/identity/saml-identity.ts';
import type { SamlMetadata, SamlMetadataSource } from '../../domain/identity/saml-metadata.ts';
import type { SamlProvider } from '../../domain/identity/saml-provider.ts';
import { ISSUER_UNKNOWN, refuseResponse, RESPONSE_INVALID } from './refusal.ts';
import { claimedIssuer } from './signed-response.ts';
import { serviceProviderOf } from './sp-metadata.ts';
import { decodeResponse, refusing, verifyBareAssertion, verifyResponseXml } from './verify-response.ts';
import { expectedOfTools, refuseBrowserAnswer } from './verify-sts-assertion.ts';

export type VerifySamlTokenDeps = {
  /** Those of one account. */
  readonly providers: readonly SamlProvider[];
  readonly metadataOf: SamlMetadataSource;
  /** Asked for only where a provider was found. */
  readonly decryptionKeys: () => Promise<readonly KeyObject[]>;
  /** Our origin. */
  readonly publicUrl: string;
  /** Epoch milliseconds. */
  readonly nowMs: number;
};

/**
 * Verifies an assertion, base64url as RFC 8693 has it, or a response, base64 as browsers bring it, by the rules of
 * AssumeRoleWithSAML. The provider is the one of the account whose metadata has the issuer.
 *
 * @throws FederationError `invalid-identity-token`, `expired-identity-token`, `identity-provider-unreachable`
 * @see RFC 8693 3, SAML Profiles 4.1.4
 */
export async function verifySamlToken(token: string, deps: VerifySamlTokenDeps): Promise<SamlIdentity> {
  const xml = decodeResponse(toBase64(token));
  const { form, issuer } = refusing(RESPONSE_INVALID, () => claimedIssuer(xml));
  const { provider, metadata } = await findProvider(issuer, deps);
  const sp = serviceProviderOf(provider, deps.publicUrl);
  const verify = form === 'response' ? verifyResponseXml : verifyBareAssertion;
  const identity = verify(token, xml, {
    provider,
    metadata,
    decryptionKeys: await deps.decryptionKeys(),
    nowMs: deps.nowMs,
    expected: expectedOfTools(provider, sp),
  });
  return refuseBrowserAnswer(identity, sp);
}

/** Both alphabets name the same bytes, and the bytes are what is verified. */
function toBase64(token: string): string {
  const bytes = Buffer.from(token, 'base64url');
  return bytes.toString('base64url') === token ? bytes.toString('base64') : token;
}

type Found = { readonly provider: SamlProvider; readonly metadata: SamlMetadata };

/** Two providers of one issuer would be two people of one name: nothing here says which is meant, so neither is. */
async function findProvider(issuer: string, { providers, metadataOf }: VerifySamlTokenDeps): Promise<Found> {
  const read = await Promise.allSettled(
    providers.map(async (provider) => ({ provider, metadata: await metadataOf(provider) })),
  );
  const [found, ...others] = read
    .flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    .filter(({ metadata }) => metadata.entities.some(({ entityId }) => entityId === issuer));
  if (found !== undefined && others.length === 0) return found;
  if (found === undefined) rethrowUnreachable(read);
  throw refuseResponse(ISSUER_UNKNOWN, 'the Issuer is not that of one provider of the account');
}

// The provider could be one whose metadata cannot be had right now: then a retry helps.
function rethrowUnreachable(read: readonly PromiseSettledResult<Found>[]): void {
  for (const result of read) {
    if (result.status !== 'rejected') continue;
    const reason: unknown = result.reason;
    if (reason instanceof FederationError) throw reason;
    throw new Error('metadata not read', { cause: reason });
  }
}
