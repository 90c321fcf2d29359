import { compareArns } from './compare-arn.ts';
import { compareDates } from './compare-date.ts';
import { compareAddresses } from './compare-ip.ts';
import { compareNumbers } from './compare-number.ts';
import {
  canonicalBase64,
  compareBoolean,
  compareEqualText,
  compareEqualTextIgnoringCase,
  compareLikeText,
  compareOctets,
} from './compare-text.ts';
import type { CompileComparison } from './comparison.ts';

type Operator = {
  readonly name: string;
  readonly compile: CompileComparison;
  /** A negated operator holds for an absent key, and where none of the values matches. */
  readonly negated: boolean;
  readonly expandsVariables: boolean;
  /** Whether a policy may be written with this operand. */
  readonly accepts: (operand: string) => boolean;
};

/** Which of a multivalued key's values must pass. */
export type Quantifier = 'ForAnyValue' | 'ForAllValues';

export type OperatorUse =
  | { readonly kind: 'null' }
  | {
      readonly kind: 'value';
      readonly operator: Operator;
      readonly ifExists: boolean;
      readonly quantifier?: Quantifier;
    };

const equal = (order: number): boolean => order === 0;
const less = (order: number): boolean => order < 0;
const lessOrEqual = (order: number): boolean => order <= 0;
const greater = (order: number): boolean => order > 0;
const greaterOrEqual = (order: number): boolean => order >= 0;
const anything = (): boolean => true;

// Only text and ARN operators expand variables (wire-spec 6.5).
const expanding = { negated: false, expandsVariables: true, accepts: anything } as const;
const fixed = { negated: false, expandsVariables: false, accepts: anything } as const;

const operators: readonly Operator[] = [
  { ...expanding, name: 'StringEquals', compile: compareEqualText },
  { ...expanding, name: 'StringNotEquals', compile: compareEqualText, negated: true },
  { ...expanding, name: 'StringEqualsIgnoreCase', compile: compareEqualTextIgnoringCase },
  { ...expanding, name: 'StringNotEqualsIgnoreCase', compile: compareEqualTextIgnoringCase, negated: true },
  { ...expanding, name: 'StringLike', compile: compareLikeText },
  { ...expanding, name: 'StringNotLike', compile: compareLikeText, negated: true },
  { ...fixed, name: 'NumericEquals', compile: compareNumbers(equal) },
  { ...fixed, name: 'NumericNotEquals', compile: compareNumbers(equal), negated: true },
  { ...fixed, name: 'NumericLessThan', compile: compareNumbers(less) },
  { ...fixed, name: 'NumericLessThanEquals', compile: compareNumbers(lessOrEqual) },
  { ...fixed, name: 'NumericGreaterThan', compile: compareNumbers(greater) },
  { ...fixed, name: 'NumericGreaterThanEquals', compile: compareNumbers(greaterOrEqual) },
  { ...fixed, name: 'DateEquals', compile: compareDates(equal) },
  { ...fixed, name: 'DateNotEquals', compile: compareDates(equal), negated: true },
  { ...fixed, name: 'DateLessThan', compile: compareDates(less) },
  { ...fixed, name: 'DateLessThanEquals', compile: compareDates(lessOrEqual) },
  { ...fixed, name: 'DateGreaterThan', compile: compareDates(greater) },
  { ...fixed, name: 'DateGreaterThanEquals', compile: compareDates(greaterOrEqual) },
  { ...fixed, name: 'Bool', compile: compareBoolean },
  {
    ...fixed,
    name: 'BinaryEquals',
    compile: compareOctets,
    accepts: (text) => canonicalBase64(text) !== undefined,
  },
  { ...fixed, name: 'IpAddress', compile: compareAddresses },
  { ...fixed, name: 'NotIpAddress', compile: compareAddresses, negated: true },
  { ...expanding, name: 'ArnEquals', compile: compareArns },
  { ...expanding, name: 'ArnLike', compile: compareArns },
  { ...expanding, name: 'ArnNotEquals', compile: compareArns, negated: true },
  { ...expanding, name: 'ArnNotLike', compile: compareArns, negated: true },
];

const operatorsByName: ReadonlyMap<string, Operator> = new Map(
  operators.map((operator) => [operator.name.toLowerCase(), operator]),
);
const quantifiers: readonly Quantifier[] = ['ForAnyValue', 'ForAllValues'];
const IF_EXISTS = 'ifexists';

/** Reads `[ForAnyValue:|ForAllValues:]Operator[IfExists]` without regard to case; `undefined` for a name that IAM does not know. */
export function parseOperator(name: string): OperatorUse | undefined {
  const folded = name.toLowerCase();
  // Null already asks about presence: it takes neither a quantifier nor IfExists.
  if (folded === 'null') return { kind: 'null' };
  const quantifier = quantifiers.find((candidate) => folded.startsWith(`${candidate.toLowerCase()}:`));
  const unquantified = quantifier === undefined ? folded : folded.slice(quantifier.length + 1);
  const ifExists = unquantified.endsWith(IF_EXISTS);
  const operator = operatorsByName.get(ifExists ? unquantified.slice(0, -IF_EXISTS.length) : unquantified);
  return (
    operator && { kind: 'value', operator, ifExists, ...(quantifier === undefined ? {} : { quantifier }) }
  );
}
