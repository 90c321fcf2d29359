import type { OwnToken } from '../../domain/token/own-token.ts';
import type { OauthRecords } from './oauth-records.ts';

/**
 * Finds an access token of ours that is no JWT but a name in the store.
 *
 * @throws FederationError `store-unavailable`
 */
export async function findOpaqueToken(token: string, records: OauthRecords): Promise<OwnToken | undefined> {
  const found =
    (await records.find('AccessToken', token)) ?? (await records.find('ClientCredentials', token));
  if (found?.clientId === undefined || found.exp === undefined) return undefined;
  const { clientId, accountId, sessionUid, scope, exp, aud, jkt } = found;
  return {
    kind: 'access-token',
    subject: accountId ?? clientId,
    ...(sessionUid === undefined ? {} : { signInId: sessionUid }),
    clientId,
    audience: [aud ?? []].flat(),
    scopes: scope === undefined || scope === '' ? [] : scope.split(' '),
    expiresAtMs: exp * 1000,
    // Its own name would be the token itself.
    tokenId: '',
    via: [],
    ...(jkt === undefined ? {} : { isKeyBound: true }),
  };
}
