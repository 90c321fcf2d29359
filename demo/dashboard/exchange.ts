import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { decodeJwt, type JWTPayload } from 'jose';
import { genericGrantRequest, ResponseBodyError, type Configuration } from 'openid-client';
import { z } from 'zod';
import { ORDERS_AUDIENCE } from '../orders/start-orders.ts';
import { dashboardClient, ROLE } from './dashboard-client.ts';
import type { Tokens } from './sign-in.ts';

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const AWS4 = 'urn:rolebridge:params:oauth:token-type:aws4';

/** What the bridge said no with; `needsMfa`: it would say yes to somebody with a second factor (RFC 9470 3). */
export type Refused = {
  readonly error: string;
  readonly description: string;
  readonly reference: string;
  readonly needsMfa: boolean;
};

export type Exchanged = { readonly token: string; readonly claims: JWTPayload };

/** The person's access token for one that the service `orders` takes, with no more scope than is needed. @see RFC 8693 2.1 */
export async function exchangeForOrders(
  config: Configuration,
  { accessToken }: Tokens,
  scope: string,
): Promise<Exchanged> {
  const { access_token: token } = await genericGrantRequest(config, TOKEN_EXCHANGE, {
    subject_token: accessToken,
    subject_token_type: ACCESS_TOKEN,
    resource: ORDERS_AUDIENCE,
    scope,
  });
  return { token, claims: decodeJwt(token) };
}

const credentials = z.object({
  AccessKeyId: z.string(),
  SecretAccessKey: z.string(),
  SessionToken: z.string(),
  Expiration: z.string(),
});

/** The person's access token for credentials of a role, and whom these speak for. */
export async function callAsRole(config: Configuration, { accessToken }: Tokens) {
  const { issuer, token_endpoint: endpoint = '' } = config.serverMetadata();
  // Credentials are no token that a client of OAuth could send on (`token_type: N_A`), so openid-client takes none.
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${dashboardClient.id}:${dashboardClient.secret}`)}` },
    body: new URLSearchParams({
      grant_type: TOKEN_EXCHANGE,
      subject_token: accessToken,
      subject_token_type: ACCESS_TOKEN,
      requested_token_type: AWS4,
      resource: ROLE,
    }),
  });
  const body: unknown = await response.json();
  if (!response.ok) return refusedOf(body);
  const { Expiration: expiration, ...keys } = credentials.parse(body);
  const sts = new STSClient({
    endpoint: issuer,
    region: 'us-east-1',
    credentials: {
      accessKeyId: keys.AccessKeyId,
      secretAccessKey: keys.SecretAccessKey,
      sessionToken: keys.SessionToken,
    },
  });
  const { Arn: arn = '' } = await sts.send(new GetCallerIdentityCommand({}));
  return { arn, expiration };
}

const refusal = z.object({
  error: z.string(),
  error_description: z.string().default(''),
  reference: z.string().default(''),
});

/** What an OAuth error says, where it is one. */
export function refusedOf(error: unknown): Refused {
  const body = error instanceof ResponseBodyError ? error.cause : error;
  const { error: code, error_description: description, reference } = refusal.parse(body);
  return { error: code, description, reference, needsMfa: code === 'insufficient_user_authentication' };
}
