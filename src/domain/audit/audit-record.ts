import type { FederationError } from '../errors.ts';
import { principalOf, sessionOf, type Caller } from '../federation/caller.ts';
import type { Identity } from '../identity/identity.ts';
import { splitArn } from '../role/arn.ts';
import type { AuditDraft } from './audit-draft.ts';
import type { AuditOutcome, AuditRecord } from './audit-event.ts';

/** How the request ended. */
export type AuditEnding =
  | { readonly allowed: { readonly responseElements: Readonly<Record<string, unknown>> | null } }
  | { readonly failure: FederationError; readonly reference: string };

/** The schema of our own members, beside CloudTrail's. */
const AUDIT_SCHEMA = 1;

/** Writes the event of one request: CloudTrail's members (wire-spec 10.1), ours under `additionalEventData`. */
export function renderAuditRecord(draft: AuditDraft, ending: AuditEnding, eventId: string): AuditRecord {
  const failure = 'failure' in ending ? ending.failure : undefined;
  const outcome = outcomeOf(draft, failure);
  const reference = 'failure' in ending ? ending.reference : undefined;
  const { facts, roleArn } = draft;
  const account = roleArn === undefined ? callerAccount(draft.caller) : splitArn(roleArn)?.account;
  const event = {
    eventVersion: '1.11',
    userIdentity: userIdentity(draft),
    eventTime: `${new Date(facts.timeMs).toISOString().slice(0, 19)}Z`,
    eventSource: draft.eventSource ?? 'sts.amazonaws.com',
    eventName: draft.eventName,
    awsRegion: facts.region,
    sourceIPAddress: facts.sourceIp,
    userAgent: facts.userAgent,
    errorCode: failure && draft.errorCodeOf(failure.code),
    errorMessage: failure?.message,
    requestParameters: draft.requestParameters,
    responseElements: 'allowed' in ending ? ending.allowed.responseElements : null,
    additionalEventData: {
      schema: AUDIT_SCHEMA,
      outcome,
      reference,
      tokenHash: draft.identity?.proofHash ?? draft.tokenHash,
      claims: draft.claims ?? (draft.identity && Object.fromEntries(draft.identity.conditionKeys)),
      reused: draft.reused,
      decision: decisionOf(draft),
    },
    requestID: facts.requestId,
    eventID: eventId,
    readOnly: true,
    resources: resourcesOf(draft),
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: 'Management',
  };
  return {
    timeMs: facts.timeMs,
    outcome,
    ...(reference === undefined ? {} : { reference }),
    ...(roleArn === undefined ? {} : { roleArn }),
    event: JSON.stringify(event),
  };
}

function resourcesOf({ roleArn, identity }: AuditDraft): readonly object[] {
  const resource = (ARN: string, type: string): object => ({
    ARN,
    accountId: splitArn(ARN)?.account,
    type,
  });
  return [
    ...(roleArn === undefined ? [] : [resource(roleArn, 'AWS::IAM::Role')]),
    ...(identity?.kind === 'saml' ? [resource(identity.providerArn, 'AWS::IAM::SAMLProvider')] : []),
  ];
}

function outcomeOf(draft: AuditDraft, failure: FederationError | undefined): AuditOutcome {
  if (failure === undefined) return 'allowed';
  return draft.decision === undefined || draft.decision.decision.outcome === 'allow' ? 'failed' : 'denied';
}

function decisionOf({ decision: made }: AuditDraft): unknown {
  return made && { action: made.action, ...made.decision.trace() };
}

function callerAccount(caller: Caller | undefined): string | undefined {
  return caller && principalOf(caller).account;
}

function userIdentity({ identity, caller, accessKeyId }: AuditDraft): Readonly<Record<string, unknown>> {
  if (identity) return federatedIdentity(identity);
  if (caller) return callerIdentity(caller);
  return { type: 'Unknown', accessKeyId };
}

function federatedIdentity(identity: Identity): Readonly<Record<string, unknown>> {
  const { providerArn, audience, subject, conditionKeys } = identity;
  if (identity.kind === 'web-identity')
    return {
      type: 'WebIdentityUser',
      principalId: `${providerArn}:${audience}:${subject}`,
      userName: subject,
      identityProvider: providerArn,
    };
  const nameQualifier = conditionKeys.get('saml:namequalifier');
  return {
    type: 'SAMLUser',
    principalId: `${String(nameQualifier)}:${subject}`,
    userName: subject,
    identityProvider: nameQualifier,
  };
}

function callerIdentity(caller: Caller): Readonly<Record<string, unknown>> {
  const { type, arn, account, userId } = principalOf(caller);
  const session = sessionOf(caller);
  const names = {
    user: 'IAMUser',
    root: 'Root',
    'assumed-role': 'AssumedRole',
    'federated-user': 'FederatedUser',
  };
  return {
    type: names[type],
    principalId: userId,
    arn,
    accountId: account,
    accessKeyId: session?.accessKeyId ?? (caller.kind === 'user' ? caller.accessKeyId : undefined),
    userName: caller.kind === 'user' ? caller.user.name : undefined,
    sessionContext: session && {
      sessionIssuer: sessionIssuer(caller),
      webIdFederationData: session.providerArn && { federatedProvider: session.providerArn },
      attributes: {
        creationDate: `${new Date(session.issuedAtMs).toISOString().slice(0, 19)}Z`,
        mfaAuthenticated: String(session.mfaAuthenticatedAtMs !== undefined),
      },
      sourceIdentity: session.sourceIdentity,
    },
  };
}

function sessionIssuer(caller: Caller): Readonly<Record<string, unknown>> {
  const issuer = caller.kind === 'assumed-role' ? caller.role : caller.user;
  return {
    type: caller.kind === 'assumed-role' ? 'Role' : 'IAMUser',
    principalId: issuer.id,
    arn: issuer.arn,
    accountId: issuer.account,
    userName: issuer.name,
  };
}
