import type { AuditDraft } from '../audit/audit-draft.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { FederationError } from '../errors.ts';
import type { User } from '../role/user.ts';
import type { Caller } from './caller.ts';
import type { FederationDeps } from './deps.ts';
import { issueSession } from './issue-session.ts';

const DEFAULT_DURATION_SECONDS = 43_200;
const ROOT_LIMIT_SECONDS = 3600;

/** Long-term keys only: AWS refuses session credentials by name (wire-spec 1.6). */
export function longTermUser(caller: Caller, action: string): User {
  if (caller.kind === 'user') return caller.user;
  throw new FederationError('session-credentials-refused', `${action} with session credentials`, {
    params: { action },
  });
}

/** The session's length; a root user's is silently cut to an hour. */
export function longSessionSeconds(asked: number | undefined, user: User): number {
  const seconds = asked ?? DEFAULT_DURATION_SECONDS;
  return user.isRoot ? Math.min(seconds, ROOT_LIMIT_SECONDS) : seconds;
}

/**
 * GetSessionToken: temporary credentials that stay the user, perhaps with MFA. Needs no permission (wire-spec 1.5).
 *
 * @throws FederationError `session-credentials-refused`
 */
export async function getSessionToken(
  request: { readonly durationSeconds?: number; readonly mfaAuthenticatedAtMs?: number },
  caller: Caller,
  draft: AuditDraft,
  deps: FederationDeps,
): Promise<Credentials> {
  const user = longTermUser(caller, 'GetSessionToken');
  const issuedAtMs = draft.facts.timeMs;
  const { mfaAuthenticatedAtMs } = request;
  const session = {
    kind: 'session-token',
    account: user.account,
    principalArn: user.arn,
    userId: user.id,
    issuerArn: user.arn,
    issuerId: user.id,
    issuedAtMs,
    expiresAtMs: issuedAtMs + longSessionSeconds(request.durationSeconds, user) * 1000,
    person: user.arn,
    tags: {},
    transitiveTagKeys: [],
    sessionPolicies: [],
    ...(mfaAuthenticatedAtMs === undefined ? {} : { mfaAuthenticatedAtMs }),
    claims: {},
  } as const;
  const credentials = await issueSession(session, { draft, responseElements: {} }, deps);
  if (!credentials) throw new Error('a session without a single-use mark was refused as used');
  return credentials;
}
