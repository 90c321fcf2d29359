import type { AuditDraft } from '../audit/audit-draft.ts';
import { FederationError } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import type { SamlIdentity } from '../identity/saml-identity.ts';
import { splitArn } from '../role/arn.ts';
import type { Directory } from '../role/directory.ts';
import { assumeRole, type AssumedRole, type AssumeRoleRequest } from './assume-role.ts';
import { assumeRoleAsPerson } from './assume-role-as-person.ts';
import { sessionParameters, toAssumeRoleRequest } from './assume-role-with-saml.ts';
import { principalOf, type Caller } from './caller.ts';
import type { ExchangeSubject } from './exchange-subject.ts';
import { onTerms, type ExchangeTerms } from './exchange-terms.ts';
import type { ExchangeDeps, ExchangeTarget, ExchangeTokenRequest } from './exchange-request.ts';
import { provedSignIn } from './exchange-party.ts';
import { webIdentityRequest } from './signed-in-person.ts';
import type { Subject } from './subject.ts';

type WantedCredentials = Extract<ExchangeTarget, { kind: 'credentials' }>;

export type CredentialsInput = {
  readonly request: Pick<ExchangeTokenRequest, 'client' | 'subject'>;
  readonly target: WantedCredentials;
  readonly subject: Subject;
  readonly terms: ExchangeTerms;
};

const DEFAULT_DURATION_SECONDS = 3600;

/** What STS calls the exchange of such a token for credentials. */
export function stsActionOf(subject: ExchangeSubject): string {
  if (subject.kind === 'role-session' || subject.kind === 'application') return 'AssumeRole';
  const { kind } = subject.kind === 'sign-in' ? subject.session.signIn.identity : subject.identity;
  return kind === 'saml' ? 'AssumeRoleWithSAML' : 'AssumeRoleWithWebIdentity';
}

/**
 * Opens a role for whoever stands behind a token, by the use case that would open it without an exchange.
 *
 * @throws FederationError `exchange-denied` for roles that the application may not have, `mfa-required`, and what
 *   {@link assumeRole} throws
 */
export async function exchangeForCredentials(
  { request: { client, subject: brought }, target, subject, terms }: CredentialsInput,
  draft: AuditDraft,
  deps: ExchangeDeps,
): Promise<AssumedRole> {
  const { roleArn, durationSeconds = DEFAULT_DURATION_SECONDS } = target;
  if (client.allowedRoles?.some((arn) => arn === roleArn) === false)
    throw new FederationError('exchange-denied', 'the application may not have this role');
  if (brought.kind === 'sign-in') {
    const { provider, session } = brought;
    const person = { identity: session.signIn.identity, provider, signIn: provedSignIn(session) };
    return assumeRoleAsPerson({ roleArn, durationSeconds, terms }, person, draft, deps);
  }
  const request = onTerms(toRequest(target, subject, deps.directory), terms);
  draft.requestParameters = { ...draft.requestParameters, ...sessionParameters(request) };
  return assumeRole(request, subject, draft, deps);
}

function toRequest(
  { roleArn, durationSeconds }: WantedCredentials,
  subject: Subject,
  directory: Directory,
): AssumeRoleRequest {
  const wanted = { roleArn, policyArns: [], ...(durationSeconds === undefined ? {} : { durationSeconds }) };
  if ('caller' in subject) return { ...wanted, ...chained(subject.caller) };
  const { identity } = subject;
  // A role takes the providers of its own account only. Of what was exchanged before, no verifier has seen to that.
  if (splitArn(roleArn)?.account !== splitArn(identity.providerArn)?.account)
    throw denied(identity, 'the role is of another account');
  if (!isSaml(identity)) return { ...wanted, ...webIdentityRequest(identity) };
  const provider = directory.samlProvider(identity.providerArn);
  if (provider === undefined) throw denied(identity, 'the provider is gone');
  return toAssumeRoleRequest(wanted, { identity, provider });
}

// One name for the whole chain: whoever follows it through the logs finds them.
function chained(caller: Caller): Omit<AssumeRoleRequest, 'roleArn' | 'policyArns'> {
  const { arn } = principalOf(caller);
  const roleSessionName = arn.slice(arn.lastIndexOf('/') + 1);
  return { action: 'sts:AssumeRole', roleSessionName, tags: [], transitiveTagKeys: [] };
}

function isSaml(identity: Identity | SamlIdentity): identity is SamlIdentity {
  return 'saml' in identity;
}

function denied({ kind }: Identity, reason: string): FederationError {
  const action = kind === 'saml' ? 'sts:AssumeRoleWithSAML' : 'sts:AssumeRoleWithWebIdentity';
  return new FederationError('federation-denied', reason, { params: { action } });
}
