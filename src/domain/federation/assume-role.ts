import type { AuditDraft } from '../audit/audit-draft.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { FederationError } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import { personKeyOf } from '../identity/person.ts';
import { splitArn } from '../role/arn.ts';
import type { Role } from '../role/role.ts';
import type { SingleUse } from '../session/session-store.ts';
import { authorize, type Authorization } from './authorize.ts';
import { policiesOf, principalOf, sessionOf, type Caller } from './caller.ts';
import { createConditionContext, type RequestKeys } from './condition-context.ts';
import type { FederationDeps } from './deps.ts';
import { issueSession, type SessionDraft } from './issue-session.ts';
import type { RequestFacts } from './request-facts.ts';
import { prepareSession, type SessionContents, type SessionRequest } from './session-request.ts';
import { singleUseOf } from './single-use.ts';
import type { ProvedSignIn, Subject } from './subject.ts';

export type AssumeRoleRequest = SessionRequest & {
  /** `sts:AssumeRole` for a caller; `sts:AssumeRoleWithWebIdentity` or `…WithSAML` for a proof. */
  readonly action: string;
  readonly roleArn: string;
  readonly roleSessionName: string;
  readonly durationSeconds?: number;
  /** What the proof itself says of the session's length; beside it `durationSeconds` can only shorten (wire-spec 4). */
  readonly proofLimits?: {
    /** The length where the call names none, 900–43200. */
    readonly durationSeconds?: number;
    /** Epoch milliseconds. */
    readonly notOnOrAfterMs?: number;
  };
  readonly sourceIdentity?: string;
  readonly externalId?: string;
  /** Second factor proved in this call, epoch milliseconds. */
  readonly mfaAuthenticatedAtMs?: number;
  /** Of a token exchange. */
  readonly rolebridge?: RequestKeys['rolebridge'];
};

export type AssumedRole = {
  readonly credentials: Credentials;
  readonly assumedRole: { readonly arn: string; readonly id: string };
  readonly packedPolicySize?: number;
  readonly sourceIdentity?: string;
};

const DEFAULT_DURATION_SECONDS = 3600;
const CHAINING_LIMIT_SECONDS = 3600;

/** What the gate says to a request, and what the session would carry. */
export type AssumeRoleEvaluation = {
  /** Absent where there is no such role; then the decision is never an allow. */
  readonly role: Role | undefined;
  readonly authorization: Authorization;
  readonly contents: SessionContents;
  readonly sourceIdentity: string | undefined;
};

/** What a question to the gate takes, beside its answer's consequences. */
export type EvaluationDeps = Pick<FederationDeps, 'directory' | 'parseInline' | 'packedPolicySize'>;

/**
 * Asks the gate and opens nothing: the first half of {@link assumeRole}, and all of what operators ask beforehand.
 *
 * @throws FederationError `root-may-not-assume`, `invalid-parameter-value`, and what {@link prepareSession} throws
 */
export function evaluateAssumeRole(
  request: AssumeRoleRequest,
  subject: Subject,
  facts: RequestFacts,
  deps: EvaluationDeps,
): AssumeRoleEvaluation {
  const role = deps.directory.role(request.roleArn);
  const account = splitArn(request.roleArn)?.account ?? '';
  const parent = 'caller' in subject ? sessionOf(subject.caller) : undefined;
  const contents = prepareSession(request, account, parent, deps);
  const sourceIdentity = sourceIdentityOf(request, parent?.sourceIdentity);
  const authorization = askGate({ request, subject, role, contents, sourceIdentity, facts, deps });
  return { role, authorization, contents, sourceIdentity };
}

/**
 * Opens a role: gate, duration, credentials, record. Browser sign-in, CI token, assertion and chaining differ only in their
 * subject (wire-spec 5, 6.6).
 *
 * @throws FederationError `caller-denied` or `federation-denied`, for unknown roles too; `duration-exceeds-role`,
 *   `duration-exceeds-chaining` and what {@link evaluateAssumeRole} throws; `invalid-identity-token` where a proof that
 *   works once was used before
 */
