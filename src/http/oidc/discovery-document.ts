import type { SigningAlgorithm } from '../../domain/token/token-signer.ts';

/** Where the public keys are, below the issuer. */
export const JWKS_PATH = '/oidc/jwks';

/** What GetWebIdentityToken signs with: all the tokens that there are so far. */
const SIGNING_ALGORITHMS: readonly SigningAlgorithm[] = ['RS256', 'ES384'];

/**
 * What the issuer can do, and nothing that it cannot: a member that is there makes clients use it.
 *
 * Without authorization endpoint the document is one for verifiers, as those of CI platforms are.
 * @see OpenID Connect Discovery 3
 */
export function discoveryDocument(issuer: string) {
  return {
    issuer,
    jwks_uri: `${issuer}${JWKS_PATH}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: SIGNING_ALGORITHMS,
    scopes_supported: ['openid'],
    claims_supported: ['iss', 'sub', 'aud', 'iat', 'exp', 'jti', 'https://sts.amazonaws.com/'],
  };
}
