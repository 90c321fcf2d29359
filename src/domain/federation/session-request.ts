import { FederationError } from '../errors.ts';
import { MalformedPolicyError } from '../policy/document.ts';
import type { Session, SessionPolicyLayer } from '../session/session.ts';
import type { FederationDeps } from './deps.ts';

type RequestedTag = { readonly key: string; readonly value: string };

/** Tags and policies that a call asks to be put on a session. */
export type SessionRequest = {
  readonly policy?: string;
  readonly policyArns: readonly string[];
  readonly tags: readonly RequestedTag[];
  readonly transitiveTagKeys: readonly string[];
};

/** What a session will carry. */
export type SessionContents = {
  readonly tags: Readonly<Record<string, string>>;
  readonly transitiveTagKeys: readonly string[];
  /** The parent's layers first. */
  readonly sessionPolicies: readonly SessionPolicyLayer[];
  /** Per cent; absent where neither policies nor tags were passed. */
  readonly packedPolicySize?: number;
};

/** The caller's session, whose transitive tags and policy layers go down to the new one. */
export type Parent = Pick<Session, 'tags' | 'transitiveTagKeys' | 'sessionPolicies'>;

type PolicyDeps = Pick<FederationDeps, 'directory' | 'parseInline' | 'packedPolicySize'>;

/**
 * Checks the tags and policies of a call, and joins them with what a parent session hands down: transitive tags, and every
 * policy layer, so that no chain of sessions may more than its parent (MinIO CVE-2025-62506).
 *
 * @param account owner of the session; managed session policies are of this account
 * @throws FederationError `invalid-parameter-value`, `malformed-policy`, `validation-failed`, `packed-policy-too-large`
 */
export function prepareSession(
  request: SessionRequest,
  account: string,
  parent: Parent | undefined,
  deps: PolicyDeps,
): SessionContents {
  checkTags(request, parent);
  checkPolicies(request, account, deps);
  const inherited = (parent?.transitiveTagKeys ?? []).map((key) => [key, parent?.tags[key] ?? ''] as const);
  const passedPolicies = request.policy !== undefined || request.policyArns.length > 0;
  const layer = {
    ...(request.policy === undefined ? {} : { inline: request.policy }),
    managedArns: request.policyArns,
  };
  const packedPolicySize = packedSize(request, deps);
  return {
    tags: Object.fromEntries([...inherited, ...request.tags.map(({ key, value }) => [key, value] as const)]),
    transitiveTagKeys: [...(parent?.transitiveTagKeys ?? []), ...request.transitiveTagKeys],
    sessionPolicies: [...(parent?.sessionPolicies ?? []), ...(passedPolicies ? [layer] : [])],
    ...(packedPolicySize === undefined ? {} : { packedPolicySize }),
  };
}

/**
 * Tag rules of wire-spec 1.6 and 5; keys compare without case.
 *
 * @throws FederationError `invalid-parameter-value`
 */
export function checkTags(
  { tags, transitiveTagKeys }: Pick<SessionRequest, 'tags' | 'transitiveTagKeys'>,
  parent?: Parent,
): void {
  const keys = new Set(tags.map(({ key }) => key.toLowerCase()));
  const inherited = new Set((parent?.transitiveTagKeys ?? []).map((key) => key.toLowerCase()));
  if (keys.size < tags.length)
    refuseTags('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  if ([...keys].some((key) => key.startsWith('aws:')))
    refuseTags('Tag keys that begin with aws: are reserved.');
  if (
    [...keys].some((key) => inherited.has(key)) ||
    transitiveTagKeys.some((key) => inherited.has(key.toLowerCase()))
  )
    refuseTags(
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    );
  if (transitiveTagKeys.some((key) => !keys.has(key.toLowerCase())))
    refuseTags('The specified transitive tag key must be included in the requested tags.');
}

function refuseTags(text: string): never {
  throw new FederationError('invalid-parameter-value', text, { params: { text } });
}

function checkPolicies({ policy, policyArns }: SessionRequest, account: string, deps: PolicyDeps): void {
  if (policy !== undefined) parseInlinePolicy(policy, deps);
  for (const arn of policyArns) {
    if (arn.split(':')[4] === account && deps.directory.managedPolicy(arn)) continue;
    const text = `Policy ${arn} does not exist or is not attachable.`;
    throw new FederationError('validation-failed', text, { params: { text } });
  }
}

function parseInlinePolicy(policy: string, deps: PolicyDeps): void {
  try {
    deps.parseInline(policy);
  } catch (cause) {
    if (!(cause instanceof MalformedPolicyError)) throw cause;
    const text = cause.faults[0]?.message ?? 'Syntax errors in policy.';
    throw new FederationError('malformed-policy', text, { params: { text }, cause });
  }
}

function packedSize(request: SessionRequest, deps: PolicyDeps): number | undefined {
  const tags = request.tags.flatMap(({ key, value }) => [key, value]);
  const parts = [...(request.policy === undefined ? [] : [request.policy]), ...request.policyArns, ...tags];
  if (parts.length === 0) return undefined;
  const percent = deps.packedPolicySize(parts);
  if (percent > 100)
    throw new FederationError('packed-policy-too-large', 'policies and tags too large', {
      params: { percent },
    });
  return percent;
}
