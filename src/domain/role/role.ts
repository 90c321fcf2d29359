import type { Policy } from '../policy/document.ts';
import type { AccountId, Arn } from './arn.ts';

/** A role as the configuration tells it, with its policies compiled. */
export type Role = {
  /** `arn:aws:iam::<account>:role/<path><name>`. */
  readonly arn: Arn;
  /** `AROA` and 17 characters. */
  readonly id: string;
  readonly account: AccountId;
  readonly name: string;
  /** Begins and ends with `/`. */
  readonly path: string;
  readonly description?: string;
  /** 3600–43200. */
  readonly maxSessionDurationSeconds: number;
  readonly trustPolicy: Policy;
  /** Inline and managed policies: one set, of which any may allow. */
  readonly identityPolicies: readonly Policy[];
  readonly permissionsBoundary?: Policy;
  /** Role tags: `aws:ResourceTag` while assuming, `aws:PrincipalTag` afterwards; never transitive. */
  readonly tags: Readonly<Record<string, string>>;
  /** A web identity token opens this role once. */
  readonly singleUseToken: boolean;
};
