import type { AuditDraft } from '../audit/audit-draft.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { FederationError } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import { splitArn } from '../role/arn.ts';
import type { Role } from '../role/role.ts';
import { authorize } from './authorize.ts';
import { policiesOf, principalOf, sessionOf, type Caller } from './caller.ts';
import { createConditionContext } from './condition-context.ts';
import type { FederationDeps } from './deps.ts';
import { issueSession, type SessionDraft } from './issue-session.ts';
import { prepareSession, type SessionContents, type SessionRequest } from './session-request.ts';

export type AssumeRoleRequest = SessionRequest & {
  /** `sts:AssumeRole` for a caller; `sts:AssumeRoleWithWebIdentity` or `…WithSAML` for a proof. */
  readonly action: string;
  readonly roleArn: string;
  readonly roleSessionName: string;
  readonly durationSeconds?: number;
  readonly sourceIdentity?: string;
  readonly externalId?: string;
  /** Second factor proved in this call, epoch milliseconds. */
  readonly mfaAuthenticatedAtMs?: number;
};

/** Who wants the role: somebody with a verified proof, or with credentials. */
export type Subject = { readonly identity: Identity } | { readonly caller: Caller };

export type AssumedRole = {
  readonly credentials: Credentials;
  readonly assumedRole: { readonly arn: string; readonly id: string };
  readonly packedPolicySize?: number;
  readonly sourceIdentity?: string;
};

const DEFAULT_DURATION_SECONDS = 3600;
const CHAINING_LIMIT_SECONDS = 3600;

/**
 * Opens a role: gate, duration, credentials, record. Browser sign-in, CI token, assertion and chaining differ only in their
 * subject (wire-spec 5, 6.6).
 *
 * @throws FederationError `caller-denied` or `federation-denied`, for unknown roles too; `duration-exceeds-role`,
 *   `duration-exceeds-chaining`, `root-may-not-assume` and what {@link prepareSession} throws; `invalid-identity-token`
 *   where the role wants a token once and this one was used
 */
export async function assumeRole(
  request: AssumeRoleRequest,
  subject: Subject,
  draft: AuditDraft,
  deps: FederationDeps,
): Promise<AssumedRole> {
  const role = deps.directory.role(request.roleArn);
  const account = splitArn(request.roleArn)?.account ?? '';
  const parent = 'caller' in subject ? sessionOf(subject.caller) : undefined;
  const contents = prepareSession(request, account, parent, deps);
  const sourceIdentity = sourceIdentityOf(request, parent?.sourceIdentity);
  const allowedRole = decide({ request, subject, role, contents, sourceIdentity, draft, deps });
  const durationSeconds = checkDuration(request, subject, allowedRole);
  const session = createSession({
    request,
    subject,
    role: allowedRole,
    contents,
    sourceIdentity,
    durationSeconds,
    draft,
  });
  const assumedRole = { arn: session.principalArn, id: session.userId };
  const once = onceFor(allowedRole, subject);
  const responseElements = {
    assumedRoleUser: { assumedRoleId: assumedRole.id, arn: assumedRole.arn },
    packedPolicySize: contents.packedPolicySize,
    sourceIdentity,
    ...('identity' in subject ? answerAbout(subject.identity) : {}),
  };
  const credentials = await issueSession(session, { draft, responseElements }, deps, once);
  if (!credentials) {
    const text = 'The ID Token provided has already been used.';
    throw new FederationError('invalid-identity-token', 'single-use token used again', { params: { text } });
  }
  return {
    credentials,
    assumedRole,
    ...(contents.packedPolicySize === undefined ? {} : { packedPolicySize: contents.packedPolicySize }),
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
  };
}

// Set once and for the whole chain: whoever asks for another one is refused at the gate (wire-spec 5).
function sourceIdentityOf(
  { sourceIdentity }: AssumeRoleRequest,
  inherited: string | undefined,
): string | undefined {
  if (inherited === undefined || sourceIdentity === undefined || inherited === sourceIdentity)
    return inherited ?? sourceIdentity;
  throw new FederationError('invalid-parameter-value', 'source identity is immutable', {
    params: { text: 'The source identity of the calling session cannot be changed.' },
  });
}

type DecideInput = {
  readonly request: AssumeRoleRequest;
  readonly subject: Subject;
  readonly role: Role | undefined;
  readonly contents: SessionContents;
  readonly sourceIdentity: string | undefined;
  readonly draft: AuditDraft;
  readonly deps: FederationDeps;
};

