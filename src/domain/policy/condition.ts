import { isTrue } from './compare-text.ts';
import type { Comparison, Operand, Outcome } from './comparison.ts';
import { parseOperator, type OperatorUse, type Quantifier } from './condition-operators.ts';
import { SYNTAX_ERROR, type PolicyFault, type PolicyPath } from './fault.ts';
import { isObject, scalarValues, type TextValue } from './json-value.ts';
import { conditionValue, isMultivaluedKey } from './request-keys.ts';
import type { ContextValue, PolicyRequest } from './request.ts';
import { parseTemplate, plainTemplate } from './variables.ts';

/** One key under one operator. */
export type Condition = {
  readonly use: OperatorUse;
  /** Operator, key and values as the author wrote them. */
  readonly operatorText: string;
  readonly keyText: string;
  readonly values: readonly string[];
  readonly path: PolicyPath;
  /** Lower case. */
  readonly key: string;
  readonly isMultivalued: boolean;
  readonly whenAbsent: boolean;
  /** Whether one value of the request passes, negation included. */
  readonly passes: Comparison;
};

export type ConditionOptions = {
  readonly path: PolicyPath;
  readonly expandsVariables: boolean;
  readonly faults: PolicyFault[];
};

/** Reads a `Condition` block; all of its operators and all of their keys must hold. */
export function parseConditions(value: unknown, options: ConditionOptions): readonly Condition[] {
  if (value === undefined) return [];
  if (!isObject(value)) {
    options.faults.push({ path: options.path, message: SYNTAX_ERROR });
    return [];
  }
  return Object.entries(value).flatMap(([operator, keys]) =>
    parseOperatorBlock(operator, keys, { ...options, path: [...options.path, operator] }),
  );
}

/** Whether the condition holds for the request (wire-spec 6.4, the table). `error`: its operand became unusable. */
export function evaluateCondition(condition: Condition, request: PolicyRequest): boolean | 'error' {
  const actual = conditionValue(request, condition.key);
  // An empty list is an absent key; an empty string is a value.
  if (actual === undefined || (typeof actual !== 'string' && actual.length === 0))
    return condition.whenAbsent;
  return hold(condition, actual, request);
}

function hold(condition: Condition, actual: ContextValue, request: PolicyRequest): boolean | 'error' {
  const { use } = condition;
  if (use.kind === 'null') return condition.passes('', request) === true;
  if (use.quantifier !== undefined) return quantify(use.quantifier, condition, { actual, request });
  // Measured: without a set operator a multivalued key matches nothing, negated or not, not even with one equal value.
  if (typeof actual !== 'string' || condition.isMultivalued) return false;
  return settle(condition.passes(actual, request));
}

function quantify(
  quantifier: Quantifier,
  { passes }: Condition,
  { actual, request }: { actual: ContextValue; request: PolicyRequest },
): boolean | 'error' {
  const decisive = quantifier === 'ForAnyValue';
  let outcome: boolean | 'error' = !decisive;
  for (const value of typeof actual === 'string' ? [actual] : actual) {
    const passed = settle(passes(value, request));
    if (passed === decisive) return decisive;
    if (passed === 'error') outcome = passed;
  }
  return outcome;
}

function settle(outcome: Outcome): boolean | 'error' {
  return outcome === 'incomparable' ? false : outcome;
}

function parseOperatorBlock(name: string, keys: unknown, options: ConditionOptions): readonly Condition[] {
  const use = parseOperator(name);
  if (use === undefined || !isObject(keys)) {
    const message = use === undefined ? `Invalid Condition type : ${name}` : SYNTAX_ERROR;
    options.faults.push({ path: options.path, message });
    return [];
  }
  return Object.entries(keys).map(([key, values]) =>
    parseCondition({ use, operatorText: name, keyText: key }, values, {
      ...options,
      path: [...options.path, key],
    }),
  );
}

function parseCondition(
  head: Pick<Condition, 'use' | 'operatorText' | 'keyText'>,
  value: unknown,
  options: ConditionOptions,
): Condition {
  const { path, faults } = options;
  if (!/^[^:]+:./s.test(head.keyText)) {
    faults.push({
      path,
      message: 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
    });
  }
  const values = scalarValues(value, path);
  if (values === undefined) faults.push({ path, message: SYNTAX_ERROR });
  const key = head.keyText.toLowerCase();
  const texts = (values ?? []).map(({ text }) => text);
  const compiled = compile(head.use, values ?? [], options);
  return { ...head, ...compiled, key, path, values: texts, isMultivalued: isMultivaluedKey(key) };
}

function compile(
  use: OperatorUse,
  values: readonly TextValue[],
  options: ConditionOptions,
): Pick<Condition, 'passes' | 'whenAbsent'> {
  if (use.kind === 'null') return compileNull(values);
  const { operator, ifExists, quantifier } = use;
  const compare = operator.compile(values.map((value) => parseOperand(use, value, options)));
  const passes: Comparison = operator.negated
    ? (actual, request) => negate(compare(actual, request))
    : compare;
  // Absent: IfExists and ForAllValues hold, ForAnyValue never does, else only a negated operator holds.
  const whenAbsent =
    ifExists || quantifier === 'ForAllValues' || (quantifier === undefined && operator.negated);
  return { passes, whenAbsent };
}

function compileNull(values: readonly TextValue[]): Pick<Condition, 'passes' | 'whenAbsent'> {
  const wantsPresent = values.some(({ text }) => !isTrue(text));
  return { passes: () => wantsPresent, whenAbsent: values.some(({ text }) => isTrue(text)) };
}

function parseOperand(
  { operator }: Extract<OperatorUse, { kind: 'value' }>,
  { text, path }: TextValue,
  { expandsVariables, faults }: ConditionOptions,
): Operand {
  const template = expandsVariables && operator.expandsVariables ? parseTemplate(text) : plainTemplate(text);
  if (template === undefined || !operator.accepts(text)) faults.push({ path, message: SYNTAX_ERROR });
  return { text, template: template ?? [] };
}

/** A value of the wrong kind and an operand in error fail both the operator and its negation. */
function negate(outcome: Outcome): Outcome {
  return typeof outcome === 'boolean' ? !outcome : outcome;
}
