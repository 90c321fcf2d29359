import type { AuditDraft } from '../../domain/audit/audit-draft.ts';
import { allowedRecord, audited } from '../../domain/federation/audited.ts';
import { assumeRole, type AssumedRole } from '../../domain/federation/assume-role.ts';
import { assumeRoleWithSaml, type VerifiedSaml } from '../../domain/federation/assume-role-with-saml.ts';
import type { AuthenticateDeps } from '../../domain/federation/authenticate.ts';
import { principalOf, type Caller } from '../../domain/federation/caller.ts';
import type { FederationDeps } from '../../domain/federation/deps.ts';
import { getFederationToken } from '../../domain/federation/get-federation-token.ts';
import { getSessionToken } from '../../domain/federation/get-session-token.ts';
import {
  getWebIdentityToken,
  type GetWebIdentityTokenDeps,
} from '../../domain/federation/get-web-identity-token.ts';
import { permit } from '../../domain/federation/permit.ts';
import type { RequestFacts } from '../../domain/federation/request-facts.ts';
import { accountOfAccessKeyId, type Credentials } from '../../domain/credentials/credentials.ts';
import { FederationError } from '../../domain/errors.ts';
import type { Identity } from '../../domain/identity/identity.ts';
import { checkMfaCode, type MfaDeps, type MfaParameters } from '../../domain/mfa/check-code.ts';
import { splitArn } from '../../domain/role/arn.ts';
import type {
  AssumeRoleWithSaml,
  AssumeRoleWithWebIdentity,
  StsRequest,
} from '../../protocols/sts/actions.ts';
import { errorCodeOf } from '../../protocols/sts/errors.ts';
import type { Structure } from '../../protocols/sts/xml.ts';

/** What the STS actions need; `authenticate` is asked by the signed ones only. */
export type StsDeps = FederationDeps &
  AuthenticateDeps &
  MfaDeps &
  GetWebIdentityTokenDeps & {
    /** Verifies a token against the providers of `account`. @throws FederationError of the proof */
    readonly verifyWebIdentity: (token: string, account: string, nowMs: number) => Promise<Identity>;
    /**
     * Verifies a base64 response against the SAML provider of this ARN, which exists.
     *
     * @throws FederationError of the proof
     */
    readonly verifySaml: (samlResponse: string, providerArn: string, nowMs: number) => Promise<VerifiedSaml>;
    /** Opens what `encodeMessage` sealed. @throws FederationError `invalid-authorization-message` */
    readonly decodeMessage: (encoded: string) => string;
  };

export type StsCall = {
  readonly request: StsRequest;
  readonly facts: RequestFacts;
  readonly authenticate: (onClaim: (accessKeyId: string) => void) => Promise<Caller>;
};

/** Runs one action: verify the proof, call the use case, shape the answer. Refusals are in the audit trail when this throws. */
export async function callAction(
  { request, facts, authenticate }: StsCall,
  deps: StsDeps,
): Promise<Structure> {
  const draft: AuditDraft = {
    facts,
    eventName: request.action,
    errorCodeOf,
    requestParameters: auditParameters(request),
  };
  if ('roleArn' in request) draft.roleArn = request.roleArn;
  return audited(draft, deps, async () => {
    if (request.action === 'AssumeRoleWithWebIdentity') return withWebIdentity(request, draft, deps);
    if (request.action === 'AssumeRoleWithSAML') return withSaml(request, draft, deps);
    const caller = await authenticate((accessKeyId) => (draft.accessKeyId = accessKeyId));
    draft.caller = caller;
    return signedAction(request, caller, draft, deps);
  });
}

type SignedRequest = Exclude<StsRequest, { action: 'AssumeRoleWithWebIdentity' | 'AssumeRoleWithSAML' }>;

