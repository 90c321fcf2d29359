import type { Decision, PolicySetName, Verdict } from './decision.ts';
import type { Policy } from './document.ts';
import { traceDecision, type ListedPolicy } from './explain.ts';
import { admittedKinds, isDenied, NAMED } from './principal-element.ts';
import { principalAccount, resourceAccount } from './request-keys.ts';
import type { PolicyRequest, Principal } from './request.ts';
import { holds, type Statement } from './statement.ts';

/** The policies that bear on a request. An absent set binds nothing; documents side by side are a union. */
export type PolicySets = {
  readonly identity?: readonly Policy[];
  readonly boundary?: Policy;
  /** Layers: a chain of sessions hands down its parents' layers. Within a layer any document may allow, every layer must. */
  readonly session?: readonly (readonly Policy[])[];
  readonly resource?: Policy;
  /** Levels of the principal's account, root first. */
  readonly scps?: readonly (readonly Policy[])[];
  /** Levels of the resource's account, root first. */
  readonly rcps?: readonly (readonly Policy[])[];
};

/**
 * Decides a request by the policies that bear on it. Pure; what cannot be evaluated is decided against the caller.
 * @see wire-spec 6.1
 */
export function evaluatePolicies(request: PolicyRequest, policies: PolicySets): Decision {
  const applicable = applicablePolicies(request, policies);
  const verdict = decide(request, applicable);
  return {
    ...verdict,
    trace: () => traceDecision(listPolicies(applicable), { request, verdict }),
  };
}

type Found = { readonly set: PolicySetName; readonly statement: Statement };

/** How the resource policy's matching Allows name the caller (D5), and the one that names it most directly. */
type Grants = { readonly kinds: number; readonly statement?: Statement };

const NO_GRANTS: Grants = { kinds: 0 };

/** D1 to D4; D5 to D8 follow in {@link decideBySides}. */
function decide(request: PolicyRequest, policies: PolicySets): Verdict {
  const denied = findDeny(request, policies);
  if (denied !== undefined) return decidedBy('explicitDeny', denied);
  if (!everyLayerAllows(request, policies.rcps))
    return refused('no resource control policy allows at some level');
  if (!everyLayerAllows(request, policies.scps))
    return refused('no service control policy allows at some level');
  const grants = findGrants(request, policies.resource);
  const callerAccount = principalAccount(request.principal);
  if (callerAccount === undefined) return grantedBy(grants, policies);
  return decideBySides(request, policies, {
    grants,
    isSameAccount: callerAccount === resourceAccount(request),
  });
}

/** A caller who has an account: the resource's side, the caller's side, or both must allow. */
function decideBySides(
  request: PolicyRequest,
  policies: PolicySets,
  { grants, isSameAccount }: { grants: Grants; isSameAccount: boolean },
): Verdict {
  if (isSameAccount && hasKind(grants, NAMED.direct | NAMED.wildcard)) return grantedBy(grants, policies);
  const limit = findLimit(request, policies);
  if (isSameAccount && hasKind(grants, NAMED.parent) && limit === undefined)
    return grantedBy(grants, policies);
  const needsGrant = !isSameAccount || request.resourcePolicyMandatory === true || isTrust(policies.resource);
  if (needsGrant && grants.kinds === 0) return grantedBy(grants, policies);
  if (request.principal.type === 'root') return { outcome: 'allow', reason: 'the root user needs no policy' };
  const identity = findAllow(request, policies.identity);
  if (identity === undefined) return refused('no identity-based policy allows');
  if (limit !== undefined) return refused(limit);
  return needsGrant
    ? grantedBy(grants, policies)
    : decidedBy('allow', { set: 'identity', statement: identity });
}

function grantedBy({ statement }: Grants, { resource }: PolicySets): Verdict {
  if (statement !== undefined) return decidedBy('allow', { set: 'resource', statement });
  return refused(
    isTrust(resource) ? `the ${resource.kind} policy does not allow` : 'no resource-based policy allows',
  );
}

/** Policies without which nobody comes in, their own account's callers included. */
function isTrust(
  policy: Policy | undefined,
): policy is Policy & { readonly kind: 'trust' | 'exchange' | 'client' } {
  return policy?.kind === 'trust' || policy?.kind === 'exchange' || policy?.kind === 'client';
}

function hasKind({ kinds }: Grants, wanted: number): boolean {
  return (kinds & wanted) !== 0;
}

/** Boundary and session policies grant nothing, they limit; the root user has neither. */
function findLimit(request: PolicyRequest, { boundary, session = [] }: PolicySets): string | undefined {
  const { type } = request.principal;
  if (type === 'root') return undefined;
  if (boundary !== undefined && findAllow(request, [boundary]) === undefined) {
    return 'the permissions boundary does not allow';
  }
  // GetFederationToken without a policy opens nothing of the user's own permissions.
  if (type === 'federated-user' && session.length === 0) return 'the federated session has no session policy';
  return everyLayerAllows(request, session) ? undefined : 'no session policy allows';
}

function everyLayerAllows(request: PolicyRequest, layers: readonly (readonly Policy[])[] = []): boolean {
  return layers.every((layer) => findAllow(request, layer) !== undefined);
}

