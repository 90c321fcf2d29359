import type { PolicyPath } from './fault.ts';

/** Everything that the linter can find; tools match on these codes, so they are stable. */
export type FindingCode =
  | 'unpinned-shared-issuer'
  | 'missing-audience'
  | 'missing-set-operator'
  | 'for-all-values-in-allow'
  | 'open-principal'
  | 'unknown-provider'
  | 'unknown-claim-prefix'
  | 'unknown-condition-key'
  | 'unreachable-statement'
  | 'unknown-audience'
  | 'github-subject-form';

/** One thing that is unsafe (`error`) or probably not meant (`warning`). */
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

type Words = { readonly message: string; readonly remedy: string };

/** What is unsafe. */
export function error(code: FindingCode, path: PolicyPath, words: Words): Finding {
  return { code, severity: 'error', path, ...words };
}

/** What is probably not meant. */
export function warning(code: FindingCode, path: PolicyPath, words: Words): Finding {
  return { code, severity: 'warning', path, ...words };
}