async function signedAction(
  request: SignedRequest,
  caller: Caller,
  draft: AuditDraft,
  deps: StsDeps,
): Promise<Structure> {
  switch (request.action) {
    case 'GetCallerIdentity':
      return callerIdentity(caller, draft, deps);
    case 'AssumeRole': {
      requireRoleArn(request.roleArn);
      const mfa = await mfaOf(request, caller, draft, deps);
      return assumedRole(
        await assumeRole({ ...request, action: 'sts:AssumeRole', ...mfa }, { caller }, draft, deps),
      );
    }
    case 'GetSessionToken': {
      const mfa = await mfaOf(request, caller, draft, deps);
      return { Credentials: credentials(await getSessionToken({ ...request, ...mfa }, caller, draft, deps)) };
    }
    case 'GetFederationToken': {
      const user = await getFederationToken({ ...request, transitiveTagKeys: [] }, caller, draft, deps);
      return {
        Credentials: credentials(user.credentials),
        FederatedUser: { FederatedUserId: user.id, Arn: user.arn },
        PackedPolicySize: user.packedPolicySize,
      };
    }
    case 'GetAccessKeyInfo':
      permit({ caller, actions: ['sts:GetAccessKeyInfo'], resource: '*' }, draft, deps);
      return recorded({ Account: accountOfKey(request.accessKeyId, deps) }, draft, deps);
    case 'DecodeAuthorizationMessage':
      permit({ caller, actions: ['sts:DecodeAuthorizationMessage'], resource: '*' }, draft, deps);
      return recorded({ DecodedMessage: deps.decodeMessage(request.encodedMessage) }, draft, deps);
    case 'GetWebIdentityToken': {
      const { token, expiresAtMs } = await getWebIdentityToken(request, caller, draft, deps);
      return { WebIdentityToken: token, Expiration: new Date(expiresAtMs) };
    }
    case 'GetDelegatedAccessToken':
      throw new FederationError('expired-trade-in-token', 'no trade-in token was ever issued');
    case 'AssumeRoot': {
      const resource = `arn:aws:iam::${splitArn(request.targetPrincipal)?.account ?? request.targetPrincipal}:root`;
      const params = { caller: principalOf(caller).arn, action: 'sts:AssumeRoot', resource };
      throw new FederationError('caller-denied', 'AssumeRoot is for AWS Organizations', { params });
    }
  }
}

async function withWebIdentity(
  request: AssumeRoleWithWebIdentity,
  draft: AuditDraft,
  deps: StsDeps,
): Promise<Structure> {
  const { webIdentityToken, ...parameters } = request;
  const account = requireRoleArn(request.roleArn);
  if (request.providerId !== undefined) throw invalidToken('Provided Token is not a Login With Amazon token');
  const identity = await deps
    .verifyWebIdentity(webIdentityToken, account, draft.facts.timeMs)
    .catch((error: unknown) => {
      draft.tokenHash = deps.hashProof(webIdentityToken);
      throw error;
    });
  draft.identity = identity;
  const { sourceIdentity } = identity;
  const tags = Object.entries(identity.tags).map(([key, value]) => ({ key, value }));
  const assumed = await assumeRole(
    {
      ...parameters,
      action: 'sts:AssumeRoleWithWebIdentity',
      tags,
      transitiveTagKeys: identity.transitiveTagKeys,
      ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    },
    { identity },
    draft,
    deps,
  );
  const { PackedPolicySize, SourceIdentity, AssumedRoleUser, Credentials } = assumedRole(assumed);
  return {
    Credentials,
    SubjectFromWebIdentityToken: identity.subject,
    AssumedRoleUser,
    PackedPolicySize,
    Provider: identity.issuer,
    Audience: identity.audience,
    SourceIdentity,
  };
}

