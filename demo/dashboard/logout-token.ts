import { jwtVerify, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { dashboardClient } from './dashboard-client.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

const logoutClaims = z.object({
  sid: z.string(),
  jti: z.string(),
  events: z.object({ [EVENT]: z.looseObject({}) }),
  // With one it would be an ID token, which somebody could have got for themselves.
  nonce: z.never().optional(),
});

/**
 * Verifies what the bridge posts when a sign-in ended.
 *
 * @returns the sign-in's `sid`, and the token's own name, which comes once
 * @throws for all that is no logout token of the bridge for this application
 * @see OpenID Connect Back-Channel Logout 2.6
 */
export async function verifyLogoutToken(
  token: string,
  { issuer, keys }: { readonly issuer: string; readonly keys: JWTVerifyGetKey },
): Promise<{ readonly sid: string; readonly jti: string }> {
  const { payload } = await jwtVerify(token, keys, {
    issuer,
    audience: dashboardClient.id,
    typ: 'logout+jwt',
    algorithms: ['RS256'],
    maxTokenAge: '5m',
  });
  return logoutClaims.parse(payload);
}
