import { hash } from 'node:crypto';
import type { AuditDraft } from '../audit/audit-draft.ts';
import { FederationError } from '../errors.ts';
import type { SamlIdentity } from '../identity/saml-identity.ts';
import type { SamlProvider } from '../identity/saml-provider.ts';
import { splitArn } from '../role/arn.ts';
import { assumeRole, type AssumedRole, type AssumeRoleRequest } from './assume-role.ts';
import type { FederationDeps } from './deps.ts';
import type { SessionRequest } from './session-request.ts';

/** What the call itself names; session name, tags and source identity come from the assertion. */
export type AssumeRoleWithSamlRequest = Pick<SessionRequest, 'policy' | 'policyArns'> & {
  readonly roleArn: string;
  readonly durationSeconds?: number;
};

/** A verified response and the provider that vouches for it. */
export type VerifiedSaml = { readonly identity: SamlIdentity; readonly provider: SamlProvider };

const ACTION = 'sts:AssumeRoleWithSAML';
const ATTRIBUTE = 'https://aws.amazon.com/SAML/Attributes/';
const SESSION_NAME = /^[\w+=,.@-]{2,64}$/;
const MAX_SESSION_NAME = 64;

/**
 * Opens a role for a verified assertion, once: the same assertion opens nothing again, on no node.
 *
 * @throws FederationError `invalid-identity-token` for attributes that break AWS's rules or a second use,
 *   `federation-denied`, and what {@link assumeRole} throws
 * @see wire-spec 4
 */
export async function assumeRoleWithSaml(
  request: AssumeRoleWithSamlRequest,
  verified: VerifiedSaml,
  draft: AuditDraft,
  deps: FederationDeps,
): Promise<AssumedRole> {
  const { identity } = verified;
  const assume = toAssumeRoleRequest(request, verified);
  const { roleSessionName, transitiveTagKeys, sourceIdentity } = assume;
  draft.requestParameters = {
    ...draft.requestParameters,
    roleSessionName,
    ...(assume.tags.length > 0 ? { principalTags: identity.tags } : {}),
    ...(transitiveTagKeys.length > 0 ? { transitiveTagKeys } : {}),
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
  };
  return assumeRole(assume, { identity }, draft, deps);
}

/**
 * The assertion and the call as one request to the gate.
 *
 * @throws FederationError `invalid-identity-token`, `federation-denied` where the Role attribute does not list the pair
 * @see wire-spec 4
 */
export function toAssumeRoleRequest(
  { policy, policyArns, roleArn, durationSeconds }: AssumeRoleWithSamlRequest,
  { identity, provider }: VerifiedSaml,
): AssumeRoleRequest {
  const roleSessionName = sessionNameOf(identity, provider);
  const granted = sessionDurationOf(identity);
  checkRole(roleArn, identity, provider);
  const { sessionNotOnOrAfterMs } = identity.saml;
  return {
    action: ACTION,
    roleArn,
    roleSessionName,
    ...(policy === undefined ? {} : { policy }),
    policyArns,
    ...(durationSeconds === undefined ? {} : { durationSeconds }),
    proofLimits: {
      ...(granted === undefined ? {} : { durationSeconds: granted }),
      ...(sessionNotOnOrAfterMs === undefined ? {} : { notOnOrAfterMs: sessionNotOnOrAfterMs }),
    },
    tags: Object.entries(identity.tags).map(([key, value]) => ({ key, value })),
    transitiveTagKeys: identity.transitiveTagKeys,
    ...(identity.sourceIdentity === undefined ? {} : { sourceIdentity: identity.sourceIdentity }),
  };
}

function attribute({ saml }: SamlIdentity, name: string): readonly string[] | undefined {
  return saml.attributes.get(ATTRIBUTE + name);
}

function sessionNameOf(identity: SamlIdentity, provider: SamlProvider): string {
  const values = attribute(identity, 'RoleSessionName');
  if (values === undefined) {
    if (provider.roleAttribute === 'optional') return sessionNameFrom(identity.subject);
    throw refusal('RoleSessionName is required in AuthnResponse');
  }
  const [name = ''] = values;
  if (values.length === 1 && SESSION_NAME.test(name)) return name;
  throw refusal('RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}');
}

// Cut or replaced, two subjects could share a name, and policies that read it would take one for the other: so it ends in a hash.
function sessionNameFrom(subject: string): string {
  if (SESSION_NAME.test(subject)) return subject;
  const digest = hash('sha256', subject).slice(0, 16);
  const readable = subject.replace(/[^\w+=,.@-]/g, '-').slice(0, MAX_SESSION_NAME - 1 - digest.length);
  return `${readable}-${digest}`;
}

function sessionDurationOf(identity: SamlIdentity): number | undefined {
  const values = attribute(identity, 'SessionDuration');
  if (values === undefined) return undefined;
  const [text = ''] = values;
  const seconds = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (values.length === 1 && seconds >= 900 && seconds <= 43_200) return seconds;
  throw refusal('SessionDuration in AuthnResponse must be between 900 and 43200 seconds');
}

function checkRole(roleArn: string, identity: SamlIdentity, provider: SamlProvider): void {
  const pairs = attribute(identity, 'Role');
  const listed = pairs
    ? pairs.some((pair) => isPair(pair, roleArn, provider.arn) || isPair(pair, provider.arn, roleArn))
    : provider.roleAttribute === 'optional';
  if (!listed) throw denied('the Role attribute does not list this role with this provider');
  // IAM Identity Center's own roles: AWS opens them to nobody else (wire-spec 4).
  if (splitArn(roleArn)?.resource.split('/').at(-1)?.startsWith('AWSReservedSSO_'))
    throw denied('AWSReservedSSO_ roles are not for SAML');
}

/** `first,second` with blanks around either. Role names may hold commas themselves, so the value is not split at them. */
function isPair(value: string, first: string, second: string): boolean {
  const text = value.trim();
  if (!text.startsWith(first) || !text.endsWith(second)) return false;
  return text.slice(first.length, text.length - second.length).trim() === ',';
}

function refusal(text: string): FederationError {
  return new FederationError('invalid-identity-token', text, { params: { text } });
}

function denied(reason: string): FederationError {
  return new FederationError('federation-denied', reason, { params: { action: ACTION } });
}