export async function assumeRole(
  request: AssumeRoleRequest,
  subject: Subject,
  draft: AuditDraft,
  deps: FederationDeps,
): Promise<AssumedRole> {
  const evaluation = evaluateAssumeRole(request, subject, draft.facts, deps);
  const { contents, sourceIdentity } = evaluation;
  draft.decision = evaluation.authorization;
  const role = requireAllowed(evaluation, subject, request);
  const durationSeconds = checkDuration(request, subject, role);
  const session = createSession({ request, subject, role, contents, sourceIdentity, durationSeconds, draft });
  const assumed = { arn: session.principalArn, id: session.userId };
  const { packedPolicySize } = contents;
  const responseElements = {
    assumedRoleUser: { assumedRoleId: assumed.id, arn: assumed.arn },
    packedPolicySize,
    sourceIdentity,
    ...proofElements(subject),
  };
  const credentials = await issueSession(session, { draft, responseElements }, deps, onceFor(role, subject));
  if (!credentials) throw usedBefore(subject);
  return {
    credentials,
    assumedRole: assumed,
    ...(packedPolicySize === undefined ? {} : { packedPolicySize }),
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

type GateInput = Omit<AssumeRoleEvaluation, 'authorization'> & {
  readonly request: AssumeRoleRequest;
  readonly subject: Subject;
  readonly facts: RequestFacts;
  readonly deps: EvaluationDeps;
};

function askGate({
  request,
  subject,
  role,
  contents,
  sourceIdentity,
  facts,
  deps,
}: GateInput): Authorization {
  if ('caller' in subject && principalOf(subject.caller).type === 'root')
    throw new FederationError('root-may-not-assume', 'root asked for a role');
  const tagsGiven = Object.keys(contents.tags).length > 0;
  const keys = {
    roleSessionName: request.roleSessionName,
    durationSeconds: wantedDuration(request),
    tags: Object.fromEntries(request.tags.map(({ key, value }) => [key, value])),
    transitiveTagKeys: contents.transitiveTagKeys,
    ...(request.externalId === undefined ? {} : { externalId: request.externalId }),
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    ...(request.mfaAuthenticatedAtMs === undefined
      ? {}
      : { mfaAuthenticatedAtMs: request.mfaAuthenticatedAtMs }),
    ...(request.rolebridge === undefined ? {} : { rolebridge: request.rolebridge }),
  };
  return authorize(
    {
      principal: 'identity' in subject ? principalOfIdentity(subject.identity) : principalOf(subject.caller),
      policies: 'identity' in subject ? { identity: [] } : policiesOf(subject.caller, deps),
      actions: [
        request.action,
        ...(tagsGiven ? ['sts:TagSession'] : []),
        ...(sourceIdentity === undefined ? [] : ['sts:SetSourceIdentity']),
      ],
      resource: request.roleArn,
      resourcePolicy: role?.trustPolicy,
      trustMandatory: true,
      context: createConditionContext({ facts, keys, subject, role, directory: deps.directory }),
    },
    deps.directory,
  );
}

function requireAllowed(
  { role, authorization }: AssumeRoleEvaluation,
  subject: Subject,
  request: AssumeRoleRequest,
): Role {
  const callerMayAssume = !('caller' in subject) || mayCallSts(subject.caller);
  if (role && callerMayAssume && authorization.decision.outcome === 'allow') return role;
  throw denial(subject, request, authorization.action);
}

// Federated users may only ask who they are (wire-spec 5).
function mayCallSts(caller: Caller): boolean {
  return caller.kind !== 'federated-user';
}

/** The principal that policies see behind a proof. */
export function principalOfIdentity({ kind, providerArn }: Identity): {
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

/** What is asked for, before the role's own limit. */
function wantedDuration({ durationSeconds, proofLimits }: AssumeRoleRequest): number {
  const granted = proofLimits?.durationSeconds;
  return Math.min(durationSeconds ?? granted ?? DEFAULT_DURATION_SECONDS, granted ?? Infinity);
}

function checkDuration(request: AssumeRoleRequest, subject: Subject, role: Role): number {
  const chaining = 'caller' in subject && subject.caller.kind === 'assumed-role';
  const asked = request.durationSeconds ?? DEFAULT_DURATION_SECONDS;
  if (asked > role.maxSessionDurationSeconds)
    throw new FederationError('duration-exceeds-role', `asked for ${asked} s`);
  if (chaining && asked > CHAINING_LIMIT_SECONDS)
    throw new FederationError('duration-exceeds-chaining', `asked for ${asked} s`);
  // A call that asks for too much is told so. What an IdP says to all roles alike is cut to the one's limit.
  return Math.min(wantedDuration(request), role.maxSessionDurationSeconds);
}

type CreateSessionInput = Omit<GateInput, 'role' | 'facts' | 'deps'> & {
  readonly role: Role;
  readonly durationSeconds: number;
  readonly draft: AuditDraft;
};

function createSession(input: CreateSessionInput): SessionDraft {
  const { request, subject, role, contents, sourceIdentity, durationSeconds, draft } = input;
  const issuedAtMs = draft.facts.timeMs;
  const origin = originOf(subject);
  if ('identity' in subject) draft.claims = origin.claims;
  const notOnOrAfterMs = request.proofLimits?.notOnOrAfterMs ?? Infinity;
  const wanted = Math.min(issuedAtMs + durationSeconds * 1000, notOnOrAfterMs);
  // A sign-in ends with its first session, an exchange with what was brought; a chain of roles stretches neither.
  const chainEndsAtMs = 'identity' in subject ? wanted : (origin.signInExpiresAtMs ?? Infinity);
  const signInExpiresAtMs = Math.min(chainEndsAtMs, notOnOrAfterMs);
  return {
    kind: 'assumed-role',
    account: role.account,
    principalArn: `arn:aws:sts::${role.account}:assumed-role/${role.name}/${request.roleSessionName}`,
    userId: `${role.id}:${request.roleSessionName}`,
    issuerArn: role.arn,
    issuerId: role.id,
    issuedAtMs,
    expiresAtMs: Math.min(wanted, signInExpiresAtMs),
    ...(signInExpiresAtMs === Infinity ? {} : { signInExpiresAtMs }),
    person: origin.person,
    ...(origin.providerArn === undefined ? {} : { providerArn: origin.providerArn }),
    ...(origin.signIn === undefined ? {} : origin.signIn),
    tags: contents.tags,
    transitiveTagKeys: contents.transitiveTagKeys,
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    sessionPolicies: contents.sessionPolicies,
    claims: { ...origin.claims, ...actorKeys(request) },
  };
}

// Else credentials would wash an actor off: a policy that wants the subject alone must see them in whatever comes after.
function actorKeys({ rolebridge }: AssumeRoleRequest): Readonly<Record<string, string>> {
  const { actorIssuer, actorSubject } = rolebridge ?? {};
  if (actorIssuer === undefined || actorSubject === undefined) return {};
  return { 'rolebridge:actorissuer': actorIssuer, 'rolebridge:actorsubject': actorSubject };
}

type Origin = Pick<SessionDraft, 'person' | 'providerArn' | 'claims' | 'signInExpiresAtMs'> & {
  readonly signIn?: ProvedSignIn | undefined;
};

/** Who stands behind a chain of sessions, from its beginning on. */
function originOf(subject: Subject): Origin {
  if ('identity' in subject) {
    const { providerArn, conditionKeys } = subject.identity;
    const person = personKeyOf(subject.identity);
    return {
      person,
      providerArn,
      claims: Object.fromEntries(conditionKeys),
      signIn: signInOf(subject.signIn),
    };
  }
  const session = sessionOf(subject.caller);
  if (session === undefined) return { person: principalOf(subject.caller).arn, claims: {} };
  const { person, providerArn, claims, signInExpiresAtMs } = session;
  return {
    person,
    claims,
    ...(providerArn === undefined ? {} : { providerArn }),
    ...(signInExpiresAtMs === undefined ? {} : { signInExpiresAtMs }),
    signIn: signInOf(session),
  };
}

// A person's second factor goes down the whole chain. As with AWS, what else has one (GetSessionToken) passes none on.
function signInOf(origin: Partial<ProvedSignIn> | undefined): ProvedSignIn | undefined {
  const { signInId, mfaAuthenticatedAtMs } = origin ?? {};
  if (signInId === undefined) return undefined;
  return { signInId, ...(mfaAuthenticatedAtMs === undefined ? {} : { mfaAuthenticatedAtMs }) };
}

// An assertion always works once: it passes through a browser, and a copy must open nothing (SAML Profiles 4.1.4.5).
// What a sign-in was begun with was used up there. So was an assertion that was exchanged, but what came of it can be copied:
// roles that want a proof once have had it then.
function onceFor(role: Role, subject: Subject): SingleUse | undefined {
  if (!('identity' in subject) || subject.signIn !== undefined) return undefined;
  const { identity, wasExchanged } = subject;
  const isAssertion = identity.kind === 'saml' && wasExchanged === undefined;
  return role.singleUseToken || isAssertion ? singleUseOf(identity) : undefined;
}

function usedBefore(subject: Subject): FederationError {
  const isSaml = 'identity' in subject && subject.identity.kind === 'saml';
  const text = isSaml ? 'Response has already been used' : 'The ID Token provided has already been used.';
  return new FederationError('invalid-identity-token', 'single-use proof used again', { params: { text } });
}

/** What the audit event tells of the proof beside the credentials that it opened (wire-spec 10.1). */
function proofElements(subject: Subject): Readonly<Record<string, unknown>> {
  if (!('identity' in subject)) return {};
  const { kind, subject: name, issuer, audience, conditionKeys } = subject.identity;
  if (kind === 'web-identity') return { provider: issuer, audience, subjectFromWebIdentityToken: name };
  return {
    subject: name,
    subjectType: conditionKeys.get('saml:sub_type'),
    issuer,
    nameQualifier: conditionKeys.get('saml:namequalifier'),
    audience: conditionKeys.get('saml:aud'),
  };
}
