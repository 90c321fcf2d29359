import { createExchangedTokens } from '../../domain/application/exchanged-tokens.ts';
import type { OauthRecordStore } from '../../domain/application/oauth-record-store.ts';
import { createProviderSource, type ProviderDeps } from './create-provider.ts';
import { discoveryPartsOf } from './discovery-document.ts';
import { findOpaqueToken } from './find-opaque-token.ts';
import type { OidcDeps } from './mount-oidc.ts';
import { createOauthRecords } from './oauth-records.ts';
import { createSubjectVerifiers, type SubjectVerifierParts } from './subject-verifiers.ts';

/** What the provider makes of its other parts. */
type Made =
  | 'provider'
  | 'discovery'
  | 'exchangedTokens'
  | 'findOpaqueToken'
  | 'verifyJwt'
  | 'verifySamlToken'
  | 'workloadSecret';

/** What the provider for applications is made of. */
export type OidcParts = Omit<OidcDeps, Made> &
  Omit<ProviderDeps, Made> &
  Omit<SubjectVerifierParts, 'publicUrl'> & { readonly oauthRecords: OauthRecordStore };

/** Makes the provider for applications, with what a configuration decides. */
export function createOidc(parts: OidcParts): OidcDeps {
  const { issuer, oauthRecords, random } = parts;
  const records = createOauthRecords({
    ...parts,
    onUnreadable: (error) => {
      parts.onBug(error, '');
    },
  });
  const deps = {
    ...parts,
    ...createSubjectVerifiers({ ...parts, publicUrl: issuer }),
    exchangedTokens: createExchangedTokens({ ...parts, store: oauthRecords }),
    findOpaqueToken: (token: string) => findOpaqueToken(token, records),
    // New for each configuration, and known to nobody but this process.
    workloadSecret: Buffer.from(random(32)).toString('base64url'),
  };
  return {
    ...deps,
    provider: createProviderSource(deps),
    discovery: discoveryPartsOf({ ...parts, publicUrl: issuer }),
  };
}
