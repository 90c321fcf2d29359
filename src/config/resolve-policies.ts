import { MalformedPolicyError, parsePolicy } from '../domain/policy/document.ts';
import type { Policy, PolicyKind } from '../domain/policy/document.ts';
import { lintTrustPolicy } from '../domain/policy/lint-trust.ts';
import type { FindingCode } from '../domain/policy/lint-finding.ts';
import type { TrustedProvider } from '../domain/policy/lint-scope.ts';
import type { Path } from './fault.ts';
import { arnOf, namesOf, reportDuplicates, reportError } from './resolution.ts';
import type { Resolution } from './resolution.ts';
import type { ConfigFile } from './schema.ts';

/** Compiles a document; its faults are reported at their own places. */
export function compilePolicy(
  document: unknown,
  place: { readonly kind: PolicyKind; readonly name: string; readonly path: Path },
  resolution: Resolution,
): Policy | undefined {
  try {
    return parsePolicy(document, { kind: place.kind, name: place.name });
  } catch (error) {
    if (!(error instanceof MalformedPolicyError)) throw error;
    for (const { path, message } of error.faults) {
      reportError(resolution, 'malformed-policy', [...place.path, ...path], { message });
    }
    return undefined;
  }
}

/** Whom trust policies may name. */
export type TrustedProviders = readonly TrustedProvider[];

const PROVIDER_CODES: readonly FindingCode[] = ['unknown-provider', 'unknown-claim-prefix'];

type TrustPlace = {
  readonly kind: 'trust' | 'exchange' | 'client';
  /** The role, service or application that it opens. */
  readonly arn: string;
  readonly path: Path;
  readonly providers: TrustedProviders;
};

/** Compiles a policy that opens something to those who bring a proof; what is unsafe in it is reported, too. */
export function compileTrust(
  document: unknown,
  { kind, arn, path, providers }: TrustPlace,
  resolution: Resolution,
): Policy | undefined {
  if (document === undefined) return undefined;
  const policy = compilePolicy(document, { kind, name: arn, path }, resolution);
  if (policy === undefined) return undefined;
  const { report, incomplete } = resolution;
  // With a faulty provider cut out, its trust policies would be blamed for naming nobody.
  const spared = incomplete.has('oidcProviders') || incomplete.has('samlProviders') ? PROVIDER_CODES : [];
  for (const finding of lintTrustPolicy(policy, { resourceArn: arn, providers })) {
    if (!spared.includes(finding.code)) report({ ...finding, path: [...path, ...finding.path] });
  }
  return policy;
}

/** The customer managed policies of all accounts. */
export type ManagedPolicies = {
  readonly byArn: ReadonlyMap<string, Policy>;
  /** Those that exist, faulty ones included: a reference to a faulty policy is no second fault. */
  readonly declared: ReadonlySet<string>;
};

export function resolveManagedPolicies(
  entries: ConfigFile['policies'],
  resolution: Resolution,
): ManagedPolicies {
  reportDuplicates(namesOf('policies', entries), 'name', resolution);
  const byArn = new Map<string, Policy>();
  const declared = new Set<string>();
  for (const [index, { account, name, document }] of entries.entries()) {
    const arn = arnOf(`arn:aws:iam::${account}:policy/${name}`);
    declared.add(arn);
    const path = ['policies', index, 'document'];
    const policy = compilePolicy(document, { kind: 'managed', name: arn, path }, resolution);
    if (policy !== undefined) byArn.set(arn, policy);
  }
  return { byArn, declared };
}

/** What roles, users and groups have in common. */
type PolicyOwner = {
  readonly account: string;
  readonly inlinePolicies: Readonly<Record<string, unknown>>;
  readonly managedPolicies: readonly string[];
  readonly permissionsBoundary?: string | undefined;
};

/** The policies of a role, user or group: inline first, then managed. */
export function resolveIdentityPolicies(
  owner: PolicyOwner,
  path: Path,
  managed: ManagedPolicies,
  resolution: Resolution,
): readonly Policy[] {
  const inline = Object.entries(owner.inlinePolicies).map(([name, document]) =>
    compilePolicy(document, { kind: 'identity', name, path: [...path, 'inlinePolicies', name] }, resolution),
  );
  const attached = owner.managedPolicies.map((arn, index) =>
    lookUp(arn, owner.account, [...path, 'managedPolicies', index], managed, resolution),
  );
  return [...inline, ...attached].filter((policy) => policy !== undefined);
}

export function resolveBoundary(
  owner: PolicyOwner,
  path: Path,
  managed: ManagedPolicies,
  resolution: Resolution,
): { readonly permissionsBoundary?: Policy } {
  if (owner.permissionsBoundary === undefined) return {};
  const place = [...path, 'permissionsBoundary'];
  const policy = lookUp(owner.permissionsBoundary, owner.account, place, managed, resolution);
  return policy === undefined ? {} : { permissionsBoundary: policy };
}

// A boundary that is not found must never be taken for none, so every miss is an error.
function lookUp(
  arn: string,
  account: string,
  path: Path,
  { byArn, declared }: ManagedPolicies,
  resolution: Resolution,
): Policy | undefined {
  const isOurs = arn.startsWith(`arn:aws:iam::${account}:policy/`);
  if (isOurs && (declared.has(arn) || resolution.incomplete.has('policies'))) return byArn.get(arn);
  reportError(resolution, 'unknown-policy', path, {
    message: 'No entry of `policies` in the same account has this ARN.',
    remedy: "Add it to `policies`; AWS's own managed policies must be copied there.",
  });
  return undefined;
}
