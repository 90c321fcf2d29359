import type { CompileComparison, Comparison, Operand, Outcome } from './comparison.ts';
import type { PolicyRequest } from './request.ts';
import { compilePattern, type Pattern } from './pattern.ts';
import { resolveTemplate, staticParts, type Template } from './variables.ts';
import type { GlobPart } from './wildcard.ts';

type ArnPattern = (actual: readonly string[], request: PolicyRequest) => Outcome;

const PARTS = 6;

/** ArnEquals and ArnLike, which are one operator: six parts at the first five colons, each its own glob (wire-spec 6.4). */
export const compareArns: CompileComparison = (operands): Comparison => {
  const patterns = operands.map(compileArnPattern);
  return (actual, request) => {
    const parts = splitText(actual);
    return parts === undefined ? 'incomparable' : anyMatches(patterns, parts, request);
  };
};

/** A match decides; else an operand in error does, wherever it stands in the list. */
function anyMatches(
  patterns: readonly ArnPattern[],
  parts: readonly string[],
  request: PolicyRequest,
): Outcome {
  let outcome: Outcome = false;
  for (const matches of patterns) {
    const result = matches(parts, request);
    if (result === true) return true;
    if (result === 'error') outcome = result;
  }
  return outcome;
}

function compileArnPattern({ template }: Operand): ArnPattern {
  const parts = splitTemplate(template);
  if (parts !== undefined) return partwise(parts.map(compilePattern));
  // Written out and still no ARN: it matches nothing. Only a variable's value can make it an error.
  if (staticParts(template) !== undefined) return () => false;
  return (actual, request) => matchesResolved(resolveTemplate(template, request), actual, request);
}

function matchesResolved(
  resolved: readonly GlobPart[] | undefined,
  actual: readonly string[],
  request: PolicyRequest,
): Outcome {
  if (resolved === undefined) return false;
  const parts = splitTemplate(resolved, { insideLiterals: true });
  return parts === undefined ? 'error' : partwise(parts.map(compilePattern))(actual, request);
}

function partwise(patterns: readonly Pattern[]): ArnPattern {
  return (actual, request) =>
    patterns.every((matches, index) => matches(actual[index] ?? '', request) === true);
}

/** The request's own value must be an ARN; whether such a resource exists is nobody's question. */
function splitText(text: string): readonly string[] | undefined {
  if (!text.startsWith('arn:')) return undefined;
  const [arn = '', partition = '', service = '', region = '', account = '', ...resource] = text.split(':');
  return resource.length === 0 ? undefined : [arn, partition, service, region, account, resource.join(':')];
}

/**
 * Splits at the first five colons that the author wrote. A variable's value is split only where the author left the ARN's
 * shape to it: otherwise a colon in a tag could move the account part to another place.
 */
function splitTemplate(
  template: Template,
  options = { insideLiterals: false },
): readonly Template[] | undefined {
  const parts: Template[number][][] = [[]];
  for (const piece of template) {
    if (piece.kind === 'variable' || (piece.kind === 'literal' && !options.insideLiterals)) {
      parts[parts.length - 1]?.push(piece);
      continue;
    }
    splitPiece(piece, parts);
  }
  return parts.length === PARTS ? parts : undefined;
}

function splitPiece({ kind, text }: GlobPart, parts: Template[number][][]): void {
  let start = 0;
  for (let colon = text.indexOf(':'); colon >= 0 && parts.length < PARTS; colon = text.indexOf(':', start)) {
    parts[parts.length - 1]?.push({ kind, text: text.slice(start, colon) });
    parts.push([]);
    start = colon + 1;
  }
  parts[parts.length - 1]?.push({ kind, text: text.slice(start) });
}