function decide({ request, subject, role, contents, sourceIdentity, draft, deps }: DecideInput): Role {
  if ('caller' in subject && principalOf(subject.caller).type === 'root')
    throw new FederationError('root-may-not-assume', 'root asked for a role');
  const tagsGiven = Object.keys(contents.tags).length > 0;
  const keys = {
    roleSessionName: request.roleSessionName,
    durationSeconds: request.durationSeconds ?? DEFAULT_DURATION_SECONDS,
    tags: Object.fromEntries(request.tags.map(({ key, value }) => [key, value])),
    transitiveTagKeys: contents.transitiveTagKeys,
    ...(request.externalId === undefined ? {} : { externalId: request.externalId }),
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    ...(request.mfaAuthenticatedAtMs === undefined
      ? {}
      : { mfaAuthenticatedAtMs: request.mfaAuthenticatedAtMs }),
  };
  const authorization = authorize(
    {
      principal: 'identity' in subject ? principalOfIdentity(subject.identity) : principalOf(subject.caller),
      policies: 'identity' in subject ? { identity: [] } : policiesOf(subject.caller, deps),
      actions: [
        request.action,
        ...(tagsGiven ? ['sts:TagSession'] : []),
        ...(sourceIdentity === undefined ? [] : ['sts:SetSourceIdentity']),
      ],
      resource: request.roleArn,
      role,
      trustMandatory: true,
      context: createConditionContext({ facts: draft.facts, keys, subject, role, directory: deps.directory }),
    },
    deps.directory,
  );
  draft.decision = authorization;
  const callerMayAssume = !('caller' in subject) || mayCallSts(subject.caller);
  if (role && callerMayAssume && authorization.decision.outcome === 'allow') return role;
  throw denial(subject, request, authorization.action);
}

// Federated users may only ask who they are (wire-spec 5).
function mayCallSts(caller: Caller): boolean {
  return caller.kind !== 'federated-user';
}

function principalOfIdentity({ kind, providerArn }: Identity): {
  type: 'web-identity' | 'saml';
  providerArn: string;
} {
  return { type: kind, providerArn };
}

function denial(subject: Subject, request: AssumeRoleRequest, action: string): FederationError {
  if ('identity' in subject)
    return new FederationError('federation-denied', `${action} refused`, {
      params: { action: request.action },
    });
  const params = { caller: principalOf(subject.caller).arn, action, resource: request.roleArn };
  return new FederationError('caller-denied', `${action} refused`, { params });
}

function checkDuration(request: AssumeRoleRequest, subject: Subject, role: Role): number {
  const chaining = 'caller' in subject && subject.caller.kind === 'assumed-role';
  const asked = request.durationSeconds ?? DEFAULT_DURATION_SECONDS;
  if (asked > role.maxSessionDurationSeconds)
    throw new FederationError('duration-exceeds-role', `asked for ${asked} s`);
  if (chaining && asked > CHAINING_LIMIT_SECONDS)
    throw new FederationError('duration-exceeds-chaining', `asked for ${asked} s`);
  return asked;
}

type CreateSessionInput = Omit<DecideInput, 'role' | 'deps'> & {
  readonly role: Role;
  readonly durationSeconds: number;
};

function createSession(input: CreateSessionInput): SessionDraft {
  const { request, subject, role, contents, sourceIdentity, durationSeconds, draft } = input;
  const issuedAtMs = draft.facts.timeMs;
  const origin = originOf(subject);
  if ('identity' in subject) draft.claims = origin.claims;
  const wanted = issuedAtMs + durationSeconds * 1000;
  // A sign-in ends with its first session; a chain of roles cannot stretch it.
  const signInExpiresAtMs = 'identity' in subject ? wanted : origin.signInExpiresAtMs;
  return {
    kind: 'assumed-role',
    account: role.account,
    principalArn: `arn:aws:sts::${role.account}:assumed-role/${role.name}/${request.roleSessionName}`,
    userId: `${role.id}:${request.roleSessionName}`,
    issuerArn: role.arn,
    issuerId: role.id,
    issuedAtMs,
    expiresAtMs: Math.min(wanted, signInExpiresAtMs ?? wanted),
    ...(signInExpiresAtMs === undefined ? {} : { signInExpiresAtMs }),
    person: origin.person,
    ...(origin.providerArn === undefined ? {} : { providerArn: origin.providerArn }),
    tags: contents.tags,
    transitiveTagKeys: contents.transitiveTagKeys,
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    sessionPolicies: contents.sessionPolicies,
    claims: origin.claims,
  };
}

function answerAbout({ kind, issuer, audience, subject }: Identity): Readonly<Record<string, string>> {
  return kind === 'saml'
    ? { issuer, audience, subject }
    : { provider: issuer, audience, subjectFromWebIdentityToken: subject };
}

type Origin = Pick<SessionDraft, 'person' | 'providerArn' | 'claims' | 'signInExpiresAtMs'>;

/** Who stands behind a chain of sessions, from its beginning on. */
function originOf(subject: Subject): Origin {
  if ('identity' in subject) {
    const { providerArn, subject: name, conditionKeys } = subject.identity;
    return { person: `${providerArn} ${name}`, providerArn, claims: Object.fromEntries(conditionKeys) };
  }
  const session = sessionOf(subject.caller);
  return session ?? { person: principalOf(subject.caller).arn, claims: {} };
}

function onceFor(role: Role, subject: Subject): { key: string; expiresAtMs: number } | undefined {
  if (!role.singleUseToken || !('identity' in subject)) return undefined;
  const { providerArn, proofId, expiresAtMs } = subject.identity;
  return { key: `proof:${providerArn} ${proofId}`, expiresAtMs };
}
