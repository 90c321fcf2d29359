import type { Identity } from '../identity/identity.ts';
import type { SingleUse } from '../session/session-store.ts';

/**
 * The mark that makes a proof usable once, until no verifier takes it any more. Every way in uses this one, so what signed
 * somebody in at one endpoint opens nothing at another.
 */
export function singleUseOf({ providerArn, proofId, expiresAtMs }: Identity): SingleUse {
  return { key: `proof:${providerArn} ${proofId}`, expiresAtMs };
}
