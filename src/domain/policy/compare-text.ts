import type { CompileComparison, Comparison, Operand } from './comparison.ts';
import { compilePattern } from './pattern.ts';
import { resolveTemplate, staticParts } from './variables.ts';
import type { GlobPart } from './wildcard.ts';

type Fold = (text: string) => string;

/** StringEquals: by code units, case-sensitive; `*` has no meaning. */
export const compareEqualText: CompileComparison = (operands) => equalText(operands, (text) => text);

/** StringEqualsIgnoreCase: Unicode lower-casing with the final-sigma rule, not case folding (wire-spec 6.4, measured). */
export const compareEqualTextIgnoringCase: CompileComparison = (operands) =>
  equalText(operands, (text) => text.toLowerCase());

/** StringLike: `*` and `?`, case-sensitive. An unresolved variable matches nothing. */
export const compareLikeText: CompileComparison = (operands) => {
  const patterns = operands.map((operand) => compilePattern(operand.template));
  return (actual, request) => patterns.some((matches) => matches(actual, request) === true);
};

/** BinaryEquals: the octets behind the base64. */
export const compareOctets: CompileComparison = (operands) => {
  const expected = new Set(operands.map((operand) => canonicalBase64(operand.text)));
  return (actual) => {
    const octets = canonicalBase64(actual);
    return octets !== undefined && expected.has(octets);
  };
};

/** Bool: `true` in any case is true, every other text is false (wire-spec 6.4, measured). */
export const compareBoolean: CompileComparison = (operands) => {
  const expected = new Set(operands.map((operand) => isTrue(operand.text)));
  return (actual) => expected.has(isTrue(actual));
};

/** Whether a policy text means true. */
export function isTrue(text: string): boolean {
  return text.toLowerCase() === 'true';
}

/** The one spelling of these octets in base64; `undefined` where the text is not padded base64. */
export function canonicalBase64(text: string): string | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return Buffer.from(text, 'base64').toString('base64');
}

function equalText(operands: readonly Operand[], fold: Fold): Comparison {
  const fixed = new Set<string>();
  const dynamic: Operand[] = [];
  for (const operand of operands) {
    const parts = staticParts(operand.template);
    if (parts === undefined) dynamic.push(operand);
    else fixed.add(fold(joinParts(parts)));
  }
  return (actual, request) => {
    const folded = fold(actual);
    return (
      fixed.has(folded) ||
      dynamic.some(({ template }) => equals(folded, resolveTemplate(template, request), fold))
    );
  };
}

function equals(folded: string, parts: readonly GlobPart[] | undefined, fold: Fold): boolean {
  return parts !== undefined && fold(joinParts(parts)) === folded;
}

function joinParts(parts: readonly GlobPart[]): string {
  return parts.map((part) => part.text).join('');
}
