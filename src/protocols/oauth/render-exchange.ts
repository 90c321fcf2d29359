import { TOKEN_TYPES } from '../../domain/application/token-type.ts';
import type { Credentials } from '../../domain/credentials/credentials.ts';
import type { ExchangedToken } from '../../domain/federation/exchange-request.ts';

/**
 * The answer to an exchange, as its JSON members. `access_token` is the issued token, whatever kind it is.
 *
 * @see RFC 8693 2.2.1
 */
export function renderExchange(issued: ExchangedToken, nowMs: number): Readonly<Record<string, unknown>> {
  if (issued.kind === 'credentials') return renderCredentials(issued.credentials, nowMs);
  const { kind, token, expiresAtMs, scopes } = issued;
  return {
    access_token: token,
    issued_token_type: TOKEN_TYPES[kind],
    // An ID token opens nothing by being sent along.
    token_type: kind === 'access-token' ? 'Bearer' : 'N_A',
    expires_in: secondsUntil(expiresAtMs, nowMs),
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
  };
}

/** Credentials twice: as the one token that can be exchanged again, and as AWS's tools read them from a `credential_process`. */
function renderCredentials(
  { accessKeyId, secretAccessKey, sessionToken, expiresAtMs }: Credentials,
  nowMs: number,
): Readonly<Record<string, unknown>> {
  return {
    access_token: `${accessKeyId}:${secretAccessKey}:${sessionToken}`,
    issued_token_type: TOKEN_TYPES.aws4,
    token_type: 'N_A',
    expires_in: secondsUntil(expiresAtMs, nowMs),
    Version: 1,
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
    Expiration: new Date(expiresAtMs).toISOString(),
  };
}

function secondsUntil(endMs: number, nowMs: number): number {
  return Math.max(0, Math.floor((endMs - nowMs) / 1000));
}
