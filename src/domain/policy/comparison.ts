import type { PolicyRequest } from './request.ts';
import type { Template } from './variables.ts';

/**
 * What one comparison says. `incomparable`: the request's value is not of the operator's kind, so that the operator and its
 * negation are both false. `error`: the policy's own operand cannot be used; an Allow then does not hold, a Deny does.
 */
export type Outcome = boolean | 'incomparable' | 'error';

/** A value in the policy: as written, and with its variables found where the operator expands them. */
export type Operand = { readonly text: string; readonly template: Template };

/** Whether a value of the request equals (or is less than, is inside, …) any of the operands. */
export type Comparison = (actual: string, request: PolicyRequest) => Outcome;

/** Compiles a key's operands into one comparison. */
export type CompileComparison = (operands: readonly Operand[]) => Comparison;
