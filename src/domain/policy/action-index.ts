import { namesAction } from './action-element.ts';
import type { Statement } from './statement.ts';

/** The statements that name one action. */
type Candidates = { readonly denies: readonly Statement[]; readonly allows: readonly Statement[] };

export type ActionIndex = (action: string) => Candidates;

/** Actions come from callers: what is remembered of them must not grow with their imagination. */
const REMEMBERED_ACTIONS = 256;

/** Finds an action's statements, by a walk over all of them the first time and by one lookup from then on. */
export function createActionIndex(statements: readonly Statement[]): ActionIndex {
  const remembered = new Map<string, Candidates>();
  return (action) => {
    const known = remembered.get(action);
    if (known !== undefined) return known;
    const candidates = findCandidates(statements, action.toLowerCase());
    if (remembered.size >= REMEMBERED_ACTIONS) remembered.clear();
    remembered.set(action, candidates);
    return candidates;
  };
}

function findCandidates(statements: readonly Statement[], action: string): Candidates {
  const naming = statements.filter((statement) => namesAction(statement.actions, action));
  return {
    denies: naming.filter(({ effect }) => effect === 'Deny'),
    allows: naming.filter(({ effect }) => effect === 'Allow'),
  };
}
