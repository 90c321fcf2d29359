import { errors, type KoaContextWithOIDC } from 'oidc-provider';

/** What the library says of some refusals, and the error that the standards have for them. */
const REWORDED: Readonly<Record<string, () => errors.OIDCProviderError>> = {
  // RFC 6749 5.2
  'requested grant type is not allowed for this client': () =>
    new errors.UnauthorizedClient('the client may not use this grant'),
  // RFC 9449 5: by any other error no client learns that it should send a proof.
  'DPoP proof JWT not provided': needsProof,
  'missing DPoP proof JWT': needsProof,
};

function needsProof(): errors.OIDCProviderError {
  return new errors.InvalidDpopProof('a DPoP proof is needed');
}

/** A refusal of the token endpoint in the standards' words: returned, and answered. */
export function rewordRefusal(ctx: KoaContextWithOIDC, refusal: unknown): unknown {
  if (!(refusal instanceof errors.OIDCProviderError)) return refusal;
  const reworded = REWORDED[refusal.error_detail ?? refusal.error_description ?? '']?.();
  if (reworded === undefined) return refusal;
  ctx.status = reworded.statusCode;
  ctx.body = { error: reworded.error, error_description: reworded.error_description };
  return reworded;
}