function findAllow(request: PolicyRequest, policies: readonly Policy[] = []): Statement | undefined {
  for (const policy of policies) {
    for (const statement of policy.candidates(request.action).allows) {
      if (holds(statement, request)) return statement;
    }
  }
  return undefined;
}

function findGrants(request: PolicyRequest, resource: Policy | undefined): Grants {
  let grants = NO_GRANTS;
  for (const statement of resource?.candidates(request.action).allows ?? []) {
    const kinds = admitsCaller(statement, request);
    if (kinds === 0 || !holds(statement, request)) continue;
    const strongest = strength(kinds) < strength(grants.kinds) ? statement : (grants.statement ?? statement);
    grants = { kinds: grants.kinds | kinds, statement: strongest };
  }
  return grants;
}

function admitsCaller({ principals }: Statement, { principal }: PolicyRequest): number {
  return principals === undefined ? 0 : admittedKinds(principals, principal);
}

/** The lowest bit: direct before wildcard before parent before account. */
function strength(kinds: number): number {
  return kinds & -kinds;
}

type DenyScope = { readonly request: PolicyRequest; readonly hasBoundary: boolean };

/** D1: one matching Deny in any policy that applies. */
function findDeny(request: PolicyRequest, policies: PolicySets): Found | undefined {
  const { identity, boundary, session, resource, scps, rcps } = policies;
  const scope = { request, hasBoundary: boundary !== undefined };
  return (
    (resource && findDenyIn(scope, 'resource', [resource])) ??
    findDenyIn(scope, 'identity', identity) ??
    (boundary && findDenyIn(scope, 'boundary', [boundary])) ??
    findDenyInLayers(scope, 'session', session) ??
    findDenyInLayers(scope, 'scp', scps) ??
    findDenyInLayers(scope, 'rcp', rcps)
  );
}

function findDenyInLayers(
  scope: DenyScope,
  set: PolicySetName,
  layers: readonly (readonly Policy[])[] = [],
): Found | undefined {
  for (const layer of layers) {
    const found = findDenyIn(scope, set, layer);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findDenyIn(
  scope: DenyScope,
  set: PolicySetName,
  policies: readonly Policy[] = [],
): Found | undefined {
  for (const policy of policies) {
    for (const statement of policy.candidates(scope.request.action).denies) {
      if (hitsCaller(statement, scope) && holds(statement, scope.request)) return { set, statement };
    }
  }
  return undefined;
}

function hitsCaller({ principals }: Statement, scope: DenyScope): boolean {
  return principals === undefined || isDenied(principals, scope.request.principal, scope);
}

/** Control policies do not reach everybody (wire-spec 6.1): what does not apply is left out before anything is decided. */
function applicablePolicies(request: PolicyRequest, policies: PolicySets): PolicySets {
  if (policies.scps === undefined && policies.rcps === undefined) return policies;
  const { scps, rcps, ...others } = policies;
  const isExempt = isServiceLinkedRole(request.principal);
  const bindsPrincipal =
    principalAccount(request.principal) !== undefined &&
    request.principalInManagementAccount !== true &&
    !isExempt;
  const bindsResource = request.resourceInManagementAccount !== true && !isExempt;
  return {
    ...others,
    ...(scps !== undefined && bindsPrincipal ? { scps } : {}),
    ...(rcps !== undefined && bindsResource ? { rcps } : {}),
  };
}

/** The path is reserved: nobody but the service may create roles under it. */
function isServiceLinkedRole(principal: Principal): boolean {
  return principal.type === 'assumed-role' && principal.roleArn.includes(':role/aws-service-role/');
}

function listPolicies({
  identity,
  boundary,
  session,
  resource,
  scps,
  rcps,
}: PolicySets): readonly ListedPolicy[] {
  return [
    ...listSet('resource', resource && [resource]),
    ...listSet('identity', identity),
    ...listSet('boundary', boundary && [boundary]),
    ...listLayers('session', session),
    ...listLayers('scp', scps),
    ...listLayers('rcp', rcps),
  ];
}

function listSet(set: PolicySetName, policies: readonly Policy[] = []): readonly ListedPolicy[] {
  return policies.map((policy) => ({ set, policy }));
}

function listLayers(
  set: PolicySetName,
  layers: readonly (readonly Policy[])[] = [],
): readonly ListedPolicy[] {
  return layers.flatMap((policies, level) => policies.map((policy) => ({ set, policy, level })));
}

function decidedBy(outcome: 'allow' | 'explicitDeny', { set, statement }: Found): Verdict {
  const { policy, index, sid } = statement;
  const by = { set, policy, statement: index, ...(sid === undefined ? {} : { sid }) };
  const reason = outcome === 'allow' ? `allowed in ${describe[set]}` : `explicit deny in ${describe[set]}`;
  return { outcome, decidedBy: by, reason };
}

function refused(reason: string): Verdict {
  return { outcome: 'implicitDeny', reason };
}

const describe = {
  identity: 'an identity-based policy',
  boundary: 'a permissions boundary',
  session: 'a session policy',
  resource: 'a resource-based policy',
  scp: 'a service control policy',
  rcp: 'a resource control policy',
} as const satisfies Record<PolicySetName, string>;
