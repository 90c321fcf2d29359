import { SYNTAX_ERROR, type PolicyFault, type PolicyPath } from './fault.ts';
import { textValues } from './json-value.ts';
import { compileGlob, matchesGlob, type Glob } from './wildcard.ts';

/** `Action` or `NotAction`. */
export type ActionElement = {
  readonly negated: boolean;
  readonly patterns: readonly ActionPattern[];
};

export type ActionPattern = { readonly text: string; readonly path: PolicyPath; readonly glob: Glob };

/** Reads `service:Name` patterns; names compare without case and never hold variables (wire-spec 6.2). */
export function parseActionElement(
  value: unknown,
  { path, negated, faults }: { path: PolicyPath; negated: boolean; faults: PolicyFault[] },
): ActionElement {
  const values = textValues(value, path);
  if (values === undefined) faults.push({ path, message: SYNTAX_ERROR });
  if (values?.length === 0) faults.push({ path, message: 'Policy statement must contain actions.' });
  for (const item of values ?? []) {
    const message = actionFault(item.text);
    if (message !== undefined) faults.push({ path: item.path, message });
  }
  const patterns = (values ?? []).map((item) => ({ ...item, glob: compileAction(item.text) }));
  return { negated, patterns };
}

/** Whether the statement names the action; `action` in lower case. */
export function namesAction({ negated, patterns }: ActionElement, action: string): boolean {
  return patterns.some(({ glob }) => matchesGlob(glob, action)) !== negated;
}

function compileAction(text: string): Glob {
  return compileGlob([{ kind: 'text', text: text.toLowerCase() }]);
}

function actionFault(text: string): string | undefined {
  if (text === '*') return undefined;
  const colon = text.indexOf(':');
  if (colon < 0) return 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.';
  const vendor = text.slice(0, colon);
  const name = text.slice(colon + 1);
  if (hasColonOutsideVariables(name)) return 'Actions/Condition can contain only one colon.';
  if (vendor !== '*' && !/^[A-Za-z0-9.-]+$/.test(vendor)) return `Vendor ${vendor} is not valid`;
  return name === '' ? SYNTAX_ERROR : undefined;
}

/** `${…}` is plain text in an action and matches nothing, but AWS accepts it: its colon is not a second one. */
function hasColonOutsideVariables(name: string): boolean {
  let rest = name;
  for (let open = rest.indexOf('${'); open >= 0; open = rest.indexOf('${')) {
    const close = rest.indexOf('}', open);
    if (close < 0 || rest.lastIndexOf(':', open) >= 0) break;
    rest = rest.slice(close + 1);
  }
  return rest.includes(':');
}
