import { evaluateCondition, type Condition } from './condition.ts';
import type {
  ConditionTrace,
  DecisionTrace,
  PolicySetName,
  PolicyTrace,
  StatementTrace,
  Verdict,
} from './decision.ts';
import type { Policy } from './document.ts';
import { admittedKinds, isDenied, type PrincipalElement } from './principal-element.ts';
import { conditionValue } from './request-keys.ts';
import type { ContextValue, PolicyRequest, Principal } from './request.ts';
import { coversResource } from './resource-element.ts';
import type { Statement } from './statement.ts';
import { compileGlob, matchesGlob } from './wildcard.ts';

export type ListedPolicy = { readonly set: PolicySetName; readonly policy: Policy; readonly level?: number };

type TraceScope = {
  readonly request: PolicyRequest;
  readonly hasBoundary: boolean;
  readonly set?: PolicySetName;
};

/** Goes through every statement that names the action and notes what held and what did not. */
export function traceDecision(
  policies: readonly ListedPolicy[],
  { request, verdict }: { request: PolicyRequest; verdict: Verdict },
): DecisionTrace {
  const scope = { request, hasBoundary: policies.some(({ set }) => set === 'boundary') };
  return { ...verdict, policies: policies.map((listed) => tracePolicy(listed, scope)) };
}

function tracePolicy({ set, policy, level }: ListedPolicy, scope: TraceScope): PolicyTrace {
  const { allows, denies } = policy.candidates(scope.request.action);
  const statements = [...denies, ...allows].sort((a, b) => a.index - b.index);
  return {
    set,
    ...(level === undefined ? {} : { level }),
    policy: policy.name,
    statements: statements.map((statement) => traceStatement(statement, { ...scope, set })),
  };
}

function traceStatement(statement: Statement, scope: TraceScope): StatementTrace {
  const { index, sid, effect } = statement;
  const conditions = statement.conditions.map((condition) =>
    traceCondition(condition, statement, scope.request),
  );
  const mismatch = findMismatch(statement, scope);
  const failed = mismatch?.failed ?? (conditions.every(({ passed }) => passed) ? undefined : 'condition');
  return {
    index,
    ...(sid === undefined ? {} : { sid }),
    effect,
    matched: failed === undefined,
    ...(failed === undefined ? {} : { failed }),
    ...mismatch,
    conditions,
  };
}

function findMismatch(
  { principals, resources, effect }: Statement,
  scope: TraceScope,
): Pick<StatementTrace, 'failed' | 'expected' | 'actual'> | undefined {
  const { request } = scope;
  if (principals !== undefined && !namesCaller(principals, effect, scope)) {
    const expected = principals.entries.map(({ type, value }) => (type === '*' ? value : `${type}:${value}`));
    return { failed: 'principal', expected, actual: describePrincipal(request.principal) };
  }
  if (resources !== undefined && !coversResource(resources, request, effect)) {
    return { failed: 'resource', expected: resources.texts, actual: request.resource };
  }
  return undefined;
}

function namesCaller(principals: PrincipalElement, effect: 'Allow' | 'Deny', scope: TraceScope): boolean {
  const { principal } = scope.request;
  // A resource control policy names everybody and admits nobody: there a star is meant for tokens, too.
  if (scope.set === 'rcp') return true;
  return effect === 'Deny'
    ? isDenied(principals, principal, scope)
    : admittedKinds(principals, principal) !== 0;
}

function describePrincipal(principal: Principal): string {
  if ('arn' in principal) return principal.arn;
  if ('providerArn' in principal) return principal.providerArn;
  return principal.type === 'service' ? principal.service : principal.type;
}

function traceCondition(condition: Condition, { effect }: Statement, request: PolicyRequest): ConditionTrace {
  const actual = conditionValue(request, condition.key);
  const outcome = evaluateCondition(condition, request);
  const passed = outcome === 'error' ? effect === 'Deny' : outcome;
  const hint =
    outcome === 'error' ? 'an operand cannot be evaluated' : passed ? undefined : findHint(condition, actual);
  return {
    operator: condition.operatorText,
    key: condition.keyText,
    expected: condition.values,
    actual: actual ?? null,
    passed,
    ...(hint === undefined ? {} : { hint }),
  };
}

/** The two mistakes that cost people most time: letter case, and a list without set operator. */
function findHint(
  { use, values, isMultivalued }: Condition,
  actual: ContextValue | undefined,
): string | undefined {
  if (use.kind === 'null' || actual === undefined) return undefined;
  if (use.quantifier === undefined && (isMultivalued || typeof actual !== 'string')) {
    return 'a multivalued key needs ForAnyValue or ForAllValues';
  }
  const folded = (typeof actual === 'string' ? [actual] : actual).map((value) => value.toLowerCase());
  const patterns = values.map((value) => compileGlob([{ kind: 'text', text: value.toLowerCase() }]));
  const isNear = patterns.some((pattern) => folded.some((value) => matchesGlob(pattern, value)));
  return isNear && use.operator.name.startsWith('String') && !use.operator.negated
    ? 'differs only in case'
    : undefined;
}
