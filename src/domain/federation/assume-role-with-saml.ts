import type { AuditDraft } from '../audit/audit-draft.ts';
import { FederationError } from '../errors.ts';
import type { SamlIdentity } from '../identity/saml-identity.ts';
import type { SamlProvider } from '../identity/saml-provider.ts';
import { splitArn } from '../role/arn.ts';
import { assumeRole, type AssumedRole, type AssumeRoleRequest } from './assume-role.ts';
import type { FederationDeps } from './deps.ts';
import { SESSION_NAME, sessionNameFrom } from './session-name.ts';
import type { SessionRequest } from './session-request.ts';

/** What the call itself names; session name, tags and source identity come from the assertion. */
export type AssumeRoleWithSamlRequest = Pick<SessionRequest, 'policy' | 'policyArns'> & {
  readonly roleArn: string;
  readonly durationSeconds?: number;
};

/** Where the session's name comes from when the assertion has none: AWS then takes no call, a sign-in has its subject. */
type NamedBy = 'assertion' | 'assertion-or-subject';

/** A verified response and the provider that vouches for it. */
export type VerifiedSaml = { readonly identity: SamlIdentity; readonly provider: SamlProvider };

const ACTION = 'sts:AssumeRoleWithSAML';
const ATTRIBUTE = 'https://aws.amazon.com/SAML/Attributes/';

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
  draft.requestParameters = { ...draft.requestParameters, ...sessionParameters(assume) };
  return assumeRole(assume, { identity }, draft, deps);
}

/** What an audit event tells of a session whose name, tags and source identity came with the proof. */
export function sessionParameters({
  roleSessionName,
  tags,
  transitiveTagKeys,
  sourceIdentity,
}: AssumeRoleRequest): Readonly<Record<string, unknown>> {
  const principalTags = Object.fromEntries(tags.map(({ key, value }) => [key, value]));
  return {
    roleSessionName,
    ...(tags.length > 0 ? { principalTags } : {}),
    ...(transitiveTagKeys.length > 0 ? { transitiveTagKeys } : {}),
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
  };
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
  { namedBy = 'assertion' }: { readonly namedBy?: NamedBy } = {},
): AssumeRoleRequest {
  const roleSessionName = sessionNameOf(identity, provider, namedBy);
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

function sessionNameOf(identity: SamlIdentity, provider: SamlProvider, namedBy: NamedBy): string {
  const values = attribute(identity, 'RoleSessionName');
  if (values === undefined) {
    if (provider.roleAttribute === 'optional' || namedBy === 'assertion-or-subject')
      return sessionNameFrom(identity.subject);
    throw refusal('RoleSessionName is required in AuthnResponse');
  }
  const [name = ''] = values;
  if (values.length === 1 && SESSION_NAME.test(name)) return name;
  throw refusal('RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}');
}

function sessionDurationOf(identity: SamlIdentity): number | undefined {
  const values = attribute(identity, 'SessionDuration');
  if (values === undefined) return undefined;
  const [text = ''] = values;
  const seconds = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (values.length === 1 && seconds >= 900 && seconds <= 43_200) return seconds;
  throw refusal('SessionDuration in AuthnResponse must be between 900 and 43200 seconds');
}

/**
 * The roles that an assertion lists with this provider, as ARNs that nobody has looked at; `undefined` where it lists none
 * and need not.
 */
export function listedRoles({ identity, provider }: VerifiedSaml): readonly string[] | undefined {
  const pairs = attribute(identity, 'Role');
  if (pairs === undefined) return provider.roleAttribute === 'optional' ? undefined : [];
  return pairs.flatMap((pair) => partnersOf(pair.trim(), provider.arn));
}

function checkRole(roleArn: string, identity: SamlIdentity, provider: SamlProvider): void {
  if (listedRoles({ identity, provider })?.includes(roleArn) === false)
    throw denied('the Role attribute does not list this role with this provider');
  // IAM Identity Center's own roles: AWS opens them to nobody else (wire-spec 4).
  if (splitArn(roleArn)?.resource.split('/').at(-1)?.startsWith('AWSReservedSSO_'))
    throw denied('AWSReservedSSO_ roles are not for SAML');
}

/** What stands beside `known` in `first,second`, in either order. Role names may hold commas themselves, so the value is not split at them. */
function partnersOf(pair: string, known: string): readonly string[] {
  const before = pair.endsWith(known) ? pair.slice(0, -known.length).trimEnd() : '';
  const after = pair.startsWith(known) ? pair.slice(known.length).trimStart() : '';
  return [
    ...(before.endsWith(',') ? [before.slice(0, -1).trimEnd()] : []),
    ...(after.startsWith(',') ? [after.slice(1).trimStart()] : []),
  ];
}

function refusal(text: string): FederationError {
  return new FederationError('invalid-identity-token', text, { params: { text } });
}

function denied(reason: string): FederationError {
  return new FederationError('federation-denied', reason, { params: { action: ACTION } });
}
