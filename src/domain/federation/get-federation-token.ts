import type { AuditDraft } from '../audit/audit-draft.ts';
import type { Credentials } from '../credentials/credentials.ts';
import type { Caller } from './caller.ts';
import type { FederationDeps } from './deps.ts';
import { longSessionSeconds, longTermUser } from './get-session-token.ts';
import { issueSession } from './issue-session.ts';
import { permit } from './permit.ts';
import { prepareSession, type SessionRequest } from './session-request.ts';

export type FederationTokenRequest = SessionRequest & {
  readonly name: string;
  readonly durationSeconds?: number;
};

export type FederatedUser = {
  readonly credentials: Credentials;
  readonly arn: string;
  /** `<account>:<name>`. */
  readonly id: string;
  readonly packedPolicySize: number;
};

/**
 * GetFederationToken: credentials for somebody whom the calling user vouches for, never more than the user has.
 *
 * @throws FederationError `session-credentials-refused`, `caller-denied` and what {@link prepareSession} throws
 */
export async function getFederationToken(
  request: FederationTokenRequest,
  caller: Caller,
  draft: AuditDraft,
  deps: FederationDeps,
): Promise<FederatedUser> {
  const user = longTermUser(caller, 'GetFederationToken');
  const arn = `arn:aws:sts::${user.account}:federated-user/${request.name}`;
  const id = `${user.account}:${request.name}`;
  const contents = prepareSession(request, user.account, undefined, deps);
  const actions = ['sts:GetFederationToken', ...(request.tags.length > 0 ? ['sts:TagSession'] : [])] as const;
  permit({ caller, actions, resource: arn, keys: { tags: contents.tags } }, draft, deps);
  const issuedAtMs = draft.facts.timeMs;
  const session = {
    kind: 'federated-user',
    account: user.account,
    principalArn: arn,
    userId: id,
    issuerArn: user.arn,
    issuerId: user.id,
    issuedAtMs,
    expiresAtMs: issuedAtMs + longSessionSeconds(request.durationSeconds, user) * 1000,
    person: user.arn,
    tags: contents.tags,
    transitiveTagKeys: [],
    sessionPolicies: contents.sessionPolicies,
    claims: {},
  } as const;
  const packedPolicySize = contents.packedPolicySize ?? 0;
  const responseElements = { federatedUser: { federatedUserId: id, arn }, packedPolicySize };
  const credentials = await issueSession(session, { draft, responseElements }, deps);
  if (!credentials) throw new Error('a session without a single-use mark was refused as used');
  return { credentials, arn, id, packedPolicySize };
}