async function withSaml(request: AssumeRoleWithSaml, draft: AuditDraft, deps: StsDeps): Promise<Structure> {
  const { samlAssertion, principalArn, ...parameters } = request;
  draft.tokenHash = deps.hashProof(samlAssertion);
  requireSamlProvider(principalArn, requireRoleArn(request.roleArn), deps);
  const verified = await deps.verifySaml(samlAssertion, principalArn, draft.facts.timeMs);
  const { subject, issuer, saml } = verified.identity;
  draft.identity = verified.identity;
  draft.requestParameters = { ...draft.requestParameters, sAMLAssertionID: saml.assertionId };
  const assumed = await assumeRoleWithSaml(parameters, verified, draft, deps);
  const { PackedPolicySize, SourceIdentity, AssumedRoleUser, Credentials } = assumedRole(assumed);
  return {
    Credentials,
    AssumedRoleUser,
    PackedPolicySize,
    Subject: subject,
    SubjectType: saml.subjectType,
    Issuer: issuer,
    Audience: saml.recipient,
    NameQualifier: saml.nameQualifier,
    SourceIdentity,
  };
}

// Who one is may be asked at any time and cannot be denied: a line in the log, but no write to the store.
function callerIdentity(caller: Caller, draft: AuditDraft, deps: StsDeps): Structure {
  const { arn, userId, account } = principalOf(caller);
  deps.emit(allowedRecord(draft, null, deps.random).event);
  return { Arn: arn, UserId: userId, Account: account };
}

async function recorded(result: Structure, draft: AuditDraft, deps: StsDeps): Promise<Structure> {
  const record = allowedRecord(draft, null, deps.random);
  await deps.audit.record(record);
  deps.emit(record.event);
  return result;
}

async function mfaOf(
  parameters: MfaParameters,
  caller: Caller,
  { facts }: AuditDraft,
  deps: StsDeps,
): Promise<{ mfaAuthenticatedAtMs?: number }> {
  const user = caller.kind === 'user' || caller.kind === 'session-token' ? caller.user : undefined;
  const mfaAuthenticatedAtMs = await checkMfaCode(parameters, user, facts.timeMs, deps);
  return mfaAuthenticatedAtMs === undefined ? {} : { mfaAuthenticatedAtMs };
}

/** The account of a role's ARN. A text of another form is refused as AWS does (wire-spec 1.4). */
function requireRoleArn(roleArn: string): string {
  const parts = splitArn(roleArn);
  if (parts?.service === 'iam' && parts.resource.startsWith('role/') && /^\d{12}$/.test(parts.account))
    return parts.account;
  const text = `${roleArn} is invalid`;
  throw new FederationError('validation-failed', text, { params: { text } });
}

function accountOfKey(accessKeyId: string, { directory }: StsDeps): string {
  const account = directory.accessKey(accessKeyId)?.user.account ?? accountOfAccessKeyId(accessKeyId);
  if (account !== undefined && directory.hasAccount(account)) return account;
  const text = 'The access key ID does not belong to an account of this service.';
  throw new FederationError('validation-failed', text, { params: { text } });
}

function invalidToken(text: string): FederationError {
  return new FederationError('invalid-identity-token', text, { params: { text } });
}

// A role takes the providers of its own account only, whatever a trust policy says of others (wire-spec 4).
function requireSamlProvider(principalArn: string, account: string, { directory }: StsDeps): void {
  if (splitArn(principalArn)?.account === account && directory.samlProvider(principalArn)) return;
  throw invalidToken("Specified provider doesn't exist");
}

function credentials({ accessKeyId, secretAccessKey, sessionToken, expiresAtMs }: Credentials): Structure {
  return {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
    Expiration: new Date(expiresAtMs),
  };
}

function assumedRole(assumed: AssumedRole) {
  return {
    AssumedRoleUser: { AssumedRoleId: assumed.assumedRole.id, Arn: assumed.assumedRole.arn },
    Credentials: credentials(assumed.credentials),
    PackedPolicySize: assumed.packedPolicySize,
    SourceIdentity: assumed.sourceIdentity,
  };
}

/** Parameters as the audit event shows them: lower camel case, without proofs and codes (wire-spec 10.1). */
function auditParameters(request: StsRequest): Readonly<Record<string, unknown>> {
  const hidden = new Set(['action', 'webIdentityToken', 'samlAssertion', 'tokenCode', 'encodedMessage']);
  return Object.fromEntries(
    Object.entries(request).filter(
      ([name, value]) => !hidden.has(name) && !(Array.isArray(value) && value.length === 0),
    ),
  );
}
