import type { Effect } from './statement.ts';

type DecisionOutcome = 'allow' | 'explicitDeny' | 'implicitDeny';

/** The sets in which policies reach an evaluation. */
export type PolicySetName = 'identity' | 'boundary' | 'session' | 'resource' | 'scp' | 'rcp';

/** The statement that decided; `statement` counts from 0. */
type DecidedBy = {
  readonly set: PolicySetName;
  readonly policy: string;
  readonly statement: number;
  readonly sid?: string;
};

/** The outcome and what led to it. */
export type Verdict = {
  readonly outcome: DecisionOutcome;
  /** Absent for an implicit deny, and for the account's root user, who needs no statement. */
  readonly decidedBy?: DecidedBy;
  /** Short text, e.g. `no identity-based policy allows`; names the layer, never a policy value. */
  readonly reason: string;
};

/** The result of an evaluation: a value that can be logged and audited whole. */
export type Decision = Verdict & {
  /** Evaluates once more and notes every step; for operators, never for the caller (it holds policy values). */
  readonly trace: () => DecisionTrace;
};

/** JSON-able account of a decision. */
export type DecisionTrace = Verdict & { readonly policies: readonly PolicyTrace[] };

export type PolicyTrace = {
  readonly set: PolicySetName;
  /** Position of the level (SCP, RCP) or session layer, from 0. */
  readonly level?: number;
  readonly policy: string;
  /** Only the statements that name the action. */
  readonly statements: readonly StatementTrace[];
};

export type StatementTrace = {
  readonly index: number;
  readonly sid?: string;
  readonly effect: Effect;
  readonly matched: boolean;
  /** The first element that did not hold. */
  readonly failed?: 'principal' | 'resource' | 'condition';
  /** Given where principal or resource failed. */
  readonly expected?: readonly string[];
  readonly actual?: string;
  readonly conditions: readonly ConditionTrace[];
};

export type ConditionTrace = {
  readonly operator: string;
  readonly key: string;
  readonly expected: readonly string[];
  /** `null`: the request has no such key. */
  readonly actual: string | readonly string[] | null;
  readonly passed: boolean;
  /** What nearly matched, e.g. `differs only in case`. */
  readonly hint?: string;
};
