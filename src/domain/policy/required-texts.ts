import type { Condition } from './condition.ts';

/** A text that a value of the request must be, or begin with. */
export type RequiredText = { readonly text: string; readonly match: 'whole' | 'beginning' };

/** Where an operand stops being plain text. `${` counts in documents that know no variables, too: there the rest is only not looked at. */
const SPECIAL: ReadonlyMap<string, readonly string[]> = new Map([
  ['StringEquals', ['${']],
  ['StringLike', ['${', '*', '?']],
]);

/**
 * The texts one of which some value of the condition's key must match, or the condition fails; `undefined` where it may hold
 * without. What is said is necessary and not sufficient: `evaluateCondition` decides.
 */
export function requiredTexts({ use, values }: Condition): readonly RequiredText[] | undefined {
  if (use.kind === 'null' || use.ifExists || use.quantifier === 'ForAllValues') return undefined;
  const special = SPECIAL.get(use.operator.name);
  if (special === undefined) return undefined;
  const texts = values.map((value) => plainBeginning(value, special));
  return texts.some(({ text, match }) => match === 'beginning' && text === '') ? undefined : texts;
}

/** Whether the condition reads nothing of a request but the values of its own key. */
export function readsOnlyItsKey({ values }: Condition): boolean {
  return !values.some((value) => value.includes('${'));
}

function plainBeginning(value: string, special: readonly string[]): RequiredText {
  const ends = special.map((text) => value.indexOf(text)).filter((index) => index >= 0);
  const end = Math.min(value.length, ...ends);
  return { text: value.slice(0, end), match: ends.length > 0 ? 'beginning' : 'whole' };
}
